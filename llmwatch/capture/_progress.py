"""Read what an open call has brought so far: from its pieces to an `Answer`, off its thread."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

from .. import faults
from ._invocation import Invocation
from ._reader import Answer, Reader

__all__ = ["read_to_the_end", "read_what_came"]


def read_what_came(invocation: Invocation, content: str) -> Answer | None:
    """The answer as far as it is here; None before its headers.

    A compressed body is read at its end only: the library's own decoder takes it whole.
    """
    headers, status, chunks = invocation.headers, invocation.http_status, invocation.chunks
    if headers is None or status is None or invocation.headers is not headers:
        return None  # nothing yet, or sent again while we looked: its pieces are another answer's
    made_for, reader = invocation.reader or (None, None)
    if reader is None or made_for is not headers:  # a retry meanwhile brings an answer of its own
        kind = _header(invocation, b"content-type")
        reader = Reader(invocation.endpoint, status, kind, content)
        invocation.reader = headers, reader
    if not _header(invocation, b"content-encoding"):
        _feed(reader, invocation, chunks)
    answer: Answer = reader.answer
    return answer


def read_to_the_end(invocation: Invocation, content: str) -> Answer | None:
    """The whole answer of a call that is over; None where none came."""
    if read_what_came(invocation, content) is None:
        return None
    reader: Reader = invocation.reader[1]
    if invocation.body is not None:  # the library has decoded it already
        reader.feed(invocation.body, invocation.headers_ns)
    elif _header(invocation, b"content-encoding"):
        for at_ns, piece in _decoded(invocation):
            reader.feed(piece, at_ns)
    return reader.close()


def _header(invocation: Invocation, name: bytes) -> str:
    for raw_name, value in invocation.headers or ():
        if raw_name.lower() == name:
            return value.decode("latin-1")
    return ""


def _feed(reader: Reader, invocation: Invocation, chunks: deque[tuple[int, bytes]]) -> None:
    while chunks:
        at_ns, piece = chunks.popleft()
        invocation.read_ns = at_ns
        reader.feed(piece, at_ns)


def _decoded(invocation: Invocation) -> Iterator[tuple[int, bytes]]:
    """The pieces through the library's decoder, each with the time of what it was made from."""
    library: Any = sys.modules[invocation.library]
    pieces, invocation.chunks = list(invocation.chunks), deque()
    at_ns = invocation.headers_ns

    def raw() -> Iterator[bytes]:
        nonlocal at_ns
        for arrived_ns, piece in pieces:
            at_ns = arrived_ns
            yield piece

    try:
        response = library.Response(
            200,
            headers=invocation.headers,
            stream=_byte_stream(library, raw()),
        )
        for piece in response.iter_bytes():
            yield at_ns, piece
    except Exception as problem:
        # A body that was cut cannot be decoded to its end: what came before it stands.
        if invocation.outcome == "exhausted":
            faults.note("decode", problem)


def _byte_stream(library: Any, pieces: Iterator[bytes]) -> Any:
    """`pieces` as the kind of stream that the library's own response reads."""

    class Pieces(library.SyncByteStream):  # type: ignore[misc]  # its base is known when it runs
        def __iter__(self) -> Iterator[bytes]:
            return pieces

    return Pieces()
