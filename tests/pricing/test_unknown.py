"""Where a figure or a price is missing the cost is unknown: never made up, never zero."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from llmwatch import faults
from tests.pricing.plain import ANTHROPIC, AZURE, GEMINI, OPENROUTER, UNKNOWN, price

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


def test_trouble_in_the_list_is_a_line_in_diagnostics():
    """A list that cannot be asked leaves the cost unknown and says so once."""
    faults.clear()
    assert price(model=12345, input_tokens=1, output_tokens=1) == UNKNOWN
    assert [fault.step for fault in faults.table()] == ["price"]
    faults.clear()
