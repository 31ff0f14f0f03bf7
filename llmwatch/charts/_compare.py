"""Groups against a baseline: the relative difference of each figure, and how sure it is."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..words import UNKNOWN, clean, dollars, percent, plural, seconds, tokens
from ._look import Look
from ._parts import Chart, Key, Rows, Ticks, empty, heading, layer, panel, tips, words_of

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["compare"]

NEEDED = ("group", "baseline", "figure", "value", "baseline_value", "relative")
_ROW, _NAMES, _WORDS = 24, 150, 150  # pixels: a row, the names left of it, the words right of it
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down")
_TITLES = {
    "latency_mean_s": "mean latency", "latency_p50_s": "median latency",
    "latency_p95_s": "p95 latency", "ttft_p50_s": "first token", "ttft_p95_s": "p95 first token",
    "input_tokens": "tokens in", "output_tokens": "tokens out", "tokens": "tokens",
    "cost_usd": "cost per call", "error_rate": "error rate", "score": "score",
    "satisfaction": "score",
}  # fmt: skip
_TIPS = (
    ("label", "figure"), ("key", "group"), ("now", "is"), ("was", "baseline"),
    ("change", "difference"), ("sure", "95 % interval"), ("n", "calls"),
)  # fmt: skip


def compare(differences: pd.DataFrame, look: Look, *, width: int) -> Chart:
    """A row a figure and group: the difference in per cent and its interval, against no change."""
    missing = [name for name in NEEDED if name not in differences.columns]
    if missing:
        raise UsageError(f"these are no differences of a comparison: no column {missing[0]}.")
    rows = [_row(row) for row in differences.to_dict("records")]
    if not rows:
        return empty("Compare", "nothing to compare yet", width, 100)
    groups = list(dict.fromkeys(row["key"] for row in rows))
    labels = list(dict.fromkeys(row["label"] for row in rows))
    rows.sort(key=lambda row: labels.index(row["label"]))
    for at, row in enumerate(rows):
        row["row"] = at
    against = clean(str(differences["baseline"].iloc[0]), 32)
    notes = [f"against {against}; a line is the 95 % interval, filled where it leaves out 0"]
    thin = sum(row["low"] is None for row in rows)
    if thin:
        notes.append(f"{plural(thin, 'difference')} without an interval: too few calls")
    return _draw(rows, groups, heading("Compare", notes, width), look, width)


def _row(told: dict[Any, Any]) -> dict[str, Any]:
    figure = str(told["figure"])
    relative, low, high = (_number(told.get(n)) for n in ("relative", "relative_low",
                                                          "relative_high"))  # fmt: skip
    both = low is not None and high is not None
    low, high = (low, high) if both else (None, None)
    now, was = _words(figure, told["value"]), _words(figure, told["baseline_value"])
    clear = both and relative is not None and (low > 0 or high < 0)  # type: ignore[operator]  # both
    n, n_before = _number(told.get("n")), _number(told.get("n_baseline"))
    return {
        "label": _TITLES.get(figure, clean(figure.replace("_", " "))),
        "key": clean(str(told["group"]), 32) or "no name",
        "t": relative, "low": low, "high": high, "clear": clear, "now": now, "was": was,
        "words": f"{was} → {now}", "change": _signed(relative),
        "sure": f"{_signed(low)} … {_signed(high)}" if both else "too few calls",
        "n": f"{tokens(n)} against {tokens(n_before)}"
        + (", paired" if told.get("paired") is True else ""),
    }  # fmt: skip


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _words(figure: str, value: Any) -> str:
    number = _number(value)
    if number is None:
        return UNKNOWN
    if figure.endswith("_s") and "per" not in figure:
        return seconds(number)
    if "usd" in figure or "cost" in figure:
        return dollars(number)
    if "rate" in figure:
        return percent(number)
    return tokens(number) if "token" in figure else f"{number:.3g}"


def _signed(share: float | None) -> str:
    if share is None:
        return UNKNOWN
    return ("−" if share < 0 else "+" if share > 0 else "±") + percent(abs(share))


def _draw(rows: Rows, groups: list[str], title: Any, look: Look, width: int) -> alt.LayerChart:
    import altair as alt

    ends = [v for row in rows for v in (row["t"], row["low"], row["high"]) if v is not None]
    reach = min(max((abs(v) for v in ends), default=0.1) * 1.08, 4.0) or 0.1
    ticks = _round_ticks(reach)
    plot = max(120, width - _NAMES - _WORDS)
    colours = [look.series[at % len(look.series)] for at in range(len(groups))]
    shapes = [_SHAPES[at % len(_SHAPES)] for at in range(len(groups))]
    key = Key(groups, colours, width, shapes, left=-_NAMES)
    scale = alt.Scale(domain=[-reach, reach], clamp=True, nice=False)
    axis = alt.Axis(values=[v for v, _ in ticks], labelExpr=words_of(ticks), grid=True)
    x = alt.X("t:Q", scale=scale, axis=axis, title=None)
    y = alt.Y("row:O", axis=None, scale=alt.Scale(domain=list(range(len(rows)))))
    known = [row for row in rows if row["low"] is not None]
    layers = [layer([{"t": 0}]).mark_rule(color=look.muted, strokeWidth=1.2).encode(x=x)]
    if known:
        span = layer(known).mark_rule(strokeWidth=2, strokeCap="round")
        layers.append(
            span.encode(x=alt.X("low:Q", scale=scale, axis=axis, title=None), x2="high:Q", y=y,
                        color=key.colour(), tooltip=tips(*_TIPS))
        )  # fmt: skip
    for clear in (True, False):
        some = [row for row in rows if row["clear"] == clear and row["t"] is not None]
        if some:
            mark = (
                layer(some).mark_point(filled=True, size=60)
                if clear
                else layer(some).mark_point(filled=False, size=46, strokeWidth=1.6)
            )
            layers.append(
                mark.encode(x=x, y=y, color=key.colour(), shape=key.shape(), tooltip=tips(*_TIPS))
            )
    text = layer(rows)
    layers.append(
        text.mark_text(align="left", color=look.ink, limit=_NAMES - 10).encode(
            x=alt.value(-_NAMES), y=y, text="label:N"
        )
    )
    layers.append(
        text.mark_text(align="right", fontSize=10, limit=_WORDS - 10).encode(
            x=alt.value(plot + _WORDS), y=y, text="words:N"
        )
    )
    return panel(layers, title, plot, _ROW * len(rows))


def _round_ticks(reach: float) -> Ticks:
    sizes = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0)
    size = next((s for s in sizes if reach / s < 2.2), 4.0)
    return [(v, _signed(v) if v else "0") for v in (-2 * size, -size, 0.0, size, 2 * size)
            if abs(v) <= reach]  # fmt: skip
