"""What a call cost: by the person's own price, else by the price list of genai-prices.

The list gives the prices; the sum is ours, because it is a handful of products and the list's
own calculation takes ten times as long. What cannot be known is not guessed: no model, no price
of a part (cached, audio) that was used, a service tier without a price: the cost is None.

A cost is that of the tokens. Fees that a provider asks per use of a tool (web searches) do not
show in the usage of a call, so they are not in it; and a provider that has two prices for writing
to a cache (Anthropic: five minutes, one hour) is taken at the shorter.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from . import faults
from .exceptions import UsageError

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

__all__ = ["Price", "PriceBook"]


class Price(NamedTuple):
    """A cost in USD, and where its price comes from: "price list", "user" or None."""

    cost_usd: float | None
    source: str | None


_UNKNOWN = Price(None, None)

# OpenTelemetry's name of a provider -> the price list's.
_PROVIDERS = {
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "x_ai": "x-ai",
}
_INPUT_ONLY = frozenset({"embeddings", "moderation"})
_STANDARD_TIERS = frozenset({"", "auto", "default", "on_demand", "standard", "standard_only"})
_SAME_PRICE_TIERS = frozenset({("groq", "flex")})  # another queue, at the same price
_FEES = frozenset({"web_searches_kcount", "storage_searches_kcount"})
_KNOWN = frozenset({
    "input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok",
    "input_audio_mtok", "output_audio_mtok", "cache_audio_read_mtok", "output_reasoning_mtok",
    "requests_kcount",
})  # fmt: skip
_TEXT_PROMPT_ONLY = "/images/generations"  # no image goes in, so the price of one is not needed
_IMAGE_INPUT = frozenset({"input_image_mtok", "cache_image_read_mtok"})
_LOCAL = re.compile(
    r"https?://(?:[^/.:]+|[\d.]+|\[[^/]*\]|[^/:]+\.(?:internal|lan|local|localhost))(?::\d+)?(?:/|$)"
)


class _Rate(NamedTuple):
    """USD per token; beyond so many input tokens another price holds for all of them."""

    base: float
    steps: tuple[tuple[int, float], ...] = ()  # (start, price), the highest first

    def at(self, size: int) -> float:
        for start, price in self.steps:
            if size > start:
                return price
        return self.base


class _Rates(NamedTuple):
    """The prices of one model; None where a part has a price that nobody told us."""

    input: _Rate | None
    output: _Rate | None
    cached: _Rate | None
    written: _Rate | None
    input_audio: _Rate | None
    output_audio: _Rate | None
    reasoning: _Rate | None
    per_call: float = 0.0


_NOTHING = _Rate(0.0)
_FREE = _Rates(_NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING)


class _Tokens(NamedTuple):
    input: int | None
    output: int | None
    cached: int
    written: int
    input_audio: int | None
    output_audio: int
    reasoning: int | None


# -- the sum --------------------------------------------------------------------------------------


def _cost(rates: _Rates, tokens: _Tokens, operation: str | None) -> float | None:
    """USD, or None where the figures or the prices do not suffice."""
    if tokens.input is None:
        return None
    output = tokens.output
    if output is None:
        if rates.output is not None and operation not in _INPUT_ONLY:
            return None
        output = 0
    audio_unsaid = tokens.input_audio is None and operation == "transcription"
    if audio_unsaid and rates.input_audio != rates.input:
        return None  # nearly all of it is audio, but who knows how much
    if tokens.reasoning is None and rates.reasoning != rates.output:
        return None
    size = tokens.input
    heard = (tokens.input_audio or 0) if rates.input_audio != rates.input else 0
    if heard and (tokens.cached or tokens.written):
        return None  # nobody says how much of the audio came from the cache
    asked = _side(
        size, rates.input, size,
        (tokens.cached, rates.cached), (tokens.written, rates.written), (heard, rates.input_audio),
    )  # fmt: skip
    answered = _side(
        output, rates.output, size,
        (tokens.output_audio, rates.output_audio), (tokens.reasoning or 0, rates.reasoning),
    )  # fmt: skip
    if asked is None or answered is None:
        return None
    return asked + answered + rates.per_call


def _side(
    whole: int, base: _Rate | None, size: int, *parts: tuple[int, _Rate | None]
) -> float | None:
    """The cost of `whole` tokens, of which `parts` (disjoint) may have a price of their own."""
    rest, cost = whole, 0.0
    for count, rate in parts:
        if count and rate != base:
            if rate is None or count < 0:
                return None
            rest -= count
            cost += count * rate.at(size)
    if rest < 0 or (rest and base is None):
        return None
    return cost + (rest * base.at(size) if base is not None else 0.0)


# -- the price list -------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _provider(url: str, name: str | None) -> Provider | None:
    """Who asks the price: whom the URL belongs to, else whom we took it for."""
    from genai_prices.data import providers

    for provider in providers:
        if url and re.match(provider.api_pattern, url):
            return provider
    if name is None or _LOCAL.match(url):
        return None  # a model at home may bear a famous name, and costs nothing we know
    name = _PROVIDERS.get(name, name)
    return next((provider for provider in providers if provider.id == name), None)


@lru_cache(maxsize=1024)
def _model(url: str, name: str | None, model: str) -> tuple[Provider, ModelInfo] | None:
    from genai_prices.data import providers

    provider = _provider(url, name)
    if provider is None:
        return None
    found = provider.find_model(model, all_providers=providers)
    if found is None and "/" in model and provider.id == "google":
        found = provider.find_model(model.rpartition("/")[2], all_providers=providers)
    return (provider, found) if found is not None else None


@lru_cache(maxsize=1024)
def _listed(url: str, name: str | None, model: str, tier: str, minute: datetime) -> _Rates | None:
    """The rates of the price list in that minute; some hold for hours of the day only."""
    known = _model(url, name, model)
    if known is None:
        return None
    provider, info = known
    context = _context(provider, info, tier, minute)
    if context is None:
        return None
    prices = _named(info.get_prices(minute, context))
    if not prices:
        # Most models without prices are ones whose price nobody wrote down, so they are unknown.
        # Only those that bear it in their name are free on purpose (OpenRouter's).
        return _FREE if info.id.endswith(":free") else None
    if url.endswith(_TEXT_PROMPT_ONLY):
        prices = {key: rate for key, rate in prices.items() if key not in _IMAGE_INPUT}
    if not prices.keys() <= _KNOWN:
        return None
    return _rates_of(prices, audio_like_text=provider.id == "google")


def _context(provider: Provider, info: ModelInfo, tier: str, at: datetime) -> dict[str, str] | None:
    """What the price list calls `tier`; None when it has no price for it."""
    tier = tier.lower()
    if tier in _STANDARD_TIERS or (provider.id, tier) in _SAME_PRICE_TIERS:
        return {}
    if not any(info is one for one in provider.models):
        return None  # the lister's own tiers are not those of who resells its models
    context = {"processing": "batch"} if tier == "batch" else {"service_tier": tier}
    for variant in info.price_variants or ():
        active = variant.constraint is None or variant.constraint.active(at)
        if active and variant.when == context:
            return context
    return None


def _named(price: ModelPrice) -> dict[str, _Rate]:
    return {
        key: _rate(value, 1_000 if key.endswith("_kcount") else 1_000_000)
        for key, value in vars(price).items()
        if value is not None and key not in _FEES
    }


def _rate(value: Decimal | TieredPrices, per: int) -> _Rate:
    if isinstance(value, Decimal):
        return _Rate(float(value) / per)
    steps = [(tier.start, float(tier.price) / per) for tier in value.tiers]
    return _Rate(float(value.base) / per, tuple(sorted(steps, reverse=True)))


def _rates_of(prices: dict[str, _Rate], audio_like_text: bool) -> _Rates | None:
    get = prices.get
    base, out = get("input_mtok"), get("output_mtok")
    if base is None:
        return None  # priced by the hour, the page or the character, which no usage tells
    return _Rates(
        input=base,
        output=out,
        cached=get("cache_read_mtok"),
        written=get("cache_write_mtok"),
        # Google's part of the list names audio where it costs more; OpenAI's leaves some out.
        input_audio=get("input_audio_mtok", base if audio_like_text else None),
        output_audio=get("output_audio_mtok", out if audio_like_text else None),
        reasoning=get("output_reasoning_mtok", out),
        per_call=get("requests_kcount", _NOTHING).base,
    )


# -- the two together -----------------------------------------------------------------------------


class PriceBook:
    """The prices in force: the person's own, and behind them the price list.

    Safe to `set` in one thread while another asks for costs.
    """

    def __init__(self) -> None:
        self._own: dict[str, _Rates] = {}
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
        rates = _Rates(base, out, cached, base, base, out, out)
        with self._lock:
            self._own = self._own | {model: rates}  # a new one, so that who reads needs no lock

    def cost(
        self, *, response_model: str | None, request_model: str | None, provider: str | None,
        url: str, operation: str | None, service_tier: str | None, at: datetime | None,
        input_tokens: int | None, output_tokens: int | None, cached_input_tokens: int | None,
        cache_write_tokens: int | None, reasoning_tokens: int | None,
        input_audio_tokens: int | None, output_audio_tokens: int | None,
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

        Returns
        -------
        Price
            In USD; with None where anything needed is unknown.
        """
        if input_tokens is None:
            return _UNKNOWN
        tokens = _Tokens(
            input_tokens, output_tokens, cached_input_tokens or 0, cache_write_tokens or 0,
            input_audio_tokens, output_audio_tokens or 0, reasoning_tokens,
        )  # fmt: skip
        models = [model for model in (response_model, request_model) if model]
        try:
            faults.check("price")
            for rates, source in self._candidates(
                models, url, provider, service_tier or "", _minute(at)
            ):
                cost = _cost(rates, tokens, operation)
                return Price(cost, source if cost is not None else None)
        except Exception as problem:
            faults.note("price", problem)
        return _UNKNOWN

    def _candidates(
        self, models: list[str], url: str, provider: str | None, tier: str, minute: datetime
    ) -> Iterator[tuple[_Rates, str]]:
        own = self._own
        yield from ((own[model], "user") for model in models if model in own)
        for model in models:
            rates = _listed(url, provider, model, tier, minute)
            if rates is not None:
                yield rates, "price list"


def _minute(at: datetime | None) -> datetime:
    return (at or datetime.now(UTC)).replace(second=0, microsecond=0)


def _own_rate(name: str, price: Any) -> _Rate:
    number = isinstance(price, (Real, Decimal)) and not isinstance(price, bool)
    if not number or not math.isfinite(price) or price < 0:
        raise UsageError(
            f"price: {name}={price!r} is not a price: give USD per million tokens, e.g. 0.5."
        )
    return _Rate(float(price) / 1_000_000)
