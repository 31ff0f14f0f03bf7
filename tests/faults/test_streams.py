"""Streams under attack: every way out of one is one row, and none of them is ours to change."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import httpx2
import openai
import pydantic
import pytest

import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client

ROOT = Path(__file__).parents[2]
HANG_S = 60
QUIET_S = 3  # a pause that no server makes for want of time
MESSAGES = [{"role": "user", "content": "hi"}]


def ask(client, **options):
    return client.chat.completions.create(
        model="gpt-5-mini", messages=MESSAGES, stream=True, **options
    )


def endings(watch):
    return watch.calls["status"].value_counts().to_dict()


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


def test_a_loop_left_early_keeps_what_came():
    """After `break` one partial row has the text so far, an estimate, and no invented usage."""
    with llmwatch.watch() as w, offline_client(script=[Reply(chunks=list("abcdef"))]) as client:
        stream = ask(client)
        for number, _ in enumerate(stream):
            if number == 2:
                break
        stream.close()
        stream.close()
    row = w.calls.iloc[0]
    assert (len(w.calls), row.status, row.response_preview) == (1, "partial", "ab")
    assert row[["input_tokens", "output_tokens", "cost_usd"]].isna().all()
    assert row.estimated_output_tokens > 0


def test_a_stream_keeps_its_type_and_every_way_to_read_it():
    """`type`, `next`, `iter`, `with`, `anext`, `async with` are the SDK's own; each row is ok."""

    async def main(client):
        stream = await ask(client)
        assert type(stream) is openai.AsyncStream
        first = await anext(stream)
        async with stream:
            return [first] + [chunk async for chunk in stream]

    with llmwatch.watch() as w:
        with offline_client() as client:
            stream = ask(client)
            assert type(stream) is openai.Stream
            assert iter(stream) is not None
            first = next(stream)
            with stream:
                chunks = [first, *stream]
        assert len(asyncio.run(main(offline_async_client()))) == len(chunks)
    assert endings(w) == {"ok": 2}


def test_the_async_helper_parses_into_a_model():
    """`.stream(response_format=Model)` gives the parsed answer and leaves without an error."""

    class City(pydantic.BaseModel):
        name: str

    async def main(client):
        async with client.chat.completions.stream(
            model="gpt-5-mini", messages=MESSAGES, response_format=City
        ) as events:
            return (await events.get_final_completion()).choices[0].message.parsed

    with llmwatch.watch() as w:
        client = offline_async_client(script=[Reply('{"name": "Oslo"}')])
        assert asyncio.run(main(client)) == City(name="Oslo")
    assert endings(w) == {"ok": 1}


def test_a_responses_stream_cut_before_its_last_event_is_an_error(server):
    """What came before the cut is kept; the caller gets the SDK's own exception."""
    server.script(Reply(chunks=list("abcdefgh"), cut_after=5))
    with llmwatch.watch() as w:
        client = offline_client(server, max_retries=0)
        stream = client.responses.create(model="gpt-5-mini", input="hi", stream=True)
        with pytest.raises(openai.APIConnectionError):
            list(stream)
    row = w.calls.iloc[0]
    assert (row.status, row.error_type, row.chunks) == ("error", "APIConnectionError", 5)


def test_nothing_is_added_to_what_is_asked(server):
    """The body of a streamed call has no `stream_options` that the caller did not write."""
    with llmwatch.watch() as w:
        list(ask(offline_client(server)))
    assert set(json.loads(server.requests[0].body)) == {"model", "messages", "stream"}
    assert w.calls["output_tokens"].isna().all()


def test_usage_that_grows_on_every_chunk_is_not_summed():
    """Cumulative usage on three chunks: the last figure stands in the row."""
    body = b"".join(
        b'data: {"choices":[{"index":0,"delta":{"content":"x"}}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":%d}}\n\n' % n
        for n in (5, 9, 12)
    )
    reply = Reply(body=body + b"data: [DONE]\n\n", headers={"content-type": "text/event-stream"})
    with llmwatch.watch() as w:
        list(ask(offline_client(script=[reply])))
    assert w.calls["output_tokens"].tolist() == [12]


def test_a_stream_that_stalls_is_a_time_out(server):
    """The read timeout in the middle is an error row, not a success, with what came."""
    server.script(Reply(chunks=5, stall_after=3))
    with llmwatch.watch() as w, pytest.raises(openai.APITimeoutError):
        list(ask(offline_client(server, timeout=QUIET_S, max_retries=0)))
    row = w.calls.iloc[0]
    assert (row.status, row.error_type, row.chunks) == ("error", "APITimeoutError", 3)


def test_dropped_streams_give_their_connections_back(server):
    """Ten streams dropped after one chunk through a pool of two: the next call is answered."""
    server.script(*[Reply(chunks=200, chunk_latency=0.001) for _ in range(10)])
    limits = httpx2.Limits(max_connections=2)
    web = openai.DefaultHttpxClient(limits=limits, timeout=HANG_S)
    with llmwatch.watch() as w, offline_client(server, http_client=web, max_retries=0) as client:
        for _ in range(10):
            stream = ask(client)
            next(stream)
            del stream
            gc.collect()
        assert len(list(ask(client))) > 1
        assert len(w.active) == 0
    assert endings(w) == {"partial": 10, "ok": 1}


def test_nothing_of_a_dropped_stream_is_kept():
    """Once its row is written neither response nor body is referred to by us."""
    with llmwatch.watch() as w, offline_client() as client:
        stream = ask(client)
        next(stream)
        body = weakref.ref(stream.response.stream)
        response = weakref.ref(stream.response)
        del stream
        gc.collect()
        assert (body(), response()) == (None, None)
    assert endings(w) == {"partial": 1}


def test_an_open_stream_is_in_flight_with_what_came():
    """`.active` shows model, age, chunks and estimate of a half-read stream, and then nothing."""
    with (
        llmwatch.watch(tag="t") as w,
        offline_client(script=[Reply(chunks=["ab", "cd"])]) as client,
    ):
        stream = ask(client)
        seen = [next(stream), next(stream)]
        flying = w.active.iloc[0]
        assert len(llmwatch.session.active) == 1
        assert (flying.model, flying.stream, flying.tag) == ("gpt-5-mini", True, "t")
        assert flying.age_s > flying.since_last_chunk_s >= 0
        assert flying.chunks >= len(seen)
        assert flying.estimated_output_tokens >= 1
        list(stream)
        assert len(w.active) == 0
    assert endings(w) == {"ok": 1}


def test_a_stream_outlives_the_switch():
    """A stream that is open when watching ends goes on for its reader, and its row is whole."""
    with offline_client(script=[Reply("one two three"), Reply("one two three")]) as client:
        bare = [chunk.choices for chunk in ask(client)]
        llmwatch.enable()
        stream = ask(client, user="outlives")
        first = next(stream)
        llmwatch.disable()
        assert [first.choices, *(chunk.choices for chunk in stream)] == bare
    assert llmwatch.session.calls.iloc[-1][["status", "response_preview"]].tolist() == [
        "ok",
        "one two three",
    ]


@pytest.mark.parametrize("how", ["cancel", "timeout", "sibling", "anyio"])
@pytest.mark.parametrize("when", ["waiting", "streaming"])
def test_a_cancelled_call_is_cancelled(server, how, when):
    """However the task is stopped, before the answer or within it: cancelled, and no error."""
    reply = {"waiting": Reply.timeout(), "streaming": Reply(chunks=5, stall_after=2)}[when]
    server.script(reply)

    async def call(client, under_way):
        async for _ in await ask(client):
            under_way.set()

    async def asked(under_way):
        await asyncio.to_thread(server.wait_for_requests, 1, HANG_S)
        under_way.set()

    async def expire(limit, under_way):
        await under_way.wait()
        limit.reschedule(0)

    async def stop(client):
        under_way = asyncio.Event()
        beside = [asyncio.create_task(asked(under_way))] if when == "waiting" else []
        if how == "anyio":
            import anyio

            async with anyio.create_task_group() as group:
                group.start_soon(call, client, under_way)
                await under_way.wait()
                group.cancel_scope.cancel()
            return
        if how == "timeout":
            async with asyncio.timeout(None) as limit:
                beside.append(asyncio.create_task(expire(limit, under_way)))
                await call(client, under_way)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(call(client, under_way))
            await under_way.wait()
            if how == "sibling":
                raise LookupError("sibling")
            task.cancel()

    async def main():
        client = offline_async_client(server, max_retries=0, timeout=HANG_S)
        try:
            await stop(client)
        finally:
            await client.close()

    with llmwatch.watch() as w:
        try:
            asyncio.run(main())
        except (TimeoutError, ExceptionGroup):
            pass
    assert endings(w) == {"cancelled": 1}
    assert w.calls["error_type"].isna().all()
    assert w.summary()["error_rate"] != 1


def test_a_thousand_endings_leave_nothing_in_flight():
    """A thousand streams, ended in five ways by four threads: a row each, none in flight."""
    with llmwatch.watch() as w, offline_client(max_retries=0) as client:

        def act(start):
            for number in range(start, 1000, 4):
                stream = ask(client)
                way = number % 5
                if way == 1:
                    list(stream)
                elif way == 2:
                    next(stream)
                    stream.close()
                elif way == 3:
                    with stream:
                        next(stream)
                elif way == 4:
                    list(stream)
                    stream.close()
                del stream

        threads = [threading.Thread(target=act, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG_S)
        gc.collect()
        assert len(w.active) == 0
    assert endings(w) == {"ok": 400, "partial": 600}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_stream_open_at_a_fork_is_the_parents():
    """The child has nothing in flight and writes no row for it; the parent reads on."""
    with llmwatch.watch() as w, offline_client() as client:
        stream = ask(client)
        next(stream)
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                found = (len(w.active), len(w.calls))
                stream.close()
                ask(client).close()
                found += (len(w.active), endings(w))
                os.write(theirs, repr(found).encode())
            finally:
                os._exit(0)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        list(stream)
    assert said == "(0, 0, 0, {'partial': 1})"
    assert endings(w) == {"ok": 1}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_stream_open_at_the_end_of_the_process_adds_nothing(kind):
    """The interpreter goes down with a half-read stream: it says what it says without us."""
    code = """
import asyncio, llmwatch
from llmwatch.testing import offline_client, offline_async_client
if WATCHED:
    llmwatch.enable()
asked = dict(model="m", messages=[dict(role="user", content="hi")], stream=True)
if KIND == "sync":
    stream = offline_client().chat.completions.create(**asked)
    next(stream)
else:
    async def main():
        global stream
        stream = await offline_async_client().chat.completions.create(**asked)
        await anext(stream)
    asyncio.run(main())
assert len(llmwatch.session.active) == (WATCHED and KIND == "sync")
"""

    def end(watched):
        done = subprocess.run(
            [sys.executable, "-c", f"KIND, WATCHED = {kind!r}, {watched}\n{code}"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=HANG_S,
        )  # fmt: skip
        return done.returncode, done.stdout, re.sub("0x[0-9a-f]+", "", done.stderr)

    bare = end(watched=False)
    assert bare[0] == 0
    assert end(watched=True) == bare
