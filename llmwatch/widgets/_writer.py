"""The one thread that writes to the browser: at most twice a second, and at rest when one forks."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable

from .. import faults

__all__ = ["Writer"]

_PERIOD_S = 0.5
_SHARE = 10  # a turn that takes long is followed by a rest that many times as long
_LONGEST_S = 2.0  # but never by one in which the panel seems to stand still
_FORK_S = 1.0  # the longest that a fork waits for us
_STOP_S = 1.0  # the longest that stopping does


class Writer:
    """Calls `turn(woken)` twice a second, on a daemon thread of its own.

    Parameters
    ----------
    turn : callable
        Told whether `wake` was called since the last turn.
    """

    def __init__(self, turn: Callable[[bool], object]) -> None:
        self._do = turn
        self._outbox: deque[Callable[[], None]] = deque()
        self._reset()
        _alive.add(self)

    def _reset(self) -> None:
        self._at_work = threading.RLock()
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with a turn at once."""
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="llmwatch-panel", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write no more; what is being written is finished."""
        self._over.set()
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_STOP_S)

    @property
    def is_over(self) -> bool:
        """Whether it writes no more."""
        return self._over.is_set()

    def wake(self) -> None:
        """Take a turn soon."""
        self._wake.set()

    def post(self, message: Callable[[], None]) -> None:
        """Run `message` before the next turn."""
        self._outbox.append(message)
        self._wake.set()

    def _run(self) -> None:
        while not self._over.is_set():
            woken = self._wake.wait(_PERIOD_S)
            self._wake.clear()
            if self._over.is_set():
                return
            began = time.monotonic()
            with self._at_work:
                self._step(woken)
            took = time.monotonic() - began
            self._over.wait(max(_PERIOD_S - took, min(took * _SHARE, _LONGEST_S)))

    def _step(self, woken: bool) -> None:
        try:
            while self._outbox:
                self._outbox.popleft()()
            self._do(woken)
        except Exception as problem:  # the panel may stand still, but not for ever
            faults.note("panel", problem)


_alive: weakref.WeakSet[Writer] = weakref.WeakSet()
_stopped = threading.local()  # what the thread that forks keeps from work meanwhile


def _before_fork() -> None:
    # A thread that imports, or holds any lock, is not in the child to let go of it.
    at_work = [writer._at_work for writer in list(_alive)]
    _stopped.locks = [lock for lock in at_work if lock.acquire(timeout=_FORK_S)]


def _after_fork_in_parent() -> None:
    for lock in _stopped.__dict__.pop("locks", ()):
        lock.release()


def _after_fork_in_child() -> None:
    _stopped.__dict__.clear()
    for writer in list(_alive):  # the browser talks to the parent; the child has no thread here
        writer._reset()
        writer._over.set()


def _at_exit() -> None:
    for writer in list(_alive):
        writer.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
atexit.register(_at_exit)
