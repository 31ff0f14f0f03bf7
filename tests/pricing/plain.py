"""A call to be priced: where it went, when, and what its cost is said to be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
