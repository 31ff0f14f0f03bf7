"""The store: what is appended can be read for ever after, and nothing a reader does reaches it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import tracemalloc
import weakref

import numpy as np
import pandas as pd
import pytest

from llmwatch import faults
from llmwatch.records import Call
from llmwatch.semconv import COLUMNS, NAMES
from llmwatch.store import Store

START = 1_790_000_000_000_000_000


@pytest.fixture(autouse=True)
def _no_faults():
    faults.clear()
    yield
    faults.clear()


def make(n: int, **values) -> Call:
    """Call number `n`: a few columns known, the rest unknown."""
    known = {
        "call_id": f"id-{n}", "session_id": "s", "started_at": START + n, "status": "ok",
        "model": "gpt-5-mini", "latency_s": float(n), "input_tokens": n,
    }  # fmt: skip
    return Call(**(known | values))


def filled(n: int, **options) -> Store:
    store = Store(**options)
    store.append([make(i) for i in range(n)])
    return store


def full() -> Call:
    """A call in which every column is known."""
    values = {"text": "t", "time": START, "count": 7, "number": 1.5, "flag": True}
    return Call(**({c.name: values[c.kind] for c in COLUMNS} | {"status": "error"}))


# -- what goes in comes out -----------------------------------------------------------------------


def test_numbers_are_consecutive():
    """`append` returns the number of the first call; the next batch goes on from there."""
    store = Store()
    assert [store.append([make(0)]), store.append([make(1), make(2)]), store.append([make(3)])] == [
        0, 1, 3,
    ]  # fmt: skip
    assert store.append([]) == 4
    assert (store.total, store.evicted) == (4, 0)
    assert store.view().numbers().tolist() == [0, 1, 2, 3]


def test_records_come_back_equal():
    """A call with every column and one with hardly any come back as they were."""
    store = Store()
    calls = [full(), make(1), Call(call_id="x", session_id="s", started_at=START, status="lost")]
    store.append(calls)
    assert store.view().calls() == calls
    assert store.view().calls(limit=2) == calls[1:]
    assert store.view().calls(limit=2, newest_first=True) == [calls[2], calls[1]]
    assert store.view().calls(limit=0) == []


@pytest.mark.parametrize("n", [0, 1, 300])
def test_a_frame_has_the_columns_of_the_table(n):
    """Names, order and dtypes are those of the column table, with and without rows."""
    frame = filled(n).view().frame()
    assert len(frame) == n
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        column.name: column.dtype for column in COLUMNS
    }
    assert tuple(frame.columns) == NAMES
    assert frame.index.equals(pd.RangeIndex(n))


def test_the_frame_says_what_the_records_say():
    """Known values are there, unknown ones are missing (never 0), times are UTC to the ns."""
    store = Store()
    store.append([full(), make(1)])
    frame = store.view().frame()
    assert frame.loc[0].notna().all()
    known = frame.loc[1].dropna().to_dict()
    assert set(known) == {
        "call_id", "session_id", "started_at", "status", "model", "stream", "latency_s",
        "input_tokens",
    }  # fmt: skip
    assert (known["model"], known["latency_s"], known["input_tokens"]) == ("gpt-5-mini", 1.0, 1)
    assert known["started_at"].value == START + 1
    assert str(known["started_at"].tz) == "UTC"


def test_arrays_are_read_only_and_know_the_unknown():
    """Counts are masked where unknown, numbers NaN, and none of them can be written."""
    store = Store()
    store.append([make(0, input_tokens=None, latency_s=None), make(1)])
    arrays = store.view().arrays("input_tokens", "latency_s", "model", "status_code")
    assert arrays["input_tokens"].tolist() == [None, 1]
    assert np.isnan(arrays["latency_s"]).tolist() == [True, False]
    assert arrays["status_code"].tolist() == [0, 0]
    for name in ("latency_s", "model", "status_code"):
        with pytest.raises(ValueError, match="read-only"):
            arrays[name][0] = arrays[name][1]
    with pytest.raises(ValueError, match="read-only"):
        arrays["input_tokens"].data[0] = 9


def test_odd_texts_are_kept_as_they_are():
    """Half a surrogate pair, NUL and 20 MB come back unchanged."""
    texts = ["\ud83d", "a\0b", "x" * 20_000_000]
    store = Store()
    store.append([make(i, request_preview=text) for i, text in enumerate(texts)])
    assert [call.request_preview for call in store.view().calls()] == texts
    assert store.view().frame()["request_preview"].tolist() == texts


def test_a_value_that_fits_no_column_is_unknown_and_counted():
    """A count beyond 64 bits costs that one value, not the call and not its neighbours."""
    store = Store()
    store.append([make(0), make(1, input_tokens=1 << 70), make(2)])
    assert store.view().arrays("input_tokens")["input_tokens"].tolist() == [0, None, 2]
    assert store.view().frame()["latency_s"].tolist() == [0.0, 1.0, 2.0]
    assert [fault.step for fault in faults.table()] == ["store"]


def test_texts_that_repeat_are_kept_once():
    """Two equal model names that were two objects are one object in the store."""
    names = [str(b"gpt-5", "ascii") for _ in range(2)]
    assert names[0] is not names[1]
    store = Store()
    store.append([make(i, model=name) for i, name in enumerate(names)])
    store.append([make(i, model=str(b"gpt-5", "ascii")) for i in range(1000)])
    models = store.view().arrays("model")["model"]
    assert all(model is models[0] for model in models)


# -- frames are the caller's own ------------------------------------------------------------------

WRITES = {
    "loc": lambda f: f.loc.__setitem__((0, "model"), "mine"),
    "loc count": lambda f: f.loc.__setitem__((0, "input_tokens"), 99),
    "loc rows": lambda f: f.loc.__setitem__((f.index < 3, "latency_s"), 99.0),
    "iloc": lambda f: f.iloc.__setitem__((0, NAMES.index("latency_s")), 99.0),
    "loc late": lambda f: f.loc.__setitem__((0, "cost_usd"), 99.0),
    "at": lambda f: f.at.__setitem__((0, "call_id"), "mine"),
    "column": lambda f: f.__setitem__("latency_s", 99.0),
    "series": lambda f: f["latency_s"].iloc.__setitem__(0, 99.0),
    "values": lambda f: f["latency_s"].values.__setitem__(0, 99.0),
    "values count": lambda f: f["input_tokens"].values.__setitem__(0, 99),
    "values text": lambda f: f["model"].values.__setitem__(0, "mine"),
    "array number": lambda f: f["latency_s"].array.__setitem__(0, 99.0),
    "array time": lambda f: f["started_at"].array.__setitem__(0, pd.Timestamp("2020", tz="UTC")),
    "array flag": lambda f: f["stream"].array.__setitem__(0, True),
    "to_numpy": lambda f: f["latency_s"].to_numpy().__setitem__(0, 99.0),
    "numpy text": lambda f: np.asarray(f["model"]).__setitem__(0, "mine"),
    "whole values": lambda f: f.values.__setitem__((0, 0), "mine"),
    "fillna": lambda f: f.fillna({"cost_usd": 99.0, "tag": "mine"}, inplace=True),
    "replace": lambda f: f.replace({"gpt-5-mini": "mine"}, inplace=True),
    "sort": lambda f: f.sort_values("latency_s", ascending=False, inplace=True),
    "drop": lambda f: f.drop(index=[0], columns=["model"], inplace=True),
    "rename": lambda f: f.rename(columns={"model": "mine"}, inplace=True),
    "index": lambda f: setattr(f, "index", range(10, 10 + len(f))),
    "insert": lambda f: f.insert(0, "mine", 1),
    "add": lambda f: f.__setitem__("latency_s", f["latency_s"].__iadd__(99.0)),
    "clip": lambda f: f["latency_s"].clip(upper=0, inplace=True),
    "update": lambda f: f.update(pd.DataFrame({"latency_s": [99.0]})),
}


@pytest.mark.filterwarnings("ignore")  # some of these are what pandas warns of
@pytest.mark.parametrize("rows", ["all", "some"])
@pytest.mark.parametrize("name", WRITES)
def test_what_is_done_to_a_frame_stays_in_it(name, rows):
    """No write to a frame reaches the store or another frame; a refused one is a ValueError."""
    store = filled(10)
    collected = store.rows()
    for number in (0, 2, 3, 7):
        collected.add(number)
    which = None if rows == "all" else collected
    calls, other = store.view(which).calls(), store.view(which).frame()
    before = other.copy(deep=True)
    try:
        WRITES[name](store.view(which).frame())
    except ValueError as problem:
        assert "read-only" in str(problem)
    assert store.view(which).calls() == calls
    pd.testing.assert_frame_equal(other, before)
    pd.testing.assert_frame_equal(store.view(which).frame(), before)


@pytest.mark.parametrize("later", ["growth", "amend", "eviction", "gone"])
@pytest.mark.parametrize("name", ["loc", "loc count", "loc late", "loc rows", "at"])
def test_an_old_frame_can_still_be_written(name, later):
    """A frame taken before the store moved on to other buffers is the caller's to change."""
    store = filled(10, max_calls=500)
    frame = store.view().frame()
    before, expected = frame.copy(deep=True), frame.copy(deep=True)
    if later == "growth":
        store.append([make(i) for i in range(10, 500)])
    elif later == "eviction":
        for i in range(10, 2000):
            store.append([make(i)])
    elif later == "amend":
        store.amend({0: {"cost_usd": 1.0}})
    store.view().frame()
    if later == "gone":
        del store
    gc.collect()
    pd.testing.assert_frame_equal(frame, before)
    WRITES[name](frame)
    WRITES[name](expected)
    pd.testing.assert_frame_equal(frame, expected)


def test_a_frame_does_not_change_with_what_comes_later():
    """Calls appended and columns amended later do not show in a frame taken before."""
    store = Store()
    store.append([make(i, cost_usd=0.5) for i in range(5)])
    frame, view = store.view().frame(), store.view()
    before = frame.copy(deep=True)
    store.amend({1: {"cost_usd": 9.0}})
    pd.testing.assert_frame_equal(frame, before)
    store.append([make(i, tag="new", cost_usd=1.0) for i in range(5, 600)])
    store.amend({2: {"cost_usd": 9.0, "feedback": "good", "score": 1.0}})
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(view.frame(), before)
    assert len(view) == 5


@pytest.mark.parametrize("name", ["latency_s", "model", "input_tokens", "stream"])
def test_asking_again_copies_nothing(name):
    """Two frames stand on the same memory, text included, though pyarrow is installed."""
    pytest.importorskip("pyarrow")
    store = filled(100)
    first = store.view().frame()
    store.append([make(100)])
    second = store.view().frame()
    buffers = [frame[name].array for frame in (first, second)]
    kept = [getattr(b, "_data", getattr(b, "_ndarray", None)) for b in buffers]
    assert np.shares_memory(*kept)


# -- changes after the call -----------------------------------------------------------------------


def test_late_columns_can_change():
    """A price and a rating given later show in the next frame; None takes them back."""
    store = filled(3)
    store.amend({0: {"cost_usd": 0.5, "cost_source": "user"}, 2: {"score": -1.0}})
    frame = store.view().frame()
    assert frame["cost_usd"].tolist()[0] == 0.5
    assert frame["cost_usd"].isna().tolist() == [False, True, True]
    assert (frame["cost_source"][0], frame["score"][2]) == ("user", -1.0)
    store.amend({0: {"cost_usd": None, "cost_source": None}})
    assert store.view().frame()[["cost_usd", "cost_source"]].isna().all(axis=None)
    assert store.view().calls()[0] == make(0)


def test_other_columns_cannot_change():
    """What a call was stays what it was."""
    store = filled(1)
    with pytest.raises(ValueError, match="latency_s"):
        store.amend({0: {"latency_s": 1.0}})
    assert store.view().calls() == [make(0)]


def test_amending_what_is_not_there_is_passed_over():
    """Calls that left memory or never were are not changed, and nothing else is."""
    Store().amend({0: {"score": 1.0}})
    store = filled(10, max_calls=4)
    store.amend({3: {"score": 1.0}, 99: {"score": 1.0}})
    assert store.view().frame()["score"].isna().all()
    assert store.view().past.counts["score"] == 0


def test_a_revision_sees_what_is_there_now():
    """It gets the call with all earlier changes, and says whether the call is in memory."""
    store = filled(10, max_calls=4)
    store.amend({7: {"cost_usd": 0.5}})
    assert store.revise(7, lambda call: {"score": call.cost_usd, "feedback": call.call_id})
    assert store.revise(7, lambda call: {"score": call.score + 1})
    for gone in (3, 10, -1):
        assert not store.revise(gone, lambda call: {"score": 1.0})
    frame = store.view().frame().set_index("call_id")
    assert frame["score"].dropna().to_dict() == {"id-7": 1.5}
    assert frame["feedback"].dropna().to_dict() == {"id-7": "id-7"}


def test_of_revisions_at_once_none_is_lost():
    """A hundred from each of four threads add up."""
    store = filled(3)
    store.amend({1: {"score": 0.0}})

    def revise():
        for _ in range(100):
            store.revise(1, lambda call: {"score": call.score + 1})

    threads = [threading.Thread(target=revise) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert store.view().frame()["score"][1] == 400


# -- memory is bounded ----------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, 5000])
def test_the_newest_calls_stay(batch):
    """Never more than `max_calls` rows, always the newest; numbers and counts go on."""
    store, n = Store(max_calls=300), 0
    while n < 4000:
        store.append([make(i) for i in range(n, n + batch)])
        n += batch
        assert len(store.view()) == min(n, 300)
    view = store.view()
    assert (store.total, store.evicted, view.older) == (n, n - 300, n - 300)
    assert view.frame()["call_id"].tolist() == [f"id-{i}" for i in range(n - 300, n)]
    assert view.numbers().tolist() == list(range(n - 300, n))
    assert view.calls(limit=1) == [make(n - 1)]


def test_totals_of_what_left_stay_exact():
    """What left memory is still in the sums, for the whole and for a watch."""
    store = Store(max_calls=50)
    collected = store.rows()
    for i in range(2000):
        number = store.append(
            [make(i, status="error" if i % 10 == 0 else "ok", cost_usd=0.5 if i % 2 else None)]
        )
        if i % 3 == 0:
            collected.add(number)
    whole, part = store.view(), store.view(collected)
    assert whole.past.requests == whole.older == 1950
    assert whole.past.sums["input_tokens"] == sum(range(1950))
    assert whole.past.statuses["error"] == 195
    assert whole.past.sums["cost_usd"] == 975 / 2
    assert whole.past.unpriced == 975 - 195  # failed calls lack no price
    assert part.past.requests == part.older == 650
    assert part.past.sums["input_tokens"] == sum(range(0, 1950, 3))
    assert len(part) == len([i for i in range(1950, 2000) if i % 3 == 0])
    assert part.frame()["latency_s"].tolist() == [i for i in range(1950, 2000) if i % 3 == 0]
    assert len(collected) == 667


@pytest.mark.parametrize("flood", [100, 1000, 3000])
def test_a_flood_is_collected_whole(flood):
    """More calls at once than memory holds are all in the sums of who collects them afterwards."""
    store = Store(max_calls=3)
    collected = store.rows()
    for _ in range(3):
        first = store.append([make(i) for i in range(flood)])
        for number in range(first, first + flood):
            collected.add(number)
    store.append([make(0)])
    view = store.view(collected)
    assert (len(view), view.older) == (2, 3 * flood - 2)
    assert view.past.requests == 3 * flood - 2
    assert view.past.sums["input_tokens"] + view.arrays("input_tokens")["input_tokens"].sum() == (
        3 * sum(range(flood))
    )


def test_a_flood_holds_no_memory_for_long():
    """What a flood needed is free again with the next call."""
    store = Store(max_calls=100)
    store.append([make(i) for i in range(50_000)])
    buffer = weakref.ref(store._columns.data["latency_s"])
    store.append([make(0)])
    gc.collect()
    assert buffer() is None
    assert len(store.view()) == 100


def test_max_calls_can_be_set():
    """Fewer take effect at once; more do not bring back what left."""
    store = filled(1000, max_calls=1000)
    store.max_calls = 10
    assert store.view().frame()["latency_s"].tolist() == list(range(990, 1000))
    store.max_calls = 2000
    store.append([make(1000)])
    assert (len(store.view()), store.evicted) == (11, 990)


def test_memory_does_not_grow_beyond_the_cap():
    """After the cap, thousands of further calls hold no further memory."""

    def hold(*numbers: int) -> int:
        for i in range(*numbers):
            store.append([make(i, response_id=f"r-{i}", tag=f"tag-{i}")])
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    store = Store(max_calls=500)
    tracemalloc.start()
    try:
        before = hold(0, 5_000)
        assert hold(5_000, 20_000) - before < 1_000_000  # 66 bytes a call: less than its texts

    finally:
        tracemalloc.stop()


def test_old_buffers_are_let_go():
    """Once the store has moved on and no frame holds them, the old buffers are free."""
    store = filled(10)
    store.view().frame()
    old = weakref.ref(store.view().arrays("latency_s")["latency_s"].base)
    assert old() is not None
    store.append([make(i) for i in range(10, 5000)])
    gc.collect()
    assert old() is None


# -- watches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [[], [0], [3, 4, 5], [0, 2, 5], list(range(10))])
def test_a_watch_sees_the_rows_it_collected(numbers):
    """Frames, arrays and records of a watch hold its calls and no others."""
    store, collected = filled(10), None
    collected = store.rows()
    for number in numbers:
        collected.add(number)
    view = store.view(collected)
    assert len(view) == len(numbers)
    assert view.frame()["latency_s"].tolist() == numbers
    assert view.frame().index.equals(pd.RangeIndex(len(numbers)))
    assert view.arrays("latency_s")["latency_s"].tolist() == numbers
    assert view.calls() == [make(n) for n in numbers]
    assert view.numbers().tolist() == numbers
    assert view.older == 0


def test_a_call_collected_twice_is_one_row():
    """A call that reaches a watch through two scopes of it is in it once."""
    store = filled(3)
    collected = store.rows()
    for number in (0, 0, 2, 2):
        collected.add(number)
    assert store.view(collected).frame()["latency_s"].tolist() == [0.0, 2.0]
    assert len(collected) == 2


def test_a_watch_frame_follows_what_comes():
    """After a new call, an amendment or an eviction the frame of a watch is up to date."""
    store = filled(10, max_calls=10)
    collected = store.rows()
    for number in (1, 4, 8):
        collected.add(number)
    assert store.view(collected).frame()["latency_s"].tolist() == [1, 4, 8]
    store.amend({4: {"score": 1.0}})
    assert store.view(collected).frame()["score"].tolist()[1] == 1.0
    collected.add(store.append([make(10), make(11)]))
    assert store.view(collected).frame()["latency_s"].tolist() == [4, 8, 10]
    assert store.view(collected).older == 1


# -- subscribers and threads ----------------------------------------------------------------------


def test_subscribers_hear_of_each_append():
    """Each gets the calls and the number of the first, until it unsubscribes."""
    store, heard = filled(2), []
    stop = store.subscribe(lambda calls, first: heard.append((list(calls), first)))
    store.append([make(2)])
    store.append([])
    stop()
    store.append([make(3)])
    assert heard == [([make(2)], 2)]


def test_a_broken_subscriber_silences_no_other():
    """What one raises is counted; the others run, and the calls are stored."""
    store, heard = Store(), []

    def broken(calls, first):
        raise RuntimeError("broken")

    store.subscribe(broken)
    store.subscribe(lambda calls, first: heard.append(first))
    store.append([make(0)])
    assert (heard, len(store.view())) == ([0], 1)
    assert [(fault.step, fault.count) for fault in faults.table()] == [("subscriber", 1)]


def test_subscribers_hear_of_changes():
    """Each change tells the numbers it changed, and what changes nothing tells nothing."""
    heard, store = [], filled(10, max_calls=4)
    stop = store.subscribe_changes(lambda numbers: heard.append(list(numbers)))
    assert store.amend({3: {"score": 1.0}, 8: {"score": 1.0}, 6: {"score": -1.0}}) == [8, 6]
    store.amend({3: {"score": 1.0}})
    store.revise(9, lambda call: {"score": 0.5})
    store.append([make(10)])
    stop()
    store.amend({9: {"score": 1.0}})
    assert heard == [[8, 6], [9]]


def test_a_broken_subscriber_to_changes_silences_no_other():
    """Its trouble is counted, the change stands, and the next one is told."""
    heard, store = [], filled(2)
    store.subscribe_changes(lambda numbers: 1 / 0)
    store.subscribe_changes(heard.append)
    store.amend({1: {"score": 1.0}})
    assert heard == [[1]]
    assert store.view().frame()["score"][1] == 1.0
    assert [(fault.step, fault.count) for fault in faults.table()] == [("subscriber", 1)]


def test_a_subscriber_holds_no_lock():
    """While a subscriber runs, another thread can read the store, the new call included."""
    store, seen = Store(), []

    def callback(calls, first):
        reader = threading.Thread(target=lambda: seen.append(len(store.view())))
        reader.start()
        reader.join(10)

    store.subscribe(callback)
    store.append([make(0)])
    assert seen == [1]


def test_readers_see_whole_rows_while_one_thread_writes():
    """Every frame, array and record read meanwhile holds consecutive calls, whole ones."""
    store, wrong, done = Store(max_calls=400), [], threading.Event()
    collected = store.rows()

    def read():
        try:
            while not done.is_set():
                frame = store.view().frame()
                assert (frame["latency_s"].diff().dropna() == 1).all()
                assert (frame["input_tokens"] == frame["latency_s"]).all()
                assert frame["call_id"].notna().all()
                some = store.view(collected)
                assert (np.diff(some.arrays("latency_s")["latency_s"]) == 3).all()
                assert len(some.frame()) == len(some) == len(some.calls())
        except Exception as problem:  # shown by the assertion at the end, in the main thread
            wrong.append(problem)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(3000):
        number = store.append([make(i)])
        if i % 3 == 0:
            collected.add(number)
        if i % 500 == 0:
            store.amend({number: {"score": 1.0}})
    done.set()
    for reader in readers:
        reader.join(60)
    assert wrong == []


def _child(store, rows, queue):
    number = store.append([make(3)])
    rows.add(number)
    frames = store.view().frame(), store.view(rows).frame()
    queue.put((number, *(frame["call_id"].tolist() for frame in frames)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_can_use_the_store():
    """A child forked while another thread held all its locks reads and writes all the same."""
    store, held, release = filled(3), threading.Event(), threading.Event()
    rows = store.rows()
    rows.add(0)
    rows.add(2)
    store.view().frame(), store.view(rows).frame()

    def hold():
        with store._lock, store._frames._lock, rows.frames._lock:
            held.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(store, rows, queue), daemon=True)
    child.start()
    try:
        every = [f"id-{i}" for i in range(4)]
        assert queue.get(timeout=20) == (3, every, [every[0], *every[2:]])
    finally:
        release.set()
        child.join(20)
        holder.join(20)


def test_the_worker_side_needs_no_pandas():
    """Importing loads no numpy; writing, amending, reading columns and summing up no pandas."""
    script = (
        "import sys\n"
        "from llmwatch.store import Store\n"
        "from llmwatch.records import Call\n"
        "from llmwatch.summary import NEEDED, summarize\n"
        "store = Store(10)\n"
        "assert 'numpy' not in sys.modules\n"
        "call = Call(call_id='a', session_id='s', started_at=1, status='ok')\n"
        "rows = store.rows()\n"
        "for _ in range(2000): rows.add(store.append([call]))\n"
        "store.amend({1999: {'score': 1.0}})\n"
        "for view in (store.view(), store.view(rows)):\n"
        "    view.calls()\n"
        "    summarize(view.arrays(*NEEDED), now_ns=2, window='5min', past=view.past)\n"
        "assert 'pandas' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=60, check=False
    )
    assert (done.stderr, done.returncode) == (b"", 0)
