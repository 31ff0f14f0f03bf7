"""The prices in force: the person's own, and behind them the price list."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

from .. import faults
from ..exceptions import UsageError
from ._list import DAY, listed, steady_minutes
from ._offers import Offer, offer
from ._rates import Rate, Rates, Tokens, cost_of

__all__ = ["Price", "PriceBook"]


class Price(NamedTuple):
    """A cost in USD, and where its price comes from: "price list", "user" or None."""

    cost_usd: float | None
    source: str | None


_UNKNOWN = Price(None, None)


class PriceBook:
    """The prices in force: the person's own, and behind them the price list.

    Safe to `set` in one thread while another asks for costs.
    """

    def __init__(self) -> None:
        self._own: dict[str, Rates] = {}
        self._lock = threading.Lock()

    def set(
        self, model: str, *, input: float, output: float, cached_input: float | None = None
    ) -> None:
        """Price a model that no list knows, or that costs you something else.

        Parameters
        ----------
        model : str
            Its name, exactly as the response or the request has it.
        input, output : float
            USD per million tokens. Tokens written to a cache and audio count as any other.
        cached_input : float, optional
            USD per million input tokens read from a cache. Without it, calls that read from a
            cache stay unpriced.

        Raises
        ------
        UsageError
            When the name is empty or a price is not a number of 0 or more.
        """
        if not isinstance(model, str) or not model.strip():
            raise UsageError(f'price: {model!r} is not the name of a model: give e.g. "my-model".')
        base, out = _own_rate("input", input), _own_rate("output", output)
        cached = None if cached_input is None else _own_rate("cached_input", cached_input)
        rates = Rates(base, out, cached, base, base, base, out, out)
        with self._lock:
            self._own = self._own | {model: rates}  # a new one, so that who reads needs no lock

    def cost(
        self, *, response_model: str | None, request_model: str | None, provider: str | None,
        url: str, operation: str | None, service_tier: str | None, at: datetime | None,
        input_tokens: int | None, output_tokens: int | None, cached_input_tokens: int | None,
        cache_write_tokens: int | None, reasoning_tokens: int | None,
        input_audio_tokens: int | None, output_audio_tokens: int | None,
        cache_write_1h_tokens: int | None = None,
    ) -> Price:  # fmt: skip
        """What a call cost. Never raises.

        Parameters
        ----------
        response_model, request_model : str or None
            Tried in this order.
        provider : str or None
            OpenTelemetry's name of it, for where the URL says nothing.
        url : str
            Scheme, host and path, without query; "" for a call that went over no wire.
        operation, service_tier : str or None
            As in the columns; no tier is the standard one.
        at : datetime or None
            When it was made (naive: UTC); None is now.
        input_tokens, output_tokens : int or None
            All tokens in and out.
        cached_input_tokens, cache_write_tokens, input_audio_tokens : int or None
            Parts of the input; None is none.
        reasoning_tokens, output_audio_tokens : int or None
            Parts of the output; None is none.
        cache_write_1h_tokens : int, optional
            The part of `cache_write_tokens` that stays an hour, where that has its own price.

        Returns
        -------
        Price
            In USD; with None where anything needed is unknown.
        """
        if input_tokens is None:
            return _UNKNOWN
        tokens = Tokens(
            input_tokens, output_tokens, cached_input_tokens or 0, cache_write_tokens or 0,
            input_audio_tokens, output_audio_tokens or 0, reasoning_tokens,
            cache_write_1h_tokens or 0,
        )  # fmt: skip
        models = [model for model in (response_model, request_model) if model]
        try:
            faults.check("price")
            for rates, source in self._candidates(
                models, url, provider, service_tier or "", _minute(at)
            ):
                cost = cost_of(rates, tokens, operation)
                return Price(cost, source if cost is not None else None)
        except Exception as problem:
            faults.note("price", problem)
        return _UNKNOWN

    def rates(
        self, *, response_model: str | None, request_model: str | None, provider: str | None,
        service_tier: str | None, at: datetime,
    ) -> Rates | None:  # fmt: skip
        """The rates that `cost` takes without a URL; None where they are unknown. Never raises.

        Parameters are those of `cost`.
        """
        models = [model for model in (response_model, request_model) if model]
        try:
            found = self._candidates(models, "", provider, service_tier or "", _minute(at))
            return next((rates for rates, _ in found), None)
        except Exception as problem:
            faults.note("price", problem)
            return None

    def steady_minutes(self, provider: str | None, *models: str | None) -> int:
        """How long the prices of `models` are the same, counted from midnight UTC. Never raises."""
        try:
            return min((steady_minutes("", provider, one) for one in models if one), default=DAY)
        except Exception as problem:
            faults.note("price", problem)
            return DAY

    def offer(self, model: str, providers: Iterable[str] = ()) -> Offer | None:
        """Where `model` can be had: at the person's own price, else by the list; None if unknown.

        `providers` are asked, in this order, for a model whose name alone does not say who sells
        it.
        """
        own = self._own.get(model)
        if own is not None:
            return Offer(model, "user", own)
        try:
            return offer(model, datetime.now(UTC), providers)
        except Exception as problem:
            faults.note("price", problem)
            return None

    def _candidates(
        self, models: list[str], url: str, provider: str | None, tier: str, minute: datetime
    ) -> Iterator[tuple[Rates, str]]:
        own = self._own
        yield from ((own[model], "user") for model in models if model in own)
        for model in models:
            rates = listed(url, provider, model, tier, minute)
            if rates is not None:
                yield rates, "price list"


def _minute(at: datetime | None) -> datetime:
    return (at or datetime.now(UTC)).replace(second=0, microsecond=0)


def _own_rate(name: str, price: Any) -> Rate:
    number = isinstance(price, (Real, Decimal)) and not isinstance(price, bool)
    if not number or not math.isfinite(price) or price < 0:
        raise UsageError(
            f"price: {name}={price!r} is not a price: give USD per million tokens, e.g. 0.5."
        )
    return Rate(float(price) / 1_000_000)
