"""Threads and forked children read whole rows while one writes; the writer needs no pandas."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from llmwatch.store import Store
from tests.store.plain import filled, make


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


def test_a_subscriber_holds_no_lock():
    """While a subscriber runs, another thread can read the store, the new call included."""
    store, seen = Store(), []

    def callback(calls, first):
        reader = threading.Thread(target=lambda: seen.append(len(store.view())))
        reader.start()
        reader.join(60)

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
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(60)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(store, rows, queue), daemon=True)
    child.start()
    try:
        every = [f"id-{i}" for i in range(4)]
        assert queue.get(timeout=60) == (3, every, [every[0], *every[2:]])
    finally:
        release.set()
        child.join(60)
        holder.join(60)


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
