"""Ollama's own API: one object, or one a line until `done`."""

from __future__ import annotations

import json

from .._answer import word
from ._base import Dialect, Json, mapping, mappings, put_counts, put_usage

__all__ = ["Ollama"]


class Ollama(Dialect):
    """`message` (chat) or `response` (generate), with counts in the last object."""

    __slots__ = ()

    def event(self, data: Json, at_ns: int) -> None:
        self.identify(data)
        message = mapping(data.get("message"))
        for place in (message, data):
            self.wrote(place.get("thinking"), at_ns, show=False)
        self.wrote(message.get("content"), at_ns)
        self.wrote(data.get("response"), at_ns)
        if message and self.answer.tool_calls is None:
            self.answer.tool_calls = 0
        for call in mappings(message.get("tool_calls")):
            body = mapping(call.get("function"))
            self.answer.tool_calls = (self.answer.tool_calls or 0) + 1
            arguments = json.dumps(body.get("arguments") or {}, ensure_ascii=False)
            self.called(body.get("name"), arguments, at_ns)
        put_usage(self.answer, data.get("usage"))
        put_counts(self.answer, {
            "input_tokens": data.get("prompt_eval_count"),
            "output_tokens": data.get("eval_count"),
        })  # fmt: skip
        if data.get("done") is True:
            self.answer.finish_reason = word(data.get("done_reason"))
            self.answer.finished = True
