"""The one thread that writes to the browser: widgets lose words that two threads send at once.

What is new goes out at most twice a second, an answer at once; when one forks, it is at rest.
"""

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
_NAME = "llmwatch-panel"


class Writer:
    """Delivers what is posted, in order, and takes turns; on a daemon thread of its own.

    The thread begins with the first thing that there is to do.

    Attributes
    ----------
    turn : callable or None
        Called at most twice a second, and told whether `wake` was called since the last time.
        None: there is nothing to look at.
    """

    def __init__(self) -> None:
        self.turn: Callable[[bool], object] | None = None
        self._outbox: deque[Callable[[], None]] = deque()
        self._reset()
        _alive.add(self)

    def _reset(self) -> None:
        self._at_work, self._starting = threading.RLock(), threading.Lock()
        self._wake, self._over = threading.Event(), threading.Event()
        self._posted = threading.Event()
        self._thread: threading.Thread | None = None

    def take_turns(self, turn: Callable[[bool], object]) -> None:
        """Call `turn` from now on, at once for the first time."""
        self.turn = turn
        self._wake.set()
        self._start()

    def leave_off(self) -> None:
        """Take no more turns; one that is being taken is finished."""
        self.turn = None
        with self._at_work:
            pass

    def stop(self) -> None:
        """Write no more; what is being written is finished."""
        self._over.set()
        self._wake.set()
        self._posted.set()
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
        """Run `message` as soon as what was posted before has run."""
        self._outbox.append(message)
        self._posted.set()
        self._wake.set()
        self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self.is_over:
                self._thread = threading.Thread(target=self._run, name=_NAME, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self.is_over:
            woken = self._wake.wait(_PERIOD_S if self.turn is not None else None)
            self._wake.clear()
            began = time.monotonic()
            self._deliver()
            if self.turn is None or self.is_over:
                continue
            with self._at_work:
                self._try(self._take_turn, woken)
            took = time.monotonic() - began
            self._rest(began + max(_PERIOD_S, min(took * (1 + _SHARE), took + _LONGEST_S)))

    def _rest(self, end: float) -> None:
        """Take no turn before `end`; only what is posted goes out."""
        while not self.is_over and (left := end - time.monotonic()) > 0:
            if self._posted.wait(left):
                self._deliver()

    def _deliver(self) -> None:
        self._posted.clear()
        with self._at_work:
            while self._outbox and not self.is_over:
                self._try(self._outbox.popleft())

    def _take_turn(self, woken: bool) -> None:
        if self.turn is not None:
            self.turn(woken)

    def _try(self, do: Callable[..., object], *what: object) -> None:
        try:
            do(*what)
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
