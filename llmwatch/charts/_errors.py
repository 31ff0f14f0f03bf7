"""Errors over time, and how many of each type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..words import percent, plural, tokens
from ._calls import Calls, named
from ._clock import steps_over
from ._foreign import readable
from ._look import Look
from ._parts import GUTTER, Chart, Key, Rows, empty, heading, layer, panel, tips
from ._stacks import stacked, sums

if TYPE_CHECKING:
    import altair as alt
    import numpy as np

__all__ = ["errors"]

_ROW = 24  # pixels of a type


def errors(calls: Calls, look: Look, *, width: int, height: int) -> Chart:
    """Failed calls per step of time by type, and below a bar a type with its number."""
    import altair as alt
    import numpy as np

    if not len(calls):
        return empty("Errors", "no calls yet", width, height)
    failed = calls.is_status("error")
    count = int(failed.sum())
    if not count:
        return empty("Errors", f"none in {plural(len(calls), 'call')}", width, height)
    steps = steps_over(calls.started[0], calls.started[-1])
    kinds = [kind for kind, is_it in zip(calls.texts("error_type"), failed, strict=True) if is_it]
    series, names = named(kinds, len(look.series) + 1, "unknown type")
    colours = look.colours(names)
    kind_of, places = np.array(series, dtype=object), steps.places(calls.started[failed])
    by_kind = {n: sums(places, (kind_of == n).astype(float), steps.number) for n in names}
    key = Key(names, colours, width)
    bars = stacked(steps, by_kind, tokens, key.colour(), whole=True)
    rated = int(calls.is_status("ok", "error").sum())
    stopped = len(calls) - rated  # neither good nor bad, so in no rate
    more = f", {stopped:,} more stopped before the end" if stopped else ""
    notes = [
        f"{count:,} of {plural(rated, 'call')} ({percent(count / rated)}){more}, per {steps.word}"
    ]
    above = panel([bars], heading("Errors", notes, width), width, height)
    below = _ranking(calls, failed, series, names, colours, look, width)
    chart: alt.VConcatChart = alt.vconcat(above, below, spacing=14)
    chart.resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="independent"))
    return chart


def _ranking(
    calls: Calls, failed: np.ndarray, series: list[str], names: list[str], colours: list[str],
    look: Look, width: int,
) -> alt.LayerChart:  # fmt: skip
    """A bar a type: its name, how many, and what the provider said last."""
    import altair as alt

    last = dict(zip(series, _said(calls, failed), strict=True))  # a later one replaces an earlier
    counts = {name: series.count(name) for name in names}
    room = max(20, int((width - 120) / 6.2))
    rows: Rows = [
        {"row": at, "n": counts[name], "zero": 0, "key": name,
         "words": f"{name}  {counts[name]:,}", "said": readable(last[name], room)}
        for at, name in enumerate(names)
    ]  # fmt: skip
    y = alt.Y("row:O", axis=None, scale=alt.Scale(domain=list(range(len(names))), padding=0.2))
    whole = alt.Scale(domain=[0, max(counts.values())], range=[-GUTTER, width], zero=True)
    x = alt.X("n:Q", axis=None, scale=whole)
    scale = alt.Scale(domain=names, range=colours)
    bar = layer(rows).mark_bar(height=3, yOffset=10, cornerRadius=1).encode(
        x=x, x2="zero:Q", y=y, color=alt.Color("key:N", scale=scale, legend=None),
        tooltip=tips(("words", "type"), ("said", "last message")),
    )  # fmt: skip
    name: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 11, "dy": -1}
    word = (
        layer(rows)
        .mark_text(**name, color=look.ink)
        .encode(x=alt.value(-GUTTER), y=y, text="words:N")
    )
    said = (
        layer(rows)
        .mark_text(**(name | {"align": "right"}), color=look.muted)
        .encode(x=alt.value(width), y=y, text="said:N", tooltip=tips(("said", "last message")))
    )
    title = heading("By type", ["and what was said last"], width, size=11)
    return panel([bar, word, said], title, width, _ROW * len(names) + 6)


def _said(calls: Calls, failed: np.ndarray) -> list[str | None]:
    messages = zip(calls.texts("error_message"), failed, strict=True)
    return [message for message, is_it in messages if is_it]
