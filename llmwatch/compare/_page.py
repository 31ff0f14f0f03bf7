"""A comparison as HTML: the verdict, and under it the figures it rests on.

No script and no file. JupyterLab drops the `<style>` in a notebook it does not trust, so the
markup reads well without it.
"""

from __future__ import annotations

from html import escape
from math import isnan

from ..colours import FONT, INK, MUTED, RULE
from ..words import UNKNOWN, apart, percent
from ._difference import Difference
from ._sentences import FIGURES, interval, much, sentences

__all__ = ["page"]

# Without these classes JupyterLab and nbconvert read "$0.0041 of $0.50" as a formula.
_CLASS = 'class="llmwatch-compare tex2jax_ignore mathjax_ignore"'
_STYLE = (
    ".llmwatch-compare{font-size:var(--jp-ui-font-size1,13px);line-height:1.6;padding:4px 0;"
    f"{FONT};font-variant-numeric:tabular-nums;"
    f"color:{INK}}}"
    ".llmwatch-compare ul{margin:4px 0 8px;padding-left:1.4em}"
    ".llmwatch-compare>div{overflow-x:auto}"
    ".llmwatch-compare table{margin:2px 0 10px;border:0;border-collapse:collapse;font:inherit;"
    "color:inherit}"
    ".llmwatch-compare tr{background:none!important;border-bottom:" + RULE + "}"
    ".llmwatch-compare tbody tr:last-child{border-bottom:0}"
    ".llmwatch-compare :is(th,td){padding:3px 10px;border:0;white-space:nowrap;"
    "text-align:right;font-weight:400;line-height:1.5}"
    ".llmwatch-compare th{color:" + MUTED + "}"
    ".llmwatch-compare :is(th,td):first-child{padding-left:0}"
)
_LEFT = ' style="text-align:left"'
_CLAIMS = ("lower", "higher")


def page(heading: str, rows: list[Difference], footer: list[str]) -> str:
    """The whole of it; all that came from calls is escaped."""
    claimed, others = sentences(rows)
    items = "".join(f"<li><b>{escape(line)}</b></li>" for line in claimed)
    items += "".join(f"<li>{escape(line)}</li>" for line in others)
    below = "".join(f'<div style="color:{MUTED}">{escape(line)}</div>' for line in footer)
    return (
        f"<div {_CLASS}><style>{_STYLE}</style>"
        f"<div><b>Comparison</b> {escape(heading)}</div><ul>{items}</ul>{_tables(rows)}{below}</div>"
    )


def _tables(rows: list[Difference]) -> str:
    """One table a group."""
    short = apart((name for row in rows for name in (row.baseline, row.group)), 24)
    groups = dict.fromkeys(row.group for row in rows)
    return "".join(_table([row for row in rows if row.group == group], short) for group in groups)


def _table(rows: list[Difference], short: dict[str, str]) -> str:
    names = [escape(short[name]) for name in (rows[0].baseline, rows[0].group)]
    heads = (
        f"<th{_LEFT}></th>",
        *(f"<th>{h}</th>" for h in (*names, "difference", "95 % CI", "n")),
    )
    shown = [row for row in rows if not (isnan(row.value) and isnan(row.baseline_value))]
    return (
        f"<div><table><thead><tr>{''.join(heads)}</tr></thead>"
        f"<tbody>{''.join(map(_row, shown))}</tbody></table></div>"
    )


def _row(row: Difference) -> str:
    n = f"{row.n:,}" if row.n == row.n_baseline else f"{row.n_baseline:,} and {row.n:,}"
    cells = (
        _value(row, row.baseline_value),
        _value(row, row.value),
        _change(row),
        UNKNOWN if isnan(row.low) else interval(row),
        f"{n} paired" if row.paired else n,
    )
    label = escape(FIGURES[row.figure].label)
    if row.finding in _CLAIMS:
        label = f"<b>{label}</b>"
    return (
        f"<tr><td{_LEFT}>{label}</td>" + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"
    )


def _value(row: Difference, value: float) -> str:
    if isnan(value):
        return UNKNOWN
    figure = FIGURES[row.figure]
    return percent(value) if figure.kind == "rate" else figure.amount(value)


def _change(row: Difference) -> str:
    if row.finding in ("too few calls", "unknown"):
        return UNKNOWN
    if not row.difference:
        return "none"
    return f"{much(row)} {'lower' if row.difference < 0 else 'higher'}"
