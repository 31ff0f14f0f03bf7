"""OpenAI's Responses: a `response` with `output` items, or typed events that grow one."""

from __future__ import annotations

from typing import Any

from .._answer import Answer, Kept, word
from .._refusals import refuse
from ._base import Dialect, Json, mapping, mappings, put_usage

__all__ = ["Responses"]

_SHOWN = frozenset({"response.output_text.delta", "response.refusal.delta"})
_ENDS = frozenset({
    "response.completed", "response.incomplete", "response.failed", "response.cancelled",
})  # fmt: skip


class Responses(Dialect):
    """`response.*` events, of which the last one brings the whole response again."""

    __slots__ = ("_calls", "_deltas")

    def __init__(self, answer: Answer, kept: Kept) -> None:
        super().__init__(answer, kept)
        self._calls = 0
        self._deltas = False

    def document(self, data: Json) -> None:
        self._response(data)

    def event(self, data: Json, at_ns: int) -> None:
        kind = data.get("type")
        if not isinstance(kind, str):
            return
        if kind.endswith(".delta"):
            self._delta(kind, data.get("delta"), at_ns)
        elif kind == "response.output_item.added":
            item = mapping(data.get("item"))
            if _is_call(item):
                self.called(item.get("name") or item.get("type"), None, at_ns)
                self._calls += 1
                self.answer.tool_calls = self._calls
        elif "response" in data:
            self._response(mapping(data["response"]), ended=kind in _ENDS, at_ns=at_ns)
        elif kind.endswith(".partial_image") and self.answer.first_content_ns is None:
            self.answer.first_content_ns = at_ns

    def _delta(self, kind: str, delta: Any, at_ns: int) -> None:
        if kind == "response.audio.delta" or not isinstance(delta, str):
            if delta and self.answer.first_content_ns is None:
                self.answer.first_content_ns = at_ns
            return
        self._deltas = True
        self.wrote(delta, at_ns, show=kind in _SHOWN or kind.endswith("arguments.delta"))

    def _response(self, response: Json, *, ended: bool = True, at_ns: int = 0) -> None:
        answer = self.answer
        self.identify(response)
        put_usage(answer, response.get("usage"))
        if not ended:
            return
        answer.finished = True
        status = word(response.get("status"))
        reason = word(mapping(response.get("incomplete_details")).get("reason"))
        answer.finish_reason = f"{status}: {reason}" if status and reason else status
        if response.get("error") or status == "failed":
            refuse(answer, response)
        self._output(mappings(response.get("output")), at_ns)

    def _output(self, items: list[Json], at_ns: int) -> None:
        calls = [item for item in items if _is_call(item)]
        self.answer.tool_calls = max(len(calls), self._calls)
        if self._deltas:
            return  # the pieces said it all
        for item in items:
            for part in mappings(item.get("content")):
                if item.get("role", "assistant") == "assistant":
                    self.wrote(part.get("text"), at_ns, show=item.get("type") == "message")
                    self.wrote(part.get("refusal"), at_ns)
            for part in mappings(item.get("summary")):
                self.wrote(part.get("text"), at_ns, show=False)
            if _is_call(item):
                written = item.get("arguments") or item.get("input") or item.get("code")
                self.called(item.get("name") or item.get("type"), written, at_ns)


def _is_call(item: Json) -> bool:
    kind = item.get("type")
    return isinstance(kind, str) and kind.endswith("_call")
