"""What every chart is made of: layers over plain values, axes with few ticks, a calm heading.

All words and figures are made here, in Python, and reach Vega as data or as numbers of ours. No
text from a call ever becomes part of an expression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from math import floor, log10
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypeAlias

from ..words import seconds
from ._clock import ends
from ._look import FONT, Look

if TYPE_CHECKING:
    import altair as alt

Chart: TypeAlias = "alt.LayerChart | alt.VConcatChart"

__all__ = [
    "GUTTER", "Chart", "Key", "Rows", "Ticks", "empty", "heading", "layer", "log_ticks", "panel", "short", "steps_of",
    "style", "time_axis", "tips", "value_axis", "words_of",
]  # fmt: skip

Rows: TypeAlias = list[dict[str, Any]]
Ticks: TypeAlias = list[tuple[float, str]]
Heights: TypeAlias = tuple[Ticks, float]

GUTTER = 46
"""Pixels left of the plot, where the figures of the axis stand."""

_ZEROS = re.compile(r"\.0+(?=\D|$)|\s0\s(?:s|min)$")
_LINE = 17  # pixels of a row of the key
_CHARACTER = 6.4  # pixels, about, of one letter at 11 px


def layer(rows: Rows) -> alt.Chart:
    """A chart over `rows`, given inline, so that no setting about data sources matters."""
    import altair as alt

    return alt.Chart(alt.InlineData(values=rows))


def time_axis(first: float, last: float, *, labelled: bool = True, field: str = "t") -> Any:
    """The horizontal axis of time: words only under its ends, in the local time of the kernel."""
    import altair as alt

    left, right = ends(first, last)
    ticks = [(first, left), (last, right)] if labelled else []
    axis = alt.Axis(
        values=[value for value, _ in ticks], labelExpr=words_of(ticks), grid=False,
        labelFlush=True, labelPadding=6,
    )  # fmt: skip
    scale = alt.Scale(domain=[first, last], nice=False, zero=False)
    return alt.X(f"{field}:Q", axis=axis, scale=scale, title=None)


def value_axis(field: str, ticks: Ticks, low: float, high: float, *, log: bool = False) -> Any:
    """The vertical axis: a few ticks with their words, and a line at each."""
    import altair as alt

    axis = alt.Axis(
        values=[value for value, _ in ticks], labelExpr=words_of(ticks), labelPadding=6,
        minExtent=GUTTER, maxExtent=GUTTER, labelOverlap=False,
    )  # fmt: skip
    if log:
        scale = alt.Scale(type="log", domain=[low, high], nice=False, clamp=True)
    else:
        scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    return alt.Y(f"{field}:Q", axis=axis, scale=scale, title=None)


def words_of(ticks: Ticks) -> str:
    """An expression that gives each tick its word; the words are ours, never a call's."""
    if not ticks:
        return "''"
    choices = [
        f"abs(datum.value - {value!r}) <= {abs(value) * 1e-13!r} ? {json.dumps(word)}"
        for value, word in ticks
    ]
    return " : ".join([*choices, "datum.label"])


def log_ticks(low: float, high: float) -> tuple[Ticks, float, float]:
    """Ticks for durations on a log scale, two to four of them, and the ends of the scale."""
    low, high = max(low, 1e-4) / 1.25, max(high, 1e-4) * 1.25
    powers = [10.0**k for k in range(floor(log10(low)) - 1, floor(log10(high)) + 2)]
    tens = [p for p in powers if low <= p <= high]
    if len(tens) > 4:
        tens = tens[:: -(-len(tens) // 4)]
    if len(tens) < 2:
        fine = [m * p for p in powers for m in (1, 2, 5)]
        tens = [v for v in fine if low <= v <= high]
        if len(tens) < 2:  # one call, or all of one time: widen until a scale can be read
            return log_ticks(low / 1.6, high * 1.6)
        tens = tens[:: -(-len(tens) // 4)]
    return [(v, seconds(v, digits=1)) for v in tens], low, high


def steps_of(high: float, word: Callable[[float], str], *, whole: bool = False) -> Heights:
    """Ticks from zero up, at most three above it, and the end of the scale."""
    if not high > 0:
        return [(0.0, short(word(0.0)))], 1.0
    size = 10.0 ** floor(log10(high / 3))
    multiples = [m for m in (1, 2, 2.5, 5, 10) if not whole or (m * size) % 1 == 0] or [1 / size]
    step = next((size * m for m in multiples if high / (size * m) < 3.999), size * 10)
    ticks = [(step * i, short(word(step * i))) for i in range(floor(high / step * 1.0001) + 1)]
    return ticks, high * 1.04


def short(word: str) -> str:
    """`50 k` for `50.0 k`: on an axis round figures stand beside each other."""
    return _ZEROS.sub("", word)


def tips(*pairs: tuple[str, str]) -> list[Any]:
    """What shows under the pointer: (field, words) each."""
    import altair as alt

    return [alt.Tooltip(f"{field}:N", title=words) for field, words in pairs]


class Key:
    """What the colours (and shapes) stand for, in one or more rows below the heading."""

    def __init__(
        self,
        names: Sequence[str],
        colours: Sequence[str],
        width: int,
        shapes: Sequence[str] = (),
        *,
        field: str = "key",
        left: int = -GUTTER,
    ) -> None:
        self.names, self.colours, self.shapes = list(names), list(colours), list(shapes)
        self.field, self._left = field, left
        self._columns = _columns(self.names, width)
        self._rows = -(-len(self.names) // self._columns)

    def colour(self, *, shown: bool = True) -> Any:
        """The colour channel, and whether its key is shown."""
        import altair as alt

        scale = alt.Scale(domain=self.names, range=self.colours)
        legend = self._legend() if shown else None
        return alt.Color(f"{self.field}:N", scale=scale, legend=legend, title=None)

    def shape(self, *, shown: bool = True) -> Any:
        """The shape channel, which shares the colours' key."""
        import altair as alt

        scale = alt.Scale(domain=self.names, range=self.shapes)
        legend = self._legend() if shown else None
        return alt.Shape(f"{self.field}:N", scale=scale, legend=legend, title=None)

    def _legend(self) -> Any:
        import altair as alt

        return alt.Legend(
            orient="none", legendX=self._left, legendY=-self._rows * _LINE - 8,
            direction="horizontal", title=None, columns=self._columns, labelLimit=200,
            symbolSize=60, symbolOpacity=1, symbolStrokeWidth=0.5, padding=0, offset=0,
            columnPadding=14, rowPadding=3,
        )  # fmt: skip


def _columns(names: Sequence[str], width: int) -> int:
    """How many names stand side by side."""
    widths = [min(len(name) * _CHARACTER, 200) + 30 for name in names]
    if sum(widths) <= width:
        return max(1, len(names))
    return max(1, int(width // max(widths)))


def heading(title: str, notes: Sequence[str], width: int, *, size: int = 13) -> Any:
    """What a chart is about, and below it, muted, what there is to know."""
    import altair as alt

    lines = [line for note in notes for line in wrap(note, max(20, int(width / 5.9)))]
    below = lines or alt.Undefined  # an empty list would still take its room
    return alt.Title(
        title, subtitle=below, anchor="start", frame="bounds", fontSize=size, fontWeight=600,
        subtitleFontSize=11, offset=8, subtitlePadding=3,
    )  # fmt: skip


def panel(layers: Sequence[alt.Chart], title: Any, width: int, height: int) -> alt.LayerChart:
    """Layers of one picture, with its heading."""
    import altair as alt

    # Made in one go: `.properties` copies a chart with all of its data.
    return alt.LayerChart(layer=list(layers), title=title, width=width, height=height)


def empty(title: str, words: str, width: int, height: int) -> alt.LayerChart:
    """A picture of nothing that says so."""
    text = layer([{"words": words}]).mark_text(fontSize=12, fontStyle="italic")
    return panel([text.encode(text="words:N")], heading(title, (), width), width, height)


def style(look: Look) -> dict[str, Any]:
    """What gives a chart the colours of `look`: no boxes, thin rules, muted words."""
    import altair as alt

    axis: dict[str, Any] = {
        "domain": False, "ticks": False, "gridColor": look.rule, "gridWidth": 1,
        "gridOpacity": look.rule_opacity, "labelColor": look.muted, "labelFont": FONT,
        "labelFontSize": 11, "labelLimit": 200,
    }  # fmt: skip
    config = alt.Config(
        font=FONT,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(**axis),
        title=alt.TitleConfig(
            color=look.ink, subtitleColor=look.muted, font=FONT, subtitleFont=FONT
        ),
        legend=alt.LegendConfig(labelColor=look.ink, labelFont=FONT, labelFontSize=11),
        text=alt.MarkConfig(color=look.muted, font=FONT),
    )
    return {"background": look.ground or "transparent", "padding": 8, "config": config}
