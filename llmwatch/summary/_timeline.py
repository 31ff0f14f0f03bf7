"""Calls by bucket of time, and by group in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..exceptions import UsageError
from ..totals import Totals
from ._figures import elapsed_ns, figures_of
from ._groups import Grouped, grouping
from ._stretch import Stretch
from ._sums import Sums
from ._times import length_ns, local_day, midnight_ns
from ._words import words_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MOST", "Timeline", "timeline"]

MOST = 100_000
"""Rows that a timeline may have."""

_DAY_NS = 86_400 * 10**9
_WISE = 1_000  # rows that one can look at
_STEPS = ("10s", "1min", "5min", "15min", "1h", "6h", "1D", "1W")


class Timeline(NamedTuple):
    """The figures of each bucket, or of each group in each bucket: bucket by bucket."""

    edges: np.ndarray
    """Where the buckets begin, and at last where the last one ends: nanoseconds of the epoch."""
    grouped: Grouped
    """The groups, and the figures: as many entries as buckets times groups."""


def timeline(
    columns: Mapping[str, np.ndarray],
    freq: Any,
    by: str | Iterable[str] | None = None,
    *,
    now_ns: int,
    span: Stretch,
    in_flight: Sequence[Mapping[str, Any]] = (),
) -> Timeline:
    """The figures of the calls that started in each stretch of `freq`.

    Buckets run from the first call (or the span's start, where that is later) to the last one, or
    to the end of the span that has passed. Whole days are days of local time, of 23 and 25 hours
    where clocks are set, and weeks begin on Monday; shorter buckets are counted from the first
    day's midnight.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        The columns of `NEEDED`, or of `needed_by(by)`.
    freq : str, timedelta or number of seconds
        How long a bucket is.
    by, now_ns, span, in_flight
        As for `group`. A call in flight is `active` in the bucket it started in.

    Raises
    ------
    UsageError
        For a length or a group that is none, and for more than `MOST` rows.
    """
    import numpy as np

    step, words = length_ns("freq", freq), words_of(by) if by is not None else ()
    chosen = span.select(columns)
    flying = _placed(in_flight, span, now_ns)
    started = np.concatenate([chosen["started_at"], np.array([at for at, _ in flying], np.int64)])
    codes, keys = _codes(words, chosen, [row for _, row in flying], columns)
    none = Totals()
    elapsed = elapsed_ns(span, columns, none, none, now_ns, bool(in_flight))
    reach = _reach(span, started, elapsed) if keys else None
    edges = _edges(freq, step, reach, len(keys)) if reach else np.zeros(1, np.int64)
    n, rows = (len(edges) - 1) * len(keys), len(chosen["started_at"])
    codes = (np.searchsorted(edges, started, "right") - 1) * len(keys) + codes
    ages: list[list[float]] = [[] for _ in range(n)]
    for code, (_, row) in zip(codes[rows:].tolist(), flying, strict=True):
        ages[code].append(row["age_s"])
    figures = figures_of(
        Sums.per_group(chosen, codes[:rows], n),
        chosen,
        codes[:rows],
        ages,
        np.repeat(_lengths_s(edges, elapsed), len(keys)),
    )
    return Timeline(edges, Grouped(words, keys, figures))


def _placed(
    in_flight: Sequence[Mapping[str, Any]], span: Stretch, now_ns: int
) -> list[tuple[int, Mapping[str, Any]]]:
    """When each call in flight started, those outside the span left out."""
    starts = [(row.get("started_at") or now_ns - round(row["age_s"] * 1e9)) for row in in_flight]
    return [
        (at, row)
        for at, row in zip(starts, in_flight, strict=True)
        if (span.start is None or at >= span.start) and (span.end is None or at < span.end)
    ]


def _codes(
    words: tuple[str, ...],
    chosen: Mapping[str, np.ndarray],
    flying: Sequence[Mapping[str, Any]],
    columns: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """The group of each call; without words all are in one."""
    import numpy as np

    if words:
        return grouping(words, chosen, flying, columns)
    return np.zeros(len(chosen["started_at"]) + len(flying), np.intp), [()]


def _reach(
    span: Stretch, started: np.ndarray, elapsed: tuple[int, int] | None
) -> tuple[int, int] | None:
    """The first and the last moment that a bucket is made for."""
    found = [(int(started.min()), int(started.max()))] if len(started) else []
    if elapsed is not None and span != Stretch():
        found.append((elapsed[0], elapsed[1] - 1))
    first, last = min((f for f, _ in found), default=1), max((at for _, at in found), default=0)
    return (first, last) if first <= last else None


def _edges(freq: Any, step: int, reach: tuple[int, int], groups: int) -> np.ndarray:
    """Where the buckets begin, and where the last one ends."""
    import numpy as np

    first, last = reach
    rows = ((last - first) // step + 1) * groups
    if rows > MOST:
        raise _too_many(freq, rows, (last - first) * groups)
    if step % _DAY_NS == 0:
        return _days(first, last, step // _DAY_NS)
    midnight = midnight_ns(local_day(first))
    begin = midnight + (first - midnight) // step * step
    return np.arange(begin, last + step + 1, step, dtype=np.int64)


def _lengths_s(edges: np.ndarray, elapsed: tuple[int, int] | None) -> np.ndarray:
    """How much of each bucket has passed, in seconds."""
    import numpy as np

    if elapsed is None or len(edges) == 1:  # of no bucket; its span may be centuries off
        return np.full(len(edges) - 1, np.nan)
    passed: np.ndarray = np.minimum(edges[1:], elapsed[1]) - np.maximum(edges[:-1], elapsed[0])
    return passed / 1e9


def _days(first: int, last: int, n: int) -> np.ndarray:
    """Local midnights, `n` days apart; day 1 was a Monday, so sevens are weeks."""
    import numpy as np

    begin = (local_day(first) - 1) // n * n + 1
    ordinals = range(begin, local_day(last) + n + 1, n)
    # A day that a country has skipped begins when the next one does.
    return np.unique(np.array([midnight_ns(ordinal) for ordinal in ordinals], np.int64))


def _too_many(freq: Any, rows: int, span_ns: int) -> UsageError:
    steps = [step for step in _STEPS if span_ns // length_ns("freq", step) < _WISE]
    better = steps[0] if steps else _STEPS[-1]
    return UsageError(
        f"freq={freq!r} would make {rows:,} rows, more than {MOST:,}: give longer buckets, "
        f'e.g. freq="{better}", or a shorter time.'
    )
