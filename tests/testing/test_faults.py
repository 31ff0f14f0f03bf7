"""What goes wrong on purpose arrives in the SDKs as their own exceptions."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack

import openai
import pytest

import llmwatch
from llmwatch.testing import (
    OfflineServer,
    Reply,
    offline_anthropic,
    offline_async_client,
    offline_client,
)

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello there"}]}
HANG_S = 60
QUIET_S = 3  # a pause that no server makes for want of time

# In the middle of a stream openai < 3 lets the errors of its HTTP library through.
LIBRARY = sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]
CUT = (openai.APIConnectionError, LIBRARY.RemoteProtocolError)
LATE = (openai.APITimeoutError, LIBRARY.ReadTimeout)


@pytest.fixture(params=["server", "in process"])
def connect(request):
    """`connect(*replies, **options)` is a client whose next answers are these."""
    with OfflineServer() as server, ExitStack() as clients:
        where = server if request.param == "server" else None

        def connect(*replies, kind=offline_client, **options):
            client = kind(where, script=replies, **{"max_retries": 0, **options})
            return client if kind is offline_async_client else clients.enter_context(client)

        yield connect


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply.rate_limited(), openai.RateLimitError),
        (Reply.server_error(), openai.InternalServerError),
        (Reply.server_error(503), openai.InternalServerError),
        (Reply.unauthorized(), openai.AuthenticationError),
        (Reply(status=404), openai.NotFoundError),
        (Reply(cut_after=0), openai.APIConnectionError),
        (Reply(cut_after=1), openai.APIConnectionError),
    ],
)
def test_failures_are_the_sdks_own(connect, reply, error):
    """Each scripted failure raises the class that the SDK has for it, and only once."""
    client = connect(reply)
    with pytest.raises(error) as caught:
        client.chat.completions.create(**ASK)
    assert caught.type is error
    assert client.chat.completions.create(**ASK).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("reply", [Reply.timeout(), Reply(stall_after=1), Reply(latency=60)])
def test_no_answer_in_time_is_a_timeout(connect, reply):
    """Silence before the head, within the body, or too long a wait: the client gives up."""
    with pytest.raises(openai.APITimeoutError):
        connect(reply, timeout=0.2).chat.completions.create(**ASK)


def test_retries_are_seen_by_the_server():
    """A 429 and a 500 that ask for it are tried again at once, each a request of its own."""
    with OfflineServer() as server:
        server.script(Reply.rate_limited(), Reply.server_error(), Reply("at last"))
        answer = offline_client(server, max_retries=2).chat.completions.create(**ASK)
        assert answer.choices[0].message.content == "at last"
        counts = [request.headers["x-stainless-retry-count"] for request in server.requests]
    assert counts == ["0", "1", "2"]


@pytest.mark.parametrize("seconds", [0, 1.5])
def test_the_wait_asked_for_is_in_the_headers(connect, seconds):
    """`retry_after` is said in both headers; 0 as a millisecond, which the SDKs heed."""
    with pytest.raises(openai.RateLimitError) as caught:
        connect(Reply.rate_limited(retry_after=seconds)).chat.completions.create(**ASK)
    headers = caught.value.response.headers
    assert headers["retry-after"] == f"{seconds:g}"
    assert headers["retry-after-ms"] == ("1500" if seconds else "1")


def test_a_401_repeats_the_key(connect):
    """The message of a 401 contains the key that was sent, as real ones do."""
    with pytest.raises(openai.AuthenticationError, match="sk-mine-123") as caught:
        connect(Reply.unauthorized(), api_key="sk-mine-123").chat.completions.create(**ASK)
    assert caught.value.code == "invalid_api_key"


def test_a_stream_is_cut_after_its_chunks(connect):
    """A cut after n events gives exactly n chunks, then the SDK's connection error."""
    stream = connect(Reply("a b c d", cut_after=3)).chat.completions.create(**ASK, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(3)] == ["", "a", " b"]
    with pytest.raises(CUT):
        next(stream)


def test_a_stream_stalls_after_its_chunks(connect):
    """A stall after n events gives n chunks, then the client's own time-out."""
    client = connect(Reply("a b c d", stall_after=2), timeout=QUIET_S)
    stream = client.chat.completions.create(**ASK, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "a"]
    with pytest.raises(LATE):
        next(stream)


def test_faults_reach_the_async_client(connect):
    """The async client sees the same 429, cut and time-out."""
    replies = (Reply.rate_limited(), Reply("a b", cut_after=2), Reply.timeout())

    async def main():
        async with connect(*replies, kind=offline_async_client, timeout=HANG_S) as client:
            with pytest.raises(openai.RateLimitError):
                await client.chat.completions.create(**ASK)
            stream = await client.chat.completions.create(**ASK, stream=True)
            with pytest.raises(CUT):
                async for _ in stream:
                    pass
            with pytest.raises(openai.APITimeoutError):
                await client.chat.completions.create(**ASK, timeout=0.3)

    asyncio.run(main())


def test_a_cancelled_task_leaves_a_stalled_answer():
    """Cancelling a task that waits for a stalled answer ends it; the server goes on."""

    async def main(server):
        async with offline_async_client(server) as client:
            stream = await client.chat.completions.create(**ASK, stream=True)
            first = await anext(stream)
            task = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return first, await client.chat.completions.create(**ASK)

    with OfflineServer() as server:
        server.script(Reply("a b", stall_after=1))
        first, answer = asyncio.run(main(server))
    assert first.choices[0].delta.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("surface", ["chat", "responses"])
def test_an_error_within_a_stream(connect, surface):
    """With status 200 a scripted error comes after the text, as an API error."""
    error = {"message": "overloaded", "type": "server_error", "code": "overloaded"}
    client = connect(Reply("a b", error=error))
    if surface == "chat":
        stream = client.chat.completions.create(**ASK, stream=True)
        assert [next(stream).choices[0].delta.content for _ in range(3)] == ["", "a", " b"]
    else:
        stream = client.responses.create(model="gpt-5", input="x", stream=True)
    with pytest.raises(openai.APIError, match="overloaded"):
        for _ in stream:
            pass


def test_an_error_after_200_in_a_body(connect):
    """With status 200 and no stream the error is the body, which the SDK lets through."""
    raw = connect(Reply(error={"message": "late"})).chat.completions.with_raw_response
    assert raw.create(**ASK).text == '{"error":{"message":"late"}}'


def test_anthropic_faults(connect):
    """Errors arrive in Anthropic's own form: its types by status, and within a stream."""
    anthropic = pytest.importorskip("anthropic", reason="anthropic is not installed")
    ask = {"model": "claude-any", "max_tokens": 9, "messages": ASK["messages"]}
    late = Reply("a b", error={"type": "overloaded_error", "message": "overloaded"})
    client = connect(Reply.rate_limited(), late, kind=offline_anthropic)
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(**ask)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    with (
        pytest.raises(anthropic.APIStatusError, match="overloaded"),
        client.messages.stream(**ask) as stream,
    ):
        stream.get_final_message()


@pytest.mark.parametrize("stream", [False, True])
def test_gzip(connect, stream):
    """A compressed answer, whole or event by event, reads like any other."""
    client = connect(Reply("a b c", encoding="gzip"))
    raw = client.chat.completions.with_raw_response.create(**ASK, stream=stream)
    assert raw.headers["content-encoding"] == "gzip"
    if stream:
        assert "".join(c.choices[0].delta.content or "" for c in raw.parse()) == "a b c"
    else:
        assert raw.parse().choices[0].message.content == "a b c"


def test_gzipped_events_can_be_read_one_by_one(connect):
    """A compressed stream that is cut after two events has given both before."""
    reply = Reply("a b c", encoding="gzip", cut_after=2)
    stream = connect(reply).chat.completions.create(**ASK, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "a"]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [({"prompt_tokens": 7, "completion_tokens": 8, "total_tokens": 15}, 15), (False, None)],
)
def test_usage_as_scripted(connect, usage, expected):
    """A usage block is sent as it is given, or left out, whole and streamed."""
    client = connect(Reply(usage=usage), Reply(usage=usage))
    create = client.chat.completions.create
    whole = create(**ASK)
    chunks = list(create(**ASK, stream=True, stream_options={"include_usage": True}))
    assert getattr(whole.usage, "total_tokens", None) == expected
    assert [c.usage.total_tokens for c in chunks if c.usage] == ([expected] if expected else [])


def test_chunks_as_scripted(connect):
    """Pieces are taken as given, counted, or made of as many words as wanted."""
    client = connect(Reply(chunks=["one", " two"]), Reply("abcdef", chunks=3), Reply(chunks=200))

    def pieces():
        stream = client.chat.completions.create(**ASK, stream=True)
        return [c.choices[0].delta.content for c in stream if c.choices[0].delta.content]

    assert pieces() == ["one", " two"]
    assert pieces() == ["ab", "cd", "ef"]
    assert len(pieces()) == 200


def test_a_body_as_scripted(connect):
    """Raw bytes are sent as they are, with the headers and status given."""
    reply = Reply(body=b"<html>busy</html>", status=502, headers={"Content-Type": "text/html"})
    with pytest.raises(openai.InternalServerError) as caught:
        connect(reply).chat.completions.create(**ASK)
    assert caught.value.response.content == b"<html>busy</html>"
    assert caught.value.response.headers["content-type"] == "text/html"


def test_another_model_answers(connect):
    """The answer can name another model than the request."""
    answer = connect(Reply(model="gpt-5-mini-2025-08-07")).chat.completions.create(**ASK)
    assert answer.model == "gpt-5-mini-2025-08-07"


@pytest.mark.parametrize("wrong", [{"encoding": "br"}, {"usage": True}, {"chunks": 0}])
def test_a_reply_that_cannot_be_meant(wrong):
    """Nonsense in a Reply is one clear line, at once."""
    with pytest.raises(ValueError, match=r"give|leave") as caught:
        Reply(**wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [{"text": 5}, {"status": "429"}, {"status": 99}, {"latency": -1}, {"chunk_latency": "x"},
     {"usage": 5}, {"error": "boom"}, {"headers": {"retry-after": 1}}, {"cut_after": -1},
     {"stall_after": "x"}, {"tool_calls": ["f"]}, {"tool_calls": 3}, {"body": "text"}],
)  # fmt: skip
def test_a_reply_that_cannot_be_sent_says_so_when_it_is_made(wrong):
    """One line with what to give, not a connection that breaks in the middle of a test."""
    (name,) = wrong
    with pytest.raises(llmwatch.UsageError, match=rf"{name}=.*give e\.g\. {name}=") as caught:
        Reply(**wrong)
    assert "\n" not in str(caught.value)


def test_a_server_with_a_wait_that_is_none_says_so():
    """A latency below zero or in words is refused before anybody asks."""
    for wrong in ({"latency": -1}, {"chunk_latency": "x"}):
        with pytest.raises(llmwatch.UsageError, match=r"give e\.g\."):
            OfflineServer(**wrong)
