"""Memory is bounded: the newest calls stay, and the totals of what left are exact."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import pytest

from llmwatch.store import Store
from tests.store.plain import filled, make


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
