"""The price list of genai-prices, as rates: whose price, of which model, at which tier and time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING, Any

from ._rates import NOTHING, Rate, Rates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

__all__ = ["DAY", "known_as", "listed", "steady_minutes"]

DAY = 24 * 60
"""Minutes."""

# OpenTelemetry's name of a provider -> the price list's.
_PROVIDERS = {
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot": "moonshotai",
    "moonshot_ai": "moonshotai",
    "x_ai": "x-ai",
}
_STANDARD_TIERS = frozenset({"", "auto", "default", "on_demand", "standard", "standard_only"})
_SAME_PRICE_TIERS = frozenset({("groq", "flex")})  # another queue, at the same price
# What the list calls a tier, where that is not a service tier of the same name.
_NAMED_TIERS: dict[str, tuple[dict[str, str], ...]] = {
    "batch": ({"processing": "batch"},),
    "fast": ({"service_tier": "fast"}, {"speed": "fast"}),  # OpenAI's, and Anthropic's
}
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
_FREE = Rates(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)


def known_as(provider: str) -> str:
    """The price list's id of a provider that OpenTelemetry calls so."""
    return _PROVIDERS.get(provider, provider)


@lru_cache(maxsize=256)
def _provider(url: str, name: str | None) -> Provider | None:
    """Who asks the price: whom the URL belongs to, else whom we took it for."""
    from genai_prices.data import providers

    for provider in providers:
        if url and re.match(provider.api_pattern, url):
            return provider
    if name is None or _LOCAL.match(url):
        return None  # a model at home may bear a famous name, and costs nothing we know
    name = known_as(name)
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
def listed(url: str, name: str | None, model: str, tier: str, minute: datetime) -> Rates | None:
    """The rates of the price list in that minute; some hold for hours of the day only."""
    known = _model(url, name, model)
    if known is None:
        return None
    if minute.tzinfo is not None:
        minute = minute.astimezone(UTC)
    steady = steady_minutes(url, name, model)
    begin = (minute.hour * 60 + minute.minute) // steady * steady
    return _listed(url, name, model, tier, minute.replace(hour=begin // 60, minute=begin % 60))


@lru_cache(maxsize=1024)
def steady_minutes(url: str, name: str | None, model: str) -> int:
    """For steps of how many minutes, counted from midnight UTC, a price is the same: a `DAY` at most."""
    known = _model(url, name, model)
    if known is None:
        return DAY
    _, info = known
    prices = info.prices if isinstance(info.prices, list) else []
    conditional = (*prices, *(info.price_variants or ()))
    return gcd(DAY, *(minute for one in conditional for minute in _changes(one.constraint)))


def _changes(constraint: Any) -> list[int]:
    """At which minutes of the day a constraint begins or ceases to hold; none but midnight: []."""
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint

    if constraint is None or isinstance(constraint, StartDateConstraint):
        return []
    if not isinstance(constraint, TimeOfDateConstraint):
        return [1]  # of another kind, which may be any minute
    ends = (constraint.start_time, constraint.end_time)
    return [1 if one.utcoffset() or one.second else one.hour * 60 + one.minute for one in ends]


@lru_cache(maxsize=1024)
def _listed(url: str, name: str | None, model: str, tier: str, minute: datetime) -> Rates | None:
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
    for context in _NAMED_TIERS.get(tier, ({"service_tier": tier},)):
        for variant in info.price_variants or ():
            active = variant.constraint is None or variant.constraint.active(at)
            if active and variant.when == context:
                return context
    return None


def _named(price: ModelPrice) -> dict[str, Rate]:
    return {
        key: _rate(value, 1_000 if key.endswith("_kcount") else 1_000_000)
        for key, value in vars(price).items()
        if value is not None and key not in _FEES
    }


def _rate(value: Decimal | TieredPrices, per: int) -> Rate:
    if isinstance(value, Decimal):
        return Rate(float(value) / per)
    steps = [(tier.start, float(tier.price) / per) for tier in value.tiers]
    return Rate(float(value.base) / per, tuple(sorted(steps, reverse=True)))


def _rates_of(prices: dict[str, Rate], audio_like_text: bool) -> Rates | None:
    get = prices.get
    base, out = get("input_mtok"), get("output_mtok")
    if base is None:
        return None  # priced by the hour, the page or the character, which no usage tells
    return Rates(
        input=base,
        output=out,
        cached=get("cache_read_mtok"),
        written=get("cache_write_mtok"),
        written_1h=get("cache_write_1h_mtok", get("cache_write_mtok")),
        # Google's part of the list names audio where it costs more; OpenAI's leaves some out.
        input_audio=get("input_audio_mtok", base if audio_like_text else None),
        output_audio=get("output_audio_mtok", out if audio_like_text else None),
        reasoning=get("output_reasoning_mtok", out),
        per_call=get("requests_kcount", NOTHING).base,
    )
