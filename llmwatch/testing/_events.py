"""Bodies: whole or in halves, and streams of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Event", "Payload", "dumps"]


def dumps(value: Any) -> str:
    """JSON as the providers write it: compact, text as UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; `ends` marks the first of those that end a stream."""

    data: str
    name: str | None = None
    ends: bool = False

    @classmethod
    def of(cls, data: dict[str, Any], *, named: bool = False, ends: bool = False) -> Event:
        """An event of JSON; `named` gives it its own type as name, as the newer APIs do."""
        return cls(dumps(data), name=data["type"] if named else None, ends=ends)

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        head = f"event: {self.name}\n" if self.name else ""
        return f"{head}data: {self.data}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Payload:
    """A body in pieces, and what kind of body it is."""

    pieces: Sequence[bytes]
    content_type: str
    status: int = 200
    stream: bool = False

    @classmethod
    def whole(
        cls, body: bytes, content_type: str = "application/json", status: int = 200
    ) -> Payload:
        """A body of known length, in halves, so that it can be cut between them."""
        half = len(body) // 2
        return cls([body[:half], body[half:]], content_type, status)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Payload:
        """A JSON body."""
        return cls.whole(dumps(value).encode(), status=status)

    @classmethod
    def events(cls, events: Iterable[Event], status: int = 200) -> Payload:
        """A stream, one piece an event."""
        pieces = [event.encoded() for event in events]
        return cls(pieces, "text/event-stream; charset=utf-8", status, stream=True)
