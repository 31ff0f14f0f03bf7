"""Costs are the sums one does by hand, for one call and for many at once."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmwatch.pricing import Price, Rates, TokenColumns, Tokens, costs_of
from llmwatch.pricing._rates import Rate, cost_of
from tests.pricing.plain import (
    ANTHROPIC,
    AZURE,
    GEMINI,
    MILLION,
    OPENAI,
    OPENROUTER,
    close,
    price,
    usd,
)

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


def test_free_on_purpose_is_zero():
    """A model that OpenRouter itself calls free costs 0, which is known."""
    free = price(
        model="deepseek/deepseek-r1:free", url=OPENROUTER,
        input_tokens=10, output_tokens=10, cached_input_tokens=5,
    )  # fmt: skip
    assert free == Price(0.0, "price list")


counts = st.one_of(st.none(), st.sampled_from([0, 1, 7]), st.integers(0, 400_000))
parts = st.one_of(st.just(0), st.integers(0, 9), st.integers(0, 400_000))
rate = st.one_of(
    st.none(),
    st.sampled_from([Rate(1e-6), Rate(2e-6), Rate(3e-6, ((200_000, 5e-6), (1000, 4e-6)))]),
)
calls = st.lists(
    st.builds(Tokens, counts, counts, parts, parts, counts, parts, counts, parts), min_size=1
)


@given(
    st.builds(Rates, rate, rate, rate, rate, rate, rate, rate, rate, st.sampled_from([0.0, 0.01])),
    calls,
    st.sampled_from([None, "chat", "embeddings", "transcription"]),
)
def test_many_calls_at_once_cost_what_each_does(rates, calls, operation):
    """Column by column the same figures, to the last digit, and unknown where each is."""
    columns = TokenColumns(*np.array([*zip(*calls, strict=True)], dtype=float))
    found = costs_of(rates, columns, operation).tolist()
    alone = [cost_of(rates, tokens, operation) for tokens in calls]
    assert [None if math.isnan(usd) else usd for usd in found] == alone
