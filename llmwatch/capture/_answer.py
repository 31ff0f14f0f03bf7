"""What an answer said: the figures that the wire gives, nothing invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..redaction import LOOKED_AT

__all__ = ["Answer", "Kept", "count", "utf8_size", "word"]

_FULL = 1_000_000
_WORD = 200
_LARGEST = 1 << 53  # beyond it no JSON number is exact, and no usage is real


@dataclass(slots=True)
class Answer:
    """An answer as far as it was read; `None` where it does not say.

    `error_type` is the provider's own word; the class that an SDK raises is `error_type` of
    `_errors`. `first_content_ns` is the time given to `Reader.feed` with the first piece that
    carried content. `output_bytes` counts the UTF-8 bytes of everything that the model wrote:
    text, reasoning and the arguments of tool calls. `text_goes_on` tells that of a longer one only
    the beginning was kept. `cache_write_1h_tokens` is the part of what was written to a cache that
    stays an hour, at a price of its own.
    """

    model: str | None = None
    response_id: str | None = None
    service_tier: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    finish_reason: str | None = None
    tool_calls: int | None = None
    chunks: int | None = None
    first_content_ns: int | None = None
    finished: bool = False
    error: bool = False
    error_type: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    text: str | None = None
    text_goes_on: bool = False
    output_bytes: int = 0
    is_stream: bool = False


class Kept:
    """The text of an answer, as much of it as `content` asks for."""

    __slots__ = ("_parts", "_room")

    def __init__(self, content: str) -> None:
        self._room = {"none": 0, "full": _FULL}.get(content, LOOKED_AT)
        self._parts: list[str] = []

    def add(self, piece: str) -> None:
        if self._room > 0:
            self._parts.append(piece[: self._room])
        self._room -= len(piece)

    @property
    def goes_on(self) -> bool:
        """Whether there was more."""
        return self._room < 0

    def text(self) -> str | None:
        """What was kept, in one piece; None when nothing was."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return _clean(self._parts[0]) if self._parts else None


def utf8_size(text: str) -> int:
    """The UTF-8 bytes of `text`, half characters included."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def word(value: Any) -> str | None:
    """A name from the wire: a string that says something, bounded; else None."""
    if isinstance(value, str) and value:
        return _clean(value[:_WORD])
    return None


def count(value: Any) -> int | None:
    """A number of tokens from the wire; None for what cannot be one."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < _LARGEST else None


def _clean(text: str) -> str:
    # Half a surrogate pair is legal JSON and breaks every file and database it is written to.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
