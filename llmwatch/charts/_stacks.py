"""Bars over time, stacked: what each step adds up to, by series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._clock import Steps, moment
from ._parts import Rows, layer, steps_of, time_axis, tips, value_axis

if TYPE_CHECKING:
    import altair as alt
    import numpy as np

__all__ = ["stacked", "sums"]

_GAP = 0.08  # of a step, on both sides of a bar


def sums(places: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The sum of the known `values` in each of `count` steps."""
    import numpy as np

    total: np.ndarray = np.bincount(places, weights=np.nan_to_num(values), minlength=count)
    return total


def stacked(
    steps: Steps,
    series: Mapping[str, np.ndarray],
    word: Callable[[float], str],
    colour: Any,
    *,
    labelled: bool = True,
    whole: bool = False,
) -> alt.Chart:
    """A layer of stacked bars; `series` has a sum per step, the lowest of the stack first."""
    rows = _rows(steps, series, word)
    high = max(
        (float(sum(v[at] for v in series.values())) for at in range(steps.number)), default=0
    )
    ticks, high = steps_of(high, word, whole=whole)
    x = time_axis(steps.start, steps.end, labelled=labelled)
    bars: alt.Chart = layer(rows).mark_bar().encode(
        x=x, x2="t2:Q", y=value_axis("y", ticks, 0, high), y2="y2:Q", color=colour,
        tooltip=tips(("key", "what"), ("when", "from"), ("words", "how much"), ("all", "in all")),
    )  # fmt: skip
    return bars


def _rows(
    steps: Steps, series: Mapping[str, Sequence[float] | np.ndarray], word: Callable[[float], str]
) -> Rows:
    rows: Rows = []
    for at in range(steps.number):
        left, right = steps.edges(at)
        gap = (right - left) * _GAP
        below, total = 0.0, float(sum(values[at] for values in series.values()))
        for name, values in series.items():
            value = float(values[at])
            if value > 0:
                rows.append({
                    "t": left + gap, "t2": right - gap,
                    "y": below, "y2": below + value, "key": name, "when": moment(left),
                    "words": word(value), "all": word(total),
                })  # fmt: skip
                below += value
    return rows
