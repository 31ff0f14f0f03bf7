"""The figures of a picture: word for word those of the panel's tiles (`tiles.js`, which says why).

What stands in a `style` here is what JupyterLab leaves in a notebook it does not trust: no variable
and no mixed colour, and of what is muted just its opacity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape
from operator import itemgetter
from typing import Any, NamedTuple

from ..charts import EITHER
from ..colours import BAD
from ..words import UNKNOWN, dollars, few_tokens, percent, rate, seconds, tokens

__all__ = ["FAINT", "Tile", "tiles", "tiles_html"]

FAINT = "opacity:.75"
_SMALL = f"{FAINT};font-size:12px"

_ENOUGH = 20  # calls from which a p95 is more than the slowest one
_WIDE, _HIGH = 100, 18  # of a sparkline
_EDGE = "rgba(128,128,128,.4)"
_CAUSES = {
    "RateLimitError": "429", "AuthenticationError": "401", "PermissionDeniedError": "403",
    "BadRequestError": "400", "NotFoundError": "404", "InternalServerError": "5xx",
    "APITimeoutError": "timeout", "APIConnectionError": "network",
}  # fmt: skip


class Tile(NamedTuple):
    """One figure with what stands around it."""

    name: str
    label: str
    value: str
    context: str = ""
    course: Sequence[float | None] = ()
    aside: str = ""
    title: str = ""
    is_bad: bool = False
    spent: float | None = None
    """The share of a budget that is used up, where there is one: drawn instead of the course."""


def tiles(
    figures: Mapping[str, Any], course: Mapping[str, Any], *,
    slowest: float | None, budget: Any, alarmed: Collection[str],
) -> list[Tile]:  # fmt: skip
    """The six tiles of a session.

    Parameters
    ----------
    figures, course : mapping
        As `figures` and `buckets` give them.
    slowest : float or None
        Seconds of the slowest answer.
    budget : Budget or None
        Of the session.
    alarmed : collection of str
        The figures that an alert is about.
    """
    f = figures
    return [
        Tile("calls", "Calls", tokens(f["requests"]), _if(rate, f["qps"]), course.get("calls", ())),
        *_times(f, course, slowest, alarmed),
        Tile("errors", "Errors", percent(f["error_rate"]), _failures(f),
             course.get("errors", ()), is_bad=bool(f["error_rate"])),
        _tokens(f, course),
        _cost(f, course, budget),
    ]  # fmt: skip


def _times(
    f: Mapping[str, Any], course: Mapping[str, Any], slowest: float | None, alarmed: Collection[str]
) -> list[Tile]:
    n, first = f["latency_n"], f["ttft_p50_s"]
    is_slowest = 0 < n < _ENOUGH
    half = "half of the answers came within"
    most = "" if is_slowest else "19 of 20 answers came within"
    is_bad = not {"latency_p95_s", "latency_p99_s"}.isdisjoint(alarmed)
    return [
        Tile("p50", "p50", seconds(f["latency_p50_s"]), f"n {n:,.0f}" if n else "",
             course.get("p50", ()), "", half, "latency_p50_s" in alarmed),
        Tile("p95", "Slowest" if is_slowest else "p95",
             seconds(slowest if is_slowest else f["latency_p95_s"]),
             "" if first is None else f"TTFT {seconds(first)}", course.get("p95", ()), "", most,
             is_bad),
    ]  # fmt: skip


def _tokens(f: Mapping[str, Any], course: Mapping[str, Any]) -> Tile:
    both = f"{few_tokens(f['input_tokens'])} → {few_tokens(f['output_tokens'])}"
    flow = [a + b for a, b in zip(course.get("input", ()), course.get("output", ()), strict=True)]
    speed = f["output_tokens_per_s"]
    return Tile(
        "tokens", "Tokens", _or_about(tokens, f["tokens"], f["estimated_tokens"]),
        both if f["tokens"] else "", flow, "" if speed is None else f"{few_tokens(speed)}/s",
    )  # fmt: skip


def _cost(f: Mapping[str, Any], course: Mapping[str, Any], budget: Any) -> Tile:
    context, aside, share = "", "", None
    if budget is not None:
        share = budget.spent / budget.limit if budget.limit else 1.0
        context = f"{dollars(budget.spent)} of {dollars(budget.limit)}"
    if f["unpriced"]:
        context, aside = f"{f['unpriced']:,.0f} unpriced", _if(percent, share)
    value = _or_about(dollars, f["cost_usd"], f["estimated_cost_usd"])
    is_spent = share is not None and share >= 1
    return Tile("cost", "Cost", value, context, course.get("cost", ()), aside, "", is_spent, share)


def _failures(f: Mapping[str, Any]) -> str:
    """What failed most, in as few letters as will do; not all causes are told."""
    total = round((f["error_rate"] or 0) * f["rate_n"])
    if not total:
        return ""
    word, times = max(f["errors"].items(), key=itemgetter(1))
    most = f"{times:,} × {_CAUSES.get(word) or word.removesuffix('Error')}"
    return most if times == total else f"{total:,} · {most}"


def _if(words: Callable[[float], str], value: float | None) -> str:
    return "" if value is None else words(value)


def _or_about(words: Callable[[Any], str], value: Any, guess: Any) -> str:
    return f"~{words(guess)}" if value is None and guess else words(value)


def tiles_html(made: Sequence[Tile]) -> str:
    """Six in a row or three, and fewer where a figure would be cut."""
    halves = (made[:3], made[3:])
    groups = (
        f'<div style="display:flex;flex-wrap:wrap;flex:1 1 282px">{"".join(map(_html, half))}</div>'
        for half in halves
    )
    return f'<div style="display:flex;flex-wrap:wrap;margin:4px 0;padding:0 1px 1px 0">{"".join(groups)}</div>'


def _html(tile: Tile) -> str:
    is_inked = tile.is_bad and tile.name != "errors"  # some error is no alarm
    ink = f' style="{BAD}"' if is_inked else ""
    title = f' title="{tile.title}"' if tile.title else ""
    return (
        f'<div data-tile="{tile.name}"{title} style="border:1px solid {_EDGE};padding:4px 7px;margin:0 -1px -1px 0;'
        f'flex:1 1 20%;white-space:nowrap"><div style="{_SMALL};display:flex;'
        f'justify-content:space-between;gap:4px"><span>{tile.label}</span>'
        f"<span>{tile.aside}</span></div>"
        f"<div{ink}><b>{escape(tile.value)}</b></div>"
        f'<div style="{_SMALL}">{escape(tile.context) or "&nbsp;"}</div>{_below(tile)}</div>'
    )


def _below(tile: Tile) -> str:
    colour = EITHER.bad if tile.is_bad else EITHER.into
    if tile.spent is None:
        return "" if tile.value == UNKNOWN else _spark(tile.course, colour)
    return (
        f'<div style="height:4px;margin:7px 0;background:{_EDGE}"><div style="height:4px;'
        f'width:{100 * min(1, tile.spent):.0f}%;background:{colour}"></div></div>'
    )


def _spark(course: Sequence[float | None], colour: str) -> str:
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
        f'<svg width="100%" viewBox="0 0 {_WIDE} {_HIGH}" aria-hidden="true" '
        f'preserveAspectRatio="none" style="display:block;height:{_HIGH}px"><polyline points="{points}" fill="none" '
        f'stroke="{colour}" vector-effect="non-scaling-stroke"/></svg>'
    )
