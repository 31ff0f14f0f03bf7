"""Reading what was recorded: the same interface for a session, a watch and a loaded file."""

from __future__ import annotations

from html import escape
from math import isnan
from typing import Any

from ..words import dollars, plural
from ._comparisons import Comparisons
from ._figures import Figures
from ._files import Files
from ._money import Money
from ._ratings import Ratings
from ._tables import Tables

__all__ = ["Reading"]


class Reading(Tables, Figures, Comparisons, Files, Ratings, Money):
    """What can be asked of recorded calls."""

    def __len__(self) -> int:
        return len(self._now())

    def __bool__(self) -> bool:
        return True  # a watch without calls is still one: `w or other` must not pass it over

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {_line(self._figures())}>"

    def _repr_html_(self) -> str:
        return f"<div><b>{escape(type(self).__name__)}</b> {escape(_line(self._figures()))}</div>"


def _line(figures: dict[str, Any]) -> str:
    """Totals in one line; what is unknown is called so."""
    parts = [plural(figures["requests"], "call")]
    if figures["active"]:
        parts.append(f"{figures['active']:,} in flight")
    if figures["requests"]:
        parts.append(
            f"{_known(figures['input_tokens'])} → {_known(figures['output_tokens'])} tokens"
        )
        parts.append(_cost(figures))
        parts.append(plural(sum(figures["errors"].values()), "error"))
    return " · ".join(parts)


def _known(n: float) -> str:
    return "?" if isnan(n) else f"{n:,.0f}"


def _cost(figures: dict[str, Any]) -> str:
    cost, unpriced = figures["cost_usd"], figures["unpriced"]
    if isnan(cost):
        return "cost unknown"
    return dollars(cost) + (f" + {plural(unpriced, 'call')} of unknown price" if unpriced else "")
