"""Cohere's own API, version 2 (`message`) and version 1 (`text`, `event_type`)."""

from __future__ import annotations

from typing import Any

from .._answer import word
from ._base import Dialect, Json, mapping, mappings, put_counts

__all__ = ["Cohere"]


class Cohere(Dialect):
    """Tokens are the billed ones: those that the price list counts."""

    __slots__ = ()

    def document(self, data: Json) -> None:
        self._named(data)
        self._end(data)
        message = mapping(data.get("message"))
        self.wrote(data.get("text"))
        for part in mappings(message.get("content")) + mappings(data.get("generations")):
            self.wrote(part.get("text"))
            self.wrote(part.get("thinking"), show=False)
        self._tools(message.get("tool_calls") or data.get("tool_calls"), 0)
        if self.answer.tool_calls is None and (message or "text" in data):
            self.answer.tool_calls = 0

    def event(self, data: Json, at_ns: int) -> None:
        self._named(data)
        kind = data.get("type") or data.get("event_type")
        delta = mapping(data.get("delta"))
        message = mapping(delta.get("message"))
        if kind == "content-delta":
            content = mapping(message.get("content"))
            self.wrote(content.get("text"), at_ns)
            self.wrote(content.get("thinking"), at_ns, show=False)
        elif kind == "text-generation":
            self.wrote(data.get("text"), at_ns)
        elif kind in ("tool-call-start", "tool-calls-generation"):
            self._tools(message.get("tool_calls") or data.get("tool_calls"), at_ns)
        elif kind == "tool-call-delta":
            call = mapping(mapping(message.get("tool_calls")).get("function"))
            self.wrote(call.get("arguments"), at_ns)
        elif kind in ("message-end", "stream-end"):
            self._end(delta or data)
            self._end(mapping(data.get("response")))
            self.answer.finished = True

    def _named(self, data: Json) -> None:
        self.identify(data, ident="id" if "id" in data else "response_id")

    def _tools(self, calls: Any, at_ns: int) -> None:
        for call in mappings(calls if isinstance(calls, list) else [calls]):
            body = mapping(call.get("function")) or call
            self.answer.tool_calls = (self.answer.tool_calls or 0) + 1
            self.called(body.get("name"), body.get("arguments"), at_ns)

    def _end(self, data: Json) -> None:
        self.answer.finish_reason = word(data.get("finish_reason")) or self.answer.finish_reason
        usage = mapping(data.get("usage")) or mapping(data.get("meta"))
        figures = mapping(usage.get("billed_units")) or mapping(usage.get("tokens"))
        put_counts(self.answer, {
            "input_tokens": figures.get("input_tokens"),
            "output_tokens": figures.get("output_tokens"),
            "cached_input_tokens": usage.get("cached_tokens"),
        })  # fmt: skip
