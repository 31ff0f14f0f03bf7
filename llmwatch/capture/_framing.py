"""From the bytes of a body to its events: SSE, JSON lines, a growing JSON array, or one whole.

Each framing takes the body in pieces cut anywhere and gives what has become complete, as
`(event name, payload)`; `flush` gives what stood without an end when the body was over.
"""

from __future__ import annotations

import codecs
import json
from typing import Protocol

__all__ = ["Array", "Event", "Framing", "Ignored", "Lines", "Sse", "Whole"]

Event = tuple[str, bytes]

_LONGEST = 16 << 20  # an event beyond it (an image) is dropped: a stream must not fill the memory


class Framing(Protocol):
    """What all of them do."""

    def feed(self, data: bytes) -> list[Event]: ...

    def flush(self) -> list[Event]: ...


class _LineCutter:
    """Lines from pieces, for any of the three line ends of the standard."""

    __slots__ = ("_after_cr", "_held", "_size")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._after_cr = False

    @property
    def is_empty(self) -> bool:
        return not self._held and not self._after_cr

    def cut(self, data: bytes) -> list[bytes]:
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
        self._after_cr = data[-1:] == b"\r"
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = data.split(b"\n")
        if lines:
            if self._held:
                lines[0] = b"".join((*self._held, lines[0])) if self._size < _LONGEST else b""
            self._held.clear()
            self._size = 0
        if rest:
            self._hold(rest)
        return lines

    def _hold(self, rest: bytes) -> None:
        self._size += len(rest)
        if self._size < _LONGEST:
            self._held.append(rest)
        else:
            self._held = [b""]

    def rest(self) -> bytes:
        return b"".join(self._held)


class Sse:
    """Server-sent events, as the WHATWG standard reads them."""

    __slots__ = ("_data", "_lines", "_name")

    def __init__(self) -> None:
        self._lines = _LineCutter()
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> list[Event]:
        if (
            data[:6] == b"data: " and data[-2:] == b"\n\n" and data.count(b"\n") == 2
            and b"\r" not in data and not self._data and not self._name and self._lines.is_empty
        ):  # one event, as nearly all servers send it  # fmt: skip
            return [("", data[6:-2])]
        events: list[Event] = []
        for line in self._lines.cut(data):
            if line:
                self._field(line)
            elif self._data or self._name:
                events.extend(self._dispatch())
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")

    def _dispatch(self) -> list[Event]:
        name, data = self._name, self._data
        self._name, self._data = "", []
        return [(name, b"\n".join(data) if len(data) > 1 else data[0])] if data else []

    def flush(self) -> list[Event]:
        rest = self._lines.rest()
        if rest:
            self._field(rest)
        return self._dispatch()


class Lines:
    """One JSON object a line."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines = _LineCutter()

    def feed(self, data: bytes) -> list[Event]:
        return [("", line) for line in self._lines.cut(data) if line.strip()]

    def flush(self) -> list[Event]:
        rest = self._lines.rest()
        return [("", rest)] if rest.strip() else []


class Array:
    """A JSON array that grows element by element."""

    __slots__ = ("_decode", "_text")

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""

    def feed(self, data: bytes) -> list[Event]:
        self._text += self._decode(data)
        events: list[Event] = []
        while b"}" in data:  # an element can only have ended where a brace closes
            text = self._text.lstrip("[, \t\r\n")
            try:
                _, end = json.JSONDecoder().raw_decode(text)
            except ValueError:
                break
            events.append(("", text[:end].encode("utf-8", "surrogatepass")))
            self._text = text[end:]
        if len(self._text) > _LONGEST:
            self._text = ""
        return events

    def flush(self) -> list[Event]:
        return []


class Whole:
    """One document: kept until it is over."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[Event]:
        self._pieces.append(data)
        return []

    def flush(self) -> list[Event]:
        return []

    def body(self) -> bytes:
        return b"".join(self._pieces)


class Ignored:
    """Sound, pictures and whatever else says nothing about itself."""

    __slots__ = ()

    def feed(self, data: bytes) -> list[Event]:
        return []

    def flush(self) -> list[Event]:
        return []
