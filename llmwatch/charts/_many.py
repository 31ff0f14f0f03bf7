"""A great many calls: what each step of time sums up to, and where the errors are."""

from __future__ import annotations

from ..words import plural, seconds
from ._clock import Steps, moment
from ._parts import Rows
from ._points import ERROR, Points

__all__ = ["CROSSES", "crosses", "medians"]

CROSSES = 1_000
"""Errors that are drawn one by one."""

_ROWS = 24  # steps of latency, in which errors that lie close together are one cross


def medians(points: Points, steps: Steps) -> Rows:
    """Per series and step the median, the middle 90 % and the slowest of the calls that went well.

    A step without calls has a row of unknowns, so that no line is drawn over it.
    """
    import numpy as np

    places = steps.places(points.calls.started)
    series = np.array(points.series, dtype=object)
    well = points.known & ~points.failed & ~points.stopped
    rows: Rows = []
    for name in dict.fromkeys(points.series):
        mine = well & (series == name)
        at, took = places[mine], points.took[mine]
        order = np.argsort(at, kind="stable")
        cuts = np.searchsorted(at[order], np.arange(steps.number + 1))
        for step in range(steps.number):
            values = took[order[cuts[step] : cuts[step + 1]]]
            rows.append(_step(name, steps, step, values))
    return rows


def _step(name: str, steps: Steps, step: int, values: object) -> dict[str, object]:
    import numpy as np

    left, right = steps.edges(step)
    row: dict[str, object] = {"t": (left + right) // 2, "key": name, "y": None}
    took = np.asarray(values)
    if not len(took):
        return row
    low, mid, high = (float(v) for v in np.percentile(took, [5, 50, 95]))
    return row | {
        "y": float(f"{mid:.4g}"), "low": float(f"{low:.4g}"), "high": float(f"{high:.4g}"),
        "slowest": float(f"{took.max():.4g}"),
        "name": name, "when": moment(left), "n": f"{len(took):,}", "took": seconds(mid),
        "spread": f"{seconds(low)} – {seconds(high)}", "most": seconds(float(took.max())),
    }  # fmt: skip


def crosses(points: Points, steps: Steps) -> Rows:
    """A row an error; beyond `CROSSES` one for those close together, with their number."""
    import numpy as np

    failed = points.failed & points.known
    if int(failed.sum()) <= CROSSES:
        return points.rows(failed)
    where = failed.nonzero()[0]
    level = np.log(np.maximum(points.took[where], 1e-4))
    width = max((level.max() - level.min()) / _ROWS, 1e-9)
    bins = steps.places(points.calls.started[where]) * 1000 + (level - level.min()) // width
    _, first, counts = np.unique(bins, return_index=True, return_counts=True)
    chosen = np.zeros(len(failed), dtype=bool)
    chosen[where[first]] = True
    number = dict(zip(where[first].tolist(), counts.tolist(), strict=True))
    rows = points.rows(chosen)
    for row, at in zip(rows, chosen.nonzero()[0].tolist(), strict=True):
        row["state"] = f"{plural(number[at], ERROR)} close together"
    return rows
