"""The receipt's one line, in words: what was called, what it took, what went wrong."""

from __future__ import annotations

from typing import Literal

from ..words import dollars, listed, percent, plural, seconds, tokens
from ._totals import Totals

__all__ = ["Piece", "line"]

Piece = tuple[str, Literal["", "ink", "bad"]]
"""A run of text, and how it stands: muted, as what matters, or as what is wrong."""


def line(
    totals: Totals, *, running: int, budget: tuple[float, float] | None, older: int, unread: int
) -> list[list[Piece]]:
    """The parts of the line, each a run of pieces; ` · ` goes between them."""
    parts = [
        _calls(totals, older), _tokens(totals), _money(totals, budget), *_times(totals),
        *_outcomes(totals), _open(running, "still running"), _open(unread, "not read yet"),
    ]  # fmt: skip
    return [part for part in parts if part]


def _calls(totals: Totals, older: int) -> list[Piece]:
    if not totals.calls and not older:
        return [("no finished call", "ink")]
    head: Piece = (plural(totals.calls + older, "call"), "ink")
    return [head, (f" ({totals.calls:,} of them in memory)", "")] if older else [head]


def _tokens(totals: Totals) -> list[Piece]:
    into, out = totals.input, totals.output
    if into is None and out is None:
        return [("tokens unknown", "")] if totals.unmeasured else []
    notes = []
    if totals.cached_share:
        notes.append(f"{percent(totals.cached_share)} cached")
    if totals.unmeasured:
        notes.append(f"{plural(totals.unmeasured, 'call')} unmeasured")
    before, after = _about(totals.input_estimated), _about(totals.output_estimated)
    flow = f"{before}{tokens(into)}"
    if out is not None or totals.unmeasured:
        flow += f" → {after}{tokens(out)}"
    return [(f"{flow} tokens" + (f" ({', '.join(notes)})" if notes else ""), "")]


def _money(totals: Totals, budget: tuple[float, float] | None) -> list[Piece]:
    spent, limit = budget if budget is not None else (0.0, None)
    amount, estimate = totals.cost, totals.estimated_cost
    if spent:  # it counts the calls that have left memory too
        amount = max(spent, amount or 0.0)
    names = listed(totals.unpriced_models)
    if amount is None and estimate is None:
        if totals.unpriced:
            budgeted = f"budget {dollars(limit)}" if limit is not None else ""
            notes = "; ".join(filter(None, (names, budgeted)))
            why: list[Piece] = [(f" ({notes})", "")] if notes else []
            return [("cost unknown", "ink"), *why]
        return [] if limit is None else [(dollars(0), "ink"), *_of(limit, " of ")]
    shown = _about(estimate is not None) + dollars((amount or 0.0) + (estimate or 0.0))
    is_spent = limit is not None and spent >= limit
    pieces: list[Piece] = [(shown, "bad" if is_spent else "ink")]
    pieces += _of(limit, " of ", " (spent)" if is_spent else "")
    if totals.unpriced:
        whose = f" ({names})" if names else ""
        pieces.append((f" + {plural(totals.unpriced, 'call')} of unknown price{whose}", ""))
    return pieces


def _of(limit: float | None, before: str, after: str = "") -> list[Piece]:
    return [] if limit is None else [(f"{before}{dollars(limit)}{after}", "")]


def _times(totals: Totals) -> list[list[Piece]]:
    named = (
        ("p95", totals.p95),
        ("max", totals.longest if totals.p95 is None else None),
        ("first token", totals.first_token),
    )
    return [
        [(f"{name} {seconds(value, digits=2, ms_below=0.1)}", "")]
        for name, value in named
        if value is not None
    ]


def _outcomes(totals: Totals) -> list[list[Piece]]:
    if not totals.calls:
        return []
    errors = totals.statuses["error"]
    parts: list[list[Piece]] = [[(plural(errors, "error"), "bad" if errors else "")]]
    counts = ((status, totals.statuses[status]) for status in ("partial", "cancelled", "lost"))
    parts += [[(f"{count:,} {status}", "")] for status, count in counts if count]
    if totals.retries:
        parts.append([(plural(totals.retries, "retry", "retries"), "")])
    return parts


def _open(count: int, words: str) -> list[Piece]:
    return [(f"{count:,} {words}", "ink")] if count else []


def _about(estimated: bool) -> str:
    return "~" if estimated else ""
