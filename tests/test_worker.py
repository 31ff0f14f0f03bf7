"""The background thread: it outlives what goes wrong, and nobody waits for it for ever."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import pytest

from llmwatch import faults
from llmwatch.worker import Worker
from tests.notebook import ROOT

HANG_S = 60
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


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
    assert worker.drain(HANG_S)
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
    assert worker.drain(HANG_S)
    worker.put("food")
    assert worker.drain(HANG_S)
    assert seen == ["food"]
    assert [fault.step for fault in faults.table()] == ["worker"]


def test_drain_gives_up_in_time():
    """A handler that hangs costs a reader its timeout, not for ever."""
    release = threading.Event()
    worker = Worker(lambda batch: release.wait(HANG_S))
    worker.put("hang")
    assert worker.drain(0.1) is False
    release.set()
    assert worker.drain(HANG_S)


def test_draining_from_the_worker_itself_does_not_wait():
    """A subscriber that reads the store runs on the worker: it must not wait for itself."""
    answers: list[bool] = []
    worker = Worker(lambda batch: answers.append(worker.drain(HANG_S)))
    worker.put(1)
    assert worker.drain(HANG_S)
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
    assert done.wait(HANG_S)


def _in_child(queue):
    seen: list[int] = []
    worker = _in_child.worker
    worker._handle = seen.extend
    worker.put(7)
    queue.put((worker.drain(HANG_S), seen))


@needs_fork
def test_a_forked_child_gets_a_thread_of_its_own():
    """In a forked child the worker works, though the parent's thread is not there."""
    worker = Worker(lambda batch: None)
    worker.put(1)
    assert worker.drain(HANG_S)
    _in_child.worker = worker
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=HANG_S) == (True, [7])
    child.join(HANG_S)


AMID_AN_IMPORT = """
import os, signal, sys, threading
from llmwatch.worker import Worker
from tests.notebook import ROOT
sys.path.insert(0, os.getcwd())
signal.alarm({hang})
sys.begun = threading.Event()
worker = Worker(lambda batch: __import__("slow"))
worker.put(1)
sys.begun.wait()
child = os.fork()
if child == 0:
    signal.alarm({hang})
    import slow
    os._exit(slow.THERE)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@needs_fork
def test_a_fork_waits_for_what_we_import(tmp_path):
    """A child forked meanwhile could never import the same: its lock would be held for ever."""
    (tmp_path / "slow.py").write_text(
        "import sys, time\n"
        "sys.begun.set()\n"
        "time.sleep(1.5)\n"  # as a busy machine imports numpy; the fork comes within
        "THERE = 7\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", AMID_AN_IMPORT.format(hang=HANG_S)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=2 * HANG_S,
    )  # fmt: skip
    assert done.returncode == 7


STUCK = """
import os, threading
from llmwatch import faults, worker
worker._FORK_S = 0.01
begun, gate, seen = threading.Event(), threading.Event(), []
def handle(batch):
    begun.set()
    gate.wait()
    seen.extend(batch)
ours = worker.Worker(handle)
def in_child():
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen.clear()
    gate.set()
    ours.put(5)
    drained = ours.drain(60)
    print(drained, seen, [(fault.step, fault.message) for fault in faults.table()], flush=True)
    os._exit(0)
ours.put(1)
begun.wait()
in_child()
gate.set()
ours.drain(60)
in_child()
"""


@needs_fork
def test_a_child_forked_amid_work_without_end_records_nothing():
    """It says so, instead of hanging on what its parent's thread holds; the next child works."""
    done = subprocess.run(
        [sys.executable, "-c", STUCK],
        capture_output=True, text=True, timeout=HANG_S, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    said = "forked amid work that did not end: calls here are not recorded"
    assert (done.stdout, done.stderr) == (f"True [] [('fork', {said!r})]\nTrue [5] []\n", "")


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
    """A process whose worker hangs ends all the same (hang guard: thirty times its 2 s)."""
    script = (
        "from llmwatch.worker import Worker\n"
        "import threading\n"
        "worker = Worker(lambda batch: threading.Event().wait())\n"
        "worker.put(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert (done.stderr, done.returncode) == (b"", 0)
