"""Google's Gemini and Vertex AI: `candidates` of `content` with `parts`."""

from __future__ import annotations

import json
from typing import Any

from .._answer import count, word
from ._base import Dialect, Json, mapping, mappings, put_counts

__all__ = ["Gemini"]


class Gemini(Dialect):
    """Every event has the form of a whole answer and brings the next parts of it."""

    __slots__ = ()

    def event(self, data: Json, at_ns: int) -> None:
        self.identify(data, "modelVersion", "responseId")
        self._usage(data.get("usageMetadata"))
        for candidate in mappings(data.get("candidates")):
            first = not candidate.get("index")
            for part in mappings(mapping(candidate.get("content")).get("parts")):
                self._part(part, first, at_ns)
            reason = word(candidate.get("finishReason"))
            if first and reason:
                self._finished(reason)
            if first and self.answer.tool_calls is None:
                self.answer.tool_calls = 0
        refused = word(mapping(data.get("promptFeedback")).get("blockReason"))
        if refused:
            self._finished(refused)

    def _finished(self, reason: str) -> None:
        self.answer.finish_reason = reason
        self.answer.finished = True

    def _part(self, part: Json, first: bool, at_ns: int) -> None:
        self.wrote(part.get("text"), at_ns, show=first and not part.get("thought"))
        call = mapping(part.get("functionCall"))
        if not call:
            return
        arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)
        if first:
            self.answer.tool_calls = (self.answer.tool_calls or 0) + 1
            self.called(call.get("name"), arguments, at_ns)
        else:
            self.wrote(arguments, at_ns, show=False)

    def _usage(self, usage: Any) -> None:
        """Its candidates leave out thoughts, its prompt what tools read: ours have them in."""
        if not isinstance(usage, dict):
            return
        put_counts(self.answer, {
            "input_tokens": _sum(usage, "promptTokenCount", "toolUsePromptTokenCount"),
            "output_tokens": _sum(usage, "candidatesTokenCount", "thoughtsTokenCount"),
            "cached_input_tokens": usage.get("cachedContentTokenCount"),
            "reasoning_tokens": usage.get("thoughtsTokenCount"),
            "input_audio_tokens": _audio(usage.get("promptTokensDetails")),
            "output_audio_tokens": _audio(usage.get("candidatesTokensDetails")),
        })  # fmt: skip


def _sum(usage: Json, *names: str) -> int | None:
    known = [number for name in names if (number := count(usage.get(name))) is not None]
    return sum(known) if known else None


def _audio(details: Any) -> Any:
    for detail in mappings(details):
        if detail.get("modality") == "AUDIO":
            return detail.get("tokenCount")
    return None
