"""What a request that goes out is: an LLM call or not, new, sent again, or passed on."""

from __future__ import annotations

from typing import Any

from ._callers import sdk_frame
from ._endpoints import Endpoint, is_suspicious, match
from ._invocation import Invocation
from ._traffic import Traffic

__all__ = [
    "count_unknown",
    "endpoint_of",
    "is_passed_on",
    "is_retry",
    "names_a_model",
    "on_stack",
    "retry_count",
]

_HEAD = 1 << 16  # a `model` further inside than this is part of a message


def retry_count(request: Any) -> int:
    text = request.headers.get("x-stainless-retry-count", "")
    return int(text) if text.isdecimal() else 0


def is_retry(previous: Invocation, request: Any, frame: Any) -> bool:
    if previous.request.url != request.url or _body(previous.request) != _body(request):
        return False
    return retry_count(request) > 0 or on_stack(previous, frame)


def is_passed_on(traffic: Traffic, request: Any, frame: Any, tap: dict[str, Any]) -> bool:
    """Whether a client's transport hands on, through a client of its own, what is in flight.

    `frame` is the caller of `send`, or of whatever else leads to it, `tap` the globals of the module
    with our `send`. What an SDK asks in there is a call of its own.
    """
    sender = frame
    while frame.f_globals is not tap or frame.f_code.co_name != "send":
        frame = frame.f_back
        if frame is None:
            return False
    if sdk_frame(sender) is not None:
        return False
    body = _body(request)
    waiting = [each.request for each in list(traffic.open.values()) if not each.headers_ns]
    return any(outer is not None and _body(outer) == body for outer in waiting)


def on_stack(previous: Invocation, frame: Any) -> bool:
    while frame is not None:
        if frame is previous.caller:
            return True
        frame = frame.f_back
    return False


def _body(request: Any) -> bytes | None:
    try:
        body: bytes = request.content
    except Exception:  # a multipart or generated body is not in memory
        return None
    return body


def endpoint_of(request: Any) -> Endpoint | None:
    url = request.url
    endpoint = match(request.method, url.host, url.raw_path)
    if endpoint is not None and endpoint.ambiguous and not names_a_model(request):
        return None
    return endpoint


def names_a_model(request: Any) -> bool:
    """Whether its body may name a model: what a call has and another service's has not."""
    body = _body(request)
    return body is None or b'"model"' in body[:_HEAD] or b'"model"' in body[-_HEAD:]


def count_unknown(traffic: Traffic, request: Any) -> None:
    url = request.url
    kind = request.headers.get("content-type", "")
    if is_suspicious(request.method, url.host, url.raw_path, kind):
        where = url.host + url.path
        if where in traffic.unknown or len(traffic.unknown) < 100:
            traffic.unknown[where] = traffic.unknown.get(where, 0) + 1
