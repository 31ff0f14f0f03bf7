"""What a notice says: what, how far over, since when, where, and what to do about it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..words import clean, dollars, percent, plural, seconds, tokens
from ._conditions import Condition
from ._evidence import Evidence
from ._figures import Figure

__all__ = ["at_ns", "clock", "detail", "duration", "hint", "limit", "message", "outcome", "reading"]

_BEYOND = {">": "over", ">=": "at or over", "<": "under", "<=": "at or under"}
_NAMED = 3  # models, causes and cells that are named; the rest is counted
_THIN = "\u202f"
_ONE = re.compile(r"(call|token|error|attempt)s")
_DAY_NS = 86_400 * 10**9

_ADVICE = {
    "insufficient_quota": "the quota is used up: check plan and billing",
    "RateLimitError": "lower your concurrency, or {wait}",
    "APITimeoutError": "ask for less at once, or raise the timeout",
    "APIConnectionError": "check the network and base_url",
    "AuthenticationError": "check the API key",
    "PermissionDeniedError": "check what the API key may do",
    "NotFoundError": "check the name of the model",
    "BadRequestError": "the provider refuses what is asked: read its message",
    "UnprocessableEntityError": "the provider refuses what is asked: read its message",
    "InternalServerError": "the provider is in trouble: {wait}, or ask another model",
    "OverloadedError": "the provider is overloaded: {wait}, or ask another model",
}  # fmt: skip
"""By error code, else by error type, what helps most often."""


def reading(figure: Figure, value: float) -> str:
    """A figure and what it is: "p95 12.4 s", "1.20 M tokens", "25 %"."""
    said = _number(figure, value)
    if not figure.word:
        return said
    if figure.kind in ("seconds", "score", "made"):
        return f"{figure.word} {said}"
    word = _ONE.sub(r"\1", figure.word, count=1) if said == "1" else figure.word
    return f"{said} {word}"


def _number(figure: Figure, value: float) -> str:
    kind = figure.kind
    if kind == "rate":
        return percent(value)
    if kind == "seconds":
        return duration(value)
    if kind == "usd":
        return dollars(value)
    if kind == "count":
        return tokens(value)
    return f"{value:.3g}"


def limit(condition: Condition) -> str:
    """The threshold, in as few digits as it has: "10 s", "$0.50", "1 M"."""
    kind, value = condition.figure.kind, condition.threshold
    if kind == "rate":
        return f"{value * 100:.6g}{_THIN}%"
    if kind == "usd":
        return dollars(value)
    if kind == "seconds":
        return f"{value * 1000:.6g}{_THIN}ms" if 0 < value < 1 else duration(value, exact=True)
    if kind in ("count", "per_s"):
        for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if value >= size * (10 if unit == "k" else 1):
                return f"{value / size:.6g}{_THIN}{unit}"
    return f"{value:.6g}"


def duration(value: float, *, exact: bool = False) -> str:
    """A length of time; one that was given is said as it is: "10 s", "5 min", "2 h"."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if value >= size and value % size == 0:
            return f"{value / size:.0f}{_THIN}{unit}"
    if 60 <= value < 3600:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes}{_THIN}min {rest}{_THIN}s" if rest else f"{minutes}{_THIN}min"
    return f"{value:.6g}{_THIN}s" if exact and value < 60 else seconds(value)


def message(condition: Condition, value: float) -> str:
    """What, and how far over: "p95 12.4 s, over 10 s"."""
    goes_on = condition.holds(value)  # where it does not, it fires on until that is certain
    if condition.figure.kind == "made":
        holds = "holds" if goes_on else "held"
        return f"{condition.figure.name} {holds if value in (0, 1) else f'{holds} ({value:.3g})'}"
    was = "" if goes_on else "was "
    return f"{reading(condition.figure, value)}, {was}{_beyond(condition)}"


def _beyond(condition: Condition) -> str:
    return f"{_BEYOND[condition.comparison]} {limit(condition)}"


def detail(
    condition: Condition,
    figures: Mapping[str, Any],
    window_s: float,
    since_ns: int,
    now_ns: int,
    evidence: Evidence,
) -> str:
    """Of how many calls, since when, where, and what helps."""
    since = clock(since_ns, now_ns)
    if condition.figure.looks_at_flight:
        return _joined([f"{plural(figures['active'], 'call')} in flight, firing since {since}",
                        _place(evidence)])  # fmt: skip
    length = duration(window_s, exact=True)
    calls = plural(figures["requests"], "call")
    if condition.figure.name in ("error_rate", "errors", "success_rate"):
        failed = sum(figures["errors"].values())
        where = f"{_causes(evidence)} {_cells(evidence)}".strip()
        said = [f"{failed:,} of {calls} in {length}", where, f"since {since}"]
        return _joined([", ".join(part for part in said if part), _advice(evidence)])
    return _joined([f"{calls} in {length}, firing since {since}", _place(evidence)])


def outcome(condition: Condition, worst: float, evidence: Evidence, notified: int) -> str:
    """How bad it was, once it is over."""
    figure = condition.figure
    said = [] if figure.kind == "made" else [reading(figure, worst)]
    if said and figure.name != "oldest_active_s":
        said[0] = f"worst {said[0]}"
    if evidence.count and not condition.figure.looks_at_flight:
        said.append(f"{_offenders(condition, evidence)}{_all_of(evidence.models)}")
    said.append(f"notified {plural(notified, 'time')}")
    return _joined(said)


def _offenders(condition: Condition, evidence: Evidence) -> str:
    name = condition.figure.name
    if name in ("error_rate", "errors", "success_rate"):
        return plural(evidence.count, "failed call")
    if condition.figure.kind == "seconds" and condition.comparison in (">", ">="):
        return f"{plural(evidence.count, 'call')} over {limit(condition)}"
    return plural(evidence.count, "call")


def _all_of(models: Counter[str]) -> str:
    if len(models) != 1:
        return f", {_most(models)}" if models else ""
    (model,) = models
    return f", all {clean(model)}"


def _causes(evidence: Evidence) -> str:
    """All of one cause ("all 429 on gpt-5"), or the most frequent ones with how often."""
    if not evidence.causes:
        return ""
    causes, models = evidence.causes, evidence.models
    said = f"all {clean(next(iter(causes)))}" if len(causes) == 1 else _most(causes)
    return f"{said} on {_most(models, counted=False)}" if models else said


def _place(evidence: Evidence) -> str:
    models = _most(evidence.models, counted=False)
    where = _cells(evidence)
    return f"{models} {where}".strip()


def _cells(evidence: Evidence) -> str:
    """The latest cells, the oldest of them first: "in cell [12]"."""
    numbers = [cell.execution_count for cell in evidence.cells.values()]
    shown = list(dict.fromkeys(number for number in numbers if number is not None))
    if not shown:
        return ""
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    listed = ", ".join(f"[{number}]" for number in shown[-_NAMED:])
    return f"in cell{'s' if len(shown) > 1 else ''} {listed}{more}"


def _most(counter: Counter[str], *, counted: bool = True) -> str:
    words = [
        f"{clean(word)} ×{n:,}" if counted else clean(word)
        for word, n in counter.most_common(_NAMED)
    ]
    more = len(counter) - _NAMED
    return ", ".join(words) + (f" and {more:,} more" if more > 0 else "")


def _advice(evidence: Evidence) -> str:
    for code, _ in evidence.codes.most_common():
        if code in _ADVICE:
            return _ADVICE[code].format(wait=_wait(evidence.wait_s))
    return ""


def _wait(asked_s: float | None) -> str:
    if asked_s is None:
        return "wait a little"
    return f"wait {duration(math.ceil(asked_s), exact=True)} (Retry-After)"


def hint(condition: Condition) -> str:
    """What to type next."""
    return _HINTS.get(condition.figure.name, 'llmwatch.session.summary(window="5min", by="model")')


_SLOW, _SPENT = "llmwatch.session.slowest(5)", "llmwatch.session.by_cell()"
_FIRST = 'llmwatch.session.calls.nlargest(5, "ttft_s")'
_FAILED, _FLYING = "llmwatch.session.errors()", "llmwatch.session.active"
_HINTS: Mapping[str, str] = {
    "latency_mean_s": _SLOW, "latency_p50_s": _SLOW, "latency_p95_s": _SLOW,
    "latency_p99_s": _SLOW, "ttft_p50_s": _FIRST, "ttft_p95_s": _FIRST,
    "error_rate": _FAILED, "success_rate": _FAILED, "errors": _FAILED,
    "active": _FLYING, "oldest_active_s": _FLYING,
    "tokens": _SPENT, "input_tokens": _SPENT, "output_tokens": _SPENT, "cost_usd": _SPENT,
    "requests": _SPENT, "qps": _SPENT, "unpriced": 'llmwatch.price("model", input=…, output=…)',
}  # fmt: skip


def at_ns(ns: int) -> datetime:
    """A moment, UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)


def clock(ns: int, now_ns: int) -> str:
    """The time of day here, with the date when that is not enough."""
    moment = at_ns(ns).astimezone()
    return f"{moment:%H:%M:%S}" if now_ns - ns < _DAY_NS else f"{moment:%Y-%m-%d %H:%M}"


def _joined(parts: list[str]) -> str:
    return " · ".join(part for part in parts if part)
