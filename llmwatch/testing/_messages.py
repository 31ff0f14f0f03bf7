"""Anthropic messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._events import Event, dumps
from ._turn import Turn

__all__ = ["error_body", "message"]

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def message(turn: Turn) -> dict[str, Any] | Iterator[Event]:
    """``POST /v1/messages``."""
    if turn.ask.get("stream"):
        return _events(turn)
    usage = _usage(turn)
    stopped = {"stop_reason": _stop_reason(turn), "content": _content(turn)}
    return _head(turn) | stopped | ({} if usage is None else {"usage": usage})


def error_body(status: int, error: dict[str, Any]) -> dict[str, Any]:
    """An error as Anthropic says it: its own word for the status, and no code."""
    kind = _ERROR_TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": error["message"]}}


def _events(turn: Turn) -> Iterator[Event]:
    usage = _usage(turn) or {"input_tokens": 0, "output_tokens": 0}
    opened = _head(turn) | {"usage": usage | {"output_tokens": 1}}
    yield Event.of({"type": "message_start", "message": opened}, named=True)
    for index, block in enumerate(_content(turn)):
        for data in _block_events(turn, index, block):
            yield Event.of(data, named=True)
    delta = {"stop_reason": _stop_reason(turn), "stop_sequence": None}
    closed = {"type": "message_delta", "delta": delta, "usage": usage}
    yield Event.of(closed, named=True, ends=True)
    yield Event.of({"type": "message_stop"}, named=True)


def _block_events(turn: Turn, index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        empty: dict[str, Any] = {"text": ""}
        deltas = [{"type": "text_delta", "text": part} for part in turn.parts]
    else:
        empty = {"input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": dumps(block["input"])}]
    yield {"type": "content_block_start", "index": index, "content_block": block | empty}
    if index == 0:
        yield {"type": "ping"}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _head(turn: Turn) -> dict[str, Any]:
    return {
        "id": turn.id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": turn.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _content(turn: Turn) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_use", "id": f"toolu_{turn.number}_{n}", "name": name, "input": dict(given)}
        for n, (name, given) in enumerate(turn.reply.tool_calls)
    ]
    said = [{"type": "text", "text": turn.text}] if turn.text or not calls else []
    return [*said, *calls]


def _stop_reason(turn: Turn) -> str:
    return _STOP_REASONS.get(turn.finish_reason, turn.finish_reason)


def _usage(turn: Turn) -> dict[str, Any] | None:
    counted = {
        "input_tokens": turn.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": turn.output_tokens,
    }
    return turn.usage(counted)
