"""Scopes: a call belongs where it was started, in tasks and threads too, and nowhere else."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

import llmwatch
from llmwatch import context
from llmwatch.testing import offline_async_client, offline_client

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


def ask(_=None):
    return offline_client().chat.completions.create(**ASK)


def test_the_inner_marks_win_and_labels_add_up():
    """Inside two watches the inner tag and label win, the outer user stays; both have the row."""
    with llmwatch.watch(tag="a", user="ana", labels={"k": 1, "j": "2"}) as outer:
        with llmwatch.watch(tag="b", labels={"k": "3"}) as inner:
            ask()
        ask()
    first, second = (row for _, row in outer.calls.iterrows())
    assert (first.tag, first.user, first.labels) == ("b", "ana", '{"j": "2", "k": "3"}')
    assert (second.tag, second.user, second.labels) == ("a", "ana", '{"j": "2", "k": "1"}')
    assert inner.calls.call_id.tolist() == [first.call_id]


def test_a_watch_records_by_itself_and_only_itself():
    """Without enabling, calls inside a watch are recorded and calls outside are not."""
    before = len(llmwatch.session)
    ask()
    with llmwatch.watch() as w:
        ask()
    ask()
    assert (len(w), len(llmwatch.session) - before) == (1, 1)


def test_a_watch_can_be_read_while_open_and_after():
    """Rows are there during the watch and stay after it; later calls are not added."""
    with llmwatch.watch() as w:
        ask()
        assert len(w.calls) == 1
    with llmwatch.watch():
        ask()
    assert len(w.calls) == 1


@pytest.mark.parametrize("word", ["closed", "open already"])
def test_entering_a_watch_twice_is_one_clear_line(word):
    """A watch that is closed, or open, cannot be entered: the line says what to type."""
    w = llmwatch.watch()
    with w:
        if word == "open already":
            with pytest.raises(llmwatch.UsageError, match=r"open already.*llmwatch\.watch"), w:
                raise AssertionError("entered twice")
    if word == "closed":
        with pytest.raises(llmwatch.UsageError, match=r"closed.*llmwatch\.watch"), w:
            raise AssertionError("entered again")


@pytest.mark.parametrize(
    "wrong",
    [{"budget": -1}, {"budget": "x"}, {"budget": float("nan")}, {"budget": True}, {"tag": 3},
     {"labels": ["k"]}],
)  # fmt: skip
def test_bad_arguments_are_one_clear_line(wrong):
    """A budget that is no money, or marks that are no text, say so and what to give."""
    with pytest.raises(llmwatch.UsageError, match=r"give e\.g\.") as caught:
        llmwatch.watch(**wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("amount", [np.int64(2), np.float32(2), Decimal(2), Fraction(2)])
def test_a_budget_is_any_number(amount):
    """What comes out of a DataFrame, or counts money exactly, is an amount as well."""
    assert llmwatch.watch(budget=amount).budget.limit == 2.0


def test_a_watch_without_a_call_is_empty():
    """No call, no row, and figures that say nothing rather than zero."""
    with llmwatch.watch() as w:
        pass
    assert len(w.calls) == 0
    assert w.summary().requests == 0


def test_async_with_and_tasks_carry_the_scope():
    """A task started inside belongs to the watch even when it ends after it."""

    async def main():
        client = offline_async_client()
        async with llmwatch.watch(tag="t") as w:
            late = asyncio.create_task(client.chat.completions.create(**ASK))
            await client.chat.completions.create(**ASK)
        await late
        await client.chat.completions.create(**ASK)
        return w

    llmwatch.enable()
    try:
        w = asyncio.run(main())
    finally:
        llmwatch.disable()
    assert w.calls.tag.tolist() == ["t", "t"]


def test_threads_started_inside_belong_to_the_scope():
    """`Thread`, `submit` and `map` under a watch are tagged; a pool's workers keep no tag."""
    pool = ThreadPoolExecutor(2)
    llmwatch.enable()
    try:
        with llmwatch.watch(tag="pool") as w:
            list(pool.map(ask, range(4)))
            pool.submit(ask).result()
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
        with llmwatch.watch(tag="other") as other:
            list(pool.map(ask, range(4)))
        start = len(llmwatch.session)
        list(pool.map(ask, range(4)))
        outside = llmwatch.session.calls.iloc[start:]
    finally:
        llmwatch.disable()
        pool.shutdown()
    assert w.calls.tag.tolist() == ["pool"] * 6
    assert other.calls.tag.tolist() == ["other"] * 4
    assert outside.tag.isna().all()


def test_a_thread_pool_of_multiprocessing_keeps_no_tag_of_its_making():
    """Workers of `multiprocessing.pool.ThreadPool` outlive a scope: no tag beats a wrong one."""
    llmwatch.enable()
    try:
        with llmwatch.watch(tag="a"):
            pool = ThreadPool(1)
            pool.map(ask, [1])
        start = len(llmwatch.session)
        pool.map(ask, [1])
        assert llmwatch.session.calls.iloc[start:].tag.isna().all()
    finally:
        llmwatch.disable()
        pool.terminate()


def test_work_for_other_interpreters_goes_as_it_is():
    """Python 3.14's `InterpreterPoolExecutor` pickles what it runs: no scope is put beside that."""

    class InterpreterPoolExecutor(ThreadPoolExecutor): ...

    with llmwatch.watch(tag="t"), InterpreterPoolExecutor(1) as pool:
        assert pool.submit(context.here).result() is None


def test_a_thread_nests_its_own_watch_in_the_inherited_one():
    """Inside an inherited scope a thread can open a watch and fall back to the inherited one."""

    def work():
        with llmwatch.watch(tag="inner"):
            ask()
        ask()

    with llmwatch.watch(tag="outer") as w:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert w.calls.tag.tolist() == ["inner", "outer"]


def test_a_decorator_keeps_the_nature_of_what_it_decorates():
    """Sync, async, generator and async generator functions stay what they are."""

    @llmwatch.watch()
    def sync():
        """Docs."""

    @llmwatch.watch()
    async def coroutine(): ...

    @llmwatch.watch()
    def generator():
        yield

    @llmwatch.watch()
    async def asyncgen():
        yield

    assert (sync.__name__, sync.__doc__) == ("sync", "Docs.")
    assert not inspect.iscoroutinefunction(sync)
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(asyncgen)


def test_whatever_can_be_called_is_watched_to_its_end():
    """An object whose `__call__` is async, and static and class methods under a watch."""

    class Agent:
        async def __call__(self):
            await offline_async_client().chat.completions.create(**ASK)

        @llmwatch.watch(tag="static")
        @staticmethod
        async def static():
            await offline_async_client().chat.completions.create(**ASK)

        @llmwatch.watch(tag="class")
        @classmethod
        def of_class(cls):
            assert cls is Agent
            ask()

    agent = Agent()
    before = len(llmwatch.session)
    asyncio.run(llmwatch.watch(tag="object")(agent)())
    asyncio.run(agent.static())
    asyncio.run(Agent.static())
    agent.of_class()
    tags = llmwatch.session.calls.tag.tolist()[before:]
    assert tags == ["object", "static", "static", "class"]


def test_a_bare_decorator_records():
    """`@llmwatch.watch` without brackets watches the function as well."""

    @llmwatch.watch
    def work():
        return offline_client().chat.completions.create(**ASK)

    before = len(llmwatch.session)
    work()
    assert len(llmwatch.session) == before + 1


@pytest.mark.parametrize("wrong", [3, type("Chain", (), {})])
def test_what_is_no_function_is_not_decorated(wrong):
    """A class would be one no more: it is refused, by a watch and by a span, as a number is."""
    for decorate in (llmwatch.watch, llmwatch.watch(tag="t"), llmwatch.span("s")):
        with pytest.raises(llmwatch.UsageError, match="decorates a function"):
            decorate(wrong)


def test_a_text_alone_says_how_it_is_meant():
    """It is told that a watch takes names."""
    with pytest.raises(llmwatch.UsageError, match=r"e\.g\. watch\(tag='v2'\)"):
        llmwatch.watch("v2")


def test_a_label_of_nothing_is_none():
    """`None` is no text: the label is not there."""
    with llmwatch.watch(labels={"k": 1, "no": None}) as w:
        offline_client().chat.completions.create(**ASK)
    assert w.calls.labels.tolist() == ['{"k": "1"}']


def test_a_decorated_function_may_call_itself():
    """Recursion opens a scope for each run, and all rows land in the one watch."""
    w = llmwatch.watch(tag="r")

    @w
    def twice(n):
        ask()
        return n and twice(n - 1)

    twice(2)
    assert w.calls.tag.tolist() == ["r"] * 3


def test_a_decorated_generator_does_not_mark_its_caller():
    """Between two items the caller is outside; send, throw, close and return work as bare."""
    w = llmwatch.watch(tag="g")

    @w
    def words():
        got = []
        try:
            while True:
                ask()
                got.append((yield len(got)))
                if got[-1] == "stop":
                    return got
        except ValueError:
            ask()
            yield "caught"
        finally:
            got.append(context.here().tag)

    with llmwatch.watch(tag="caller") as outer:
        run = words()
        assert next(run) == 0
        ask()
        assert run.send("more") == 1
        assert run.throw(ValueError()) == "caught"
        run.close()
        ask()
        last = words()
        next(last)
        with pytest.raises(StopIteration) as end:
            last.send("stop")
    assert end.value.value == ["stop", "g"]
    assert outer.calls.tag.tolist() == ["g", "caller", "g", "g", "caller", "g"]
    assert len(w.calls) == 4


def test_a_decorated_async_generator_does_not_mark_its_caller():
    """As for generators; closing it from another task leaves that task's scope alone."""
    w = llmwatch.watch(tag="g")

    @w
    async def words(client):
        for _ in range(3):
            await client.chat.completions.create(**ASK)
            yield "word"

    async def main():
        client = offline_async_client()
        with llmwatch.watch(tag="caller") as outer:
            run = words(client)
            async for _ in run:
                await client.chat.completions.create(**ASK)
                break
            await asyncio.create_task(run.aclose())
            await client.chat.completions.create(**ASK)
        return outer

    outer = asyncio.run(main())
    assert outer.calls.tag.tolist() == ["g", "caller", "caller"]
    assert w.calls.tag.tolist() == ["g"]


def test_a_watch_closed_in_another_context_does_not_touch_it():
    """A watch inside an async generator, closed by another task, leaves that task's scope alone."""

    async def words():
        with llmwatch.watch(tag="inside"):
            yield 1

    async def closer(run):
        with llmwatch.watch(tag="closer"):
            await run.aclose()
            return context.here().tag

    async def main():
        run = words()
        await run.__anext__()
        return await asyncio.create_task(closer(run))

    assert asyncio.run(main()) == "closer"


def test_watches_closed_out_of_order_are_over():
    """The outer one closed first, the inner one then: neither marks or refuses what comes after."""
    llmwatch.enable()
    try:
        with llmwatch.watch(tag="around") as around:
            a = llmwatch.watch(tag="A", budget=1e-9).__enter__()
            b = llmwatch.watch(tag="B").__enter__()
            ask()
            a.close()
            b.close()
            ask()
        assert context.here() is None
    finally:
        llmwatch.disable()
    assert around.calls.tag.tolist() == ["B", "around"]


@pytest.mark.parametrize("put", [lambda name: llmwatch.watch(tag=name), llmwatch.span])
def test_generators_that_are_zipped_leave_nothing_behind(put):
    """A block in each of two plain generators: they end in the order they began."""

    def part(name, count):
        with put(name):
            yield from range(count)

    with llmwatch.watch() as around:
        for _ in zip(part("A", 1), part("B", 2), part("C", 2), strict=False):
            pass
        assert context.here().watch is around
    assert context.here() is None


@pytest.mark.parametrize("decorate", [llmwatch.watch(tag="f"), llmwatch.span("f")])
def test_a_watch_closed_in_a_decorated_function_is_over(decorate):
    """After the function its caller is in no watch, though it was in one before."""
    w = llmwatch.watch().__enter__()
    decorate(w.close)()
    assert context.here() is None


def test_a_task_goes_on_in_a_watch_that_is_closed():
    """It was started in it: so it stays, also after a watch of its own, in whichever order."""

    async def work(begun, closed):
        client = offline_async_client()
        with llmwatch.watch(tag="own"):
            begun.set()
            await closed.wait()
        await client.chat.completions.create(**ASK)

    async def main():
        begun, closed = asyncio.Event(), asyncio.Event()
        a = llmwatch.watch(tag="A").__enter__()
        task = asyncio.create_task(work(begun, closed))
        await begun.wait()
        b = llmwatch.watch(tag="B").__enter__()
        a.close()
        b.close()
        closed.set()
        await task
        return a, context.here()

    llmwatch.enable()
    try:
        a, left = asyncio.run(main())
    finally:
        llmwatch.disable()
    assert (a.calls.tag.tolist(), left) == (["A"], None)


def test_a_generator_driven_by_a_task_of_its_own_ends():
    """The task was started in the generator's watch and stays there; nothing goes in circles."""

    @llmwatch.watch(tag="g")
    async def words():
        yield contextvars.copy_context()
        yield context.here().tag

    async def main():
        outer = llmwatch.watch(tag="outer").__enter__()
        run = words()
        inside = await run.__anext__()

        async def drive():
            with llmwatch.watch(tag="inner"):
                tag = await run.__anext__()
                outer.close()
            return tag, context.here().tag

        told = await asyncio.create_task(drive(), context=inside)
        await run.aclose()  # else whenever it is collected, with the loop that could do it gone
        return told

    assert asyncio.run(main()) == ("g", "g")


def test_a_stream_belongs_where_it_was_opened():
    """A stream that is read in the next watch is a row of the one it was opened in."""
    with llmwatch.watch(tag="opened") as first:
        stream = offline_client().chat.completions.create(**ASK, stream=True)
    with llmwatch.watch(tag="read") as second:
        list(stream)
    assert first.calls.tag.tolist() == ["opened"]
    assert len(second.calls) == 0
