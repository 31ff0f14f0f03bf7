"""The class name that reaches the caller, held against the SDKs themselves where they are here."""

from __future__ import annotations

import ssl

import anthropic
import httpx2
import openai
import pytest

from llmwatch.capture._answer import Answer
from llmwatch.capture._errors import error_type, sdk_of

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def named(sdk, *, version=None, status=None, transport=None, mid_stream=False, body=None):
    return error_type(
        sdk, version, status=status, transport=transport, mid_stream=mid_stream, body=body
    )


def clients(handler):
    """An openai and an anthropic call on a mock transport."""

    def http():
        return httpx2.Client(transport=httpx2.MockTransport(handler))

    options = {"api_key": "sk-test-0123456789abcdef", "max_retries": 0}
    ours = openai.OpenAI(http_client=http(), **options)
    theirs = anthropic.Anthropic(http_client=http(), **options)
    return {
        "openai": lambda **more: ours.chat.completions.create(**ASK, **more),
        "anthropic": lambda **more: theirs.messages.create(max_tokens=9, **ASK, **more),
    }


def raised(sdk, handler, **more):
    """The class name that `sdk` raises, and the headers it sent."""
    seen = []

    def remembering(request):
        seen.append(request.headers)
        return handler(request)

    with pytest.raises(Exception) as caught:
        answer = clients(remembering)[sdk](**more)
        for _ in answer:
            pass
    return type(caught.value).__name__, seen[0]


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "status",
    [400, 401, 402, 403, 404, 405, 408, 409, 412, 413, 418, 422, 429, 431, 499, 500, 501, 502, 503,
     504, 529],
)  # fmt: skip
def test_a_status_has_the_class_that_the_sdk_raises(sdk, status):
    """The installed SDK itself is asked what it raises."""
    name, headers = raised(sdk, lambda request: httpx2.Response(status, json={"error": {}}))
    known, version = sdk_of(headers)
    assert known == sdk
    assert named(known, version=version, status=status) == name


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "problem",
    [httpx2.ConnectError, httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.ConnectTimeout,
     httpx2.ReadTimeout, httpx2.WriteTimeout, httpx2.PoolTimeout],
)  # fmt: skip
def test_a_broken_transport_has_the_class_that_the_sdk_raises(sdk, problem):
    """Time-outs are told from the rest, before any answer."""

    def handler(request):
        raise problem("broken", request=request)

    name, headers = raised(sdk, handler)
    known, version = sdk_of(headers)
    assert named(known, version=version, transport=problem.__name__) == name


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
@pytest.mark.parametrize("problem", [ValueError("hook"), KeyError("x"), ssl.SSLEOFError(8, "eof")])
def test_what_is_not_of_the_library_has_the_class_that_the_sdk_raises(sdk, problem):
    """An event hook or a transport of the person's raises what it likes; TLS may fail raw."""

    def handler(request):
        raise problem

    name, headers = raised(sdk, handler)
    known, version = sdk_of(headers)
    assert named(known, version=version, transport=type(problem).__name__) == name


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
@pytest.mark.parametrize("problem", [httpx2.ReadError, httpx2.ReadTimeout])
def test_a_stream_that_breaks_has_the_class_that_the_sdk_raises(sdk, problem):
    """openai 3 wraps what breaks under a stream; anthropic leaves it as it is."""

    class Broken(httpx2.SyncByteStream):
        def __iter__(self):
            yield b'data: {"choices": []}\n\n'
            raise problem("broken")

    def handler(request):
        kind = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=kind, stream=Broken())

    name, headers = raised(sdk, handler, stream=True)
    known, version = sdk_of(headers)
    transport = problem.__name__
    assert named(known, version=version, status=200, transport=transport, mid_stream=True) == name


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
def test_an_error_event_has_the_class_that_the_sdk_raises(sdk):
    """An error in the middle of a good stream."""
    event = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'
    name, headers = raised(sdk, lambda request: httpx2.Response(200, content=event), stream=True)
    known, version = sdk_of(headers)
    body = Answer(is_stream=True, error=True, error_type="overloaded_error")
    assert named(known, version=version, status=200, mid_stream=True, body=body) == name


def test_an_anthropic_code_of_its_own_has_its_own_class():
    """Newer versions have a class for many a code of the provider."""
    error = {"type": "invalid_request_error", "message": "m",
             "details": {"error_code": "tool_name_conflict"}}  # fmt: skip
    answer = {"type": "error", "error": error}
    name, headers = raised("anthropic", lambda request: httpx2.Response(400, json=answer))
    known, version = sdk_of(headers)
    body = Answer(error=True, error_code="tool_name_conflict")
    assert named(known, version=version, status=400, body=body) == name != "BadRequestError"


def test_openai_before_3_left_the_transport_error_under_a_stream():
    """The wrapping began with openai 3."""
    broken = {"status": 200, "transport": "ReadError", "mid_stream": True}
    assert named("openai", version=2, **broken) == "ReadError"
    assert named("openai", version=3, **broken) == "APIConnectionError"


@pytest.mark.parametrize(("sdk", "status", "name"), [
    ("groq", 429, "RateLimitError"), ("together", 503, "InternalServerError"),
    ("mistral", 422, "HTTPValidationError"), ("mistral", 429, "SDKError"),
    ("cohere", 401, "UnauthorizedError"), ("cohere", 429, "TooManyRequestsError"),
    ("cohere", 418, "ApiError"), ("google-genai", 429, "ClientError"),
    ("google-genai", 503, "ServerError"), ("ollama", 404, "ResponseError"),
    ("", 500, "HTTPStatusError"), ("", 304, "HTTPStatusError"),
])  # fmt: skip
def test_other_sdks_have_their_own_classes(sdk, status, name):
    """As their sources say; a plain HTTP client raises its own."""
    assert named(sdk, status=status) == name


def test_a_plain_client_sees_the_transport_error_itself():
    """There is nobody to wrap it, and mistral and cohere do not."""
    for sdk in ("", "mistral", "cohere", "google-genai"):
        assert named(sdk, transport="ConnectTimeout") == "ConnectTimeout"
    assert named("ollama", transport="ConnectError") == "ConnectionError"


def test_an_error_in_a_good_answer_has_the_providers_word():
    """No SDK raises there, so no class has a claim."""
    assert named("openai", status=200, body=Answer(error=True, error_type="quota")) == "quota"
    assert named("openai", status=200, body=Answer(error=True)) == "APIError"


@pytest.mark.parametrize(("headers", "known"), [
    ({"user-agent": "OpenAI/Python 3.54.0"}, ("openai", 3)),
    ({"user-agent": "AsyncAzureOpenAI/Python 1.99.7"}, ("openai", 1)),
    ({"user-agent": "AsyncAnthropic/Python 0.49.0"}, ("anthropic", 0)),
    ({"user-agent": "AnthropicBedrock/Python 2.12.0"}, ("anthropic", 2)),
    ({"user-agent": "Groq/Python 1.7.0"}, ("groq", 1)),
    ({"user-agent": "AsyncTogether/Python 3.1.1"}, ("together", 3)),
    ({"user-agent": "mistral-client-python/1.9.10"}, ("mistral", 1)),
    ({"user-agent": "speakeasy-sdk/python 3.7.0 2.935.1 1.0.0 mistralai"}, ("mistral", 3)),
    ({"user-agent": "cohere/7.3.1"}, ("cohere", 7)),
    ({"user-agent": "google-genai-sdk/3.4.0 gl-python/3.11.7"}, ("google-genai", 3)),
    ({"user-agent": "ollama-python/0.6.3 (x86_64 linux) Python/3.11.7"}, ("ollama", 0)),
    ({"user-agent": "Agents/Python 0.2.7", "x-stainless-package-version": "1.99.9"}, ("openai", 1)),
    ({"user-agent": "x", "x-stainless-package-version": "0.75.0", "anthropic-version": "2023"},
     ("anthropic", 0)),
    ({"user-agent": "python-httpx/0.28.1"}, ("", None)),
    ({}, ("", None)),
])  # fmt: skip
def test_the_sdk_is_known_by_its_headers(headers, known):
    """Its own name, or what it leaves beside the name of a framework."""
    assert sdk_of(headers) == known
