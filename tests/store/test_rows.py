"""What is appended comes back as it was, to the whole and to a watch of some rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmwatch import faults
from llmwatch.frames import text_dtype
from llmwatch.records import Call
from llmwatch.semconv import COLUMNS, NAMES
from llmwatch.store import Store
from tests.store.plain import START, filled, full, make


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
        column.name: str(text_dtype()) if column.kind == "text" else column.dtype
        for column in COLUMNS
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
