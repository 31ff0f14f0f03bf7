"""The newest calls of a picture, in the words of the panel's rows (`table.js`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from ..colours import BAD
from ..records import Call
from ..words import UNKNOWN, apart, clean, dollars, seconds, tokens
from ._advice import lacks_price
from ._tiles import FAINT

__all__ = ["newest_html", "rows_text"]

_ENDS = {"cancelled": "stopped", "partial": "left early"}
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_JOINT = re.compile("(?<=[/_:@])(?=.)")  # where a name may break also if no style says so
_TABLE = "font:inherit;font-size:12px;color:inherit;margin:0;border-collapse:collapse"
_NAME = 'style="text-align:left;padding:2px 6px 2px 0"'
_WORD = 'style="text-align:right;padding:2px 6px"'
_NUMBER = 'style="text-align:right;padding:2px 6px;white-space:nowrap"'
_PLACE = f'style="display:inline-block;{FAINT}"'  # below the model, where there is little room


def newest_html(calls: Sequence[Call], total: int) -> str:
    """A table of `calls`, of `total` in all, which scrolls in itself where it is too narrow."""
    if not calls:
        return f'<div style="{FAINT}">no LLM calls yet</div>'
    more = f"newest {len(calls)} of {total:,}" if total > len(calls) else ""
    heads = "".join(f"<th {_NUMBER}>{name}</th>" for name in ("latency", "tokens", "cost"))
    names = _names(calls)
    rows = "".join(_row(call, names) for call in calls)
    return (
        f'<div><b>Calls</b> <span style="{FAINT}">{more}</span></div>'
        f'<div style="overflow-x:auto"><table style="{_TABLE}"><tr><th {_NAME}>model</th>{heads}'
        f"</tr>{rows}</table></div>"
    )


def _row(call: Call, names: Mapping[str, str]) -> str:
    model, place, tag, took, flow, cost = map(escape, _words(call, names))
    time = f"<td {_NUMBER}>{took}"
    if call.status == "error":  # a long word: it may break where the next one begins in it
        time = f'<td {_WORD}><span style="{BAD}">{_HUMP.sub("<wbr>", took)}</span>'
    model, tag = (_JOINT.sub("<wbr>", name) for name in (model, tag))
    tagged = f"<bdi>{tag}</bdi>" if tag else ""
    where = " ".join(part for part in (place, tagged) if part)
    return (
        f'<tr><td {_NAME}><bdi style="overflow-wrap:anywhere">{model}</bdi> '
        f"<span {_PLACE}>{where}</span></td>"
        f"{time}</td><td {_NUMBER}>{flow}</td><td {_NUMBER}>{cost}</td></tr>"
    )


def rows_text(calls: Sequence[Call]) -> list[str]:
    """Each call as a line."""
    names = _names(calls)
    return [" ".join(part for part in _words(call, names) if part) for call in calls]


def _names(calls: Sequence[Call]) -> dict[str, str]:
    return apart({call.model for call in calls if call.model})


def _words(call: Call, names: Mapping[str, str]) -> tuple[str, str, str, str, str, str]:
    """Model, cell and end, tag, what it took, tokens, and cost."""
    cell = f"[{call.execution_count}]" if call.execution_count is not None else ""
    tag = clean(call.tag)
    end = _ENDS.get(call.status, "")
    end += " ·" if end and tag else ""
    place = " ".join(part for part in (cell, end) if part)
    failed = call.status == "error"
    took = (clean(call.error_type) or "failed") if failed else seconds(call.latency_s)
    model = names.get(call.model or "") or call.operation or "unknown model"
    where = place or ("" if tag else call.operation or "")
    return model, where, tag, took, _flow(call), _cost(call)


def _flow(call: Call) -> str:
    into = _about(call.input_tokens, call.estimated_input_tokens)
    out = _about(call.output_tokens, call.estimated_output_tokens)
    if call.operation == "embeddings":
        return into
    is_silent = call.status == "error" and into == out == UNKNOWN
    return "" if is_silent else f"{into} → {out}"


def _cost(call: Call) -> str:
    if call.cost_usd is None and call.estimated_cost_usd is not None:
        return f"~{dollars(call.estimated_cost_usd)}"
    is_known_to_lack = call.status != "error" and lacks_price(call)
    return "no price" if is_known_to_lack else dollars(call.cost_usd)


def _about(value: int | None, guess: int | None) -> str:
    if value is None and guess is not None:
        return f"~{tokens(guess)}"
    return tokens(value)
