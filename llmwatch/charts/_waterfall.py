"""What ran when: a bar a span, or a call, with what it waited for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from ..words import UNKNOWN, plural, seconds
from ._calls import Calls
from ._clock import moment
from ._foreign import readable
from ._look import Look
from ._parts import (
    Chart,
    Key,
    Rows,
    Ticks,
    empty,
    heading,
    layer,
    panel,
    short,
    tips,
    words_of,
)
from ._spans import Bar, fits, spans_of, state_of

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["AT_MOST", "waterfall"]

AT_MOST = 50
"""Bars that are drawn: the last ones."""

_ROW, _NAMES = 18, 170  # pixels: the height of a bar's row, the room for the names
_PAUSE_MS = 30_000
_SIZES = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600,
    1200, 1800, 3600, 7200, 14400, 43200, 86400,
)  # fmt: skip
_TIPS = (("name", "what"), ("when", "started"), ("took", "took"), ("part", "this part"),
         ("lasts", "lasts"), ("state", "status"))  # fmt: skip
_WAIT, _FIRST, _WHOLE = "retries and waits", "until the first token", "call"
_OTHER, _ERROR = "other work", "error"


def waterfall(frame: pd.DataFrame, look: Look, *, width: int) -> Chart:
    """Bars from start to end; `frame` holds spans (`start`, `end`, `name`, `depth`) or calls."""
    if fits(frame):
        bars = spans_of(frame)
        total = len(bars)
    else:
        calls = Calls(frame)
        bars, total = _of_calls(calls), len(calls)
    if not bars:
        return empty("Waterfall", "no calls yet", width, 120)
    shown, is_after_pause = _last(bars)
    first = min(bar.start for bar in shown)
    last = max([first + 1, *(bar.end for bar in shown)])
    noun = "call" if all(bar.is_call for bar in bars) else "span"
    count = plural(len(shown), noun)
    if len(shown) < total:
        count = f"the last {len(shown)} of {plural(total, noun)}"
        count += ", after a pause," if is_after_pause else ""
    note = f"{count} in {seconds((last - first) / 1000)}, from {moment(first)}"
    rows = [row for at, bar in enumerate(shown) for row in _rows(at, bar, first)]
    return _draw(
        rows, shown, (last - first) / 1000, heading("Waterfall", [note], width), look, width
    )


def _of_calls(calls: Calls) -> list[Bar]:
    waits, firsts = calls.numbers("retry_wait_s"), calls.numbers("ttft_s")
    states, kinds = calls.texts("status"), calls.texts("error_type")
    models = calls.texts("model")
    return [
        Bar(
            name=readable(models[at], 40) or "unknown model",
            start=float(calls.started[at]),
            end=float(calls.ended[at]),
            depth=0,
            state=state_of(states[at] or UNKNOWN, kinds[at]),
            wait=_ms(waits[at]),
            first=_ms(firsts[at]),
        )
        for at in range(max(0, len(calls) - AT_MOST), len(calls))
    ]


def _ms(value: float) -> float:
    return 0.0 if isnan(value) else max(0.0, float(value)) * 1000


def _last(bars: Sequence[Bar]) -> tuple[list[Bar], bool]:
    """The last of them: whole trees while they fit, back to the last long pause; if it was that."""
    chosen: list[Bar] = []
    for tree in reversed(list(_trees(bars))):
        first = tree[0]
        if chosen:
            span = max(bar.end for bar in chosen) - chosen[0].start
            pause = chosen[0].start - max(bar.end for bar in tree)
            is_pause = pause > max(_PAUSE_MS, 4 * span)
            if is_pause or len(chosen) + len(tree) > AT_MOST:
                return chosen[:AT_MOST], is_pause
        chosen = [first, *tree[1:], *chosen]
    return chosen[:AT_MOST], False


def _trees(bars: Sequence[Bar]) -> Iterator[list[Bar]]:
    """Each bar of depth 0 with what is below it."""
    tree: list[Bar] = []
    for bar in bars:
        if bar.depth == 0 and tree:
            yield tree
            tree = []
        tree.append(bar)
    if tree:
        yield tree


def _rows(at: int, bar: Bar, zero: float) -> Rows:
    """The parts of a bar, in seconds since `zero`."""
    told = {
        "row": at, "name": bar.name, "when": moment(bar.start), "state": bar.state,
        "took": seconds((bar.end - bar.start) / 1000),
    }  # fmt: skip
    rows: Rows = []
    for part, start, end in _parts(bar):
        rows.append({
            **told, "t": round((start - zero) / 1000, 4), "t2": round((end - zero) / 1000, 4),
            "part": part, "lasts": seconds((end - start) / 1000),
        })  # fmt: skip
    return rows


def _parts(bar: Bar) -> list[tuple[str, float, float]]:
    """What a bar consists of, with start and end."""
    whole = _WHOLE if bar.is_call else _OTHER
    last = _ERROR if bar.state.startswith("error") else whole
    waited = min(bar.start + bar.wait, bar.end)
    began = min(max(bar.start + bar.first, waited), bar.end) if bar.first else waited
    parts = [(_WAIT, bar.start, waited), (_FIRST, waited, began)]
    return [p for p in parts if p[2] > p[1]] + [(last, began, bar.end)]


def _draw(
    rows: Rows, bars: Sequence[Bar], span: float, title: Any, look: Look, width: int
) -> alt.LayerChart:
    import altair as alt

    colours = {
        _WAIT: look.pale(look.out), _FIRST: look.pale(look.into), _WHOLE: look.into,
        _OTHER: look.other, _ERROR: look.bad,
    }  # fmt: skip
    names = [part for part in colours if any(row["part"] == part for row in rows)]
    plot = max(120, width - _NAMES)
    key = Key(names, [colours[name] for name in names], width, field="part", left=-_NAMES)
    ticks = _ticks(span)
    x = _x(ticks, span)
    y = alt.Y("row:O", axis=None, scale=alt.Scale(domain=list(range(len(bars))), padding=0.3))
    bar = (
        layer(rows)
        .mark_bar(minBandSize=2)
        .encode(x=x, x2="t2:Q", y=y, color=key.colour(), tooltip=tips(*_TIPS))
    )
    # A part too short for a pixel still shows, as a line at its start.
    hair = layer(rows).mark_tick(thickness=1.5, height=11).encode(x=x, y=y, color=key.colour())
    words = layer(_labels(rows, bars))
    name = words.mark_text(align="left", limit=_NAMES - 16, fontSize=11, color=look.ink).encode(
        x=alt.X("left:Q", scale=None), y=y, text="label:N"
    )
    took = words.mark_text(align="left", dx=5, fontSize=10).encode(x=x, y=y, text="took:N")
    return panel([bar, hair, name, took], title, plot, _ROW * len(bars))


def _ticks(span: float) -> Ticks:
    """From 0 in steps of a round length of time, at most four of them."""
    size = next((s for s in _SIZES if span / s < 4), 0.0) or float(-(-int(span) // 4))
    return [
        (size * i, short(seconds(size * i, digits=2)) if i else "0")
        for i in range(int(span / size) + 1)
    ]


def _x(ticks: Ticks, span: float) -> Any:
    import altair as alt

    axis = alt.Axis(values=[v for v, _ in ticks], labelExpr=words_of(ticks), orient="bottom")
    return alt.X("t:Q", axis=axis, title=None, scale=alt.Scale(domain=[0, span * 1.12], nice=False))


def _labels(rows: Rows, bars: Sequence[Bar]) -> Rows:
    """The name of each bar, and how long it took, behind its end."""
    ends = {row["row"]: row for row in rows}  # the last part of each
    labels: Rows = []
    for at, bar in enumerate(bars):
        mark = "× " if bar.state.startswith("error") else ""
        labels.append({
            "row": at, "label": mark + bar.name, "left": -_NAMES + 12 * min(bar.depth, 8),
            "t": ends[at]["t2"], "took": ends[at]["took"],
        })  # fmt: skip
    return labels
