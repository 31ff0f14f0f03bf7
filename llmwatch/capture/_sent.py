"""What is kept of a request and of an answer's headers until the worker reads them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ..redaction import is_credential

__all__ = ["READ", "Sent"]

READ = frozenset({
    b"content-type", b"content-encoding", b"x-request-id", b"request-id", b"apim-request-id",
    b"x-amzn-requestid", b"x-goog-request-id",
})  # fmt: skip
"""The headers of an answer that are read."""

_AGENT = frozenset({
    b"user-agent", b"x-stainless-package-version", b"anthropic-version", b"x-fern-sdk-name",
    b"x-fern-sdk-version",
})  # fmt: skip


class Sent(NamedTuple):
    """A request as far as it is read.

    Attributes
    ----------
    body : bytes or None
        None where it was never in memory as a whole.
    headers : list of (bytes, bytes)
        Those that name the SDK, and those that carry credentials.
    stream : object
        A multipart form, or what else makes the body; None where `body` is there.
    """

    body: bytes | None
    headers: list[tuple[bytes, bytes]]
    stream: Any

    @classmethod
    def of(cls, request: Any) -> Sent:
        """Taken from a request of httpx or httpx2."""
        body = stream = None
        try:
            body = request.content
        except Exception:  # a multipart or generated body is not in memory
            stream = request.stream
        return cls(body, [pair for pair in request.headers.raw if _is_kept(pair[0])], stream)

    def agent(self) -> dict[str, str]:
        """The headers that name the SDK, by name in lower case."""
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self.headers
            if name.lower() in _AGENT
        }


@lru_cache(maxsize=512)
def _is_kept(name: bytes) -> bool:
    return name.lower() in _AGENT or is_credential(name)
