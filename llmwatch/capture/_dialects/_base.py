"""What the dialects share."""

from __future__ import annotations

from typing import Any

from .._answer import Answer, Kept, count, utf8_size, word

__all__ = ["Dialect", "Json", "mapping", "mappings", "put_counts", "put_usage"]

Json = dict[str, Any]


class Dialect:
    """Writes what documents and events say into an answer."""

    __slots__ = ("answer", "kept")

    def __init__(self, answer: Answer, kept: Kept) -> None:
        self.answer = answer
        self.kept = kept

    def document(self, data: Json) -> None:
        """A whole JSON answer."""
        self.event(data, 0)

    def event(self, data: Json, at_ns: int) -> None:
        """One event of a stream, and when it arrived (0 for a part of a whole answer)."""
        self.identify(data)
        put_usage(self.answer, data.get("usage"))

    def wrote(self, piece: Any, at_ns: int = 0, *, show: bool = True) -> None:
        """The model wrote `piece`; `show` where it belongs to the text that a person reads."""
        if not piece or not isinstance(piece, str):
            return
        answer = self.answer
        answer.output_bytes += len(piece) if piece.isascii() else utf8_size(piece)
        if show:
            self.kept.add(piece)
        if answer.first_content_ns is None and at_ns:
            answer.first_content_ns = at_ns

    def called(self, name: Any, arguments: Any, at_ns: int = 0) -> None:
        """The model called a tool: its name stands before its arguments."""
        if isinstance(name, str) and name:
            self.kept.add(f"\n{name} " if self.answer.output_bytes else f"{name} ")
            if self.answer.first_content_ns is None and at_ns:
                self.answer.first_content_ns = at_ns
        self.wrote(arguments, at_ns)

    def identify(self, data: Json, model: str = "model", ident: str = "id") -> None:
        """Model, id and tier, from wherever they first stand."""
        answer = self.answer
        if answer.model is None:
            answer.model = word(data.get(model))
        if answer.response_id is None:
            answer.response_id = word(data.get(ident))
        tier = data.get("service_tier")
        if tier is not None and tier != answer.service_tier:
            answer.service_tier = word(tier) or answer.service_tier


def mapping(value: Any) -> Json:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Json]:
    """The JSON objects in a JSON array; none where it is no array."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def put_usage(answer: Answer, usage: Any) -> None:
    """Usage as OpenAI and those after it write it: cached, reasoning and audio are parts.

    The last figure that is given wins, since some servers repeat it as it grows.
    """
    if not isinstance(usage, dict):
        return
    read = mapping(_first(usage, "prompt_tokens_details", "input_tokens_details",
                          "input_token_details"))  # fmt: skip
    written = mapping(_first(usage, "completion_tokens_details", "output_tokens_details",
                             "output_token_details"))  # fmt: skip
    cached = _first(read, "cached_tokens")
    figures = {
        "input_tokens": _first(usage, "prompt_tokens", "input_tokens"),
        "output_tokens": _first(usage, "completion_tokens", "output_tokens"),
        "cached_input_tokens": _first(usage, "prompt_cache_hit_tokens")
        if cached is None
        else cached,
        "cache_write_tokens": _first(read, "cache_write_tokens", "cache_creation_tokens"),
        "reasoning_tokens": _first(written, "reasoning_tokens"),
        "input_audio_tokens": _first(read, "audio_tokens"),
        "output_audio_tokens": _first(written, "audio_tokens"),
    }
    put_counts(answer, figures)
    _add_hidden_reasoning(answer, usage)


def put_counts(answer: Answer, figures: dict[str, Any]) -> None:
    """Those of `figures` that can be numbers of tokens."""
    for name, value in figures.items():
        number = count(value)
        if number is not None:
            setattr(answer, name, number)


def _first(values: Json, *names: str) -> Any:
    for name in names:
        value = values.get(name)
        if value is not None:
            return value
    return None


def _add_hidden_reasoning(answer: Answer, usage: Json) -> None:
    """xAI leaves reasoning out of the completion and only counts it in the total."""
    total, thought = count(usage.get("total_tokens")), answer.reasoning_tokens
    read, written = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    if not total or not thought or read is None or written is None:
        return
    if total == read + written + thought:
        answer.output_tokens = written + thought
