"""What the offline server shall answer to one request."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..exceptions import UsageError

__all__ = ["Reply", "is_time"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer; every field left out is answered by a sensible rule.

    Parameters
    ----------
    text : str, optional
        What the model says; a short sentence about the prompt's last words if left out, or a
        sample of the JSON schema that the request asks for.
    status : int
        HTTP status; from 400 on the body is an error in the form of the API asked.
    latency, chunk_latency : float
        Seconds before the first byte, and before each further chunk of a stream, beside the
        server's own.
    chunks : int or sequence of str, optional
        How many pieces of text a stream comes in, or the pieces; one a word if left out.
    usage : dict or False, optional
        The usage block as it is; False leaves it out; counted if left out: UTF-8 bytes / 4,
        rounded up.
    error : dict, optional
        The error object. With status 200 it is sent in place of the end of a stream, or as
        the body: the errors after HTTP 200 that some providers send.
    headers : dict
        Headers to add or replace.
    cut_after, stall_after : int, optional
        Break the connection, or send nothing more until the client gives up, after this many
        chunks: SSE events, or the halves of any other body. 0: before the headers.
    finish_reason : str
        In the words of chat completions; the other APIs get their own word for it.
    tool_calls : sequence of (name, arguments)
        Functions that the model wants called, with a dict of arguments each.
    encoding : str, optional
        ``"gzip"`` compresses the body (a stream event by event).
    body : bytes, optional
        Sent as it is in place of everything above.
    model : str, optional
        Model named in the answer; the one asked for if left out.

    Examples
    --------
    >>> Reply("Paris.", latency=0.1)
    >>> Reply(chunks=200, stall_after=3)
    >>> Reply(tool_calls=[("get_weather", {"city": "Oslo"})])
    """

    text: str | None = None
    status: int = 200
    latency: float = 0.0
    chunks: int | Sequence[str] | None = None
    chunk_latency: float = 0.0
    usage: Mapping[str, Any] | bool | None = None
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stall_after: int | None = None
    finish_reason: str = "stop"
    tool_calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    encoding: str | None = None
    body: bytes | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        for name, (fits, example) in _FIELDS.items():
            value = getattr(self, name)
            if not fits(value):
                raise UsageError(f"{name}={value!r} cannot be sent: give e.g. {name}={example}")
        if self.encoding not in (None, "gzip"):
            raise UsageError(f"encoding={self.encoding!r} is not spoken here: give 'gzip' or None")
        if self.usage is True:
            raise UsageError("usage=True says nothing: give a dict, False, or leave it out")
        if isinstance(self.chunks, int) and self.chunks < 1:
            raise UsageError(f"chunks={self.chunks} is no stream: give 1 or more")

    @classmethod
    def rate_limited(cls, retry_after: float = 0.0) -> Reply:
        """429, to be tried again after `retry_after` seconds (0: at once)."""
        error = {
            "message": "Rate limit reached: too many requests per minute.",
            "type": "requests",
            "param": None,
            "code": "rate_limit_exceeded",
        }
        return cls(status=429, error=error, headers=_wait(retry_after))

    @classmethod
    def server_error(cls, status: int = 500, retry_after: float = 0.0) -> Reply:
        """500 (or another 5xx), to be tried again after `retry_after` seconds (0: at once)."""
        error = {
            "message": "The server had an error while processing your request.",
            "type": "server_error",
            "param": None,
            "code": None,
        }
        return cls(status=status, error=error, headers=_wait(retry_after))

    @classmethod
    def unauthorized(cls) -> Reply:
        """401 whose message repeats the key that was sent, as real providers do."""
        error = {
            "message": "Incorrect API key provided: {key}.",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_api_key",
        }
        return cls(status=401, error=error)

    @classmethod
    def timeout(cls) -> Reply:
        """No answer at all, until the client gives up."""
        return cls(stall_after=0)


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and value >= 0)


def is_time(value: Any) -> bool:
    """Whether it is a number of seconds to wait."""
    return isinstance(value, (int, float)) and 0 <= value < math.inf


def _is_mapping(value: Any) -> bool:
    return value is None or isinstance(value, Mapping)


def _are_calls(value: Any) -> bool:
    return isinstance(value, Sequence) and all(
        isinstance(call, Sequence) and len(call) == 2 and isinstance(call[1], Mapping)
        for call in value
    )


def _are_headers(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())


# What else would be told by a broken connection only, or by none.
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: value is None or isinstance(value, str), '"Paris."'),
    "status": (lambda value: isinstance(value, int) and 200 <= value < 600, "429"),
    "latency": (is_time, "0.1"),
    "chunk_latency": (is_time, "0.01"),
    "usage": (lambda value: isinstance(value, bool) or _is_mapping(value), "False"),
    "error": (_is_mapping, '{"message": "..."}'),
    "headers": (_are_headers, '{"retry-after": "1"}'),
    "cut_after": (_is_count, "3"),
    "stall_after": (_is_count, "3"),
    "tool_calls": (_are_calls, '[("get_weather", {"city": "Oslo"})]'),
    "body": (lambda value: value is None or isinstance(value, bytes), 'b"{}"'),
}


def _wait(seconds: float) -> dict[str, str]:
    # The SDKs read the milliseconds first, and take 0 for "not given" and wait by their own rule.
    return {"retry-after-ms": str(max(1, round(seconds * 1000))), "retry-after": f"{seconds:g}"}
