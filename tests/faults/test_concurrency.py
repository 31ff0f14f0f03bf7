"""Many at once: threads, tasks, signals and readers neither lose a call nor make one up."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading

import httpx2
import openai
import pytest

import llmwatch
from llmwatch import faults
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client

from .plain import ANSWER, BODY, HANG_S, URL, ask, plain

LIMITED = {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}


def warm_up():
    """What is loaded with the first call (schemas, prices, pandas) is loaded before it counts."""
    with llmwatch.watch() as w, offline_client() as client:
        ask(client)
        list(ask(client, stream=True))
    assert len(w.calls) == 2


def test_every_view_can_be_read_while_many_threads_call():
    """24 threads make 200 calls each while another reads every view: 4,800 rows, no error."""
    stop, seen, troubles = threading.Event(), [], []
    faults.clear()
    with llmwatch.watch(tag="many") as w:

        def write():
            with plain() as web:
                for _ in range(200):
                    web.post(URL, json=BODY)

        def read():
            try:
                while not stop.is_set():
                    seen.append(len(w.calls))
                    w.active, w.summary(), w.errors(), w.by_cell(), w.slowest(3), repr(w)
                    llmwatch.session.summary(window="5min")
            except Exception as problem:
                troubles.append(problem)

        reader = threading.Thread(target=read)
        writers = [threading.Thread(target=write) for _ in range(24)]
        for thread in [reader, *writers]:
            thread.start()
        for thread in writers:
            thread.join(HANG_S)
        stop.set()
        reader.join(HANG_S)
    assert troubles == []
    assert seen == sorted(seen)
    assert len(w.calls) == 4800
    assert (w.calls["tag"] == "many").all()
    assert w.calls["call_id"].is_unique
    assert len(w.active) == 0
    assert faults.table() == []


def test_watches_of_many_tasks_never_mix():
    """Fifty tasks, each in its own watch, some failing and tried again: each has its own rows."""

    def handler(request):
        again = request.headers.get("x-stainless-retry-count", "0") != "0"
        if int(request.headers["x-number"]) % 2 and not again:
            return httpx2.Response(429, json=LIMITED, headers={"retry-after-ms": "1"})
        return httpx2.Response(200, json=ANSWER)

    async def one(client, number):
        with llmwatch.watch(tag=f"t{number}") as w:
            for _ in range(2):
                await ask(client, extra_headers={"x-number": str(number)})
                await asyncio.sleep(0)
        return w

    async def main():
        web = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
        async with openai.AsyncOpenAI(api_key="sk-x", http_client=web) as client:
            return await asyncio.gather(*[one(client, number) for number in range(50)])

    for number, w in enumerate(asyncio.run(main())):
        tried = 1 + number % 2
        assert (
            w.calls[["tag", "attempts", "status"]].values.tolist()
            == [[f"t{number}", tried, "ok"]] * 2
        )


def test_a_request_on_the_way_to_a_retry_is_no_end_of_the_call():
    """A token fetched by the SDK between two attempts leaves the call one row of two attempts."""
    answers = [429, 200]

    def handler(request):
        if request.url.path == "/token":
            return httpx2.Response(200, json={"token": "new"})
        if answers.pop(0) == 429:
            return httpx2.Response(429, json=LIMITED, headers={"retry-after-ms": "1"})
        return httpx2.Response(200, json=ANSWER)

    web = httpx2.Client(transport=httpx2.MockTransport(handler))

    def token():
        return web.get("https://login.example/token").json()["token"]

    client = openai.AzureOpenAI(
        azure_endpoint="https://x.openai.azure.com", api_version="2024-10-21",
        azure_ad_token_provider=token, http_client=web,
    )  # fmt: skip
    with llmwatch.watch() as w:
        ask(client)
    assert w.calls[["attempts", "status"]].values.tolist() == [[2, "ok"]]


def test_a_retry_of_a_sync_client_in_a_task_is_let_through_a_spent_budget():
    """In a running loop, as in a notebook cell, the gate knows the retry of a sync client."""
    llmwatch.price("gpt-5-mini-budget", input=1e6, output=1e6)
    answers = [429, 200]
    w = llmwatch.watch(budget=0.01)

    def handler(request):
        if answers.pop(0) == 429:
            w.budget.charge(1.0, None, 0)  # another thread's call, over while this one waits
            return httpx2.Response(429, json=LIMITED, headers={"retry-after-ms": "1"})
        return httpx2.Response(200, json=ANSWER)

    class Silent(openai.OpenAI):
        """An SDK that does not count its retries in a header."""

        def _build_headers(self, options, *, retries_taken=0):
            headers = super()._build_headers(options, retries_taken=retries_taken)
            headers.pop("x-stainless-retry-count", None)
            return headers

    async def main():
        web = httpx2.Client(transport=httpx2.MockTransport(handler))
        with w:
            return ask(Silent(api_key="sk-x", http_client=web))

    assert asyncio.run(main()).choices[0].message.content == "Hi"
    assert w.calls["attempts"].tolist() == [2]


def test_a_listener_may_read_everything():
    """A subscriber of the store reads rows, flights and figures on the worker and hangs nobody."""
    read = []

    def listen(calls, first):
        read.append((len(w.calls), len(w.active), w.summary()["requests"]))

    with llmwatch.watch() as w, offline_client() as client:
        unsubscribe = llmwatch.session.store.subscribe(listen)
        try:
            stream = ask(client, stream=True)
            next(stream)
            ask(client)
            len(w.calls)
            list(stream)
        finally:
            len(w.calls)
            unsubscribe()
    assert [active for _, active, _ in read] == [1, 0]
    assert len(w.calls) == 2


def test_run_inside_run_belongs_where_it_was_called():
    """`llmwatch.run` within a coroutine that `run` runs: tags, results and rows are right."""

    async def inner(client, tag):
        with llmwatch.watch(tag=tag):
            return (await ask(client)).object

    def from_sync_code(client):
        return llmwatch.run(inner(client, "inner"))

    async def outer():
        async with offline_async_client() as client:
            before = await inner(client, "before")
            return [before, from_sync_code(client), await inner(client, "after")]

    with llmwatch.watch() as w:
        assert llmwatch.run(outer()) == ["chat.completion"] * 3
    assert w.calls["tag"].tolist() == ["before", "inner", "after"]
    assert w.calls["status"].tolist() == ["ok"] * 3


# One that falls into a generator of the SDK while that is collected is swallowed there, as without us.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="only POSIX sends signals so")
def test_two_hundred_interrupts_leave_no_lock_and_nothing_in_flight():
    """Interrupts at 200 points of calls and streams: all can be read after, none hangs on."""
    interrupted, is_due = 0, False
    warm_up()

    def interrupt(number, frame):
        nonlocal is_due
        if is_due:  # one alone: on a slow machine the next would fall into what becomes of it
            is_due = False
            raise KeyboardInterrupt

    # As Ctrl-C, but from a timer: a thread that sends it would wait for the interpreter it stops.
    # It repeats, since Python itself swallows one that falls into a finaliser.
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with offline_client() as client, llmwatch.watch() as w:
            for number in range(200):
                stream = None
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + 0.0003 * (number % 17), 0.05)
                    while True:
                        is_due = True
                        ask(client)
                        stream = ask(client, stream=True)
                        list(stream)
                except KeyboardInterrupt:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    interrupted += 1
                del stream
            gc.collect()
            calls = w.calls
            assert len(w.active) == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 200
    assert set(calls["status"]) <= {"ok", "cancelled", "partial"}
    with llmwatch.watch() as after, offline_client() as client:
        ask(client)
    assert after.calls["status"].tolist() == ["ok"]


def test_trio_tasks_are_as_tasks():
    """Calls from trio: retries are attempts of one row, and a cancelled scope is cancelled."""
    trio = pytest.importorskip("trio")

    def handler(request):
        if request.headers.get("x-stainless-retry-count") == "0":
            return httpx2.Response(429, json=LIMITED, headers={"retry-after-ms": "20"})
        return httpx2.Response(200, json=ANSWER)

    async def main():
        web = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
        client = openai.AsyncOpenAI(api_key="sk-x", http_client=web)
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask, client)
        with OfflineServer() as server:
            server.script(Reply(chunks=5, stall_after=2))
            waiting = offline_async_client(server)
            with trio.CancelScope() as scope:
                async for _ in await ask(waiting, stream=True):
                    scope.cancel()  # the rest never comes
            await waiting.close()

    with llmwatch.watch() as w:
        trio.run(main)
    assert w.calls[["status", "attempts"]].values.tolist() == [["ok", 2]] * 5 + [["cancelled", 1]]


def test_a_fork_amid_the_switch_hangs_no_child():
    """Children forked while threads open and close watches open watches of their own."""
    if not hasattr(os, "fork"):
        pytest.skip("only POSIX forks")
    warm_up()
    stop = threading.Event()

    def toggle():
        while not stop.is_set():
            with llmwatch.watch():
                pass

    threads = [threading.Thread(target=toggle) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        children = []
        for _ in range(12):
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    signal.alarm(HANG_S)
                    with llmwatch.watch() as w, plain() as web:
                        web.post(URL, json=BODY)
                    code = 0 if len(w.calls) == 1 else 2
                finally:
                    os._exit(code)  # whatever happens, the child is no second run of the tests
            children.append(child)
        codes = [os.waitpid(child, 0)[1] for child in children]
    finally:
        stop.set()
        for thread in threads:
            thread.join(HANG_S)
    assert codes == [0] * 12
