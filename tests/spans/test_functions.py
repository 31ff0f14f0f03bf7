"""A decorated function is a span each time it runs, and stays the function that it was."""

from __future__ import annotations

import asyncio
import inspect

import pytest

import llmwatch
from llmwatch.testing import offline_async_client
from tests.spans.plain import ASK, ask, parents, tree


def test_a_decorated_function_stays_what_it_is():
    """Its kind, its name, its words and its parameters."""

    @llmwatch.span("s")
    def sync(a: int, *, b: str = "") -> str:
        """Docs."""

    @llmwatch.span("c")
    async def coroutine(): ...

    @llmwatch.span("g")
    def generator():
        yield

    @llmwatch.span("a")
    async def asyncgen():
        yield

    assert (sync.__name__, sync.__doc__) == ("sync", "Docs.")
    assert str(inspect.signature(sync)) == "(a: 'int', *, b: 'str' = '') -> 'str'"
    assert not inspect.iscoroutinefunction(sync)
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(asyncgen)


def test_each_run_of_a_function_is_a_span():
    """Recursion nests, results and errors come through, and a watch has each once."""
    w = llmwatch.watch()

    @w
    @llmwatch.span("down", kind="step")
    def down(n):
        if n == 0:
            raise LookupError("bottom")
        return down(n - 1)

    with pytest.raises(LookupError):
        down(2)
    assert tree(w) == [("down", None), ("down", "down"), ("down", "down")]
    assert set(w.spans.attributes) == {'{"kind": "step"}'}
    assert w.spans.status.tolist() == ["error"] * 3


def test_a_decorated_coroutine_is_a_span_over_its_awaits():
    """Calls in it stand under it, and those beside it do not."""

    @llmwatch.span("step")
    async def step(client):
        await asyncio.sleep(0)
        return await client.chat.completions.create(**ASK)

    async def main():
        client = offline_async_client()
        with llmwatch.watch() as w:
            await asyncio.gather(step(client), client.chat.completions.create(**ASK))
        return w

    assert sorted(parents(asyncio.run(main())), key=str) == [None, "step"]


def test_a_decorated_generator_is_not_around_its_caller():
    """The caller's calls are not its children; its own are, also under a span left open in it."""

    @llmwatch.span("words")
    def words():
        ask()
        with llmwatch.span("inner"):
            yield 1
            ask()
        ask()
        yield 2

    with llmwatch.watch() as w, llmwatch.span("caller"):
        for _ in words():
            ask()
    assert parents(w) == ["words", "caller", "inner", "words", "caller"]
    assert w.spans.status.eq("ok").all()


def test_a_decorated_generator_that_is_left_early_is_partial():
    """As a stream that was not read to its end."""

    @llmwatch.span("words")
    def words():
        yield 1
        yield 2

    @llmwatch.span("awords")
    async def awords():
        yield 1
        yield 2

    async def main():
        run = awords()
        await run.__anext__()
        await asyncio.create_task(run.aclose())

    with llmwatch.watch() as w:
        left = words()
        next(left)
        left.close()
        asyncio.run(main())
    assert w.spans.status.tolist() == ["partial", "partial"]


def test_a_decorated_async_generator_is_not_around_its_caller():
    """As for generators."""

    @llmwatch.span("words")
    async def words(client):
        with llmwatch.span("inner"):
            for _ in range(2):
                await client.chat.completions.create(**ASK)
                yield 1

    async def main():
        client = offline_async_client()
        with llmwatch.watch() as w, llmwatch.span("caller"):
            async for _ in words(client):
                await client.chat.completions.create(**ASK)
        return w

    assert parents(asyncio.run(main())) == ["inner", "caller"] * 2
