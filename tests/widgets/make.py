"""Calls for the tests of what is shown."""

from __future__ import annotations

from typing import Any

from llmwatch.records import Call

QUOTA = {
    "status": "error", "http_status": 429, "error_type": "RateLimitError",
    "error_code": "insufficient_quota", "latency_s": 0.12, "usage_source": None,
}  # fmt: skip


def call(**columns: Any) -> Call:
    """A finished chat call of gpt-5-mini that reported its tokens, with `columns` instead."""
    known: dict[str, Any] = {
        "call_id": "c1", "session_id": "s1", "started_at": 1, "status": "ok", "operation": "chat",
        "provider": "openai", "model": "gpt-5-mini", "attempts": 1, "usage_source": "reported",
    }  # fmt: skip
    return Call(**{**known, **columns})


def drawn() -> list[Call]:
    """The three calls of the drawing: one retried, one partial without a price, one failed."""
    return [
        call(stream=True, latency_s=1.82, ttft_s=0.31, input_tokens=620, output_tokens=156,
             cost_usd=0.0041, attempts=2),
        call(model="qwen-x", status="partial", stream=True, latency_s=0.64, ttft_s=0.22,
             input_tokens=620, estimated_output_tokens=156),
        call(model="gpt-5", **QUOTA),
    ]  # fmt: skip
