"""The one background thread: it takes what ended on the user's threads and does everything else.

A `SimpleQueue` is the only thing between the two sides: its `put` is written in C, needs no lock
of ours and may run inside a garbage collection, which is where an abandoned stream ends.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from . import faults

__all__ = ["Worker", "at_exit"]

# Things that end together are handled together: each turn of ours costs the user's thread the warm
# caches it worked in, and half a millisecond for handing over. A reader does not wait for it; who
# subscribes has a call 100 ms after its end at the latest, in an idle interpreter.
_BATCH_S = 0.08
# Things handled in one turn: behind many callers it would else never end, and a fork waits for that.
_AT_MOST = 200
# The longest that a fork waits for what we import, which a busy machine does slowly: a child that
# begins amid an import hangs when it imports the same, and that may be the person's own `import`.
_FORK_S = 10.0
_EXIT_S = 2.0  # the longest that the end of the process waits for us


class Worker:
    """Runs `handle(batch)` on a daemon thread for whatever was `put`.

    Parameters
    ----------
    handle : callable
        Takes the things put since the last time, in order, out of the `deque` that it gets: what
        it is done with is to be free, since the next call on another thread needs memory, too.
    idle : callable, optional
        Called between batches; returns in how many seconds it wants to be called again though
        nothing was put, or None: the thread then sleeps until something is.
    """

    def __init__(
        self, handle: Callable[[deque[Any]], None], idle: Callable[[], float | None] | None = None
    ) -> None:
        self._handle = handle
        self._idle = idle or (lambda: None)
        self._start_lock = threading.RLock()
        self._is_stuck = self._is_silent = False
        self._reset()
        _workers.add(self)

    def _reset(self) -> None:
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.RLock()
        self._at_work = threading.RLock()
        self._turnstile = threading.Lock()  # who waits for the end of a turn goes before the next
        self._busy = self._is_behind = False
        self.is_warm = False  # behind the first thing it imports what it needs

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._start_lock:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="llmwatch", daemon=True)
                if self._thread is not None and self._thread.is_alive():
                    return  # a garbage collection amid the line above put something, and started it
                self._thread = thread
                try:
                    thread.start()
                except RuntimeError as problem:  # no thread to be had, or the interpreter is ending
                    self._thread = None
                    faults.note("worker", problem)

    def put(self, thing: Any) -> None:
        """Hand `thing` over. Never blocks, never raises for want of a thread."""
        if self._is_silent:
            return
        self._queue.put(thing)
        if self._thread is None:
            self.start()

    def inbox(self) -> Callable[[Any], None]:
        """The queue's own `put`, for where no Python code may run; it starts no thread."""
        return self._queue.put

    def drain(self, timeout: float = 2.0) -> bool:
        """Wait until all that was put is handled; False when `timeout` seconds were not enough."""
        thread = self._thread
        if self._is_silent or (thread is None and self._queue.empty()):
            return True
        if self.is_here():
            return True  # a subscriber that reads: what it waits for would wait for it
        done = threading.Event()
        self.put(done)
        self._hurry.set()
        return done.wait(timeout)

    def is_here(self) -> bool:
        """Whether the code that asks runs on the worker's thread."""
        return self._thread is threading.current_thread()

    @property
    def is_alive(self) -> bool:
        """Whether it has a thread that runs."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        timeout: float | None = None
        while True:
            work, waiting = self._take(timeout)
            with self._turnstile:
                pass
            with self._at_work:
                self._is_stuck = False
                self._do(work)
                self.is_warm = self.is_warm or bool(work)
                for event in waiting:  # whoever reads waits for the calls, not for what rules say
                    if isinstance(event, _Last):
                        event.do()
                    event.set()
                del work, waiting  # an idle thread must not keep the last call alive
                timeout = self._rest()

    def _take(self, timeout: float | None) -> tuple[deque[Any], list[threading.Event]]:
        """What was put, and who waits for it, after at most `timeout` seconds."""
        work: deque[Any] = deque()
        waiting: list[threading.Event] = []
        try:
            if not self._busy:
                _sort(self._queue.get(timeout=timeout), work, waiting)
                timeout = _BATCH_S
            if not (waiting or self._is_behind):
                self._hurry.wait(_BATCH_S if timeout is None else min(timeout, _BATCH_S))
            self._hurry.clear()
            while len(work) < _AT_MOST:
                _sort(self._queue.get_nowait(), work, waiting)
            self._busy = self._is_behind = True
        except Empty:
            self._is_behind = False
            # While things come, whoever puts one wakes nobody: we look by ourselves.
            self._busy = bool(work or waiting)
        return work, waiting

    def _do(self, work: deque[Any]) -> None:
        try:
            if work:
                self._handle(work)
        except BaseException as problem:  # the thread must outlive whatever one record does to it
            faults.note("worker", problem)

    def _rests(self) -> bool:
        """Keep it from work for a fork, once it is done with what it does; whether that came."""
        patience = 0 if self._is_stuck else _FORK_S
        has_come = self._turnstile.acquire(timeout=patience)
        if has_come:
            has_come = self._at_work.acquire(timeout=patience)
            self._turnstile.release()
        self._is_stuck = not has_come  # the next fork does not wait for the same again
        return has_come

    def _rest(self) -> float | None:
        """How long to wait for more at most; None without end."""
        try:
            wanted = self._idle()
        except BaseException as problem:
            faults.note("worker", problem)
            return None
        return None if wanted is None else max(0.0, wanted)


def _sort(thing: Any, work: deque[Any], waiting: list[threading.Event]) -> None:
    if isinstance(thing, threading.Event):
        waiting.append(thing)
    else:
        work.append(thing)


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()
_stopped = threading.local()  # what the thread that forks keeps from work meanwhile


def _before_fork() -> None:
    # A thread that imports, or holds any lock, is not in the child to let go of it.
    _stopped.locks = [worker._at_work for worker in list(_workers) if worker._rests()]


def _after_fork_in_parent() -> None:
    for lock in _stopped.__dict__.pop("locks", ()):
        lock.release()


def _after_fork() -> None:
    _stopped.__dict__.clear()
    for worker in list(_workers):  # the child has neither the thread nor what was queued for it
        worker._reset()
        if worker._is_stuck:  # what it held is held for ever here: whoever touches it would hang
            worker._is_silent = True
            faults.note("fork", "forked amid work that did not end: calls here are not recorded")


_afterwards: list[Callable[[], object]] = []


def at_exit(work: Callable[[], object]) -> None:
    """Do `work` when the process ends, behind all that was recorded, on the worker's thread.

    No other thread can be had by then (Python 3.12). The end of the process waits for it, but not
    for ever; where no worker ever ran, it is done right there and shall not take long.
    """
    _afterwards.append(work)


class _Last(threading.Event):
    """What is done at last: set once it is done."""

    is_queued = False

    def do(self) -> None:
        for work in _afterwards:
            try:
                work()
            except BaseException as problem:
                faults.note("exit", problem)


def _at_exit() -> None:
    end = time.monotonic() + _EXIT_S
    last = _Last()
    for worker in list(_workers):
        if not worker.drain(end - time.monotonic()):
            faults.note("exit", "some calls were still being recorded when the process ended")
        elif worker.is_alive and not last.is_queued:
            last.is_queued = True
            worker.put(last)
    if last.is_queued:
        last.wait(end - time.monotonic())
    else:
        last.do()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork
    )
atexit.register(_at_exit)
