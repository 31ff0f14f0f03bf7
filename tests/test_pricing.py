"""Costs against sums done by hand, and against the price list's own calculation."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llmwatch import faults
from llmwatch.exceptions import UsageError
from llmwatch.pricing import Price, PriceBook

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OPENAI = "https://api.openai.com/v1/chat/completions"
AZURE = "https://acme.openai.azure.com/openai/deployments/gpt4o-prod/chat/completions"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
UNKNOWN = Price(None, None)
MILLION = 1_000_000


def price(book=None, model="gpt-4o-mini", url=OPENAI, **changes):
    values = {
        "response_model": model, "request_model": None, "provider": None, "url": url,
        "operation": "chat", "service_tier": None, "at": NOON,
        "input_tokens": None, "output_tokens": None, "cached_input_tokens": None,
        "cache_write_tokens": None, "reasoning_tokens": None,
        "input_audio_tokens": None, "output_audio_tokens": None,
    }  # fmt: skip
    return (book or PriceBook()).cost(**(values | changes))


def usd(*args, **changes):
    cost, source = price(*args, **changes)
    assert source == "price list"
    return cost


def close(value):
    return pytest.approx(value, rel=1e-9)


HAND = {
    # provider: (model, url, usage, USD per million x tokens)
    "openai": ("gpt-4o-mini-2024-07-18", OPENAI,
               {"input_tokens": 1000, "output_tokens": 500},
               0.15 * 1000 + 0.60 * 500),
    "openai, cached input": ("gpt-4o-2024-08-06", OPENAI,
               {"input_tokens": 1000, "output_tokens": 100, "cached_input_tokens": 400},
               2.5 * 600 + 1.25 * 400 + 10 * 100),
    "openai, reasoning": ("o3", OPENAI,
               {"input_tokens": 100, "output_tokens": 900, "reasoning_tokens": 800},
               2 * 100 + 8 * 900),
    "openai, transcription": ("gpt-4o-transcribe", "https://api.openai.com/v1/audio/transcriptions",
               {"input_tokens": 150, "output_tokens": 30, "input_audio_tokens": 140,
                "operation": "transcription"},
               2.5 * 10 + 6 * 140 + 10 * 30),
    "openai, image": ("gpt-image-1", "https://api.openai.com/v1/images/generations",
               {"input_tokens": 50, "output_tokens": 4160, "operation": "image_generation"},
               5 * 50 + 40 * 4160),
    "openai, embeddings": ("text-embedding-3-small", "https://api.openai.com/v1/embeddings",
               {"input_tokens": 8000, "operation": "embeddings"},
               0.02 * 8000),
    "azure": ("gpt-4o-2024-08-06", AZURE,
               {"input_tokens": 1000, "output_tokens": 100},
               2.5 * 1000 + 10 * 100),
    "anthropic, cache read and write": ("claude-sonnet-4-5-20250929", ANTHROPIC,
               {"input_tokens": 10_000, "output_tokens": 500, "cached_input_tokens": 6000,
                "cache_write_tokens": 3000},
               3 * 1000 + 0.3 * 6000 + 3.75 * 3000 + 15 * 500),
    "anthropic, cache kept for an hour": ("claude-sonnet-4-5-20250929", ANTHROPIC,
               {"input_tokens": 10_000, "output_tokens": 500, "cache_write_tokens": 9000,
                "cache_write_1h_tokens": 4000},
               3 * 1000 + 3.75 * 5000 + 6 * 4000 + 15 * 500),
    "anthropic, long prompt": ("claude-sonnet-4-5-20250929", ANTHROPIC,
               {"input_tokens": 200_001, "output_tokens": 10},
               6 * 200_001 + 22.5 * 10),
    "anthropic, just not long": ("claude-sonnet-4-5-20250929", ANTHROPIC,
               {"input_tokens": 200_000, "output_tokens": 10},
               3 * 200_000 + 15 * 10),
    "gemini": ("models/gemini-2.5-flash", GEMINI,
               {"input_tokens": 1000, "output_tokens": 700, "reasoning_tokens": 600},
               0.3 * 1000 + 2.5 * 700),
    "gemini, audio": ("gemini-2.5-flash", GEMINI,
               {"input_tokens": 1000, "output_tokens": 100, "input_audio_tokens": 900},
               0.3 * 100 + 1.0 * 900 + 2.5 * 100),
    "groq": ("llama-3.3-70b-versatile", "https://api.groq.com/openai/v1/chat/completions",
               {"input_tokens": 1000, "output_tokens": 1000},
               0.59 * 1000 + 0.79 * 1000),
    "mistral": ("mistral-large-latest", "https://api.mistral.ai/v1/chat/completions",
               {"input_tokens": 1000, "output_tokens": 1000},
               2 * 1000 + 6 * 1000),
    "deepseek, by day": ("deepseek-chat", "https://api.deepseek.com/chat/completions",
               {"input_tokens": 1000, "output_tokens": 100, "cached_input_tokens": 600},
               0.27 * 400 + 0.07 * 600 + 1.1 * 100),
    "deepseek, at night": ("deepseek-chat", "https://api.deepseek.com/chat/completions",
               {"input_tokens": 1000, "output_tokens": 100, "cached_input_tokens": 600,
                "at": datetime(2026, 11, 24, 20, 0, tzinfo=UTC)},
               0.135 * 400 + 0.035 * 600 + 0.55 * 100),
    "openrouter": ("openai/gpt-4o-mini", OPENROUTER,
               {"input_tokens": 1000, "output_tokens": 500},
               0.15 * 1000 + 0.6 * 500),
    "openrouter, reasoning at its own price": ("perplexity/sonar-deep-research", OPENROUTER,
               {"input_tokens": 1000, "output_tokens": 500, "reasoning_tokens": 300},
               2 * 1000 + 8 * 200 + 3 * 300),
    "perplexity, with its fee per request": ("sonar", "https://api.perplexity.ai/chat/completions",
               {"input_tokens": 1000, "output_tokens": 500},
               1 * 1000 + 1 * 500 + MILLION * 12 / 1000),
    "openai, batch": ("gpt-4o-mini", OPENAI,
               {"input_tokens": 1000, "output_tokens": 500, "service_tier": "batch"},
               0.075 * 1000 + 0.3 * 500),
    "openai, priority": ("gpt-4o-mini", OPENAI,
               {"input_tokens": 1000, "output_tokens": 500, "service_tier": "priority"},
               0.25 * 1000 + 1 * 500),
    "openai, default tier": ("gpt-4o-mini", OPENAI,
               {"input_tokens": 1000, "output_tokens": 500, "service_tier": "default"},
               0.15 * 1000 + 0.6 * 500),
}  # fmt: skip


@pytest.mark.parametrize("case", HAND)
def test_the_sum_done_by_hand(case):
    """Parts of a whole are charged once, each at its own price."""
    model, url, usage, micro_usd = HAND[case]
    assert usd(model=model, url=url, **usage) == close(micro_usd / MILLION)


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


UNKNOWNS = {
    "a model of no list": {"model": "my-llama"},
    "a deployment name without the model": {"model": "gpt4o-prod", "url": AZURE},
    "a famous name on localhost": {"url": "http://localhost:8000/v1/chat/completions",
                                   "provider": "openai"},
    "a famous name on a private address": {"url": "http://10.0.0.7:8000/v1", "provider": "openai"},
    "a gateway": {"url": "https://llm.acme.example/v1/chat/completions", "provider": "acme"},
    "no provider at all": {"url": "", "provider": None},
    "no input tokens": {"input_tokens": None},
    "no output tokens": {"output_tokens": None},
    "no tokens": {"input_tokens": None, "output_tokens": None},
    "no model": {"model": None},
    "priced by the hour": {"model": "whisper-1", "operation": "transcription"},
    "priced by the character": {"model": "tts-1", "operation": "speech"},
    "a list without a price": {"model": "omni-moderation-latest"},
    "no price of cached input": {"model": "gpt-4-turbo", "cached_input_tokens": 10},
    "no price of cache writes": {"cache_write_tokens": 10},
    "no price of audio": {"model": "gpt-4o-audio-preview", "input_audio_tokens": 10},
    "an unsaid part of audio": {"model": "gpt-4o-transcribe", "operation": "transcription"},
    "audio, some of it cached": {"model": "gemini-2.5-flash", "url": GEMINI,
                                 "input_audio_tokens": 50, "cached_input_tokens": 50},
    "images among the output": {"model": "gemini-2.5-flash-image", "url": GEMINI},
    "images perhaps among the input": {"model": "gpt-image-1",
                                       "url": "https://api.openai.com/v1/images/edits"},
    "a tier without a price": {"service_tier": "scale"},
    "a tier before it had a price": {"service_tier": "priority",
                                     "at": datetime(2026, 1, 5, tzinfo=UTC)},
    "a reseller's tier": {"model": "gpt-4o-2024-08-06", "url": AZURE, "service_tier": "priority"},
    "more cached than sent": {"cached_input_tokens": 101},
    "more kept for an hour than written": {"model": "claude-sonnet-4-5", "url": ANTHROPIC,
                                           "cache_write_tokens": 5, "cache_write_1h_tokens": 6},
    "a negative figure": {"input_tokens": -5},
    "a negative part": {"cached_input_tokens": -5},
    "reasoning at a price of its own": {"model": "perplexity/sonar-deep-research",
                                        "url": OPENROUTER},
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWNS)
def test_what_cannot_be_known_is_none(case):
    """No cost is made up, and none is zero, where a figure or a price is missing."""
    plain = {"input_tokens": 100, "output_tokens": 100}
    assert price(**(plain | UNKNOWNS[case])) == UNKNOWN


def test_an_unknown_model_is_no_fault():
    """A model that no list knows leaves nothing in the diagnostics."""
    faults.clear()
    assert price(model="my-llama", input_tokens=1, output_tokens=1) == UNKNOWN
    assert faults.table() == []


def test_free_on_purpose_is_zero():
    """A model that OpenRouter itself calls free costs 0, which is known."""
    free = price(
        model="deepseek/deepseek-r1:free", url=OPENROUTER,
        input_tokens=10, output_tokens=10, cached_input_tokens=5,
    )  # fmt: skip
    assert free == Price(0.0, "price list")


def test_the_model_that_answered_is_asked_first():
    """The response model's price holds; the request model's where the other is unknown."""
    both = {"input_tokens": MILLION, "output_tokens": 0}
    assert usd(model="gpt-4o-2024-08-06", request_model="gpt-4o-mini", **both) == close(2.5)
    assert usd(model="my-alias", request_model="gpt-4o-mini", **both) == close(0.15)
    assert usd(model=None, request_model="gpt-4o-mini", **both) == close(0.15)


@pytest.mark.parametrize(
    ("provider", "model", "cost"),
    [("openai", "gpt-4o-mini", 0.15), ("azure.ai.openai", "gpt-4o", 2.5),
     ("mistral_ai", "mistral-large-latest", 2), ("x_ai", "grok-4", 3),
     ("gcp.gemini", "gemini-2.5-flash", 0.3), ("anthropic", "claude-sonnet-4-5", 6),
     ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3)],
)  # fmt: skip
def test_a_call_over_no_wire_is_priced_by_its_provider(provider, model, cost):
    """OpenTelemetry's name of the provider finds it in the list."""
    paid = usd(model=model, url="", provider=provider, input_tokens=MILLION, output_tokens=0)
    assert paid == close(cost)


def test_the_host_wins_over_the_name():
    """Who the URL belongs to says the price, whatever the call was taken for."""
    groq = "https://api.groq.com/openai/v1/chat/completions"
    paid = usd(
        model="llama-3.3-70b-versatile", url=groq, provider="openai",
        input_tokens=MILLION, output_tokens=0,
    )  # fmt: skip
    assert paid == close(0.59)


def test_a_regional_host_is_its_provider():
    """A host that the list does not know is priced by the provider's name."""
    paid = usd(
        url="https://eu.api.openai.com/v1/chat/completions", provider="openai",
        input_tokens=MILLION, output_tokens=0,
    )  # fmt: skip
    assert paid == close(0.15)


def test_without_a_time_it_is_now():
    """A call without a time is priced as of now, a naive time as UTC."""
    both = {"input_tokens": MILLION, "output_tokens": 0}
    assert usd(at=None, **both) == close(0.15)
    deepseek = {"model": "deepseek-chat", "url": "https://api.deepseek.com/chat/completions"}
    night = datetime(2026, 11, 24, 20, 0)
    assert usd(at=night, **deepseek, **both) == close(0.135)


# -- a person's own price -------------------------------------------------------------------------


def test_a_persons_price_wins():
    """It holds for the exact name, over the list and wherever the model runs."""
    book = PriceBook()
    book.set("gpt-4o-mini", input=1, output=2)
    both = {"input_tokens": 1000, "output_tokens": 1000}
    assert price(book, **both) == (close(0.003), "user")
    assert price(book, url="http://localhost:8000/v1", **both) == (close(0.003), "user")
    assert price(book, model="x", request_model="gpt-4o-mini", **both) == (close(0.003), "user")
    assert price(book, model="gpt-4o-mini-2024-07-18", **both).source == "price list"


def test_a_price_set_again_replaces_the_first():
    """The last word counts, and 0 is a price."""
    book = PriceBook()
    book.set("my-llama", input=1, output=1)
    book.set("my-llama", input=0, output=0)
    assert price(book, model="my-llama", input_tokens=5, output_tokens=5) == Price(0.0, "user")


def test_a_persons_price_of_cached_input():
    """With it cached tokens cost it; without it a call that read from a cache is unpriced."""
    book = PriceBook()
    usage = {"input_tokens": MILLION, "output_tokens": 0, "cached_input_tokens": 400_000}
    book.set("my-llama", input=1, output=2)
    assert price(book, model="my-llama", **usage) == UNKNOWN
    assert price(book, model="my-llama", **(usage | {"cached_input_tokens": 0})).cost_usd == 1.0
    book.set("my-llama", input=1, output=2, cached_input=0.5)
    assert price(book, model="my-llama", **usage) == (close(0.8), "user")


def test_a_persons_price_needs_the_figures_too():
    """Tokens that nobody told cost nobody knows what; embeddings have none to tell."""
    book = PriceBook()
    book.set("my-llama", input=1, output=2)
    assert price(book, model="my-llama", input_tokens=5) == UNKNOWN
    only_in = {"model": "my-llama", "input_tokens": MILLION, "operation": "embeddings"}
    assert price(book, **only_in) == (close(1.0), "user")


BAD = [-1, math.nan, math.inf, "0.5", True, Decimal(-1), [1]]


@pytest.mark.parametrize(
    ("name", "bad"),
    [(name, bad) for name in ("input", "output", "cached_input") for bad in BAD]
    + [("input", None), ("output", None)],
)
def test_a_bad_price_is_one_line(name, bad):
    """It names the argument and what to give, and leaves the old price."""
    book = PriceBook()
    book.set("my-llama", input=1, output=1, cached_input=1)
    with pytest.raises(UsageError, match=rf"price: {name}=.* USD per million tokens") as caught:
        book.set("my-llama", **({"input": 2, "output": 2, "cached_input": 2} | {name: bad}))
    assert "\n" not in str(caught.value)
    assert price(book, model="my-llama", input_tokens=MILLION, output_tokens=0).cost_usd == 1.0


@pytest.mark.parametrize("bad", ["", "  ", None, 5])
def test_a_bad_name_is_one_line(bad):
    """A price needs the name of a model."""
    with pytest.raises(UsageError, match="not the name of a model"):
        PriceBook().set(bad, input=1, output=1)


def test_numbers_of_other_kinds_are_prices():
    """Decimal and numpy numbers are numbers."""
    import numpy as np

    book = PriceBook()
    book.set("my-llama", input=Decimal("1.5"), output=np.float32(2))
    paid = price(book, model="my-llama", input_tokens=MILLION, output_tokens=MILLION)
    assert paid == (close(3.5), "user")


def test_setting_while_asking():
    """A thread that prices sees either the old price or the new one, never anything else."""
    book = PriceBook()
    book.set("my-llama", input=1, output=1)
    seen, done = set(), threading.Event()

    def ask():
        while not done.is_set():
            seen.add(price(book, model="my-llama", input_tokens=MILLION, output_tokens=0))

    worker = threading.Thread(target=ask)
    worker.start()
    for number in range(300):
        book.set("my-llama", input=1 + number % 2, output=1)
        book.set(f"other-{number}", input=1, output=1)
    done.set()
    worker.join(10)
    assert seen <= {Price(1.0, "user"), Price(2.0, "user")}
    for name, cost in (("other-0", 1.0), ("other-299", 1.0), ("my-llama", 2.0)):
        assert price(book, model=name, input_tokens=MILLION, output_tokens=0).cost_usd == cost


# -- trouble --------------------------------------------------------------------------------------


def test_trouble_in_the_list_is_a_line_in_diagnostics():
    """A list that cannot be asked leaves the cost unknown and says so once."""
    faults.clear()
    assert price(model=12345, input_tokens=1, output_tokens=1) == UNKNOWN
    assert [fault.step for fault in faults.table()] == ["price"]
    faults.clear()


def test_what_is_remembered_is_bounded():
    """A thousand models and paths more than fit do not grow the memory of the list."""
    from llmwatch.pricing import _list

    for number in range(1500):
        price(
            model=f"model-{number}", url=f"https://api.openai.com/v1/{number}",
            input_tokens=1, output_tokens=1,
        )  # fmt: skip
    for remembered in (_list._provider, _list._model, _list.listed):
        info = remembered.cache_info()
        assert info.currsize <= info.maxsize <= 1024
