"""The Responses API."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from ._events import Event, dumps
from ._turn import Turn

__all__ = ["response"]

_ENDS = ("response.completed", "response.incomplete")


def response(turn: Turn) -> dict[str, Any] | Iterator[Event]:
    """``POST /v1/responses``."""
    return _numbered(_events(turn)) if turn.ask.get("stream") else _finished(turn)


def _numbered(events: Iterator[dict[str, Any]]) -> Iterator[Event]:
    for number, event in zip(count(), events, strict=False):
        data = event | {"sequence_number": number}
        yield Event.of(data, named=True, ends=event["type"] in _ENDS)


def _events(turn: Turn) -> Iterator[dict[str, Any]]:
    opened = _body(turn, "in_progress", [], None)
    yield {"type": "response.created", "response": opened}
    yield {"type": "response.in_progress", "response": opened}
    for index, item in enumerate(_output(turn)):
        if item["type"] == "message":
            yield from _message_events(turn, index, item)
        else:
            yield from _call_events(index, item)
    closed = _finished(turn)
    yield {"type": f"response.{closed['status']}", "response": closed}


def _message_events(turn: Turn, index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    where = {"item_id": item["id"], "output_index": index, "content_index": 0}
    opened = item | {"status": "in_progress", "content": []}
    part = item["content"][0]
    yield {"type": "response.output_item.added", "output_index": index, "item": opened}
    yield {"type": "response.content_part.added", **where, "part": part | {"text": ""}}
    for piece in turn.parts:
        yield {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **where, "text": turn.text, "logprobs": []}
    yield {"type": "response.content_part.done", **where, "part": part}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _call_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    where = {"item_id": item["id"], "output_index": index}
    given = item["arguments"]
    opened = item | {"status": "in_progress", "arguments": ""}
    yield {"type": "response.output_item.added", "output_index": index, "item": opened}
    yield {"type": "response.function_call_arguments.delta", **where, "delta": given}
    yield {
        "type": "response.function_call_arguments.done",
        **where,
        "name": item["name"],
        "arguments": given,
    }
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _output(turn: Turn) -> list[dict[str, Any]]:
    status = "incomplete" if turn.finish_reason == "length" else "completed"
    calls = [
        {
            "type": "function_call",
            "id": f"fc_{turn.number}_{n}",
            "call_id": f"call_{turn.number}_{n}",
            "name": name,
            "arguments": dumps(dict(given)),
            "status": "completed",
        }
        for n, (name, given) in enumerate(turn.reply.tool_calls)
    ]
    if calls and not turn.text:
        return calls
    said = {"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}
    message = {"type": "message", "id": turn.id("msg_"), "status": status, "role": "assistant"}
    return [message | {"content": [said]}, *calls]


def _finished(turn: Turn) -> dict[str, Any]:
    read, written = turn.input_tokens, turn.output_tokens
    counted = {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }
    status = "incomplete" if turn.finish_reason == "length" else "completed"
    return _body(turn, status, _output(turn), turn.usage(counted))


def _body(
    turn: Turn, status: str, output: list[dict[str, Any]], usage: dict[str, Any] | None
) -> dict[str, Any]:
    cut = {"reason": "max_output_tokens"} if status == "incomplete" else None
    return {
        "id": turn.id("resp_"),
        "object": "response",
        "created_at": turn.created,
        "status": status,
        "error": None,
        "incomplete_details": cut,
        "instructions": turn.ask.get("instructions"),
        "metadata": turn.ask.get("metadata") or {},
        "model": turn.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": turn.ask.get("previous_response_id"),
        "service_tier": "default",
        "temperature": turn.ask.get("temperature", 1.0),
        "text": turn.ask.get("text") or {"format": {"type": "text"}},
        "tool_choice": turn.ask.get("tool_choice") or "auto",
        "tools": turn.ask.get("tools") or [],
        "top_p": turn.ask.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": usage,
    }
