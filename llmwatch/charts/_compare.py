"""Groups against a baseline: the difference of each figure, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..words import plural
from ._differences import NEEDED, TIPS, names_of, rows_of, signed
from ._foreign import readable
from ._look import Look
from ._parts import Chart, Key, Rows, Ticks, empty, heading, layer, panel, tips, words_of

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["compare", "one_sided"]

_ROW, _NAMES = 24, 160  # pixels: a row, the names left of it
_CHARACTER = 6.4  # pixels, at most, of one of the words right of it
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down")
_SIZES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0)
_FURTHEST = 4.0  # a difference of more than 400 % ends at the edge


def compare(differences: pd.DataFrame, look: Look, *, width: int) -> Chart:
    """A row a figure and group, with its interval, against no difference.

    Rates and scores, of which nobody says per cent of per cent, have a part of their own.
    """
    import altair as alt

    if not len(differences):
        return empty("Compare", "no calls yet", width, 100)
    missing = [name for name in NEEDED if name not in differences.columns]
    if missing:
        raise UsageError(f"these are no differences of a comparison: no column {missing[0]}.")
    rows = rows_of(differences)
    groups = list(dict.fromkeys(row["key"] for row in rows))
    room = round(_CHARACTER * max((len(row["words"]) for row in rows), default=0)) + 16
    draw = _Part(groups, look, width, room)
    relative = [row for row in rows if not row["points"]]
    points = [row for row in rows if row["points"]]
    parts = []
    if relative:
        parts.append(draw(relative, heading("Compare", _notes(differences, relative), width)))
    if points:
        title = "In points" if relative else "Compare"
        notes = ["of 100: error rate in per cent points, score in hundredths"]
        parts.append(draw(points, heading(title, notes, width, size=11 if relative else 13)))
    if len(parts) == 1:
        return parts[0]
    apart = alt.Resolve(scale=alt.ScaleResolveMap(color="independent", shape="independent"))
    return alt.VConcatChart(vconcat=parts, spacing=16, resolve=apart)


def one_sided(why: str, width: int) -> Chart:
    """The picture of calls that are no two groups."""
    chart = empty("Compare", "nothing to compare", width, 100)
    chart.title = heading("Compare", [readable(why, 200)], width)
    return chart


def _notes(differences: pd.DataFrame, rows: Rows) -> list[str]:
    against = names_of(differences)[str(differences["baseline"].iloc[0])]
    thin = sum(row["low"] is None for row in rows)
    notes = [f"against {against} · line: 95 % interval · filled: a difference"]
    if any(abs(row["t"] or 0) > _FURTHEST for row in rows):
        notes.append("at the edge: beyond 400 %")
    if thin:
        notes.append(f"{plural(thin, 'figure')} without an interval: too few calls, or no spread")
    return notes


class _Part:
    """Draws rows that share an axis."""

    def __init__(self, groups: Sequence[str], look: Look, width: int, room: int) -> None:
        self.look, self.is_first = look, True  # the key stands once, in the first part
        self.room, self.plot = room, max(120, width - _NAMES - room)
        colours = [look.series[at % len(look.series)] for at in range(len(groups))]
        shapes = [_SHAPES[at % len(_SHAPES)] for at in range(len(groups))]
        self.key = Key(groups, colours, width, shapes, left=-_NAMES)

    def __call__(self, rows: Rows, title: Any) -> alt.LayerChart:
        import altair as alt

        labels = list(dict.fromkeys(row["label"] for row in rows))
        ordered = sorted(rows, key=lambda row: labels.index(row["label"]))
        rows = [{**row, "row": at} for at, row in enumerate(ordered)]
        self._scale(rows)
        self.y = alt.Y("row:O", axis=None, scale=alt.Scale(domain=list(range(len(rows)))))
        zero = layer([{"t": 0}]).mark_rule(color=self.look.muted, strokeWidth=1.2)
        layers = [zero.encode(x=self._x("t")), *self._marks(rows), *self._texts(rows)]
        self.is_first = False
        return panel(layers, title, self.plot, _ROW * len(rows))

    def _scale(self, rows: Rows) -> None:
        ends = [v for row in rows for v in (row["t"], row["low"], row["high"]) if v is not None]
        self.reach = min(max((abs(v) for v in ends), default=0.1) * 1.08, _FURTHEST) or 0.1
        size = next((s for s in _SIZES if self.reach / s < 2.2), _FURTHEST)
        values = [v for v in (-2 * size, -size, 0.0, size, 2 * size) if abs(v) <= self.reach]
        is_points = bool(rows and rows[0]["points"])
        self.ticks: Ticks = [(v, signed(v, points=is_points) if v else "0") for v in values]

    def _x(self, field: str) -> Any:
        import altair as alt

        scale = alt.Scale(domain=[-self.reach, self.reach], clamp=True, nice=False)
        axis = alt.Axis(
            values=[v for v, _ in self.ticks], labelExpr=words_of(self.ticks), grid=True
        )
        return alt.X(f"{field}:Q", scale=scale, axis=axis, title=None)

    def _marks(self, rows: Rows) -> list[alt.Chart]:
        """Intervals, and points that are filled where a difference is claimed."""
        found = []
        spans = [row for row in rows if row["low"] is not None]
        if spans:
            line = layer(spans).mark_rule(strokeWidth=2)
            found.append(line.encode(x=self._x("low"), x2="high:Q"))
        for is_clear, mark in ((True, {"size": 60}), (False, {"size": 44, "strokeWidth": 1.6})):
            some = [row for row in rows if row["clear"] == is_clear and row["t"] is not None]
            if some:
                point = layer(some).mark_point(filled=is_clear, **mark)
                found.append(
                    point.encode(x=self._x("t"), shape=self.key.shape(shown=self.is_first))
                )
        return [
            one.encode(y=self.y, color=self.key.colour(shown=self.is_first), tooltip=tips(*TIPS))
            for one in found
        ]

    def _texts(self, rows: Rows) -> list[alt.Chart]:
        """The figure at the left, and what it was and is at the right."""
        import altair as alt

        text = layer(rows).encode(y=self.y)
        name = text.mark_text(align="left", color=self.look.ink, limit=_NAMES - 10)
        words = text.mark_text(align="right", fontSize=10)  # no limit: figures are never cut
        return [
            name.encode(x=alt.value(-_NAMES), text="label:N"),
            words.encode(x=alt.value(self.plot + self.room), text="words:N"),
        ]
