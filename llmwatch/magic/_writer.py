"""The one thread that writes the alerts under the cells; there while there is something to write."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from .. import faults

__all__ = ["Writer"]

_IDLE_S = 5.0  # how long the thread is kept for what comes next


class Writer:
    """Calls `turn` when woken, and again after the seconds that it returned.

    Parameters
    ----------
    turn : callable
        Does what there is to do; returns in how many seconds more is due, or None.
    """

    def __init__(self, turn: Callable[[], float | None]) -> None:
        self._turn = turn
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_woken = False
        self._is_busy = False
        self._is_closed = False

    def wake(self) -> None:
        """Call `turn` soon. Never waits; in a forked child it does nothing."""
        if self._pid != os.getpid():
            return  # the front end is the parent's
        with self._changed:
            if self._is_closed:
                return
            self._is_woken = True
            self._changed.notify_all()
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="llmwatch-banners", daemon=True)
                thread.start()
                self._thread = thread

    def drain(self, timeout: float) -> bool:
        """Wait until it is through with what it was woken for; False when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._is_woken or self._is_busy), timeout)

    def close(self) -> None:
        """Write no more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        again: float | None = None
        while self._is_due(again):
            try:
                faults.check("banner")
                again = self._turn()
            except BaseException as problem:  # what is shown must not stop what is recorded
                faults.note("banner", problem)
                again = None
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _is_due(self, again: float | None) -> bool:
        """Wait for the next turn; False when none is in sight, and the thread may end."""
        end = time.monotonic() + (_IDLE_S if again is None else max(0.0, again))
        with self._changed:
            while not (self._is_woken or self._is_closed):
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            if self._is_closed or (again is None and not self._is_woken):
                self._thread = None
                return False
            self._is_woken, self._is_busy = False, True
            return True
