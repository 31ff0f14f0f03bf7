"""The panel as a picture: what stands in a saved notebook, where nothing is live any more.

The HTML needs no script and no style sheet, since JupyterLab drops both in a notebook it does not
trust. Where the live panel is on the page, its style sheet hides the picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from ..colours import BAD, MUTED, RULE
from ..records import Call
from ..semconv import STATUSES
from ..totals import codes_of, known
from ..words import UNKNOWN, clean, dollars, percent, plural, seconds, tokens
from ._advice import lacks_price
from ._drawing import CHARTED, drawn
from ._firing import firing_of
from ._payload import NEEDED, buckets, figures

__all__ = ["Still"]

_ROWS = 10
_ENOUGH = 20  # calls from which a p95 is more than the slowest one
_WIDE, _HIGH = 96, 18  # of a sparkline
_BOX = 'class="llmwatch-still tex2jax_ignore mathjax_ignore"'
_NUMBER = 'style="text-align:right;white-space:nowrap;padding:2px 8px"'
_TEXT = 'style="text-align:left;padding:2px 8px"'


class Still:
    """What a session came to, as HTML and as text.

    Parameters
    ----------
    source : object
        The session: `.store`.
    """

    def __init__(self, source: Any) -> None:
        view = source.store.view()
        columns = self._columns = view.arrays(*dict.fromkeys((*NEEDED, *CHARTED)))
        self._session_id = source.session_id
        self._budget = getattr(source, "budget", None)
        firing = firing_of(source)
        self._alerts, self._threshold_s = firing.told(), firing.threshold_s()
        ok = codes_of(columns) == STATUSES.index("ok")
        latency, is_known = known(columns["latency_s"][ok])
        self._slowest = max(latency[is_known].tolist(), default=None)
        self._at_ns = time.time_ns()
        self._figures = figures(columns, self._at_ns, view.past)
        self._buckets = buckets(columns)
        self._calls = view.calls(_ROWS, newest_first=True)

    def charts(self, *, apart: bool = False) -> str:
        """Its charts, as HTML of at most some 60 KB: 0.2 s of work, the first time 1 s.

        `apart` leaves it to another process, which takes 1 s each time, and stops nothing here.
        """
        if self._buckets is None:
            return ""
        return drawn(
            self._columns, self._buckets, threshold_s=self._threshold_s,
            cost_usd=self._figures["cost_usd"], budget=self._budget, apart=apart,
        )  # fmt: skip

    def html(self, charts: str = "") -> str:
        """The picture, some 10 KB of it beside its charts."""
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(self._at_ns / 1e9))
        tiles = "".join(_tile(*told) for told in self._told())
        return (
            f'<div {_BOX} data-session="{self._session_id}"><div><b>llmwatch</b> '
            f'<span style="color:{MUTED}">as of {at}</span></div>'
            f"{''.join(map(_alert, self._alerts))}"
            f'<div style="display:flex;flex-wrap:wrap;margin:4px 0">{tiles}</div>'
            f'<div style="display:flex;flex-wrap:wrap">{charts}</div>'
            f"{_table(self._calls)}</div>"
        )

    def text(self) -> str:
        """The same in lines."""
        said = [f"{label} {value}" for label, value, *_ in self._told()]
        said += [alert["message"] for alert in self._alerts]
        rows = [" ".join(part for part in _row(call) if part) for call in self._calls]
        return "\n  ".join(["llmwatch: " + " · ".join(said), *rows]).replace("\u202f", " ")

    def _told(self) -> list[tuple[str, str, str, list[float | None], bool]]:
        """Label, value, context, course and whether it is bad, of each tile."""
        f, course = self._figures, self._buckets or {}
        failed = sum(f["errors"].values())
        few = f["latency_n"] < _ENOUGH
        flow = f"{tokens(f['input_tokens'])} → {tokens(f['output_tokens'])}"
        n = f"n {f['latency_n']:,.0f}" if f["latency_n"] else ""
        first = f"TTFT {seconds(f['ttft_p50_s'])}" if f["ttft_p50_s"] is not None else ""
        spent = [f"{f['unpriced']:,.0f} unpriced"] if f["unpriced"] else []
        if self._budget is not None:
            spent.append(f"{dollars(self._budget.spent)} of {dollars(self._budget.limit)}")
        into, out = course.get("input", []), course.get("output", [])
        rated = f["satisfaction_n"]
        return [
            ("Calls", tokens(f["requests"]), "", course.get("calls", []), False),
            ("p50", seconds(f["latency_p50_s"]), n, course.get("p50", []), False),
            ("Slowest" if few and f["latency_n"] else "p95",
             seconds(self._slowest if few else f["latency_p95_s"]), first,
             course.get("p95", []), False),
            ("Errors", percent(f["error_rate"]), plural(failed, "error") if failed else "",
             course.get("errors", []), failed > 0),
            ("Tokens", _known_or_about(tokens, f["tokens"], f["estimated_tokens"]), flow,
             [a + b for a, b in zip(into, out, strict=True)], False),
            ("Cost", _known_or_about(dollars, f["cost_usd"], f["estimated_cost_usd"]),
             " · ".join(spent), course.get("cost", []), False),
            *([("Satisfaction", f"{f['satisfaction']:.2f}", f"n {rated:,.0f}", [], False)]
              if rated else []),
        ]  # fmt: skip


def _known_or_about(words: Callable[[Any], str], value: Any, guess: Any) -> str:
    return f"~{words(guess)}" if value is None and guess else words(value)


def _alert(told: dict[str, Any]) -> str:
    return (
        f'<div><b style="{BAD}">{escape(told["message"])}</b> '
        f'<span style="color:{MUTED}">{escape(told["detail"])}</span></div>'
    )


def _tile(label: str, value: str, context: str, course: Sequence[float | None], bad: bool) -> str:
    return (
        f'<div style="border:{RULE};padding:4px 8px;margin:0 -1px -1px 0;min-width:{_WIDE}px">'
        f'<div style="color:{MUTED}">{label}</div>'
        f'<div style="white-space:nowrap{";" + BAD if bad else ""}"><b>{escape(value)}</b></div>'
        f'<div style="color:{MUTED};white-space:nowrap">{escape(context) or "&nbsp;"}</div>'
        f"{_spark(course)}</div>"
    )


def _spark(course: Sequence[float | None]) -> str:
    """The course of a figure as a line; nothing where there are no two points."""
    known = [(at, value) for at, value in enumerate(course) if value is not None]
    if len(known) < 2:
        return ""
    most, last = max(value for _, value in known) or 1, len(course) - 1
    points = " ".join(
        f"{_WIDE * at / last:.0f},{_HIGH - 1 - (_HIGH - 2) * value / most:.0f}"
        for at, value in known
    )
    return (
        f'<svg width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}" aria-hidden="true">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-opacity=".6"/></svg>'
    )


def _table(calls: Sequence[Call]) -> str:
    if not calls:
        return f'<div style="color:{MUTED}">no LLM calls yet</div>'
    cells = zip(
        ("model", "cell", "tokens", "cost", "latency"),
        (_TEXT, _TEXT, _NUMBER, _NUMBER, _NUMBER),
        strict=True,
    )
    head = "".join(f"<th {how}>{name}</th>" for name, how in cells)
    rows = "".join(map(_html_row, calls))
    return f'<table style="font:inherit"><tr>{head}</tr>{rows}</table>'


def _html_row(call: Call) -> str:
    model, place, flow, cost, took = map(escape, _row(call))
    bad = f' style="{BAD}"' if call.status == "error" else ""
    return (
        f"<tr><td {_TEXT}>{model}</td><td {_TEXT}>{place}</td><td {_NUMBER}>{flow}</td>"
        f"<td {_NUMBER}>{cost}</td><td {_NUMBER}><span{bad}>{took}</span></td></tr>"
    )


def _row(call: Call) -> tuple[str, str, str, str, str]:
    cell = f"[{call.execution_count}]" if call.execution_count is not None else ""
    place = " ".join(part for part in (cell, clean(call.tag)) if part)
    into = _about(call.input_tokens, call.estimated_input_tokens)
    out = _about(call.output_tokens, call.estimated_output_tokens)
    cost = "no price" if lacks_price(call) else dollars(call.cost_usd)
    if call.cost_usd is None and call.estimated_cost_usd is not None:
        cost = f"~{dollars(call.estimated_cost_usd)}"
    failed = call.status == "error"
    took = (clean(call.error_type) or "failed") if failed else seconds(call.latency_s)
    return clean(call.model) or UNKNOWN, place, f"{into} → {out}", cost, took


def _about(value: int | None, guess: int | None) -> str:
    if value is None and guess is not None:
        return f"~{tokens(guess)}"
    return tokens(value)
