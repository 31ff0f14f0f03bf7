"""The class name that the SDK in use raises: from its headers, the status and the transport.

The tables are those of the SDKs' own sources. Without a known SDK the HTTP library's own
classes are what the caller sees.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from ._answer import Answer

__all__ = ["error_type", "sdk_of"]

_STAINLESS = re.compile(r"(OpenAI|Anthropic|Groq|Together|Cerebras)\w*/Python (\d+)", re.IGNORECASE)
_AGENTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("mistral", re.compile(r"mistral-client-python/(\d+)")),
    ("mistral", re.compile(r"speakeasy-sdk/python (\d+)\S* .*mistralai")),
    ("google-genai", re.compile(r"google-genai-sdk/(\d+)")),
    ("ollama", re.compile(r"ollama-python/(\d+)")),
    ("cohere", re.compile(r"\bcohere/(\d+)")),
)
_TIMEOUTS = frozenset({
    "TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout",
})  # fmt: skip
# What openai 3 and later wraps; anything else (of an event hook, say) it lets through as it is.
_WRAPPED = _TIMEOUTS | {
    "RequestError", "TransportError", "NetworkError", "ConnectError", "ReadError", "WriteError",
    "CloseError", "ProtocolError", "LocalProtocolError", "RemoteProtocolError", "ProxyError",
    "UnsupportedProtocol", "DecodingError", "TooManyRedirects", "SSEError", "EndOfStream",
}  # fmt: skip
_GENERATED = frozenset({"openai", "anthropic", "groq", "together", "cerebras"})

_OPENAI = {
    400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError",
    404: "NotFoundError", 409: "ConflictError", 422: "UnprocessableEntityError",
    429: "RateLimitError",
}  # fmt: skip
_ANTHROPIC_0 = {
    **_OPENAI, 413: "RequestTooLargeError", 503: "ServiceUnavailableError",
    504: "DeadlineExceededError", 529: "OverloadedError",
}  # fmt: skip
_ANTHROPIC = {
    **_OPENAI, 402: "PaymentRequiredError", 408: "RequestTimeoutError",
    412: "PreconditionFailedError", 413: "ContentTooLargeError",
    431: "RequestHeaderFieldsTooLargeError", 499: "ClientClosedRequestError",
    501: "HTTPNotImplementedError", 503: "ServiceUnavailableError", 504: "GatewayTimeoutError",
    529: "OverloadedError",
}  # fmt: skip
_COHERE = {
    400: "BadRequestError", 401: "UnauthorizedError", 403: "ForbiddenError", 404: "NotFoundError",
    422: "UnprocessableEntityError", 429: "TooManyRequestsError", 498: "InvalidTokenError",
    499: "ClientClosedRequestError", 500: "InternalServerError", 501: "NotImplementedError",
    503: "ServiceUnavailableError", 504: "GatewayTimeoutError",
}  # fmt: skip
_GOOGLE_SERVER = frozenset({
    "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED",
})  # fmt: skip


def sdk_of(headers: Mapping[str, str]) -> tuple[str, int | None]:
    """The SDK that built a request, and its major version.

    Returns
    -------
    name : str
        `openai`, `anthropic`, `groq`, `together`, `cerebras`, `mistral`, `cohere`,
        `google-genai`, `ollama`, or "" for a plain HTTP client.
    version : int or None
        Its major version where the headers give it.
    """
    agent = headers.get("user-agent", "")
    found = _STAINLESS.search(agent)
    if found is not None:
        return found[1].lower(), int(found[2])
    for name, pattern in _AGENTS:
        found = pattern.search(agent)
        if found is not None:
            return name, int(found[1])
    version = headers.get("x-stainless-package-version")
    if version is not None:  # a framework has put its own name over the SDK's
        name = "anthropic" if headers.get("anthropic-version") else "openai"
        return name, _major(version)
    if headers.get("x-fern-sdk-name") == "cohere":
        return "cohere", _major(headers.get("x-fern-sdk-version", ""))
    return "", None


def _major(version: str) -> int | None:
    first = version.partition(".")[0]
    return int(first) if first.isdecimal() else None


def error_type(
    sdk: str, version: int | None, *, status: int | None, transport: str | None,
    mid_stream: bool, body: Answer | None,
) -> str:  # fmt: skip
    """The name of the class that reaches the caller.

    Parameters
    ----------
    sdk, version
        As `sdk_of` gives them.
    status : int or None
        The HTTP status; None when no answer came.
    transport : str or None
        The class name of what the HTTP library raised, if it did.
    mid_stream : bool
        Whether the body was being streamed to the caller.
    body : Answer or None
        What the answer said, as far as it came.
    """
    if transport is not None:
        return _of_transport(sdk, version, transport, in_body=mid_stream and status is not None)
    if status is not None and status >= 300:
        return _of_status(sdk, version, status, body)
    if body is not None and body.is_stream:
        return _of_event(sdk, body)
    return _said(body)  # a whole 200 answer: no SDK raises


def _of_transport(sdk: str, version: int | None, transport: str, *, in_body: bool) -> str:
    if sdk == "ollama" and transport == "ConnectError":
        return "ConnectionError"
    if sdk not in _GENERATED or transport == "APIConnectionError":
        return transport
    is_openai_3 = sdk == "openai" and (version is None or version >= 3)
    if in_body and not is_openai_3:
        return transport  # only openai 3 and later wraps what breaks under its stream
    if is_openai_3 and transport not in _WRAPPED and not transport.startswith("SSL"):
        return transport
    return "APITimeoutError" if transport in _TIMEOUTS else "APIConnectionError"


def _of_status(sdk: str, version: int | None, status: int, body: Answer | None) -> str:
    if sdk == "anthropic":
        return _anthropic(version, status, body)
    if sdk in _GENERATED:
        return _OPENAI.get(status) or ("InternalServerError" if status >= 500 else "APIStatusError")
    if sdk == "mistral":
        return "HTTPValidationError" if status == 422 else "SDKError"
    if sdk == "cohere":
        return _COHERE.get(status, "ApiError")
    if sdk == "google-genai":
        return {4: "ClientError", 5: "ServerError"}.get(status // 100, "APIError")
    return "ResponseError" if sdk == "ollama" else "HTTPStatusError"


def _anthropic(version: int | None, status: int, body: Answer | None) -> str:
    code = body.error_code if body is not None else None
    # Newer versions have a class for many a code: the loaded one knows which.
    loaded = getattr(sys.modules.get("anthropic._error_classes"), "ERROR_CLASSES", {})
    special = loaded.get((status, code)) if code is not None else None
    if special is not None:
        return str(special.__name__)
    table = _ANTHROPIC_0 if version == 0 else _ANTHROPIC
    return table.get(status) or ("InternalServerError" if status >= 500 else "APIStatusError")


def _of_event(sdk: str, body: Answer) -> str:
    """An error that came in the middle of a good stream."""
    if sdk == "anthropic":
        return "APIStatusError"
    if sdk in _GENERATED:
        return "APIError"
    if sdk == "google-genai":
        return "ServerError" if body.error_code in _GOOGLE_SERVER else "ClientError"
    return "ResponseError" if sdk == "ollama" else _said(body)


def _said(body: Answer | None) -> str:
    return (body.error_type if body is not None else None) or "APIError"
