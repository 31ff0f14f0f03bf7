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
from ._spread import spread
from ._stretch import End, Stretch, ends_ns
from ._sums import Sums

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NEEDED", "elapsed_ns", "figures_of", "length_s", "plain", "summarize"]

NEEDED = ("status_code", "started_at", "latency_s", "ttft_s", "error_type", *SUMMED)
"""The columns that `summarize` reads."""

_NAN = float("nan")
# The counts that stand beside what they are the n of.
_BESIDE = {
    "error_rate": "rate_n",
    "latency_p99_s": "latency_n",
    "ttft_p95_s": "ttft_n",
    "output_tokens_per_s": "output_tokens_per_s_n",
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
    at: End = "started",
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
        Calls from `since` on and before `until`; local time where no zone is given.
    in_flight : sequence of float
        Ages in seconds of the calls that are not over.
    past : Totals, optional
        What calls of the same source that left memory sum up to. It is added where they all
        started within the span, and a line in diagnostics where only some did; percentiles know
        the rows in memory alone.
    at : {"started", "ended"}
        Which end of a call must lie in the span. A call of ten minutes that failed just now
        *ended* in the last five. One of unknown latency ended when it started.

    Returns
    -------
    dict
        The figures in the order of `semconv.FIGURES`, with `rate_n` (ok and error), `latency_n`,
        `ttft_n`, `output_tokens_per_s_n` and `satisfaction_n` beside what they are the n of; that
        of `qps` is `requests`. NaN where there is nothing to
        say; a sum is 0 only where nothing is missing in it. `errors` is a dict of counts by
        `error_type`, the most frequent first.

    Raises
    ------
    UsageError
        For a window or time that cannot be read.
    """
    span, past = Stretch.of(now_ns, window, since, until), past or Totals()
    chosen = span.select(columns, at)
    totals = Totals.of(chosen)
    if span.holds(past):
        totals = totals + past
    elif span.cuts(past):
        faults.note("summary", "a window reached back to calls that have left memory: not in it")
    elapsed = elapsed_ns(span, columns, totals, past, now_ns, bool(in_flight))
    figures = figures_of(Sums.whole(totals), chosen, None, [in_flight], length_s(elapsed))
    return {name: plain(values)[0] for name, values in figures.items()}


def figures_of(
    sums: Sums,
    columns: Mapping[str, np.ndarray],
    codes: np.ndarray | None,
    in_flight: Sequence[Sequence[float]],
    elapsed_s: np.ndarray | float,
) -> dict[str, Any]:
    """Every figure of some groups, in their order, as one array (masked, or of NaN) each.

    Parameters
    ----------
    sums : Sums
        What the groups sum up to.
    columns, codes
        The calls in memory, and the group of each; None where there is but one.
    in_flight : sequence of sequences
        The ages in seconds of the calls in flight, by group.
    elapsed_s : array or float
        The time that the groups' rates are over, in seconds; NaN where it is unknown.
    """
    import numpy as np

    n = len(sums.requests)
    figures = _counted(sums) | _measured(columns, codes, n)
    figures["active"] = np.array([len(ages) for ages in in_flight], np.int64)
    figures["oldest_active_s"] = np.array([max(ages, default=_NAN) for ages in in_flight])
    figures["qps"] = _ratio(sums.requests, np.broadcast_to(elapsed_s, n))
    ordered: dict[str, Any] = {}
    for name in FIGURES:
        ordered[name] = figures[name]
        if name in _BESIDE:
            ordered[_BESIDE[name]] = figures[_BESIDE[name]]
    return ordered


def plain(values: Any) -> list[Any]:
    """A figure as Python values, NaN where it is unknown."""
    listed = values if isinstance(values, list) else values.tolist()
    return [_NAN if value is None else value for value in listed]


def _counted(sums: Sums) -> dict[str, Any]:
    """What follows from sums alone."""
    ok, failed = sums.statuses["ok"], sums.statuses["error"]
    rated, scored = ok + failed, sums.counts["score"]
    estimates = ("estimated_input_tokens", "estimated_output_tokens")
    return {
        "requests": sums.requests,
        "cancelled": sums.statuses["cancelled"],
        "partial": sums.statuses["partial"],
        "success_rate": _ratio(ok, rated),
        "error_rate": _ratio(failed, rated),
        "rate_n": rated,
        "input_tokens": _sum(sums, sums.answered, "input_tokens"),
        "output_tokens": _sum(sums, sums.answered, "output_tokens"),
        "tokens": _sum(sums, sums.answered, "input_tokens", "output_tokens"),
        "cost_usd": _sum(sums, sums.unpriced, "cost_usd"),
        "unpriced": sums.unpriced,
        "unmeasured": sums.unmeasured,
        "estimated_tokens": _sum(sums, sums.unmeasured, *estimates),
        "estimated_cost_usd": _sum(sums, sums.unpriced, "estimated_cost_usd"),
        "attempts": _sum(sums, sums.requests, "attempts"),
        "output_tokens_per_s": _ratio(sums.timed_tokens, sums.timed_s),
        "output_tokens_per_s_n": sums.timed,
        "satisfaction": _ratio(sums.sums["score"], scored),
        "satisfaction_n": scored,
        "errors": sums.errors,
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part` over `whole`; NaN where that is nothing (less than a nanosecond is no time)."""
    import numpy as np

    found: np.ndarray = np.full(len(part), np.nan)
    np.divide(part, whole, out=found, where=whole >= 1e-9)
    return found


def _sum(sums: Sums, missing: np.ndarray, *names: str) -> np.ndarray:
    """The sum of what is known; unknown when nothing is and something is missing."""
    import numpy as np

    total: np.ndarray = sum(sums.sums[name] for name in names)  # type: ignore[assignment]  # no 0
    unknown = (missing > 0) & (sum(sums.counts[name] for name in names) == 0)
    if names[0].endswith("_usd"):
        total = total.astype(np.float64)
    if total.dtype.kind == "f":
        return np.where(unknown, np.nan, total)
    return np.ma.MaskedArray(total, unknown)


def _measured(
    columns: Mapping[str, np.ndarray], codes: np.ndarray | None, n: int
) -> dict[str, np.ndarray]:
    """Means and percentiles over the calls that went well."""
    ok = codes_of(columns) == STATUSES.index("ok")
    found: dict[str, np.ndarray] = {}
    for name, percents in (("latency", (50, 95, 99)), ("ttft", (50, 95))):
        values, is_known = known(columns[f"{name}_s"])
        where = ok & is_known
        of = spread(values[where], codes[where] if codes is not None else None, n, percents)
        found[f"{name}_mean_s"], found[f"{name}_n"] = of.mean, of.n
        for percent, ranked in zip(percents, of.percentiles, strict=True):
            found[f"{name}_p{percent}_s"] = ranked
    return found


def elapsed_ns(
    span: Stretch,
    columns: Mapping[str, np.ndarray],
    totals: Totals,
    past: Totals,
    now_ns: int,
    is_running: bool,
) -> tuple[int, int] | None:
    """The part of the span that has passed since the source's first call; None: there was none.

    Without a span it ends with the last call, so that a closed watch keeps its rate.
    """
    started = columns["started_at"]
    first = None if span.cuts(past) else past.first_ns  # what is not counted took no time either
    if len(started):
        oldest = int(started.min())
        first = oldest if first is None else min(first, oldest)
    if first is None:
        return None
    start = first if span.start is None else max(first, span.start)
    if span.end is not None:
        end = min(span.end, now_ns)
    elif span.start is not None or is_running:
        end = now_ns
    else:
        end = int(ends_ns(columns).max()) if len(started) else totals.last_ns or 0
    return start, end


def length_s(elapsed: tuple[int, int] | None) -> float:
    """How long that is, in seconds; NaN where it is unknown."""
    return (elapsed[1] - elapsed[0]) / 1e9 if elapsed is not None else _NAN
