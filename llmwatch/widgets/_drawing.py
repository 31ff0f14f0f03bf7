"""The charts of a picture: the panel's own, filled in and drawn by vl-convert without a browser.

Neither pandas nor Altair is loaded for it. The ink is that of the page around it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, NamedTuple

from ..charts import EITHER
from ..semconv import STATUSES
from ..totals import codes_of
from ..words import apart, dollars, plural, tokens
from ._assets import spec
from ._convert import converted
from ._lean import as_image, lean
from ._tiles import FAINT

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CHARTED", "drawn"]

CHARTED = ("started_at", "status_code", "latency_s", "model")
"""The columns that are drawn call by call; the others come in `course`."""

_NEWEST = 200  # calls drawn one by one, so that a notebook stays small
_MODELS = 5  # with a colour of their own, as in the panel
_MARGIN = {"left": 54, "right": 8, "top": 8, "bottom": 18}
_KEY = "display:inline-block;max-width:100%;overflow-wrap:anywhere;vertical-align:top"
# Where a style counts, the drawing shows, in the ink of the page around it; elsewhere the image.
_ONE = (
    "<style>.llmwatch-still [role=img]{display:block!important}"
    ".llmwatch-still [role=img]+img{display:none}</style>"
)
_SQUARE = "\u25a0"
_COLOURS = (*EITHER.series, EITHER.other)
_TEXT = {"labelColor": "currentColor", "labelFont": "sans-serif", "labelFontSize": 10.5}
_CONFIG = {
    "aria": False, "background": None, "view": {"stroke": None},
    "axis": {**_TEXT, "domain": False, "ticks": False, "title": None, "gridColor": EITHER.rule,
             "gridOpacity": EITHER.rule_opacity},
    "range": {"category": list(_COLOURS)},
    "style": {"bad": {"stroke": EITHER.bad, "color": EITHER.bad}},
}  # fmt: skip


class _Chart(NamedTuple):
    """What one chart is filled with."""

    name: str
    title: str
    keys: Sequence[tuple[str, str, str]]
    """A mark, its colour, and what it stands for."""
    words: str
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    params: Mapping[str, Any]


def drawn(
    columns: Mapping[str, np.ndarray], course: Mapping[str, Any], *,
    threshold_s: float | None, cost_usd: float | None, budget: Any, apart: bool,
) -> str:  # fmt: skip
    """Latency, tokens and cost as SVG in HTML; no chart where nothing is known.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        `CHARTED`, as `View.arrays` gives them.
    course : mapping
        As `buckets` gives it.
    threshold_s : float or None
        Where the strictest alert on latency draws its line.
    cost_usd : float or None
        Spent in all, also on calls that have left memory.
    budget : Budget or None
        Of the session.
    apart : bool
        Draw in a process of its own: cells run meanwhile.
    """
    found = (
        _latency(columns, course, threshold_s),
        _tokens(course),
        _cost(course, cost_usd or 0, budget),
    )
    charts = [chart for chart in found if chart is not None]
    asked = [{"vl_spec": _filled(chart), "allowed_base_urls": []} for chart in charts]
    made = converted("vegalite_to_svg", asked, apart=apart) if charts else []
    figures = [_figure(chart, svg) for chart, svg in zip(charts, made, strict=True)]
    return "".join([_ONE, *figures] if figures else [])


def _filled(chart: _Chart) -> dict[str, Any]:
    filled = spec(chart.name)
    values = {**{one["name"]: one["value"] for one in filled["params"]}, **chart.params}
    filled["params"] = [{"name": name, "value": value} for name, value in values.items()]
    filled |= {"datasets": chart.rows, "padding": _MARGIN, "config": _CONFIG}
    return filled


def _figure(chart: _Chart, svg: str) -> str:
    keys = "".join(
        f' <span style="{_KEY}"><b style="color:{colour}">{mark}</b> '
        f'<bdi style="{FAINT}">{escape(word)}</bdi></span>'
        for mark, colour, word in chart.keys
    )
    label = escape(f"{chart.title}: {chart.words}", quote=True)
    short = lean(svg)
    fit = "max-width:100%;height:auto"
    inline = short.replace("<svg ", f'<svg style="{fit}" ', 1)
    # A notebook that is not trusted loses the SVG, but not its texts: they would stand in a heap,
    # and be read out.
    return (
        f'<div style="flex:1 1 240px;margin:4px 16px 4px 0;min-width:0;max-width:302px">'
        f"<div><b>{chart.title}</b>{keys}</div>"
        f'<div role="img" aria-label="{label}" style="display:none">{inline}</div>'
        f'<img alt="{label}" style="{fit}" src="{as_image(short, EITHER.ink)}"></div>'
    )


def _latency(
    columns: Mapping[str, np.ndarray], course: Mapping[str, Any], at: float | None
) -> _Chart | None:
    import numpy as np

    where = np.flatnonzero(columns["latency_s"] > 0)
    newest = where[-_NEWEST:]
    if not len(newest):
        return None
    size = columns["latency_s"][newest]
    models = [m if isinstance(m, str) else "" for m in columns["model"][newest]]
    named = [model for model, _ in Counter(models).most_common(_MODELS)]
    place = {model: min(n, _MODELS) for n, model in enumerate(dict.fromkeys([*named, *models]))}
    shapes = {STATUSES.index("ok"): "ok", STATUSES.index("error"): "error"}
    start = (columns["started_at"][newest] / 1e6).tolist()
    rows = [
        {"t": t, "s": s, "c": str(place[model]), "is": shapes.get(code, "cut")}
        for t, s, model, code in zip(
            start, size.tolist(), models, codes_of(columns)[newest].tolist(), strict=True
        )
    ]
    low = 10 ** floor(log10(min(1, size.min())))
    high = 10 ** ceil(log10(max(100 * low, 1.2 * (at or 0), size.max())) - 1e-9)
    ticks = [10.0**n for n in range(round(log10(low)), round(log10(high)) + 1)]
    ticks = ticks[-1::-2][::-1] if len(ticks) > 4 else ticks
    keys = _marks(rows, named)
    span = _span(course)
    if len(newest) < len(where):
        keys.insert(0, ("", "inherit", f"newest {_NEWEST}"))
        span |= {"t0": min(start), "from": _moment(min(start))}
    return _Chart(
        "latency", "Latency", keys, plural(len(rows), "call"),
        {"calls": rows, "limits": [{"at": at}] if at else []},
        span | {"low": low, "high": high, "ticks": ticks, "top": ticks[-1]},
    )  # fmt: skip


def _marks(rows: Sequence[Mapping[str, Any]], named: Sequence[str]) -> list[tuple[str, str, str]]:
    """What the marks of these rows stand for: an error is red, whosever it is."""
    dots = {row["c"] for row in rows if row["is"] != "error"}
    words = [word or "no model" for word in apart(named).values()] + ["other"]
    squares = [(_SQUARE, _COLOURS[n], word) for n, word in enumerate(words) if str(n) in dots]
    is_red = any(row["is"] == "error" for row in rows)
    return squares + ([("\u00d7", EITHER.bad, "error")] if is_red else [])


def _tokens(course: Mapping[str, Any]) -> _Chart | None:
    rows: list[dict[str, Any]] = []
    width = course["width_ms"]
    for n, (into, out) in enumerate(zip(course["input"], course["output"], strict=True)):
        t = course["start_ms"] + n * width
        bars = (("0", 0, into), ("1", into, into + out))
        rows += [
            {"t": t, "u": t + 0.84 * width, "c": c, "a": a, "b": b} for c, a, b in bars if b > a
        ]
    if not rows:
        return None
    top = _round(max(row["b"] for row in rows))
    words = f"{tokens(sum(course['input']))} in, {tokens(sum(course['output']))} out"
    return _Chart(
        "tokens", "Tokens", [(_SQUARE, EITHER.into, "in"), (_SQUARE, EITHER.out, "out")], words, {"bars": rows},
        _span(course) | {"top": top, "label": tokens(top)},
    )  # fmt: skip


def _cost(course: Mapping[str, Any], cost_usd: float, budget: Any) -> _Chart | None:
    known = sum(course["cost"])
    if not known:
        return None
    so_far = max(0.0, cost_usd - known)
    rows = [{"t": course["start_ms"], "cost": so_far, "c": "0"}]
    for n, cost in enumerate(course["cost"], 1):
        so_far += cost
        rows.append({"t": course["start_ms"] + n * course["width_ms"], "cost": so_far, "c": "0"})
    end = so_far + max(0.0, budget.limit - budget.spent) if budget is not None else None
    is_near = end is not None and end < 4 * so_far  # else it would flatten the line
    top = _round(max(so_far, end if is_near and end else 0))
    return _Chart(
        "cost", "Cost so far", [("\u2013", EITHER.bad, "budget")] if is_near else [], dollars(so_far),
        {"spent": rows, "limits": [{"at": end}] if is_near else []},
        _span(course) | {"top": top, "label": _few_dollars(top)},
    )  # fmt: skip


def _span(course: Mapping[str, Any]) -> dict[str, Any]:
    start = course["start_ms"]
    end = start + course["width_ms"] * len(course["calls"])
    return {"t0": start, "t1": end, "from": _moment(start), "to": _moment(end)}


def _moment(ms: float) -> str:
    there = time.localtime(ms / 1000)
    is_today = time.strftime("%F", there) == time.strftime("%F")
    return time.strftime("%H:%M:%S" if is_today else "%m-%d %H:%M", there)


def _few_dollars(value: float) -> str:
    """A round sum at an axis, where there is room for seven signs, as `fewDollars` in words.js."""
    if value >= 9_999.5:
        size, unit = next(one for one in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if value >= one[0])
        return f"${value / size:,.12g}{unit}"
    words = dollars(value)
    mantissa, exponent = f"{value:.1e}".split("e")
    return words if len(words) <= 7 else f"${float(mantissa):g}e{int(exponent)}"


def _round(value: float) -> float:
    """The next round number."""
    size = 10.0 ** floor(log10(value))
    steps = (float(f"{step * size:.2g}") for step in (1, 1.5, 2, 3, 5, 10))
    return next(step for step in steps if step >= value * 0.999)
