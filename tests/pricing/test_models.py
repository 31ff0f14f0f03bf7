"""Which model and whose price it is: the one that answered, at the host that was asked."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.pricing.plain import MILLION, close, usd


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
