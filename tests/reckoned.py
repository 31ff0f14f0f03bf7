"""Figures reckoned by hand, call by call, from the `statistics` module; and random calls."""

from __future__ import annotations

import math
import statistics
from collections import Counter

from hypothesis import strategies as st

from llmwatch.records import Call

S = 1_000_000_000
BEGIN = 1_790_000_000 * S


def known(calls, *names):
    return [getattr(c, name) for name in names for c in calls if getattr(c, name) is not None]


def total(calls, missing, *names):
    """The sum of what is known; NaN where nothing is and something is missing."""
    values = known(calls, *names)
    return math.nan if missing and not values else math.fsum(values)


def percentile(values, percent):
    if len(values) < 2:
        return values[0] if values else math.nan
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def mean(values):
    return statistics.fmean(values) if values else math.nan


def end_of(call):
    return call.started_at + int((call.latency_s or 0) * 1e9)


def elapsed_s(calls):
    """From the first start to the last end."""
    return (max(map(end_of, calls)) - min(c.started_at for c in calls)) / 1e9 if calls else math.nan


def reckoned(calls, seconds=None):
    """The figures of `calls`, rates over `seconds`."""
    seconds = elapsed_s(calls) if seconds is None else seconds
    of = {word: [c for c in calls if c.status == word] for word in ("ok", "error")}
    ok, failed, rated = of["ok"], of["error"], len(of["ok"]) + len(of["error"])
    others = [c for c in calls if c.status != "error" or (c.http_status or 999) < 400 or c.chunks]
    unmeasured = [c for c in others if c.input_tokens is None and c.output_tokens is None]
    unpriced = [c for c in others if c.cost_usd is None]
    timed = [c for c in calls if c.latency_s is not None and c.output_tokens is not None]
    spent = math.fsum(c.latency_s for c in timed)
    latency, ttft, scores = known(ok, "latency_s"), known(ok, "ttft_s"), known(calls, "score")
    return {
        "requests": len(calls),
        "cancelled": sum(c.status == "cancelled" for c in calls),
        "partial": sum(c.status == "partial" for c in calls),
        "qps": len(calls) / seconds if seconds > 0 else math.nan,
        "success_rate": len(ok) / rated if rated else math.nan,
        "error_rate": len(failed) / rated if rated else math.nan,
        "rate_n": rated,
        "latency_mean_s": mean(latency),
        "latency_p50_s": percentile(latency, 50),
        "latency_p95_s": percentile(latency, 95),
        "latency_p99_s": percentile(latency, 99),
        "latency_n": len(latency),
        "ttft_p50_s": percentile(ttft, 50),
        "ttft_p95_s": percentile(ttft, 95),
        "ttft_n": len(ttft),
        "output_tokens_per_s": (
            sum(known(timed, "output_tokens")) / spent if spent >= 1e-9 else math.nan
        ),
        "output_tokens_per_s_n": len(timed),
        "input_tokens": total(calls, others, "input_tokens"),
        "output_tokens": total(calls, others, "output_tokens"),
        "tokens": total(calls, others, "input_tokens", "output_tokens"),
        "cost_usd": total(calls, unpriced, "cost_usd"),
        "unpriced": len(unpriced),
        "unmeasured": len(unmeasured),
        "estimated_tokens": total(
            calls, unmeasured, "estimated_input_tokens", "estimated_output_tokens"
        ),
        "estimated_cost_usd": total(calls, unpriced, "estimated_cost_usd"),
        "attempts": total(calls, calls, "attempts"),
        "satisfaction": mean(scores),
        "satisfaction_n": len(scores),
        "errors": dict(Counter(c.error_type or "unknown" for c in failed)),
    }


def agrees(found, expected):
    """Which of `expected` are not what was found: NaN is NaN, sums within rounding."""
    return {
        name: (found[name], value)
        for name, value in expected.items()
        if not (
            found[name] == value
            or (
                not isinstance(value, dict)
                and math.isclose(found[name], value, rel_tol=1e-9, abs_tol=1e-12)
            )
            or (isinstance(value, float) and math.isnan(value) and is_missing(found[name]))
        )
    }


def is_missing(value):
    return isinstance(value, float) and math.isnan(value)


def maybe(strategy):
    return st.none() | strategy


counts = st.integers(0, 2_000_000)
seconds = st.sampled_from([0.0, 1e-300, 0.25, 1.0]) | st.floats(0, 200, allow_subnormal=False)
few = st.sampled_from
runs = [("run-a", 3), ("run-b", 4), (None, 4), ("run-c", None), (None, None)]


@st.composite
def call(draw):
    """Any call that a store can hold; times and texts that often coincide."""
    run_id, execution_count = draw(few(runs))
    values = {name: draw(maybe(counts)) for name in (
        "input_tokens", "output_tokens", "estimated_input_tokens", "estimated_output_tokens",
    )}  # fmt: skip
    money = maybe(st.floats(0, 10, allow_subnormal=False))
    return Call(
        call_id="c", session_id="s",
        started_at=BEGIN + draw(few([0, 1, 10 * S, 3600 * S]) | st.integers(0, 7200 * S)),
        status=draw(few(["ok", "ok", "ok", "error", "error", "cancelled", "partial", "lost"])),
        model=draw(few([None, "a", "a", "ü", ""])), tag=draw(few([None, "v1", "v2"])),
        stream=draw(st.booleans()), error_type=draw(few([None, "RateLimitError", "Timeout"])),
        latency_s=draw(maybe(seconds)), ttft_s=draw(maybe(seconds)),
        cost_usd=draw(money), estimated_cost_usd=draw(money),
        attempts=draw(maybe(st.integers(1, 9))), score=draw(maybe(st.floats(-1, 1))),
        http_status=draw(few([None, 200, 429])), chunks=draw(few([None, 0, 9])), cell_run_id=run_id,
        execution_count=execution_count, labels=draw(few([None, '{"k": "1"}', '{"k": "2"}', "{}"])),
        **values,
    )  # fmt: skip


sessions = st.lists(call(), max_size=25)
