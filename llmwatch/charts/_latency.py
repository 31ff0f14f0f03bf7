"""How long calls took: each one a point, by model; a great many as a median and its spread."""

from __future__ import annotations

from math import inf
from numbers import Real
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..words import plural, seconds
from ._calls import Calls
from ._clock import steps_over, stretch
from ._look import Look
from ._many import CROSSES, crosses, medians
from ._parts import (
    Chart,
    Key,
    Rows,
    empty,
    heading,
    layer,
    log_ticks,
    panel,
    time_axis,
    tips,
    value_axis,
)
from ._points import ERROR, TIPS, Points

if TYPE_CHECKING:
    import altair as alt

__all__ = ["AT_MOST", "latency"]

AT_MOST = 5_000
"""Calls that are drawn one by one; beyond, they are summed up."""

_STEPS = 64
_OF_STEP = (
    ("name", "of"), ("when", "from"), ("n", "calls"), ("took", "median"),
    ("spread", "middle 90 %"), ("most", "slowest"),
)  # fmt: skip
# A diagonal cross as an outline: it can be filled, so that it shares a key with the points.
_CROSS = "M-1,-.7L-.7,-1L0,-.3L.7,-1L1,-.7L.3,0L1,.7L.7,1L0,.3L-.7,1L-1,.7L-.3,0Z"


def latency(
    calls: Calls, look: Look, *, width: int, height: int, by: str, threshold: float | None
) -> Chart:
    """Latency over time on a log scale, a colour a group; errors are crosses."""
    if threshold is not None and not _is_length(threshold):
        raise UsageError(f"threshold={threshold!r} is no number of seconds above 0.")
    points = Points(calls, look, by)
    if not points.known.any():
        words = "no latency is known" if len(calls) else "no calls yet"
        return empty("Latency", words, width, height)
    layers, note = _summed(points) if len(calls) > AT_MOST else _one_by_one(points)
    axes = _Axes(points, threshold, width)
    placed = [axes.place(one, field) for one, field in layers]
    if threshold is not None:
        placed.insert(0, axes.rule(threshold, look))
    return panel(placed, heading("Latency", _notes(points, note), width), width, height)


def _is_length(value: Any) -> bool:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return is_number and 0 < value < inf


def _notes(points: Points, note: str) -> list[str]:
    """What there is to know beside the picture."""
    unknown = int((~points.known).sum())
    left_out = f"{plural(unknown, 'call')} of unknown latency not shown" if unknown else ""
    return [words for words in (note, left_out) if words]


_Layers = list[tuple[Any, str]]  # each with the field that it shows


def _one_by_one(points: Points) -> tuple[_Layers, str]:
    """A point a call; what was stopped before its end is hollow."""
    whole = points.rows(points.known & ~points.stopped)
    cut = points.rows(points.known & points.stopped)
    layers = []
    if whole:
        layers.append(layer(whole).mark_point(filled=True, size=36, opacity=0.85))
    if cut:
        layers.append(layer(cut).mark_point(filled=False, size=30, strokeWidth=1.4))
    note = "hollow: stopped before the end" if cut else ""
    return [(one.encode(tooltip=tips(*TIPS)), "y") for one in layers], note


def _summed(points: Points) -> tuple[_Layers, str]:
    """Median, spread and slowest of each step of time; errors one by one while they are few."""
    steps = steps_over(points.calls.started[0], points.calls.started[-1], _STEPS)
    rows, marks = medians(points, steps), crosses(points, steps)
    filled = [row for row in rows if row["y"] is not None]
    band = layer(rows).mark_area(opacity=0.16, interpolate="monotone").encode(y2="high:Q")
    line = layer(rows).mark_line(strokeWidth=1.8, interpolate="monotone")
    middle = layer(filled).mark_point(filled=True, size=14).encode(tooltip=tips(*_OF_STEP))
    slowest = layer(filled).mark_point(filled=True, size=12, opacity=0.6)
    layers: _Layers = [
        (band, "low"), (line, "y"), (middle, "y"),
        (slowest.encode(tooltip=tips(*_OF_STEP)), "slowest"),
    ]  # fmt: skip
    note = (
        f"{plural(len(points.calls), 'call')} in steps of {steps.word}: "
        "median, middle 90 % (shaded), slowest (dots)"
    )
    if marks:
        layers.append((layer(marks).mark_point(filled=True, size=36).encode(
            tooltip=tips(*TIPS)), "y"))  # fmt: skip
        few = int((points.failed & points.known).sum()) <= CROSSES
        note += ", errors one by one" if few else ", errors close together as one cross"
    return layers, note


class _Axes:
    """Both axes and the key, the same for all layers."""

    def __init__(self, points: Points, threshold: float | None, width: int) -> None:
        took = points.took[points.known]
        values = [float(took.min()), float(took.max())]
        values += [threshold] if threshold is not None else []
        self.ticks = log_ticks(min(values), max(values))
        started = points.calls.started
        self.span = stretch(float(started[0]), float(started[-1]))
        shapes = [_CROSS if name == ERROR else "circle" for name in points.names]
        self.key = Key(points.names, points.colours, width, shapes)

    def place(self, one: alt.Chart, field: str) -> alt.Chart:
        """`one` with its axes, colours and shapes."""
        mark = one.encode(x=time_axis(*self.span), y=self._y(field), color=self.key.colour())
        return mark.encode(shape=self.key.shape()) if self._has_shape(one) else mark

    def rule(self, threshold: float, look: Look) -> alt.Chart:
        """The dashed line of a threshold."""
        rows: Rows = [{"y": threshold, "words": seconds(threshold)}]
        mark = layer(rows).mark_rule(color=look.bad, strokeDash=[5, 4], strokeWidth=1.2)
        line: alt.Chart = mark.encode(y=self._y("y"), tooltip=tips(("words", "threshold")))
        return line

    def _y(self, field: str) -> Any:
        ticks, low, high = self.ticks
        return value_axis(field, ticks, low, high, log=True)

    @staticmethod
    def _has_shape(one: alt.Chart) -> bool:
        return bool(one.mark.type == "point")
