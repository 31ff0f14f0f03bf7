"""A frame is its owner's: nothing done to it reaches the store, and nothing later reaches it."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pytest

from llmwatch.frames import shares_memory
from llmwatch.semconv import NAMES
from llmwatch.store import Store
from tests.store.plain import filled, full, make

SHARED = pytest.mark.skipif(not shares_memory(), reason="before pandas 3 a frame is a copy")
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


def buffers(column):
    """The numpy arrays on which a column of a frame stands: its values, and its mask."""
    array = column.array
    kept = (getattr(array, name, None) for name in ("_data", "_ndarray", "_mask"))
    return [buffer for buffer in kept if buffer is not None]


@SHARED
@pytest.mark.parametrize("rows", ["all", "some"])
@pytest.mark.parametrize("name", NAMES)
def test_the_lock_on_a_frame_cannot_be_taken_off(name, rows):
    """Nobody can set the flag of its arrays to writeable again, nor that of a view of them."""
    store = Store()
    store.append([full() for _ in range(5)])
    collected = store.rows()
    for number in (0, 2, 3):
        collected.add(number)
    column = store.view(None if rows == "all" else collected).frame()[name]
    for buffer in buffers(column):
        for array in (buffer, buffer.view(), buffer[1:]):
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True


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


@SHARED
@pytest.mark.parametrize("name", ["latency_s", "model", "input_tokens", "stream"])
def test_asking_again_copies_nothing(name):
    """Two frames stand on the same memory, text included, though pyarrow is installed."""
    pytest.importorskip("pyarrow")
    store = filled(100)
    first = store.view().frame()
    store.append([make(100)])
    second = store.view().frame()
    assert np.shares_memory(*(buffers(frame[name])[0] for frame in (first, second)))
