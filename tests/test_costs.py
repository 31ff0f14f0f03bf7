"""Calls whose cost was worked out by hand from the price list, from the wire to the row.

Each answer goes over the wire as its provider writes it. Beside it stands the sum that a person
does on paper: tokens of each kind times USD per million, as genai-prices 0.2.3 lists them for
2026-11-24. Only models are taken whose price depends on no hour of the day.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx
import pytest

import llmwatch

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models"
AZURE = "https://acme.openai.azure.com/openai/deployments/prod/chat/completions?api-version=1"
SPEECH = f"{OPENAI}/audio/transcriptions"


class Sum(NamedTuple):
    """One call: where it went, what answered, and what that costs."""

    url: str
    answer: dict[str, Any]
    lines: list[tuple[int, float]]
    """Tokens, and USD per million of them."""
    usd: float
    """What the lines come to."""


def chat(model: str, read: int, wrote: int, tier: str | None = "default", **details: Any) -> dict:
    """A chat completion with its usage; `read_` and `wrote_` details stand under their side."""
    parts: dict[str, dict[str, int]] = {"prompt": {}, "completion": {}}
    for name, count in details.items():
        side, _, part = name.partition("_")
        parts["prompt" if side == "read" else "completion"][part] = count
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "model": model, "service_tier": tier,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "x"}}],
        "usage": {
            "prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote,
            "prompt_tokens_details": parts["prompt"],
            "completion_tokens_details": parts["completion"],
        },
    }  # fmt: skip


def response(model: str, tier: str = "default", **usage: Any) -> dict:
    return {
        "id": "resp-1", "object": "response", "status": "completed", "model": model, "output": [],
        "service_tier": tier, "usage": usage,
    }  # fmt: skip


def message(model: str, **usage: Any) -> dict:
    return {
        "id": "msg-1", "type": "message", "model": model, "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "x"}], "usage": {"service_tier": "standard"} | usage,
    }  # fmt: skip


def gemini(model: str, **usage: Any) -> dict:
    parts = {"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}
    return {"modelVersion": model, "responseId": "r", "candidates": [parts], "usageMetadata": usage}


CALLS = {
    "plain": Sum(
        f"{OPENAI}/chat/completions", chat("gpt-5-mini-2025-08-07", 1000, 500),
        [(1000, 0.25), (500, 2)], 0.00125),
    "most of the input cached, most of the output reasoning": Sum(
        f"{OPENAI}/chat/completions",
        chat("gpt-5", 12_000, 1500, read_cached_tokens=9000, wrote_reasoning_tokens=1200),
        [(3000, 1.25), (9000, 0.125), (1500, 10)], 0.019875),
    "Responses": Sum(
        f"{OPENAI}/responses",
        response("gpt-5-nano", input_tokens=40_000, output_tokens=2000,
                 input_tokens_details={"cached_tokens": 0}),
        [(40_000, 0.05), (2000, 0.4)], 0.0028),
    "flex": Sum(
        f"{OPENAI}/chat/completions", chat("gpt-5", 8000, 2000, "flex"),
        [(8000, 0.625), (2000, 5)], 0.015),
    "priority, with a part cached": Sum(
        f"{OPENAI}/responses",
        response("gpt-5-mini", "priority", input_tokens=10_000, output_tokens=1000,
                 input_tokens_details={"cached_tokens": 4000}),
        [(6000, 0.45), (4000, 0.045), (1000, 3.6)], 0.00648),
    "a tier nobody named": Sum(
        f"{OPENAI}/chat/completions", chat("gpt-4.1", 2500, 300, None),
        [(2500, 2), (300, 8)], 0.0074),
    "cache writes that cost": Sum(
        f"{OPENAI}/chat/completions",
        chat("gpt-6.1-terra", 6000, 1000, read_cached_tokens=2000, read_cache_write_tokens=3000),
        [(1000, 1), (2000, 0.05), (3000, 1.25), (1000, 5)], 0.00985),
    "audio in and out": Sum(
        f"{OPENAI}/chat/completions",
        chat("gpt-audio", 100, 300, read_audio_tokens=60, wrote_audio_tokens=250),
        [(40, 2.5), (60, 32), (50, 10), (250, 64)], 0.01852),
    "transcription": Sum(
        SPEECH,
        {"text": "x", "usage": {"type": "tokens", "input_tokens": 150, "output_tokens": 30,
                                "input_token_details": {"text_tokens": 10, "audio_tokens": 140}}},
        [(10, 2.5), (140, 6), (30, 10)], 0.001165),
    "embeddings": Sum(
        f"{OPENAI}/embeddings",
        {"object": "list", "model": "text-embedding-3-large", "data": [],
         "usage": {"prompt_tokens": 20_000, "total_tokens": 20_000}},
        [(20_000, 0.13)], 0.0026),
    "Azure, by the model that answered": Sum(
        AZURE, chat("gpt-4o-2024-08-06", 1000, 100, None),
        [(1000, 2.5), (100, 10)], 0.0035),
    "Anthropic, cache read and written": Sum(
        ANTHROPIC,
        message("claude-sonnet-5", input_tokens=500, cache_read_input_tokens=8000,
                cache_creation_input_tokens=2000, output_tokens=700),
        [(500, 2), (8000, 0.2), (2000, 2.5), (700, 10)], 0.0146),
    "Anthropic, written for an hour": Sum(
        ANTHROPIC,
        message("claude-haiku-4-5-20251001", input_tokens=200, cache_creation_input_tokens=3000,
                cache_creation={"ephemeral_5m_input_tokens": 1000,
                                "ephemeral_1h_input_tokens": 2000}, output_tokens=100),
        [(200, 1), (1000, 1.25), (2000, 2), (100, 5)], 0.00595),
    "Anthropic, batch": Sum(
        ANTHROPIC,
        message("claude-sonnet-5", input_tokens=1000, cache_read_input_tokens=2000,
                output_tokens=400, service_tier="batch"),
        [(1000, 1), (2000, 0.1), (400, 5)], 0.0032),
    "Anthropic, fast": Sum(
        ANTHROPIC, message("claude-opus-5", input_tokens=1000, output_tokens=500, speed="fast"),
        [(1000, 10), (500, 50)], 0.035),
    "Anthropic, a long prompt": Sum(
        ANTHROPIC, message("claude-sonnet-4-5", input_tokens=250_000, output_tokens=1000),
        [(250_000, 6), (1000, 22.5)], 1.5225),
    "Gemini, thoughts beside the answer": Sum(
        f"{GEMINI}/gemini-2.5-flash:generateContent",
        gemini("gemini-2.5-flash", promptTokenCount=5000, cachedContentTokenCount=3000,
               candidatesTokenCount=400, thoughtsTokenCount=600),
        [(2000, 0.3), (3000, 0.03), (1000, 2.5)], 0.00319),
    "Gemini, audio": Sum(
        f"{GEMINI}/gemini-2.5-flash:generateContent",
        gemini("gemini-2.5-flash", promptTokenCount=2000, candidatesTokenCount=100,
               promptTokensDetails=[{"modality": "TEXT", "tokenCount": 500},
                                    {"modality": "AUDIO", "tokenCount": 1500}]),
        [(500, 0.3), (1500, 1), (100, 2.5)], 0.0019),
    "Gemini, a long prompt": Sum(
        f"{GEMINI}/gemini-2.5-pro:generateContent",
        gemini("gemini-2.5-pro", promptTokenCount=300_000, candidatesTokenCount=2000),
        [(300_000, 2.5), (2000, 15)], 0.78),
    "Groq, a part cached": Sum(
        "https://api.groq.com/openai/v1/chat/completions",
        chat("openai/gpt-oss-120b", 4000, 800, "on_demand", read_cached_tokens=1000),
        [(3000, 0.15), (1000, 0.075), (800, 0.6)], 0.001005),
    "Mistral": Sum(
        "https://api.mistral.ai/v1/chat/completions", chat("mistral-large-latest", 1000, 1000),
        [(1000, 2), (1000, 6)], 0.008),
    "xAI, reasoning beside the completion": Sum(
        "https://api.x.ai/v1/chat/completions",
        {"id": "x", "model": "grok-4.3", "choices": [],
         "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1500,
                   "completion_tokens_details": {"reasoning_tokens": 400}}},
        [(1000, 1.25), (500, 2.5)], 0.0025),
    "OpenRouter": Sum(
        "https://openrouter.ai/api/v1/chat/completions",
        chat("anthropic/claude-sonnet-4.5", 1000, 200, None),
        [(1000, 3), (200, 15)], 0.006),
}  # fmt: skip


class Answering(httpx.BaseTransport):
    """Nobody at the other end but one answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self.answer)


def recorded(call: Sum) -> Any:
    """The row of `call`, made over httpx."""
    with llmwatch.watch() as w, httpx.Client(transport=Answering(call.answer)) as client:
        if call.url == SPEECH:
            client.post(call.url, data={"model": "gpt-4o-transcribe"}, files={"file": b"x"})
        else:
            client.post(call.url, content=json.dumps({"model": call.answer.get("model", "m")}))
    assert len(w) == 1
    return w.calls.iloc[0]


def test_there_are_twenty():
    """So many sums were done by hand, and each comes to what is written beside it."""
    assert len(CALLS) >= 20
    for call in CALLS.values():
        paper = sum(tokens * rate for tokens, rate in call.lines) / 1_000_000
        assert call.usd == pytest.approx(paper, rel=1e-12)


@pytest.mark.parametrize("case", CALLS)
def test_a_call_costs_what_the_sum_says(case):
    """Every token is charged once, at the price of its kind, tier and size of prompt."""
    call = CALLS[case]
    row = recorded(call)
    assert row["cost_usd"] == pytest.approx(call.usd, rel=1e-9)
    assert row["cost_source"] == "price list"
    output = 0 if row["operation"] == "embeddings" else row["output_tokens"]
    assert row["input_tokens"] + output == sum(tokens for tokens, _ in call.lines)


NO_SUM = {
    "a tier that the list does not price": chat("gpt-5", 1000, 500, "scale"),
    "a model that no list knows": chat("qwen-x", 1000, 500),
    "cached tokens without a price": chat("gpt-4-turbo", 1000, 500, read_cached_tokens=10),
    "no usage": chat("gpt-5", 1000, 500) | {"usage": None},
}  # fmt: skip


@pytest.mark.parametrize("case", NO_SUM)
def test_a_sum_that_cannot_be_done_is_none(case):
    """A missing price or figure leaves the cost unknown: not 0, not a part of it."""
    row = recorded(Sum(f"{OPENAI}/chat/completions", NO_SUM[case], [], 0))
    assert row[["cost_usd", "cost_source"]].isna().all()
