"""Spans: a trace is a tree of what was done and of the calls in it, true across tasks and threads."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import random
import re
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import nbformat
import numpy as np
import pandas as pd
import pytest

import llmwatch
from llmwatch import context
from llmwatch.semconv import SPAN_COLUMNS
from llmwatch.testing import Reply, offline_async_client, offline_client
from llmwatch.traces import Spans
from tests.notebook import ROOT, run, text_of

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


def ask(_=None):
    return offline_client().chat.completions.create(**ASK)


def tree(reading):
    """Name and name of the parent of each row, in the order in which they began."""
    spans = reading.spans
    names = dict(zip(spans.span_id, spans.name, strict=True))
    return [(row.name, names.get(row.parent_span_id)) for row in spans.itertuples(index=False)]


def parents(reading):
    """The name of the parent of each call, in order."""
    return [parent for name, parent in tree(reading) if name == "chat gpt-5-mini"]


@pytest.fixture
def enabled():
    """Recording, in this test alone."""
    llmwatch.enable()
    yield
    llmwatch.disable()


# -- the tree -------------------------------------------------------------------------------------


def test_spans_nest_and_calls_stand_under_the_innermost():
    """Each has its parent, all have one trace; what has no span around it is a trace of its own."""
    with llmwatch.watch() as w:
        with llmwatch.span("answer"):
            with llmwatch.span("retrieve"):
                ask()
            ask()
        ask()
    assert tree(w) == [
        ("answer", None), ("retrieve", "answer"), ("chat gpt-5-mini", "retrieve"),
        ("chat gpt-5-mini", "answer"), ("chat gpt-5-mini", None),
    ]  # fmt: skip
    traces = w.spans.trace_id
    assert traces[:4].nunique() == 1
    assert traces[4] != traces[0]


def test_ids_are_those_of_w3c_and_the_same_everywhere():
    """32 and 16 lower-case digits, not all zero; handle, calls and spans agree."""
    with llmwatch.watch() as w, llmwatch.span("answer") as s:
        ask()
    calls, spans = w.calls.iloc[0], w.spans
    assert spans.trace_id.map(lambda text: bool(re.fullmatch("[0-9a-f]{32}", text))).all()
    assert spans.span_id.map(lambda text: bool(re.fullmatch("[0-9a-f]{16}", text))).all()
    assert not {"0" * 32, "0" * 16} & {*spans.trace_id, *spans.span_id}
    assert (calls.trace_id, calls.parent_span_id) == (s.trace_id, s.span_id)
    assert (spans.trace_id[0], spans.span_id[0]) == (s.trace_id, s.span_id)
    assert spans.span_id[1] == calls.span_id


def test_the_table_has_the_columns_that_are_promised():
    """Empty, with spans alone or with calls alone: the same columns of the same kinds."""
    with llmwatch.watch() as empty:
        pass
    with llmwatch.watch() as spans, llmwatch.span("x"):
        pass
    with llmwatch.watch() as calls:
        ask()
    for reading, rows in ((empty, 0), (spans, 1), (calls, 1)):
        frame = reading.spans
        assert list(frame.columns) == [column.name for column in SPAN_COLUMNS]
        assert len(frame) == rows
        for column in SPAN_COLUMNS:
            dtype = frame[column.name].dtype
            if column.kind == "text":
                assert pd.api.types.is_string_dtype(dtype), column.name
            else:
                assert dtype == column.dtype, column.name


def test_a_call_is_a_row_with_its_own_figures():
    """Its kind, name, times, status, tokens and id; a span has none of a call's."""
    with llmwatch.watch(tag="v1") as w, llmwatch.span("answer"):
        ask()
    span, call = (row for _, row in w.spans.iterrows())
    mine = w.calls.iloc[0]
    assert (span.kind, call.kind) == ("span", "llm")
    assert (call.call_id, call.model, call.tag) == (mine.call_id, "gpt-5-mini", "v1")
    assert call.duration_s == mine.latency_s
    assert call.ended_at - call.started_at == pd.Timedelta(mine.latency_s, unit="s")
    assert (call.input_tokens, call.cost_usd) == (mine.input_tokens, mine.cost_usd)
    assert pd.isna([span.call_id, span.model, span.input_tokens, span.cost_usd]).all()
    assert span.tag == "v1"


def test_times_hold_what_is_inside():
    """A span begins before what is in it and ends after it, and lasts from start to end."""
    with llmwatch.watch() as w, llmwatch.span("answer"):
        ask()
    span, call = (row for _, row in w.spans.iterrows())
    assert span.started_at <= call.started_at
    assert span.duration_s > call.duration_s
    assert span.ended_at - span.started_at == pd.Timedelta(span.duration_s, unit="s")


def test_an_open_span_is_open():
    """Before it ends it has no end, no length and no verdict; afterwards it has, and is one row."""
    with llmwatch.watch() as w:
        with llmwatch.span("answer", k=1) as s:
            s.set(found=2)
            (row,) = w.spans.itertuples()
            assert (row.status, row.attributes) == ("open", '{"k": 1, "found": 2}')
            assert pd.isna([row.ended_at, row.duration_s]).all()
            assert (llmwatch.session.spans.status == "open").sum() == 1
        assert w.spans.status.tolist() == ["ok"]
    assert not (llmwatch.session.spans.status == "open").any()


def test_a_watch_has_the_spans_inside_it():
    """Not those around it, nor those before and after; the session has all."""
    before = (llmwatch.session.spans.kind == "span").sum()
    with llmwatch.watch() as outer, llmwatch.span("around"):
        with llmwatch.watch() as w, llmwatch.span("inside"):
            ask()
        with llmwatch.span("after"):
            pass
    assert tree(w) == [("inside", None), ("chat gpt-5-mini", "inside")]
    assert outer.spans.name.tolist() == ["around", "inside", "chat gpt-5-mini", "after"]
    assert (llmwatch.session.spans.kind == "span").sum() - before == 3


def test_a_call_by_hand_stands_in_the_trace_too():
    """`llmwatch.call` has ids as others have."""
    with (
        llmwatch.watch() as w,
        llmwatch.span("answer"),
        llmwatch.call(model="my-llama", operation="chat"),
    ):
        pass
    assert tree(w) == [("answer", None), ("chat my-llama", "answer")]


def test_calls_that_were_loaded_are_spans(tmp_path):
    """From calls alone: the same rows, and their trace ids survive the file."""
    with llmwatch.watch() as w, llmwatch.span("answer"):
        ask()
        ask()
    w.to_csv(tmp_path / "calls.csv")
    loaded = llmwatch.load(tmp_path / "calls.csv").spans
    mine = w.spans[w.spans.kind == "llm"]
    for name in ("name", "trace_id", "span_id", "parent_span_id", "started_at"):
        assert loaded[name].tolist() == mine[name].tolist()


# -- what is told of a span -----------------------------------------------------------------------


def told(**attributes):
    """The attributes of a span as they are kept."""
    with llmwatch.watch() as w, llmwatch.span("x", **attributes):
        pass
    return json.loads(w.spans.attributes[0])


def test_attributes_are_plain_and_cannot_change_later():
    """Numbers, truths and texts stay; anything else becomes a short text at once."""
    names = ["a"]
    with llmwatch.watch() as w, llmwatch.span("x", names=names, n=np.int64(3), x=np.float32(0.5)):
        names.append("b")
    assert json.loads(w.spans.attributes[0]) == {"names": "['a']", "n": 3, "x": 0.5}
    assert told(on=True, off=None, big=2**70, nan=float("nan")) == {
        "on": True, "off": None, "big": str(2**70), "nan": "nan",
    }  # fmt: skip


class Mute:
    """An object that cannot be shown."""

    def __str__(self):
        raise RuntimeError("no words")


def test_attributes_that_cannot_be_shown_do_no_harm():
    """They are named by their class; the others stay."""
    assert told(bad=Mute(), nested={"a": {"b": {"c": {"d": 1}}}}, k=1) == {
        "bad": "<Mute>", "nested": "{'a': {'b': {'c': {...}}}}", "k": 1,
    }  # fmt: skip


def test_attributes_are_scrubbed_and_bounded():
    """No credential by pattern or by its name; 200 characters of a text, 64 attributes."""
    kept = told(
        key="sk-proj-abcd1234efgh5678", password="hunter2!", text="word " * 10_000, keyword="Paris",
        many=list(range(10**6)), tokens=512,
    )  # fmt: skip
    assert kept["key"] == kept["password"] == "[redacted]"
    assert len(kept["text"]) <= 200
    assert kept["text"].startswith("word word")
    assert len(kept["many"]) <= 200
    assert (kept["keyword"], kept["tokens"]) == ("Paris", 512)
    assert len(told(**{f"a{n}": n for n in range(100)})) == 64


def test_an_attribute_may_have_any_name():
    """Also those of our own parameters."""
    assert told(name="n", self=1, owner=2) == {"name": "n", "self": 1, "owner": 2}


def test_an_error_is_that_of_the_span_and_goes_through_as_itself():
    """Every span it passes has its class and its words, without credentials."""
    problem = ValueError("bad key sk-proj-abcd1234efgh5678")
    with llmwatch.watch() as w:
        with pytest.raises(ValueError) as caught, llmwatch.span("outer"), llmwatch.span("inner"):
            raise problem
        with llmwatch.span("next"):
            pass
    assert caught.value is problem
    assert w.spans.status.tolist() == ["error", "error", "ok"]
    assert w.spans.error_type[:2].tolist() == ["ValueError"] * 2
    assert w.spans.error_message[:2].tolist() == ["bad key [redacted]"] * 2


@pytest.mark.parametrize(
    ("problem", "status"),
    [(StopIteration(1), "error"), (GeneratorExit(), "partial"), (KeyboardInterrupt(), "cancelled"),
     (asyncio.CancelledError(), "cancelled"), (BaseExceptionGroup("g", [SystemExit()]), "cancelled")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("is_on", [True, False])
def test_any_exception_passes(problem, status, is_on):
    """On or off, what is raised inside comes out, and says how the span ended."""
    caught = None
    watch = llmwatch.watch()
    if is_on:
        watch.__enter__()
    try:
        with llmwatch.span("x"):
            raise problem
    except BaseException as found:
        caught = found
    finally:
        watch.close()
    assert caught is problem
    assert watch.spans.status.tolist() == ([status] if is_on else [])


def test_an_error_that_cannot_be_told_is_still_itself():
    """An exception whose words cannot be had is recorded by its class."""

    class Wordless(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    with llmwatch.watch() as w, pytest.raises(Wordless), llmwatch.span("x"):
        raise Wordless
    assert w.spans.error_type.tolist() == ["Wordless"]
    assert w.spans.error_message.isna().all()


def test_a_name_is_cut_and_scrubbed():
    """A name is text from anywhere."""
    with llmwatch.watch() as w, llmwatch.span("sk-proj-abcd1234efgh5678 " + "long " * 1000):
        pass
    assert w.spans.name[0].startswith("[redacted] long")
    assert len(w.spans.name[0]) <= 200


@pytest.mark.parametrize("name", ["", "  ", None, 3, len])
def test_a_name_that_is_none_is_one_clear_line(name):
    """It says what to type."""
    with pytest.raises(llmwatch.UsageError, match=r"llmwatch\.span\(") as caught:
        llmwatch.span(name)
    assert "\n" not in str(caught.value)


def test_a_span_is_begun_once():
    """Open or over, the second time is a clear line that says what to type."""
    s = llmwatch.span("once")
    with s, pytest.raises(llmwatch.UsageError, match=r"llmwatch\.span\("), s:
        raise AssertionError("entered twice")
    with pytest.raises(llmwatch.UsageError, match="begun already"), s:
        raise AssertionError("entered again")
    with pytest.raises(llmwatch.UsageError, match="decorates a function"):
        llmwatch.span("x")(3)


def test_where_nothing_is_recorded_a_span_does_nothing():
    """Off, it has no ids and leaves no row, and what is set on it is forgotten."""
    before = len(llmwatch.session.spans)
    with llmwatch.span("x", k=1) as s:
        s.set(found=1)
        assert (s.trace_id, s.span_id, context.here()) == (None, None, None)
        ask()
    assert len(llmwatch.session.spans) == before
    assert "not recorded" in repr(s)


def test_ids_do_not_come_from_the_persons_dice():
    """After `random.seed` the same numbers come with us as without, and our ids differ."""

    def work():
        random.seed(7)
        with llmwatch.watch() as w, llmwatch.span("x"):
            ask()
        assert len(w.spans) == 2
        return random.random(), w.spans.trace_id[0]

    (first, one), (second, two) = work(), work()
    random.seed(7)
    assert first == second == random.random()
    assert one != two


# -- tasks and threads ----------------------------------------------------------------------------


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


# -- as a decorator -------------------------------------------------------------------------------


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


# -- who listens ----------------------------------------------------------------------------------


@pytest.fixture
def heard():
    """The spans that a listener is told of, in order."""
    found = []
    leave = llmwatch.session.subscribe_spans(found.extend)
    yield found
    leave()


def test_a_trace_is_complete_when_its_root_ends(heard):
    """Children come before the root; it knows how many calls were in it, also those that failed."""
    client = offline_client(script=[Reply("Hi"), Reply.unauthorized()], max_retries=0)
    with llmwatch.watch(tag="t"), pytest.raises(Exception, match="401"), llmwatch.span("root"):
        with llmwatch.span("child"):
            client.chat.completions.create(**ASK)
        client.chat.completions.create(**ASK)
    llmwatch.session._settle()
    child, root = heard
    assert (child.name, child.is_root, child.calls, child.status) == ("child", False, 1, "ok")
    assert (root.name, root.is_root, root.calls, root.status) == ("root", True, 2, "error")
    assert (root.parent_span_id, child.parent_span_id) == (None, root.span_id)
    assert root.trace_id == child.trace_id
    assert root.duration_s > child.duration_s > 0
    assert (root.tag, root.session_id) == ("t", llmwatch.session.session_id)


def test_a_call_that_was_tried_again_in_vain_counts(heard):
    """Whether the SDK gives up is known by the time that the span ends."""
    client = offline_client(script=[Reply.server_error(), Reply.server_error()], max_retries=1)
    told = threading.Event()
    leave = llmwatch.session.subscribe_spans(lambda _: told.set())
    with llmwatch.watch() as w, pytest.raises(Exception, match="500"), llmwatch.span("root"):
        client.chat.completions.create(**ASK)
    assert told.wait(30)  # nothing is read meanwhile: reading would decide it, too
    leave()
    assert [span.calls for span in heard] == [1]
    assert w.calls.attempts.tolist() == [2]
    assert parents(w) == ["root"]


def test_a_listener_that_breaks_harms_nobody(heard):
    """The others are told, the span is there, and diagnostics say what happened."""

    def broken(spans):
        raise RuntimeError("a broken listener of spans")

    leave = llmwatch.session.subscribe_spans(broken)
    try:
        with llmwatch.watch() as w, llmwatch.span("x"):
            pass
        assert w.spans.name.tolist() == ["x"]
    finally:
        leave()
    assert [span.name for span in heard] == ["x"]
    told = llmwatch.diagnostics().message
    assert told.str.contains("a broken listener of spans").any()


def test_a_span_leaves_no_circle_behind():
    """Once it is over it goes without the garbage collector, whose turns people would pay for."""
    gc.collect()
    gc.disable()
    try:
        with llmwatch.watch() as w:
            with llmwatch.span("x"):
                scope = weakref.ref(context.here())
            assert len(w.spans) == 1
        assert scope() is None
    finally:
        gc.enable()


def test_what_is_kept_is_bounded():
    """Of a hundred thousand spans the newest are there, in order."""
    kept = Spans(100)
    for number in range(100_000):
        kept.add(number)
    assert kept.newest() == list(range(99_900, 100_000))
    assert len(kept) == 100
    assert len(kept._kept) <= 200


# -- with OpenTelemetry ---------------------------------------------------------------------------

OTEL = """
import asyncio, json, logging, sys
import llmwatch
from llmwatch.testing import offline_client
llmwatch.enable()
ask = lambda: offline_client().chat.completions.create(
    model="gpt-5-mini", messages=[{"role": "user", "content": "hello"}]
)
with llmwatch.span("before"):
    ask()
imported = "opentelemetry" in sys.modules

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

logged = []
class Listener(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())
logging.getLogger().addHandler(Listener(logging.WARNING))

tracer = trace.get_tracer("theirs")
with llmwatch.span("no provider"):
    untouched = not trace.get_current_span().get_span_context().is_valid
provider, memory = TracerProvider(), InMemorySpanExporter()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

with tracer.start_as_current_span("A"):
    with llmwatch.span("S"):
        ask()
        with tracer.start_as_current_span("B"):
            ask()
        with llmwatch.span("T"):
            ask()
    ask()
with llmwatch.span("R"), tracer.start_as_current_span("D"):
    with llmwatch.call(model="by hand"):
        pass
ask()

@llmwatch.span("G")
def words():
    with llmwatch.span("H"):
        yield 1
        with tracer.start_as_current_span("E"):
            pass
        ask()

with tracer.start_as_current_span("F"):
    for _ in words():
        ask()
        with tracer.start_as_current_span("C"):
            pass

async def inside():
    with llmwatch.span("Y"):
        yield 1

async def closing():
    run = inside()
    await run.__anext__()
    async def close():
        with tracer.start_as_current_span("K"):
            await run.aclose()
            ask()
    await asyncio.create_task(close())
asyncio.run(closing())

left = trace.get_current_span().get_span_context().is_valid
seen = len(memory.get_finished_spans())
provider.sampler = sampling.ParentBased(sampling.ALWAYS_OFF)
with llmwatch.span("unsampled") as quiet, tracer.start_as_current_span("silent") as theirs:
    same = f"{theirs.get_span_context().trace_id:032x}" == quiet.trace_id
    ask()

hexed = lambda number: f"{number:016x}"
rows = [(s.name, f"{s.context.trace_id:032x}", hexed(s.context.span_id),
         hexed(s.parent.span_id) if s.parent else None) for s in memory.get_finished_spans()]
spans = llmwatch.session.spans
rows += [(r.name if r.kind == "span" else "call", r.trace_id, r.span_id,
          r.parent_span_id if isinstance(r.parent_span_id, str) else None)
         for r in spans.itertuples()]
names = {span_id: name for name, _, span_id, _ in rows}
print(json.dumps({
    "imported": imported, "untouched": untouched, "left": left, "logged": logged, "same": same,
    "sampled": len(memory.get_finished_spans()) - seen,
    "parents": [(name, names.get(parent, parent)) for name, _, _, parent in rows],
    "broken": sum(1 for _, trace_id, _, parent in rows for _, other, mine, _ in rows
                  if parent == mine and trace_id != other),
    "faults": llmwatch.diagnostics().message.tolist(),
}))
"""


@pytest.fixture(scope="module")
def otel():
    """What was seen in a process that runs OpenTelemetry: it can be set up once in each."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OTEL],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_opentelemetry_is_not_loaded_by_us(otel):
    """Spans and calls without it load nothing of it; with its API alone nothing is set in it."""
    assert (otel["imported"], otel["untouched"]) == (False, True)


def test_traces_of_opentelemetry_and_ours_are_one(otel):
    """Ours stand under theirs and theirs under ours, by the innermost; a call under either."""
    found = [tuple(pair) for pair in otel["parents"]]
    assert {("S", "A"), ("B", "S"), ("T", "S"), ("R", None), ("D", "R"), ("A", None)} <= {*found}
    calls = [parent for name, parent in found if name == "call"]
    assert calls[:7] == ["before", "S", "B", "T", "A", "D", None]
    assert otel["broken"] == 0  # parent and child have one trace id


def test_a_generator_leads_opentelemetry_only_while_it_runs(otel):
    """Between two items what the caller opens and calls is the caller's, there as here."""
    found = [tuple(pair) for pair in otel["parents"]]
    assert {("G", "F"), ("H", "G"), ("E", "H"), ("C", "F")} <= {*found}
    calls = [parent for name, parent in found if name == "call"]
    assert calls[7:9] == ["F", "H"]


def test_opentelemetry_is_left_as_it_was(otel):
    """Nothing stays current, nothing is logged, nothing of ours went wrong."""
    assert (otel["left"], otel["logged"], otel["faults"]) == (False, [], [])
    assert [parent for name, parent in otel["parents"] if name == "call"][9] == "K"


def test_the_sampling_of_opentelemetry_holds(otel):
    """What its sampler leaves out stays out, though the trace id is one."""
    assert (otel["same"], otel["sampled"]) == (True, 0)


# -- in a notebook --------------------------------------------------------------------------------


def test_a_span_closed_in_a_later_cell_is_over_there(tmp_path):
    """While it is open it goes on in the cells below; what comes after its end is not in it."""
    begin = (
        "%load_ext llmwatch\nimport llmwatch\nfrom llmwatch.testing import offline_client\n"
        f"ask = lambda: offline_client().chat.completions.create(**{ASK!r})\n"
        's = llmwatch.span("by hand"); s.__enter__(); ask();'
    )
    cells = [
        begin,
        "ask();",
        "s.__exit__(None, None, None)",
        "ask();",
        "llmwatch.session.calls.parent_span_id.eq(s.span_id).tolist()",
    ]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    assert text_of(run(notebook, tmp_path).cells[-1]).strip() == "[True, True, False]"


# -- the picture ----------------------------------------------------------------------------------


def bars(chart):
    """The names in a waterfall, from the top, each with how far it stands in."""
    rows = [row for data in chart.to_dict()["datasets"].values() for row in data]
    labels = sorted((row["row"], row["label"], row["left"]) for row in rows if "label" in row)
    edge = min(left for _, _, left in labels)
    return [(label, (left - edge) // 12) for _, label, left in labels]


def test_the_waterfall_draws_the_tree():
    """Spans and calls, children below and further in; one that failed has a mark."""
    with llmwatch.watch() as w:
        with pytest.raises(ValueError), llmwatch.span("answer"):
            with llmwatch.span("retrieve"):
                ask()
            raise ValueError("bad")
        ask()
    assert bars(w.chart("waterfall")) == [
        ("× answer", 0), ("retrieve", 1), ("chat gpt-5-mini", 2), ("chat gpt-5-mini", 0),
    ]  # fmt: skip


def test_the_waterfall_draws_what_is_open_and_the_waits_of_calls():
    """An open span reaches to the last that is seen; a call's retries are a part of its bar."""
    client = offline_client(script=[Reply.rate_limited(0.05), Reply("Hi")])
    with llmwatch.watch() as w, llmwatch.span("open"):
        client.chat.completions.create(**ASK)
        chart = w.chart("waterfall")
    rows = [row for data in chart.to_dict()["datasets"].values() for row in data]
    parts = [row["part"] for row in rows if "part" in row]
    assert parts == ["other work", "retries and waits", "call"]
    assert bars(chart) == [("open", 0), ("chat gpt-5-mini", 1)]
    assert {row["state"] for row in rows if "part" in row} == {"open", "ok"}


def test_without_spans_the_waterfall_is_one_of_calls():
    """As before there were any."""
    with llmwatch.watch() as w:
        ask()
    assert bars(w.chart("waterfall")) == [("gpt-5-mini", 0)]
