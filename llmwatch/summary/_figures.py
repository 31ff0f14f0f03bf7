"""Columns in, numbers out: the figures of a summary (`semconv.FIGURES`).

Nothing here needs pandas, so the background worker can ask as well as the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .. import faults
from ..semconv import FIGURES, STATUSES
from ..totals import SUMMED, Totals, codes_of, known
from ._stretch import Stretch

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NEEDED", "summarize"]

NEEDED = ("status_code", "started_at", "latency_s", "ttft_s", "error_type", *SUMMED)
"""The columns that `summarize` reads."""

_NAN = float("nan")
# The counts that stand beside what they are the n of.
_BESIDE = {
    "error_rate": "rate_n",
    "latency_p99_s": "latency_n",
    "ttft_p95_s": "ttft_n",
    "satisfaction": "satisfaction_n",
}


def summarize(
    columns: Mapping[str, np.ndarray],
    *,
    now_ns: int,
    window: str | timedelta | float | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    in_flight: Sequence[float] = (),
    past: Totals | None = None,
) -> dict[str, Any]:
    """The figures of `semconv.FIGURES` for the calls in `columns`.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        The columns of `NEEDED`, as `View.arrays` gives them.
    now_ns : int
        The present, nanoseconds since the epoch.
    window : str, timedelta or float, optional
        Length ("5min", seconds) looking back from `until`, else from now.
    since, until : datetime, date or str, optional
        Calls that *started* from `since` on and before `until`; local time where no zone is given.
    in_flight : sequence of float
        Ages in seconds of the calls that are not over.
    past : Totals, optional
        What calls of the same source that left memory sum up to. It is added where they all
        started within the span, and a line in diagnostics where only some did; percentiles know
        the rows in memory alone.

    Returns
    -------
    dict
        The figures in the order of `semconv.FIGURES`, with `rate_n` (ok and error), `latency_n`,
        `ttft_n` and `satisfaction_n` beside what they are the n of. NaN where there is nothing to
        say; a sum is 0 only where nothing is missing in it. `errors` is a dict of counts by
        `error_type`, the most frequent first.

    Raises
    ------
    UsageError
        For a window or time that cannot be read.
    """
    span, past = Stretch.of(now_ns, window, since, until), past or Totals()
    chosen = span.select(columns)
    totals = Totals.of(chosen)
    if span.holds(past):
        totals = totals + past
    elif span.cuts(past):
        faults.note("summary", "a window reached back to calls that have left memory: not in it")
    figures = _counted(totals) | _measured(chosen)
    figures["active"] = len(in_flight)
    figures["oldest_active_s"] = max(in_flight, default=_NAN)
    elapsed = _elapsed_s(span, columns, totals, past, now_ns, bool(in_flight))
    figures["qps"] = totals.requests / elapsed if elapsed > 0 else _NAN
    ordered: dict[str, Any] = {}
    for name in FIGURES:
        ordered[name] = figures[name]
        if name in _BESIDE:
            ordered[_BESIDE[name]] = figures[_BESIDE[name]]
    return ordered


def _counted(totals: Totals) -> dict[str, Any]:
    """What follows from sums alone."""
    ok, failed = totals.statuses["ok"], totals.statuses["error"]
    rated, scored = ok + failed, totals.counts["score"]
    answered = totals.requests - failed
    estimates = ("estimated_input_tokens", "estimated_output_tokens")
    return {
        "requests": totals.requests,
        "cancelled": totals.statuses["cancelled"],
        "partial": totals.statuses["partial"],
        "success_rate": ok / rated if rated else _NAN,
        "error_rate": failed / rated if rated else _NAN,
        "rate_n": rated,
        "input_tokens": _sum(totals, answered, "input_tokens"),
        "output_tokens": _sum(totals, answered, "output_tokens"),
        "tokens": _sum(totals, answered, "input_tokens", "output_tokens"),
        "cost_usd": float(_sum(totals, totals.unpriced, "cost_usd")),
        "unpriced": totals.unpriced,
        "unmeasured": totals.unmeasured,
        "estimated_tokens": _sum(totals, totals.unmeasured, *estimates),
        "estimated_cost_usd": float(_sum(totals, totals.unpriced, "estimated_cost_usd")),
        "attempts": _sum(totals, totals.requests, "attempts"),
        "output_tokens_per_s": totals.timed_tokens / totals.timed_s if totals.timed_s else _NAN,
        "satisfaction": totals.sums["score"] / scored if scored else _NAN,
        "satisfaction_n": scored,
        "errors": dict(totals.errors.most_common()),
    }


def _sum(totals: Totals, missing: int, *names: str) -> float:
    """The sum of what is known; NaN when nothing is and something is missing."""
    if missing and not any(totals.counts[name] for name in names):
        return _NAN
    return sum(totals.sums[name] for name in names)


def _measured(columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Means and percentiles over the calls that went well."""
    ok = codes_of(columns) == STATUSES.index("ok")
    latency, ttft = _values(columns["latency_s"], ok), _values(columns["ttft_s"], ok)
    p50, p95, p99 = _percentiles(latency, 50, 95, 99)
    first50, first95 = _percentiles(ttft, 50, 95)
    return {
        "latency_mean_s": float(latency.mean()) if len(latency) else _NAN,
        "latency_p50_s": p50,
        "latency_p95_s": p95,
        "latency_p99_s": p99,
        "latency_n": len(latency),
        "ttft_p50_s": first50,
        "ttft_p95_s": first95,
        "ttft_n": len(ttft),
    }


def _values(column: np.ndarray, where: np.ndarray) -> np.ndarray:
    values, is_known = known(column)
    chosen: np.ndarray = values[where & is_known]
    return chosen


def _percentiles(values: np.ndarray, *percents: float) -> list[float]:
    """Linear-interpolated between closest ranks (Hyndman and Fan, type 7)."""
    import numpy as np

    if not len(values):
        return [_NAN] * len(percents)
    return [float(value) for value in np.percentile(values, percents)]


def _elapsed_s(
    span: Stretch,
    columns: Mapping[str, np.ndarray],
    totals: Totals,
    past: Totals,
    now_ns: int,
    is_running: bool,
) -> float:
    """The part of the span that has passed since the source's first call, in seconds.

    Without a span it ends with the last call, so that a closed watch keeps its rate.
    """
    started = columns["started_at"]
    first = None if span.cuts(past) else past.first_ns  # what is not counted took no time either
    if len(started):
        oldest = int(started.min())
        first = oldest if first is None else min(first, oldest)
    if first is None:
        return _NAN
    start = first if span.start is None else max(first, span.start)
    if span.end is not None:
        end = min(span.end, now_ns)
    elif span.start is not None or is_running:
        end = now_ns
    else:
        end = _last_end_ns(columns, totals)
    return (end - start) / 1e9


def _last_end_ns(columns: Mapping[str, np.ndarray], totals: Totals) -> int:
    """When the last call ended; of what left memory only the start is known."""
    import numpy as np

    started = columns["started_at"]
    if not len(started):
        return totals.last_ns or 0
    latency, is_known = known(columns["latency_s"])
    return int((started + np.where(is_known, latency, 0.0) * 1e9).max())
