"""The background thread: it outlives what goes wrong, and nobody waits for it for ever."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading

import pytest

from llmwatch import faults
from llmwatch.worker import Worker


@pytest.fixture(autouse=True)
def _no_faults():
    faults.clear()
    yield
    faults.clear()


def test_everything_put_is_handled_in_order():
    """What was put is handled, in the order in which it was put, before `drain` returns."""
    seen: list[int] = []
    worker = Worker(seen.extend)
    for number in range(1000):
        worker.put(number)
    assert worker.drain(5)
    assert seen == list(range(1000))


def test_a_poisoned_thing_does_not_end_the_worker():
    """After a handler raised, later things are still handled, and the trouble is counted."""
    seen: list[str] = []

    def handle(batch):
        for thing in batch:
            if thing == "poison":
                raise SystemExit("poison")
            seen.append(thing)

    worker = Worker(handle)
    worker.put("poison")
    assert worker.drain(5)
    worker.put("food")
    assert worker.drain(5)
    assert seen == ["food"]
    assert [fault.step for fault in faults.table()] == ["worker"]


def test_drain_gives_up_in_time():
    """A handler that hangs costs a reader its timeout, not for ever."""
    release = threading.Event()
    worker = Worker(lambda batch: release.wait(30))
    worker.put("hang")
    assert worker.drain(0.1) is False
    release.set()
    assert worker.drain(5)


def test_draining_from_the_worker_itself_does_not_wait():
    """A subscriber that reads the store runs on the worker: it must not wait for itself."""
    answers: list[bool] = []
    worker = Worker(lambda batch: answers.append(worker.drain(5)))
    worker.put(1)
    assert worker.drain(5)
    assert answers == [True]


def test_idle_is_asked_until_it_is_content():
    """`idle` is called again, without anything new, as long as it says so."""
    done = threading.Event()
    asked: list[int] = []

    def idle():
        asked.append(1)
        if len(asked) == 3:
            done.set()
        return 0.01 if len(asked) < 3 else None

    worker = Worker(lambda batch: None, idle)
    worker.put("wake")
    assert done.wait(5)


def _in_child(queue):
    seen: list[int] = []
    worker = _in_child.worker
    worker._handle = seen.extend
    worker.put(7)
    queue.put((worker.drain(5), seen))


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system cannot fork")
def test_a_forked_child_gets_a_thread_of_its_own():
    """In a forked child the worker works, though the parent's thread is not there."""
    worker = Worker(lambda batch: None)
    worker.put(1)
    assert worker.drain(5)
    _in_child.worker = worker
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=20) == (True, [7])
    child.join(20)


def test_the_last_line_of_a_script_is_handled_and_nothing_is_printed():
    """What is put in the last line of a script is handled before the process ends, silently."""
    script = (
        "from llmwatch.worker import Worker\n"
        "import os\n"
        "worker = Worker(lambda batch: os.write(1, b'handled'))\n"
        "worker.put(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == (b"handled", b"", 0)


def test_a_hanging_handler_does_not_hang_the_exit():
    """A process whose worker hangs ends all the same (hang guard: ten times its 2 s)."""
    script = (
        "from llmwatch.worker import Worker\n"
        "import threading\n"
        "worker = Worker(lambda batch: threading.Event().wait())\n"
        "worker.put(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=20)
    assert (done.stderr, done.returncode) == (b"", 0)
