"""From a request and its reply to what goes over the wire, whatever the wire is."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import _chat, _media, _messages, _responses
from ._events import Event, Payload, dumps
from ._received import Received
from ._reply import Reply
from ._turn import Turn

__all__ = ["Answer", "Break", "Step", "make_answer"]


class Break(Enum):
    """How an answer can stop early."""

    CUT = "the connection is closed"
    STALL = "nothing more comes"


Step = bytes | float | Break
"""Bytes to send, seconds to wait, or a break. The head goes out with the first bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send: a head, then the steps in order. A stream has no length."""

    status: int
    headers: dict[str, str]
    steps: list[Step]


_Made = Payload | dict[str, Any] | Iterator[Event]

_ROUTES: dict[str, Callable[[Turn], _Made]] = {
    "/chat/completions": _chat.chat,
    "/completions": _chat.completion,
    "/responses": _responses.response,
    "/messages": _messages.message,
    "/embeddings": _media.embeddings,
    "/models": _media.models,
    "/moderations": _media.moderations,
    "/images/generations": _media.images,
    "/audio/speech": _media.speech,
    "/audio/transcriptions": _media.transcription,
}


def make_answer(request: Received, reply: Reply, number: int) -> Answer:
    """Answer `request` as `reply` says; what cannot be read is a 400 that says why."""
    turn = Turn(request, reply, number)
    payload = _payload(turn)
    headers = {
        "content-type": payload.content_type,
        "x-request-id": turn.id("req-"),
        "request-id": turn.id("req-"),
        **({"content-encoding": "gzip"} if reply.encoding else {}),
    }
    pieces = list(_gzipped(payload.pieces) if reply.encoding else payload.pieces)
    if not payload.stream:
        headers["content-length"] = str(sum(map(len, pieces)))
    headers |= {name.lower(): value for name, value in reply.headers.items()}
    return Answer(payload.status, headers, list(_steps(pieces, reply)))


def _payload(turn: Turn) -> Payload:
    reply = turn.reply
    if reply.body is not None:
        return Payload.whole(reply.body, status=reply.status)
    if reply.status >= 400:
        return _refusal(turn, reply.status, dict(reply.error or {}))
    route = next((end for end in _ROUTES if turn.request.path.endswith(end)), None)
    if route is None:
        return _refusal(turn, 404, {"message": f"Unknown request URL: {turn.request.path}."})
    try:
        return _as_asked(_ROUTES[route](turn), turn)
    except (ValueError, TypeError, AttributeError, LookupError) as problem:
        why = f"This request cannot be read: {type(problem).__name__}: {problem}."
        return _refusal(turn, 400, {"message": why})


def _as_asked(made: _Made, turn: Turn) -> Payload:
    """Whole, as JSON or as a stream, with the error that the reply may want."""
    reply = turn.reply
    if isinstance(made, Payload):
        return made
    if isinstance(made, dict):
        return Payload.json({"error": dict(reply.error)} if reply.error else made, reply.status)
    return Payload.events(_until_error(made, turn), reply.status)


def _refusal(turn: Turn, status: int, given: dict[str, Any]) -> Payload:
    """An error body in the form of the API asked; ``{key}`` in its message is the key sent."""
    error = {"message": "Error.", "type": "invalid_request_error", "param": None, "code": None}
    error |= given
    error["message"] = str(error["message"]).replace("{key}", turn.request.key)
    if turn.request.path.endswith("/messages"):
        return Payload.json(_messages.error_body(status, error), status)
    return Payload.json({"error": error}, status)


def _until_error(events: Iterable[Event], turn: Turn) -> Iterator[Event]:
    """The events of the stream; with a scripted error, it comes in place of the end."""
    error = turn.reply.error
    for event in events:
        if error and event.ends:
            named = turn.request.path.endswith(("/messages", "/responses"))
            data = {"type": "error", "error": dict(error)} if named else {"error": dict(error)}
            yield Event(dumps(data), name="error" if named else None)
            return
        yield event


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress piece by piece, so that each can be read as soon as it is there."""
    packer = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _steps(pieces: list[bytes], reply: Reply) -> Iterator[Step]:
    if reply.latency:
        yield reply.latency
    for sent, piece in enumerate(pieces):
        if sent == reply.cut_after:
            yield Break.CUT
        if sent == reply.stall_after:
            yield Break.STALL
        if sent and reply.chunk_latency:
            yield reply.chunk_latency
        yield piece
