"""Anthropic messages: `content` blocks, or events that start, grow and stop them."""

from __future__ import annotations

import json
from typing import Any

from .._answer import Answer, Kept, count, word
from ._base import Dialect, Json, mapping, mappings

__all__ = ["Anthropic"]

_TOOLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_COUNTS = {
    "input_tokens": "input",
    "cache_read_input_tokens": "read",
    "cache_creation_input_tokens": "created",
    "output_tokens": "output",
}


class Anthropic(Dialect):
    """`message_start`, `content_block_*`, `message_delta`, `message_stop`."""

    __slots__ = ("_begun", "_counts")

    def __init__(self, answer: Answer, kept: Kept) -> None:
        super().__init__(answer, kept)
        self._counts: dict[str, int] = {}
        self._begun: int | None = None

    def document(self, data: Json) -> None:
        self._message(data)
        self.wrote(data.get("completion"))
        for block in mappings(data.get("content")):
            self._block(block, 0)
            if block.get("type") in _TOOLS:
                self.wrote(_compact(block.get("input")))

    def event(self, data: Json, at_ns: int) -> None:
        kind = data.get("type")
        if kind == "content_block_delta":
            self._delta(mapping(data.get("delta")), at_ns)
        elif kind == "content_block_start":
            self._block(mapping(data.get("content_block")), at_ns)
        elif kind == "message_start":
            self._message(mapping(data.get("message")))
            # It counts what is written by then, a token or so: of a stream that breaks off nobody
            # knows more.
            self._begun, self.answer.output_tokens = self._counts.pop("output", None), None
        elif kind == "message_delta":
            self._usage(data.get("usage"))
            self._stopped(mapping(data.get("delta")))
        elif kind == "message_stop":
            self.answer.finished = True
            if self.answer.output_tokens is None:
                self.answer.output_tokens = self._begun

    def _message(self, message: Json) -> None:
        self.identify(message)
        self._usage(message.get("usage"))
        self._stopped(message)
        if self.answer.tool_calls is None and "content" in message:
            self.answer.tool_calls = 0

    def _stopped(self, message: Json) -> None:
        reason = word(message.get("stop_reason"))
        if reason is not None:
            self.answer.finish_reason = reason
            self.answer.finished = True

    def _block(self, block: Json, at_ns: int) -> None:
        self.wrote(block.get("text"), at_ns)
        self.wrote(block.get("thinking"), at_ns, show=False)
        if block.get("type") in _TOOLS:
            self.answer.tool_calls = (self.answer.tool_calls or 0) + 1
            self.called(block.get("name"), None, at_ns)

    def _delta(self, delta: Json, at_ns: int) -> None:
        text = delta.get("text")
        if text:
            self.wrote(text, at_ns)
            return
        self.wrote(delta.get("partial_json"), at_ns)
        self.wrote(delta.get("thinking"), at_ns, show=False)

    def _usage(self, usage: Any) -> None:
        """Its `input_tokens` leaves out what a cache read or took: our column has them in."""
        if not isinstance(usage, dict):
            return
        known, answer = self._counts, self.answer
        for theirs, ours in _COUNTS.items():
            number = count(usage.get(theirs))
            if number is not None:
                known[ours] = number
        answer.output_tokens = known.get("output")
        answer.cached_input_tokens = known.get("read")
        answer.cache_write_tokens = known.get("created")
        long = count(mapping(usage.get("cache_creation")).get("ephemeral_1h_input_tokens"))
        answer.cache_write_1h_tokens = answer.cache_write_1h_tokens if long is None else long
        if "input" in known:
            answer.input_tokens = sum(known.get(part, 0) for part in ("input", "read", "created"))
        answer.service_tier = word(usage.get("service_tier")) or answer.service_tier
        if usage.get("speed") == "fast":  # it costs more, and the tier beside it says "standard"
            answer.service_tier = "fast"


def _compact(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
