"""What was paid for a model's calls, and what it would have been otherwise, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from ..pricing import Offer, PriceBook, Tokens

if TYPE_CHECKING:
    from ..store import View

__all__ = ["Account", "accounts", "providers_in"]

_SAME = 1e-6  # of a cost: sums in another order differ by less


class _Used(NamedTuple):
    """The columns of one call that its price depends on; None where unknown."""

    model: str | None
    response_model: str | None
    request_model: str | None
    provider: str | None
    operation: str | None
    service_tier: str | None
    started_at: int
    status: str
    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    input_audio_tokens: int | None
    output_audio_tokens: int | None
    cost_usd: float | None
    estimated_cost_usd: float | None
    estimated_input_tokens: int | None
    estimated_output_tokens: int | None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.started_at / 1e9, UTC)

    @property
    def is_estimated(self) -> bool:
        guesses = (
            self.estimated_cost_usd, self.estimated_input_tokens, self.estimated_output_tokens,
        )  # fmt: skip
        return any(guess is not None for guess in guesses)

    @property
    def tokens(self) -> Tokens:
        return Tokens(
            self.input_tokens, self.output_tokens, self.cached_input_tokens or 0,
            self.cache_write_tokens or 0, self.input_audio_tokens, self.output_audio_tokens or 0,
            self.reasoning_tokens,
        )  # fmt: skip


@dataclass(slots=True)
class Account:
    """The calls of one model, added up; money in USD.

    Attributes
    ----------
    n : int
        Calls whose cost is known, also as it would be without a cache: what the next six figures
        are about.
    input_tokens, cached_input_tokens, cache_write_tokens : int
        Their tokens.
    cost_usd, uncached_cost_usd, saved_usd : float
        What they cost, what they would have cost had no token been cached, and the difference:
        what writing to the cache cost more is counted against what reading from it cost less.
    compared, uncompared : int
        Priced calls that have a price on the other model too, and those that have none there.
    compared_cost_usd, other_cost_usd, other_saved_usd : float
        What these cost, what they would have cost there, and the difference.
    unpriced, estimated, untraced : int
        What is left out: calls of unknown price, calls whose tokens are only estimated, and calls
        whose price is not the one in force here.
    """

    n: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    uncached_cost_usd: float = 0.0
    compared: int = 0
    uncompared: int = 0
    compared_cost_usd: float = 0.0
    other_cost_usd: float = 0.0
    unpriced: int = 0
    estimated: int = 0
    untraced: int = 0

    @property
    def saved_usd(self) -> float:
        return self.uncached_cost_usd - self.cost_usd

    @property
    def other_saved_usd(self) -> float:
        return self.compared_cost_usd - self.other_cost_usd

    def __add__(self, other: Account) -> Account:
        return Account(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def add(self, used: _Used, prices: PriceBook, other: Offer | None) -> None:
        """Enter one call."""
        if used.cost_usd is None:
            if used.is_estimated:
                self.estimated += 1
            elif used.status != "error":  # a refusal costs nothing
                self.unpriced += 1
            return
        uncached = _uncached(used, prices)
        if uncached is None:
            self.untraced += 1
        else:
            self.n += 1
            self.input_tokens += used.input_tokens or 0
            self.cached_input_tokens += used.cached_input_tokens or 0
            self.cache_write_tokens += used.cache_write_tokens or 0
            self.cost_usd += used.cost_usd
            self.uncached_cost_usd += uncached
        if other is not None:
            self._compare(used, used.cost_usd, other)

    def _compare(self, used: _Used, cost_usd: float, other: Offer) -> None:
        there = other.cost(used.tokens, used.operation, used.service_tier, used.at)
        if there is None:
            self.uncompared += 1
        else:
            self.compared += 1
            self.compared_cost_usd += cost_usd
            self.other_cost_usd += there


def _uncached(used: _Used, prices: PriceBook) -> float | None:
    """What a call would have cost without a cache; None where its price cannot be traced."""
    cached, written = used.cached_input_tokens, used.cache_write_tokens
    if used.cost_usd is None or not (cached or written):
        return used.cost_usd
    least = most = _cost(used, prices, cached, written)
    if written:  # how long it stays is in no column: the dearer way may have been paid
        most = _cost(used, prices, cached, written, written)
    if least is None or most is None:
        return None
    is_ours = least * (1 - _SAME) <= used.cost_usd <= most * (1 + _SAME)
    return _cost(used, prices, None, None) if is_ours else None


def _cost(
    used: _Used, prices: PriceBook, cached: int | None, written: int | None, long: int | None = None
) -> float | None:
    return prices.cost(
        response_model=used.response_model,
        request_model=used.request_model,
        provider=used.provider,
        url="",
        operation=used.operation,
        service_tier=used.service_tier,
        at=used.at,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=used.reasoning_tokens,
        input_audio_tokens=used.input_audio_tokens,
        output_audio_tokens=used.output_audio_tokens,
        cache_write_1h_tokens=long,
    ).cost_usd


def accounts(view: View, prices: PriceBook, other: Offer | None) -> dict[str, Account]:
    """The accounts of all models, in the order of their first call; "" for calls without one."""
    found: dict[str, Account] = {}
    for used in _rows(view):
        found.setdefault(used.model or "", Account()).add(used, prices, other)
    return found


def _rows(view: View) -> Iterator[_Used]:
    columns = [values.tolist() for values in view.arrays(*_Used._fields).values()]
    for row in zip(*columns, strict=True):
        yield _Used._make(None if _is_missing(value) else value for value in row)


def providers_in(view: View) -> list[str]:
    """The providers of its calls, those of most calls first."""
    names = view.arrays("provider")["provider"].tolist()
    return [name for name, _ in Counter(names).most_common() if not _is_missing(name)]


def _is_missing(value: object) -> bool:
    return isinstance(value, float) and isnan(value)
