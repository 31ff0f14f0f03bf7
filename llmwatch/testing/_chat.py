"""Chat completions, and the older completions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._events import Event, dumps
from ._turn import Turn

__all__ = ["chat", "completion"]


def chat(turn: Turn) -> dict[str, Any] | Iterator[Event]:
    """``POST /v1/chat/completions``."""
    return _chat_events(turn) if turn.ask.get("stream") else _chat_body(turn)


def completion(turn: Turn) -> dict[str, Any] | Iterator[Event]:
    """``POST /v1/completions``."""
    if turn.ask.get("stream"):
        return _completion_events(turn)
    body = _head(turn, "cmpl-", "text_completion")
    body["choices"] = [_text_choice(n, turn.text, turn.finish_reason) for n in _choices(turn)]
    return _with_usage(body, _usage(turn))


def _chat_body(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None, "refusal": None}
    if turn.reply.tool_calls:
        message["tool_calls"] = _tool_calls(turn)
    body = _head(turn, "chatcmpl-", "chat.completion")
    body["choices"] = [
        {"index": n, "message": message, "logprobs": None, "finish_reason": turn.finish_reason}
        for n in _choices(turn)
    ]
    return _with_usage(body, _usage(turn))


def _chat_events(turn: Turn) -> Iterator[Event]:
    said_first = None if turn.reply.tool_calls and not turn.text else ""
    opening: dict[str, Any] = {"role": "assistant", "content": said_first, "refusal": None}
    calls = _tool_calls(turn)
    named = [{"tool_calls": [_opened(n, call)]} for n, call in enumerate(calls)]
    given = [{"tool_calls": [_arguments(n, call)]} for n, call in enumerate(calls)]
    said = [{"content": part} for part in turn.parts]
    deltas: list[dict[str, Any]] = [opening, *said, *named, *given]
    for index in _choices(turn):
        for delta in deltas:
            yield _chunk(turn, index, delta)
    for index in _choices(turn):
        yield _chunk(turn, index, {}, turn.finish_reason)
    yield from _stream_end(turn, _head(turn, "chatcmpl-", "chat.completion.chunk"))


def _chunk(turn: Turn, index: int, delta: dict[str, Any], finish: str | None = None) -> Event:
    body = _head(turn, "chatcmpl-", "chat.completion.chunk")
    body["choices"] = [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return Event.of(_null_usage(turn, body), ends=finish is not None)


def _completion_events(turn: Turn) -> Iterator[Event]:
    head = _head(turn, "cmpl-", "text_completion")
    for index in _choices(turn):
        for part in turn.parts:
            choices = [_text_choice(index, part, None)]
            yield Event.of(_null_usage(turn, head | {"choices": choices}))
    for index in _choices(turn):
        choices = [_text_choice(index, "", turn.finish_reason)]
        yield Event.of(_null_usage(turn, head | {"choices": choices}), ends=True)
    yield from _stream_end(turn, head)


def _stream_end(turn: Turn, head: dict[str, Any]) -> Iterator[Event]:
    usage = _usage(turn)
    if usage is not None and _wants_usage(turn):
        yield Event.of(head | {"choices": [], "usage": usage})
    yield Event("[DONE]")


def _head(turn: Turn, prefix: str, kind: str) -> dict[str, Any]:
    return {
        "id": turn.id(prefix),
        "object": kind,
        "created": turn.created,
        "model": turn.model,
        "service_tier": "default",
        "system_fingerprint": "fp_offline",
    }


def _choices(turn: Turn) -> range:
    return range(int(turn.ask.get("n") or 1))


def _text_choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


def _tool_calls(turn: Turn) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{turn.number}_{n}",
            "type": "function",
            "function": {"name": name, "arguments": dumps(dict(given))},
        }
        for n, (name, given) in enumerate(turn.reply.tool_calls)
    ]


def _opened(index: int, call: dict[str, Any]) -> dict[str, Any]:
    return call | {"index": index, "function": {"name": call["function"]["name"], "arguments": ""}}


def _arguments(index: int, call: dict[str, Any]) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": call["function"]["arguments"]}}


def _usage(turn: Turn) -> dict[str, Any] | None:
    read, written = turn.input_tokens, turn.output_tokens * len(_choices(turn))
    counted = {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    return turn.usage(counted)


def _with_usage(body: dict[str, Any], usage: dict[str, Any] | None) -> dict[str, Any]:
    return body if usage is None else body | {"usage": usage}


def _wants_usage(turn: Turn) -> bool:
    return bool((turn.ask.get("stream_options") or {}).get("include_usage"))


def _null_usage(turn: Turn, body: dict[str, Any]) -> dict[str, Any]:
    """Where usage is asked for, every chunk before the last carries a null, as from OpenAI."""
    return body | {"usage": None} if _wants_usage(turn) else body
