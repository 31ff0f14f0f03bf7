"""Costs are those of the price list's own calculation, whatever part or tier is priced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from llmwatch.pricing._list import _listed, listed, steady_minutes
from tests.pricing.plain import ANTHROPIC, NOON, close, price, usd


def test_every_model_of_the_list_costs_what_the_list_says():
    """Where we name a cost for plain tokens, it is that of the list's own calculation."""
    from genai_prices import Usage, calc_price
    from genai_prices.data import providers

    compared = 0
    for provider in providers:
        for model in provider.models:
            cost, _ = price(
                model=model.id, url="", provider=provider.id,
                input_tokens=300_000, output_tokens=2000, reasoning_tokens=0,
            )  # fmt: skip
            if cost is None:
                continue
            theirs = calc_price(
                Usage(input_tokens=300_000, output_tokens=2000), model.id,
                provider_id=provider.id, genai_request_timestamp=NOON,
            )  # fmt: skip
            assert cost == close(float(theirs.total_price)), (provider.id, model.id)
            compared += 1
    assert compared > 1500


def test_parts_agree_with_the_list():
    """Cached, written and long prompts together cost what the list's own calculation says."""
    from genai_prices import Usage, calc_price

    theirs = calc_price(
        Usage(input_tokens=250_000, cache_read_tokens=100_000, cache_write_tokens=50_000,
              output_tokens=999),
        "claude-sonnet-4-5", provider_id="anthropic", genai_request_timestamp=NOON,
    )  # fmt: skip
    ours = usd(
        model="claude-sonnet-4-5", url=ANTHROPIC, input_tokens=250_000,
        cached_input_tokens=100_000, cache_write_tokens=50_000, output_tokens=999,
    )  # fmt: skip
    assert ours == close(float(theirs.total_price))


def variants():
    """Provider, model, tier as a call says it, and what the list calls that, of the whole list."""
    from genai_prices.data import providers

    for provider in providers:
        for model in provider.models:
            for when in {tuple(v.when.items()) for v in model.price_variants or ()}:
                context = dict(when)
                (tier,) = context.values()
                if context.keys() <= {"processing", "service_tier", "speed"}:
                    yield provider.id, model.id, tier, context


def test_every_tier_of_the_list_costs_what_the_list_says():
    """Batch, flex, priority and fast: cached, written and plain tokens, by the list's own sum."""
    from genai_prices import Usage, calc_price

    compared, priced = set(), 0
    for provider, model, tier, context in variants():
        for cached, written in ((0, 0), (700, 0), (0, 300)):
            cost, _ = price(
                model=model, url="", provider=provider, service_tier=tier, at=NOON,
                input_tokens=5000, output_tokens=2000, cached_input_tokens=cached,
                cache_write_tokens=written,
            )  # fmt: skip
            if cost is None:
                continue
            theirs = calc_price(
                Usage(input_tokens=5000, output_tokens=2000, cache_read_tokens=cached,
                      cache_write_tokens=written),
                model, provider_id=provider, genai_request_timestamp=NOON, price_context=context,
            )  # fmt: skip
            assert cost == close(float(theirs.total_price)), (provider, model, tier, cached)
            compared.add((provider, tier))
            priced += 1
    assert priced > 200
    assert compared >= {
        ("openai", "batch"), ("openai", "flex"), ("openai", "priority"), ("openai", "fast"),
        ("anthropic", "batch"), ("anthropic", "fast"), ("google", "batch"), ("mistral", "batch"),
        ("groq", "batch"), ("x-ai", "batch"),
    }  # fmt: skip


PARTS = {
    "input_audio_tokens": "input_audio_mtok",
    "output_audio_tokens": "output_audio_mtok",
    "reasoning_tokens": "output_reasoning_mtok",
    "cached_input_tokens": "cache_read_mtok",
    "cache_write_tokens": "cache_write_mtok",
    "cache_write_1h_tokens": "cache_write_1h_mtok",
}
THEIRS = {
    "reasoning_tokens": "output_reasoning_tokens", "cached_input_tokens": "cache_read_tokens",
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_every_part_with_a_price_costs_what_the_list_says(part):
    """Each model that prices audio, reasoning or a cache: 400 of its tokens, by the list's sum."""
    from genai_prices import Usage, calc_price
    from genai_prices.data import providers

    compared = 0
    for provider in providers:
        for model in provider.models:
            if getattr(model.get_prices(NOON), PARTS[part], None) is None:
                continue
            parts = {part: 400} | ({"cache_write_tokens": 400} if "1h" in part else {})
            cost, _ = price(
                model=model.id, url="", provider=provider.id, input_tokens=5000,
                output_tokens=2000, **({"reasoning_tokens": 0} | parts),
            )  # fmt: skip
            if cost is None:
                continue
            used = {THEIRS.get(name, name): count for name, count in parts.items()}
            theirs = calc_price(
                Usage(input_tokens=5000, output_tokens=2000, **used), model.id,
                provider_id=provider.id, genai_request_timestamp=NOON,
            )  # fmt: skip
            assert cost == close(float(theirs.total_price)), (provider.id, model.id)
            compared += 1
    assert compared > 0


@pytest.mark.parametrize(
    ("provider", "model"),
    [("deepseek", "deepseek-chat"), ("anthropic", "claude-sonnet-5"), ("openai", "gpt-5")],
)
def test_a_step_has_one_price(provider, model):
    """Every minute of a step of `steady_minutes` has the rates that the list gives for itself."""
    steady, begin = steady_minutes("", provider, model), datetime(2025, 3, 5, tzinfo=UTC)
    assert 1 < steady <= 1440
    for minute in range(0, 2 * 1440, 7):
        at = begin + timedelta(minutes=minute)
        assert listed("", provider, model, "", at) == _listed("", provider, model, "", at)


def test_what_is_remembered_is_bounded():
    """A thousand models and paths more than fit do not grow the memory of the list."""
    from llmwatch.pricing import _list

    for number in range(1500):
        price(
            model=f"model-{number}", url=f"https://api.openai.com/v1/{number}",
            input_tokens=1, output_tokens=1,
        )  # fmt: skip
    steady = _list.steady_minutes
    for remembered in (_list._provider, _list._model, steady, _list.listed, _list._listed):
        info = remembered.cache_info()
        assert info.currsize <= info.maxsize <= 1024
