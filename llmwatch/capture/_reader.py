"""Reads an answer while it comes: bytes in any pieces, figures as soon as they are there.

Runs off the caller's thread. Nothing raises out of it: what was read before a problem stays.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

from .. import faults
from ._answer import Answer, Kept
from ._dialects import dialect_of
from ._endpoints import Endpoint
from ._framing import Array, Framing, Ignored, Lines, Sse, Whole
from ._refusals import refuse, refuse_in_words

__all__ = ["Answer", "Reader"]

_SNIFF = 6  # bytes that tell an event stream: `data: ` or `event:`
_SSE_STARTS = (b"data:", b"event:", b":", b"id:", b"retry:")
_BINARY = ("audio/", "image/", "video/", "application/octet-stream")
_LARGE = 4 << 20
_EDGE = 64 << 10
_NAMES = ("usage", "id", "model", "service_tier")
_decode = json.JSONDecoder().raw_decode


class Reader:
    """Reads one answer.

    Parameters
    ----------
    endpoint : Endpoint
        What was asked for.
    status : int
        The HTTP status.
    content_type : str
        The header, which some servers get wrong: the first bytes have the last word.
    content : {"preview", "none", "full"}
        How much of the text to keep.
    """

    __slots__ = ("_answer", "_dialect", "_done", "_endpoint", "_framing", "_head", "_kept", "_kind",
                 "_status")  # fmt: skip

    def __init__(self, endpoint: Endpoint, status: int, content_type: str, content: str) -> None:
        self._answer = Answer()
        self._kept = Kept(content)
        self._dialect = dialect_of(endpoint.dialect, self._answer, self._kept)
        self._endpoint = endpoint
        self._status = status
        self._kind = content_type.lower()
        self._framing: Framing | None = None
        self._head = b""
        self._done = False
        if status >= 400:
            self._answer.error = True

    @property
    def answer(self) -> Answer:
        """The answer as far as it was read."""
        self._answer.text, self._answer.text_goes_on = self._kept.text(), self._kept.goes_on
        return self._answer

    def feed(self, data: bytes, at_ns: int) -> None:
        """Read the next bytes of the decoded body, which arrived at `at_ns`."""
        try:
            framing = self._framing
            if framing is None:
                self._head = data = self._head + data
                framing = self._begin(data)
                if framing is None:
                    return
                data, self._head = data.removeprefix(BOM_UTF8), b""
            for name, payload in framing.feed(data):
                self._take(name, payload, at_ns)
        except Exception as problem:
            faults.note("read", problem)

    def close(self) -> Answer:
        """The body is over, whole or not: give what was read."""
        try:
            faults.check("read")
            framing = self._framing
            if framing is None:
                framing = self._framing = Whole()
                framing.feed(self._head)
            for name, payload in framing.flush():
                self._take(name, payload, 0, complete=False)
            if isinstance(framing, Whole):
                self._whole(framing.body())
        except Exception as problem:
            faults.note("read", problem)
        return self.answer

    def _begin(self, data: bytes) -> Framing | None:
        """Choose the framing by the first bytes; None until they are enough."""
        if BOM_UTF8.startswith(data):
            return None
        kind, start = self._kind, data.removeprefix(BOM_UTF8).lstrip()
        if self._status < 400 and kind.startswith(_BINARY):
            self._framing = Ignored()
        elif start[:1] in (b"{", b"[", b"<"):
            self._framing = self._document_framing(start[:1])
        elif ("event-stream" in kind and start) or start.startswith(_SSE_STARTS):
            self._framing = Sse()
        elif len(start) >= _SNIFF:
            self._framing = Whole()
        if isinstance(self._framing, (Sse, Lines, Array)):
            self._answer.is_stream = True
            self._answer.chunks = 0
        return self._framing

    def _document_framing(self, start: bytes) -> Framing:
        if self._status < 400:
            if any(word in self._kind for word in ("ndjson", "jsonl", "stream+json")):
                return Lines()
            if start == b"[" and self._endpoint.dialect == "gemini":
                return Array()
        return Whole()

    def _take(self, name: str, payload: bytes, at_ns: int, *, complete: bool = True) -> None:
        """One event of a stream."""
        if self._done or name == "ping":
            return
        if payload[:6] == b"[DONE]":
            self._done = self._answer.finished = True
            return
        try:
            data, _ = _decode(payload.decode("utf-8", "replace").strip())
        except ValueError:  # half an event, or a word that is no JSON
            if complete and name == "error":
                refuse_in_words(self._answer, payload)
            elif complete:
                self._count()
            return
        if not isinstance(data, dict) or data.get("type") == "ping":
            return
        if data.get("error") or name == "error" or data.get("type") == "error":
            refuse(self._answer, data)
        else:
            self._count()
        try:
            self._dialect.event(data, at_ns)
        except Exception as problem:  # one strange event must not lose those behind it
            faults.note("read", problem)

    def _count(self) -> None:
        self._answer.chunks = (self._answer.chunks or 0) + 1

    def _whole(self, body: bytes) -> None:
        """A body that is one document, an error page, or text."""
        if self._status >= 400:
            self._refused(body)
            return
        data = _large(body) if len(body) > _LARGE else _parsed(body)
        if isinstance(data, dict):
            self._answer.finished = True
            if data.get("error") or data.get("type") == "error":
                refuse(self._answer, data)
            self._dialect.document(data)
        elif data is None and self._endpoint.operation == "transcription":
            self._dialect.document({"text": body.decode("utf-8", "replace")})
        elif data is None and body.count(b"\n") and _parsed(body.partition(b"\n")[0]) is not None:
            self._lines(body)

    def _lines(self, body: bytes) -> None:
        """JSON lines that did not call themselves so."""
        self._answer.is_stream = True
        for line in body.splitlines():
            self._take("", line, 0, complete=False)

    def _refused(self, body: bytes) -> None:
        data = _parsed(body) if len(body) <= _LARGE else None
        if data is None:
            refuse_in_words(self._answer, body)
        else:
            refuse(self._answer, data)


def _parsed(body: bytes) -> Any:
    """The JSON in `body`; None where it is none."""
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except ValueError:
        return None


def _large(body: bytes) -> dict[str, Any] | None:
    """What stands at the two ends of a document full of numbers or pictures, not parsed whole."""
    if not body.rstrip().endswith(b"}"):
        return None
    head, tail = (edge.decode("utf-8", "replace") for edge in (body[:_EDGE], body[-_EDGE:]))
    found = {name: _value(tail, tail.rfind(f'"{name}":')) for name in _NAMES}
    for name in _NAMES[1:]:
        if found[name] is None or name == "id":
            found[name] = _value(head, head.find(f'"{name}":'))
    return found


def _value(text: str, at: int) -> Any:
    """The value behind the name that stands at `at`."""
    if at < 0:
        return None
    try:
        return _decode(text[text.index(":", at) + 1 :].lstrip())[0]
    except ValueError:
        return None
