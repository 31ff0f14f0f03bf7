"""Tasks, threads, generators and forks have the parent they were started in, and no other."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import llmwatch
from llmwatch.testing import offline_async_client, offline_client
from tests.spans.plain import ASK, ask, parents, tree


@pytest.fixture
def enabled():
    """Recording, in this test alone."""
    llmwatch.enable()
    yield
    llmwatch.disable()


def test_tasks_have_the_parent_they_were_started_in():
    """Two that run at the same time do not mix, and one that outlives its span keeps it."""

    async def step(name, client, gate):
        async with llmwatch.span(name):
            await gate.wait()
            await client.chat.completions.create(**ASK)

    async def main():
        client, gate = offline_async_client(), asyncio.Event()
        with llmwatch.watch() as w:
            async with llmwatch.span("both"):
                tasks = [asyncio.create_task(step(name, client, gate)) for name in "ab"]
                late = asyncio.create_task(client.chat.completions.create(**ASK))
                await asyncio.sleep(0)
                gate.set()
                await tasks[0]
            await asyncio.gather(*tasks, late)
            await client.chat.completions.create(**ASK)
        return w

    found = tree(asyncio.run(main()))
    assert sorted(found, key=str) == sorted(
        [("both", None), ("a", "both"), ("b", "both"), ("chat gpt-5-mini", "a"),
         ("chat gpt-5-mini", "b"), ("chat gpt-5-mini", "both"), ("chat gpt-5-mini", None)],
        key=str,
    )  # fmt: skip


@pytest.mark.usefixtures("enabled")
def test_threads_have_the_parent_they_were_started_in():
    """`Thread`, `submit` and `map`; what a pool's worker runs later has its own, or none."""

    def step(name):
        with llmwatch.span(name):
            ask()

    pool = ThreadPoolExecutor(1)
    with llmwatch.watch() as w:
        with llmwatch.span("first"):
            pool.submit(step, "a").result()
            list(pool.map(ask, [1]))
            thread = threading.Thread(target=step, args=("b",))
            thread.start()
            thread.join()
        with llmwatch.span("second"):
            pool.submit(ask).result()
        pool.submit(ask).result()
    pool.shutdown()
    assert tree(w) == [
        ("first", None), ("a", "first"), ("chat gpt-5-mini", "a"), ("chat gpt-5-mini", "first"),
        ("b", "first"), ("chat gpt-5-mini", "b"), ("second", None), ("chat gpt-5-mini", "second"),
        ("chat gpt-5-mini", None),
    ]  # fmt: skip


def test_a_stream_belongs_to_the_span_it_was_opened_in():
    """Read in another span, it is still a child of the first."""
    with llmwatch.watch() as w:
        with llmwatch.span("opened"):
            stream = offline_client().chat.completions.create(**ASK, stream=True)
        with llmwatch.span("read"):
            list(stream)
    assert parents(w) == ["opened"]


def test_a_generator_closed_by_another_task_leaves_that_one_alone():
    """A span in an async generator ends where it is closed, and touches no scope there."""

    async def words():
        with llmwatch.span("inside"):
            yield 1

    async def closer(run):
        with llmwatch.span("closer"):
            await run.aclose()
            await offline_async_client().chat.completions.create(**ASK)

    async def main():
        with llmwatch.watch() as w:
            run = words()
            await run.__anext__()
            await asyncio.create_task(closer(run))
            return w

    w = asyncio.run(main())
    assert parents(w) == ["closer"]
    assert dict(zip(w.spans.name, w.spans.status, strict=True))["inside"] == "partial"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_is_open_at_a_fork_is_the_parents():
    """The child does not end it a second time, and draws ids of its own."""
    with llmwatch.watch() as w:
        span = llmwatch.span("around")
        span.__enter__()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            with llmwatch.span("in the child") as mine:
                pass
            span.__exit__(None, None, None)
            names = [s.name for s in llmwatch.session.traces.open.values()]
            said = [mine.trace_id == span.trace_id, mine.span_id, "around" in names,
                    "around" in llmwatch.session.spans.name.tolist()[-2:]]  # fmt: skip
            os.write(writer, json.dumps(said).encode())
            os._exit(0)
        os.waitpid(child, 0)
        same_trace, child_id, *again = json.loads(os.read(reader, 1000))
        with llmwatch.span("in the parent") as mine:
            pass
        span.__exit__(None, None, None)
    os.close(reader)
    os.close(writer)
    assert same_trace
    assert child_id != mine.span_id
    assert again == [False, False]
    assert sorted(w.spans.name) == ["around", "in the parent"]
