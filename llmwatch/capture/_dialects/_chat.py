"""Chat and text completions, as OpenAI writes them and most others after it."""

from __future__ import annotations

from typing import Any

from .._answer import Answer, Kept, word
from ._base import Dialect, Json, mapping, mappings, put_usage

__all__ = ["Chat"]

_THOUGHTS = ("reasoning_content", "reasoning")


class Chat(Dialect):
    """`choices` with a `message`, a `delta` or a `text`."""

    __slots__ = ("_calls", "_open")

    def __init__(self, answer: Answer, kept: Kept) -> None:
        super().__init__(answer, kept)
        self._calls: set[Any] = set()
        self._open: set[Any] = set()

    def document(self, data: Json) -> None:
        self.identify(data)
        put_usage(self.answer, data.get("usage"))
        self._begin(data)
        for choice in mappings(data.get("choices")):
            first = not choice.get("index")
            self._message(mapping(choice.get("message")) or choice, first, 0)
            if first:
                self.answer.finish_reason = word(choice.get("finish_reason"))

    def event(self, data: Json, at_ns: int) -> None:
        answer = self.answer
        if answer.model is None or answer.response_id is None or "service_tier" in data:
            self.identify(data)
        if data.get("usage"):
            put_usage(answer, data["usage"])
        elif data.get("x_groq"):
            put_usage(answer, mapping(data["x_groq"]).get("usage"))
        if answer.tool_calls is None:
            self._begin(data)
        for choice in data.get("choices") or ():
            first, delta = not choice.get("index"), choice.get("delta")
            if delta is None:
                delta = choice
            self._message(delta, first, at_ns)
            self._progress(choice, first)

    def _begin(self, data: Json) -> None:
        if data.get("choices"):
            self.answer.tool_calls = 0

    def _progress(self, choice: Json, first: bool) -> None:
        reason, index = choice.get("finish_reason"), choice.get("index")
        if not reason:
            self._open.add(index)
            return
        self._open.discard(index)
        if first:
            self.answer.finish_reason = word(reason)
        self.answer.finished = not self._open

    def _message(self, message: Json, first: bool, at_ns: int) -> None:
        """A message, or the part of one that a chunk brings."""
        content = message.get("content")
        if type(content) is str:
            if content:
                self.wrote(content, at_ns, show=first)
            if len(message) == 1 or (len(message) == 2 and "role" in message):
                return  # nothing but text, like nearly every chunk
        if type(content) is list:
            self._parts(content, first, at_ns)
        self.wrote(message.get("text"), at_ns, show=first)
        self.wrote(message.get("refusal"), at_ns, show=first)
        for name in _THOUGHTS:
            if message.get(name):
                self.wrote(message[name], at_ns, show=False)
                break
        self._audio(mapping(message.get("audio")), first, at_ns)
        self._tools(message, first, at_ns)

    def _parts(self, parts: list[Any], first: bool, at_ns: int) -> None:
        for part in mappings(parts):
            self.wrote(part.get("text"), at_ns, show=first)
            for thought in mappings(part.get("thinking")):
                self.wrote(thought.get("text"), at_ns, show=False)

    def _audio(self, audio: Json, first: bool, at_ns: int) -> None:
        self.wrote(audio.get("transcript"), at_ns, show=first)
        if audio.get("data") and at_ns and self.answer.first_content_ns is None:
            self.answer.first_content_ns = at_ns

    def _tools(self, message: Json, first: bool, at_ns: int) -> None:
        calls = mappings(message.get("tool_calls"))
        if message.get("function_call"):
            calls.append({"function": message["function_call"], "index": "function_call"})
        for position, call in enumerate(calls):
            body = mapping(call.get("function") or call.get("custom"))
            name = body.get("name")
            written = body.get("arguments") or body.get("input")
            if not first:
                self.wrote(written, at_ns, show=False)
                continue
            is_new = self._is_new(call, position, name)
            self.called(name if is_new else None, written, at_ns)

    def _is_new(self, call: Json, position: int, name: Any) -> bool:
        """Whether a call is one that no chunk has brought before.

        Some servers number each call 0 and tell them apart by id, others repeat both.
        """
        index, ident = call.get("index", position), call.get("id")
        if (index, ident) in self._calls or (not ident and index in self._calls):
            return False
        if not name and (not ident or index in self._calls):
            return False
        self._calls |= {index, (index, ident)}
        self.answer.tool_calls = (self.answer.tool_calls or 0) + 1
        return True
