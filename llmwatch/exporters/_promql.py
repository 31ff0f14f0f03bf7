"""Alert rules as PromQL over the metrics of `serve_prometheus`: same figure, window and minimum.

What a counter grew by is not simply `increase()`: that sees nothing of a series' first value, and a
kernel that has just started is all first values. So a series that was not there in the hour before
the window, of a kernel that Prometheus already looked for, counts from 0.

No metric holds the age of a call. But where more calls were in flight a while ago than have ended
since, one of them still is: that is how a rule on the oldest call is said.
"""

from __future__ import annotations

from typing import NamedTuple

from ..alerting import Rule
from ..tallies import FIRST_TOKEN_S, LATENCY_S
from ..words import clean
from ._labels import can_be_label, is_free_text, typed

__all__ = ["Unsaid", "Wording", "wording"]

_OF_ALERTS = ("alertname", "severity")  # groups by these would all be called the same
_BEFORE = "1h"  # so long a counter may have been out of sight and is still no new one
_HOME = ("job", "instance")  # a session's rule speaks of one kernel
_REQUESTS, _TOKENS = "llm_requests_total", "llm_tokens_total"
_SUMS = {
    "requests": (_REQUESTS, ""),
    "errors": (_REQUESTS, '{status="error"}'),
    "cancelled": (_REQUESTS, '{status="cancelled"}'),
    "partial": (_REQUESTS, '{status="partial"}'),
    "qps": (_REQUESTS, ""),
    "input_tokens": (_TOKENS, '{type="input"}'),
    "output_tokens": (_TOKENS, '{type="output"}'),
    "tokens": (_TOKENS, '{type=~"input|output"}'),
    "cost_usd": ("llm_cost_usd_total", ""),
    "attempts": ("llm_request_attempts_total", ""),
}
_SHARES = {"error_rate": '{status="error"}', "success_rate": '{status="ok"}'}
_TIMES = {
    "latency": ("llm_request_latency_seconds", LATENCY_S[-1]),
    "ttft": ("llm_time_to_first_token_seconds", FIRST_TOKEN_S[-1]),
}
_WHY = {
    "satisfaction": "llm_feedback_score is the mean of all ratings, not of a window",
    "output_tokens_per_s": "no metric has the latency of the calls with known tokens alone",
}
# A Wilson score interval in counts, two-sided 95 %: z^2 / 2, z, z^2 / 4 and z^2.
_HALF, _Z, _QUARTER, _SQUARE = "1.9207", "1.96", "0.9604", "3.8415"

_STUCK = """\
sum by ({home}) (llm_active_requests offset {age})
  + (sum by ({home}) (llm_requests_total offset {age})
    or 0 * sum by ({home}) (llm_active_requests offset {age}))
  - (sum by ({home}) (llm_requests_total) or 0 * sum by ({home}) (llm_active_requests)) > 0
and sum by ({home}) (min_over_time(llm_active_requests[{age}])) > 0
unless (sum by ({home}) (resets(llm_requests_total[{longer}])) > 0
  or sum by ({home}) (llm_requests_total offset {age} unless llm_requests_total)
  or min by ({home}) (min_over_time(up[{longer}])) == 0)"""
# The differences are of sums rather than of series: a model's first call begins a series, of which
# there is nothing before. A kernel that started anew has counted less, and is no stuck one: seen by
# counters that fell or are gone, or by a scrape that found nobody; `longer`, since what is compared
# was scraped a little before the window.
_SCRAPE_S = 60.0  # the longest between two scrapes that are told apart
_STUCK_NOTE = (
    "counts calls in flight and ends: a call that hangs is missed while others as many end, and "
    "for {age} after a scrape that failed"
)


class Unsaid(Exception):
    """The metrics do not say what a rule asks; the message is why."""


class Wording(NamedTuple):
    """A rule in PromQL."""

    expression: str
    records: dict[str, str]
    """The recording rules it reads: name and expression."""
    note: str = ""
    """What one should know of it."""


def wording(rule: Rule, labels: tuple[str, ...]) -> Wording:
    """Say `rule` in PromQL, with `labels` besides `model` on the metrics.

    Raises
    ------
    Unsaid
        When it cannot be said.
    """
    figure = rule.condition.figure
    if figure.kind == "made":
        raise Unsaid("a Python function cannot be asked by Prometheus")
    missing = [word for word in rule.by if word not in ("model", *labels)]
    for word in missing:
        if is_free_text(word):
            raise Unsaid(f"{word} is text of calls, which no metric shows")
        if not can_be_label(word):
            raise Unsaid(f"{clean(word)} can be no label of the metrics")
    for word in _OF_ALERTS:
        if word in rule.by:
            raise Unsaid(f"an alert of Prometheus has a label {word} of its own")
    if missing:
        asked = typed((*labels, *missing))
        raise Unsaid(f"the metrics have no label {missing[0]}: serve_prometheus({asked})")
    return _Sentence(rule).wording()


class _Sentence:
    """One rule while it is put into words."""

    def __init__(self, rule: Rule) -> None:
        self._rule, self._condition = rule, rule.condition
        self._window = duration(rule.window_s)
        self._records: dict[str, str] = {}
        self._note = ""

    def wording(self) -> Wording:
        expression = self._expression(self._condition.figure.name)
        return Wording(expression, self._records, self._note)

    def _expression(self, name: str) -> str:
        if name == "active":
            return self._active()
        if name == "oldest_active_s":
            return self._stuck()
        if name in _SUMS:
            divided = f" / {self._rule.window_s:g}" if name == "qps" else ""
            least = _REQUESTS if name == "qps" else None
            return self._compared(f"{self._sum(*_SUMS[name])}{divided}", least)
        if name in _SHARES:
            return self._share(_SHARES[name])
        family, _, which = name.removesuffix("_s").partition("_")
        if family in _TIMES and which:
            return self._time(*_TIMES[family], which)
        raise Unsaid(_WHY.get(name, "no metric has this figure"))

    def _active(self) -> str:
        if self._rule.by:
            raise Unsaid("llm_active_requests is of all models together")
        return self._compared(f"sum by ({', '.join(_HOME)}) (llm_active_requests)", None)

    def _stuck(self) -> str:
        """How many calls at least have been in flight for so long; no threshold, but > 0."""
        age = self._condition.threshold
        if self._rule.by:
            raise Unsaid("llm_active_requests is of all models together")
        if self._condition.comparison not in (">", ">=") or age <= 0:
            raise Unsaid("no metric has the age of calls in flight")
        longer = duration(age + _SCRAPE_S)
        self._note = _STUCK_NOTE.format(age=longer)
        return _STUCK.format(home=", ".join(_HOME), age=duration(age), longer=longer)

    def _share(self, what: str) -> str:
        """The share, where the near end of its interval is over the threshold, too."""
        part, whole = self._sum(_REQUESTS, what), self._sum(_REQUESTS, '{status=~"ok|error"}')
        sign = "-" if self._condition.comparison in (">", ">=") else "+"
        root = f"sqrt({part}\n      * ({whole} - {part})\n      / {whole} + {_QUARTER})"
        near = f"({part} + {_HALF}\n    {sign} {_Z} * {root}\n  ) / ({whole} + {_SQUARE})"
        return f"{part} / {whole}\nand {near} {self._limit()}\nand {whole} >= {self._least()}"

    def _time(self, metric: str, last: float, which: str) -> str:
        if which == "mean":
            value = f"{self._sum(f'{metric}_sum')} / {self._sum(f'{metric}_count')}"
        elif self._condition.comparison in (">", ">=") and self._condition.threshold >= last:
            raise Unsaid(f"the buckets of {metric} end at {last:g} s")
        else:
            share = int(which.removeprefix("p")) / 100
            value = f"histogram_quantile({share}, {self._sum(f'{metric}_bucket', '', 'le')})"
        return self._compared(value, f"{metric}_count")

    def _compared(self, value: str, counted: str | None) -> str:
        """`value` against the threshold, with so many calls behind it at least."""
        compared = f"{value} {self._limit()}"
        if counted is None:
            return compared
        return f"{compared}\nand {self._sum(counted)} >= {self._least()}"

    def _sum(self, metric: str, where: str = "", *more: str) -> str:
        """What a counter grew by in the window, by kernel and by the groups of the rule."""
        labels = ", ".join(dict.fromkeys((*_HOME, *self._rule.by, *more)))
        return f"sum by ({labels}) ({self._record(metric)}{where})"

    def _record(self, metric: str) -> str:
        name = f"{metric.removesuffix('_total')}:increase{self._window}"
        self._records[name] = (
            f"({metric} unless last_over_time({metric}[{_BEFORE}] offset {self._window})\n"
            f"  and on ({', '.join(_HOME)}) last_over_time(up[{_BEFORE}] offset {self._window}))\n"
            f"or increase({metric}[{self._window}])"
        )
        return name

    def _limit(self) -> str:
        return f"{self._condition.comparison} {self._condition.threshold:.12g}"

    def _least(self) -> int:
        return self._rule.min_calls


def duration(seconds: float) -> str:
    """A length of time as Prometheus writes it: "5m", "90s", "1500ms"."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(1, round(seconds * 1000))}ms"
