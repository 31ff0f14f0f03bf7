"""What is kept of a request and of an answer's headers until the worker reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..redaction import is_credential

__all__ = ["READ", "Headers", "Sent", "forget", "parts_of"]

Headers = tuple[tuple[bytes, bytes], ...]

_MANY = 512
_CLIENTS = 32


class _Wanted(dict[bytes, bool]):
    """Which headers are wanted, by their names as they were written: learnt as they come.

    Asked for each header of each call on the caller's thread, where a look-up costs a tenth of a
    function.
    """

    def __init__(self, is_wanted: Callable[[bytes], bool]) -> None:
        self._is_wanted = is_wanted

    def __missing__(self, name: bytes) -> bool:
        wanted = self._is_wanted(name.lower())
        if len(self) < _MANY:
            self[name] = wanted
        return wanted


_READ = frozenset({
    b"content-type", b"content-encoding", b"x-request-id", b"request-id", b"apim-request-id",
    b"x-amzn-requestid", b"x-goog-request-id", b"retry-after",
})  # fmt: skip
_AGENT = frozenset({
    b"user-agent", b"x-stainless-package-version", b"anthropic-version", b"x-fern-sdk-name",
    b"x-fern-sdk-version",
})  # fmt: skip

READ = _Wanted(_READ.__contains__)
"""The headers of an answer that are read."""

SENT = _Wanted(lambda name: name in _AGENT or is_credential(name))
"""The headers of a request that name the SDK or carry a credential."""


class Sent(NamedTuple):
    """A request as far as it is read.

    Attributes
    ----------
    body : bytes or None
        None where it was never in memory as a whole.
    headers : tuple of (bytes, bytes)
        Those that name the SDK, and those that carry credentials.
    stream : object
        A multipart form, or what else makes the body; None where `body` is there.
    """

    body: bytes | None
    headers: Headers
    stream: Any

    def agent(self) -> dict[str, str]:
        """The headers that name the SDK, by name in lower case."""
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self.headers
            if name.lower() in _AGENT
        }


_seen: dict[Headers, Headers] = {}


def parts_of(request: Any) -> tuple[bytes | None, Headers, Any]:
    """The parts of a `Sent`, still without a class around them."""
    headers = tuple([pair for pair in request.headers.raw if SENT[pair[0]]])
    headers = _seen.get(headers) or _remembered(headers)
    try:
        return request.content, headers, None
    except Exception:  # a multipart or generated body is not in memory
        return None, headers, request.stream


def _remembered(headers: Headers) -> Headers:
    """A client sends the same with each call: kept once, not until the worker has read it."""
    if len(_seen) >= _CLIENTS:
        _seen.clear()
    return _seen.setdefault(headers, headers)


def forget() -> None:
    """Let go of what is kept of clients, credentials among it."""
    _seen.clear()
