"""What the same tokens would cost on another model: who sells it, and at which price."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ._list import DAY, known_as, listed, steady_minutes
from ._rates import INPUT_ONLY, Rates, Tokens, cost_of

__all__ = ["Offer", "offer"]


class Offer(NamedTuple):
    """A model that can be had at a known price."""

    model: str
    seller: str
    """The price list's id of the provider, or "user" for a price of the person's own."""
    own: Rates | None = None

    def cost(
        self, tokens: Tokens, operation: str | None, tier: str | None, at: datetime
    ) -> float | None:
        """USD for `tokens` on it at that time, at the same service tier; None where unknown."""
        rates = self.rates(operation, tier, at)
        return cost_of(rates, tokens, operation) if rates is not None else None

    def rates(self, operation: str | None, tier: str | None, at: datetime) -> Rates | None:
        """What it asks at that time, at that service tier; None where unknown.

        Where the list has no price for what is read from a cache or written to one, there is no
        such cache: these tokens are paid as any other.
        """
        if self.own is not None:
            return self.own
        minute = at.replace(second=0, microsecond=0)
        rates = listed("", self.seller, self.model, tier or "", minute)
        if rates is None or (rates.output is None) != (operation in INPUT_ONLY):
            return None  # a model that answers does not embed, nor the other way about
        cached, written = rates.cached or rates.input, rates.written or rates.input
        long = rates.written_1h or written
        return rates._replace(cached=cached, written=written, written_1h=long)

    @property
    def steady_minutes(self) -> int:
        """How long its price is the same, counted from midnight UTC: a day, or a minute."""
        return DAY if self.own is not None else steady_minutes("", self.seller, self.model)


def offer(model: str, at: datetime, providers: Iterable[str]) -> Offer | None:
    """Who sells `model`: its maker, else who is named in front of it, else one of `providers`.

    A name such as "groq/llama-3.3-70b-versatile" says itself who is meant.
    """
    minute = at.replace(second=0, microsecond=0)
    head, _, rest = model.partition("/")
    tried = [(maker, model) for maker in _makers(model)]
    tried += [(head, rest)] if rest else []
    tried += [(provider, model) for provider in providers]
    for seller, name in tried:
        if listed("", seller, name, "", minute) is not None:
            return Offer(name, known_as(seller), None)
    return None


@lru_cache(maxsize=256)
def _makers(model: str) -> tuple[str, ...]:
    """Whom the price list takes a bare name for."""
    from genai_prices.data import providers

    name = model.lower()
    return tuple(p.id for p in providers if p.model_match and p.model_match.is_match(name))
