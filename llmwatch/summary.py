"""Columns in, numbers out: the figures of a summary (`semconv.FIGURES`).

Nothing here needs pandas, so the background worker can ask as well as the person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from .exceptions import UsageError
from .semconv import FIGURES, STATUSES
from .totals import SUMMED, Totals, codes_of, known

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NEEDED", "Span", "summarize"]

NEEDED = ("status_code", "started_at", "latency_s", "ttft_s", "error_type", *SUMMED)
"""The columns that `summarize` reads."""

_NAN = float("nan")
_SECONDS = {
    "ms": 0.001, "s": 1, "sec": 1, "second": 1, "min": 60, "m": 60, "minute": 60,
    "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "w": 604800, "week": 604800,
}  # fmt: skip
_OFFSET = re.compile(r"(\d*\.?\d+)\s*([a-z]+)\s*", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The counts that stand beside what they are the n of.
_BESIDE = {
    "error_rate": "rate_n",
    "latency_p99_s": "latency_n",
    "ttft_p95_s": "ttft_n",
    "satisfaction": "satisfaction_n",
}


class Span(NamedTuple):
    """A stretch of time, in nanoseconds since the epoch; None is open. The end is outside."""

    start: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, now_ns: int, window: Any = None, since: Any = None, until: Any = None) -> Span:
        """The span that `summary` is asked for.

        Raises
        ------
        UsageError
            When a length or a time cannot be read, or they contradict each other.
        """
        end = _time_ns("until", until) if until is not None else None
        if window is not None and since is not None:
            raise UsageError("give window= or since=, not both.")
        if since is not None:
            start: int | None = _time_ns("since", since)
        elif window is not None:
            start = (end if end is not None else now_ns) - _length_ns(window)
        else:
            start = None
        if start is not None and end is not None and start >= end:
            raise UsageError(f"since={since!r} is not before until={until!r}.")
        return cls(start, end)

    def holds(self, totals: Totals) -> bool:
        """Whether all calls of `totals` started in it."""
        if totals.first_ns is None or totals.last_ns is None:
            return False
        return (self.start is None or self.start <= totals.first_ns) and (
            self.end is None or totals.last_ns < self.end
        )

    def select(self, columns: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The rows of `columns` that started in it."""
        started = columns["started_at"]
        if self == (None, None) or not len(started):
            return columns
        inside = started >= (self.start if self.start is not None else started.min())
        if self.end is not None:
            inside &= started < self.end
        return columns if inside.all() else {name: c[inside] for name, c in columns.items()}


def _length_ns(window: Any) -> int:
    seconds = _length_s(window)
    if seconds is None or not 0 < seconds < 1e9:
        raise UsageError(f'window={window!r} is not a length of time: give e.g. window="5min".')
    return round(seconds * 1e9)


def _length_s(window: Any) -> float | None:
    if isinstance(window, timedelta):
        return window.total_seconds()
    if isinstance(window, (int, float)) and not isinstance(window, bool):
        return float(window)
    if not isinstance(window, str):
        return None
    text, total, at = window.strip().lower(), 0.0, 0
    while at < len(text):
        found = _OFFSET.match(text, at)
        unit = _SECONDS.get(found[2], _SECONDS.get(found[2].removesuffix("s"))) if found else None
        if found is None or unit is None:
            return None
        total += float(found[1]) * unit
        at = found.end()
    return total


def _time_ns(name: str, value: Any) -> int:
    """A point in time; without a zone it is local time, `fold` included."""
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        if hasattr(moment, "to_pydatetime"):
            moment = moment.to_pydatetime(warn=False)
        elif isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
    except (AttributeError, OSError, OverflowError, TypeError, ValueError):
        raise UsageError(
            f'{name}={value!r} is not a time: give a datetime, or text like "2026-01-31 14:00".'
        ) from None


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
        started within the span; percentiles know the rows in memory alone.

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
    span, past = Span.of(now_ns, window, since, until), past or Totals()
    chosen = span.select(columns)
    totals = Totals.of(chosen)
    if span.holds(past):
        totals = totals + past
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
    span: Span,
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
    first = past.first_ns if past.first_ns is not None else None
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
    import numpy as np

    started, (latency, is_known) = columns["started_at"], known(columns["latency_s"])
    last = totals.last_ns or 0
    if len(started):
        lasted = np.where(is_known, latency, 0.0) * 1e9
        last = max(last, int((started + lasted).max()))
    return last
