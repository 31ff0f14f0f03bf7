"""The receipt's table: a row a call, cut where there are many, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from html import escape

from ..colours import BAD, GOOD, MUTED, RULE, WARN
from ..records import Call
from ..words import UNKNOWN, clean, dollars, seconds, tokens
from ._advice import is_cut, lacks_price

__all__ = ["TABLE_STYLE", "status_words", "table"]

_ROWS = 50
_FAILED_ROWS = 20
_SLOWEST_ROWS = 10

# The rules stand on rows, not on cells: a cell's own colour would tint its rule.
TABLE_STYLE = (
    ".llmwatch-receipt>div{overflow-x:auto}"
    ".llmwatch-receipt table{width:100%;margin:2px 0;border:0;border-collapse:collapse;"
    "table-layout:auto;font:inherit;color:inherit}"
    ".llmwatch-receipt tr{background:none!important;border-bottom:" + RULE + "}"
    ".llmwatch-receipt tbody tr:last-child{border-bottom:0}"
    ".llmwatch-receipt :is(th,td){padding:3px 8px;border:0;white-space:nowrap;"
    "text-align:right;font-weight:400;line-height:1.5}"
    ".llmwatch-receipt td:first-child{font-weight:700}"
    ".llmwatch-receipt th{color:" + MUTED + "}"
    ".llmwatch-receipt :is(th,td):nth-child(3){width:40%;min-width:7em;white-space:normal}"
    ".llmwatch-receipt.llmwatch-receipt code{font-size:.95em;color:inherit;background:none;"
    "padding:0;white-space:normal;unicode-bidi:isolate}"
)

_MARKS = {
    "ok": ("✓", GOOD),
    "error": ("✕", BAD),
    "partial": ("◐", WARN),
    "cancelled": ("■", WARN),
    "lost": ("?", WARN),
}
_HEADS = ("", "model", "status", "latency", "first token", "in", "out", "cost")
_LEFT = ' style="text-align:left"'


def table(calls: Sequence[Call]) -> str:
    """The table of `calls` as HTML, at most 50 rows."""
    heads = "".join(f"<th{_LEFT if 0 < i < 3 else ''}>{head}</th>" for i, head in enumerate(_HEADS))
    shown = _shown(calls)
    rows = "".join(map(_row, shown))
    note = ""
    if len(shown) < len(calls):
        note = (
            f'<div style="color:{MUTED}">{len(calls) - len(shown):,} of {len(calls):,} calls '
            "are not shown: <code>llmwatch.session.calls</code></div>"
        )
    return f"<div><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}"


def _shown(calls: Sequence[Call]) -> Sequence[Call]:
    """All calls, or the failed, the slowest, the first and the last of them, in their order."""
    if len(calls) <= _ROWS:
        return calls
    failed = [i for i, call in enumerate(calls) if call.status != "ok"]
    kept = set(failed[:_FAILED_ROWS])
    kept.update(nlargest(_SLOWEST_ROWS, range(len(calls)), key=lambda i: calls[i].latency_s or 0.0))
    for i in range(len(calls)):
        for end in (i, len(calls) - 1 - i):
            if len(kept) < _ROWS:
                kept.add(end)
    return [calls[i] for i in sorted(kept)]


def _row(call: Call) -> str:
    mark, colour = _MARKS.get(call.status, ("?", WARN))
    figures = (
        seconds(call.latency_s, ms_below=0.1),
        seconds(call.ttft_s, ms_below=0.1),
        _count(call.input_tokens, call.estimated_input_tokens),
        _count(call.output_tokens, call.estimated_output_tokens),
        _cost(call),
    )
    return (
        f'<tr><td aria-hidden="true" style="{colour}">{mark}</td>'
        f"<td{_LEFT}>{escape(clean(call.model) or UNKNOWN)}</td>"
        f"<td{_LEFT}>{escape(status_words(call))}</td>"
        + "".join(f"<td>{escape(figure)}</td>" for figure in figures)
        + "</tr>"
    )


def status_words(call: Call) -> str:
    """How a call ended, in words: `ok · 2 attempts`, `RateLimitError · insufficient_quota`."""
    words = [clean(call.error_type) or "error" if call.status == "error" else call.status]
    if call.error_code:
        words.append(clean(call.error_code))
    if is_cut(call):
        words.append("cut at the token limit")
    if (call.attempts or 1) > 1:
        words.append(f"{call.attempts} attempts")
    return " · ".join(words)


def _count(reported: int | None, estimated: int | None) -> str:
    if reported is None and estimated is not None:
        return f"~{tokens(estimated)}"
    return tokens(reported)


def _cost(call: Call) -> str:
    if call.cost_usd is None and call.estimated_cost_usd is not None:
        return f"~{dollars(call.estimated_cost_usd)}"
    return "no price" if lacks_price(call) else dollars(call.cost_usd)
