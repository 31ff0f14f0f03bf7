"""The way of a notice to its handlers: off everybody's path, one lane a handler."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Sequence

from .. import faults
from ..worker import at_exit
from ._alert import Alert, Handler
from ._lane import Lane

__all__ = ["Delivery"]

_PAUSES_S = (1.0, 5.0)  # before the second and the third try
_CAPACITY = 100  # notices that may wait in one lane
_LANES = 64
_EXIT_S = 2.0  # the longest that the end of the process waits for handlers


class Delivery:
    """Hands notices to handlers; a slow or dead handler holds up nobody but itself.

    Parameters
    ----------
    pauses : sequence of float
        Seconds before each further try of a notice that may arrive later.
    capacity : int
        Notices that may wait for one handler; beyond it the oldest is dropped and noted.
    """

    def __init__(self, *, pauses: Sequence[float] = _PAUSES_S, capacity: int = _CAPACITY) -> None:
        self._pauses = tuple(pauses)
        self._capacity = capacity
        self._reset()
        _deliveries.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[int, Lane] = {}
        self._hurry = threading.Event()

    def send(self, handler: Handler, alert: Alert) -> None:
        """Queue `alert` for `handler`. Never blocks, never raises."""
        try:
            with self._lock:
                self._lane(handler).put(alert)
        except Exception as problem:
            faults.note("alert handler", problem)

    def _lane(self, handler: Handler) -> Lane:
        lane = self._lanes.get(id(handler))
        if lane is None:
            for key in [key for key, other in self._lanes.items() if other.is_idle]:
                del self._lanes[key]
            if len(self._lanes) >= _LANES:
                raise RuntimeError(f"more than {_LANES} handlers are busy: a notice was dropped")
            lane = Lane(handler, self._pauses, self._capacity, self._hurry)
            self._lanes[id(handler)] = lane  # the lane holds the handler, so its id stays its own
        return lane

    def drain(self, timeout: float = 2.0) -> bool:
        """Wait until every notice is delivered or given up; False when `timeout` was too short."""
        end = time.monotonic() + timeout
        with self._lock:
            lanes = list(self._lanes.values())
        return all(lane.wait(end - time.monotonic()) for lane in lanes)

    def finish(self, timeout: float) -> bool:
        """`drain` without the pauses before further tries, also where no thread can be had."""
        self._hurry.set()
        with self._lock:
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.finish()
        return self.drain(timeout)


_deliveries: weakref.WeakSet[Delivery] = weakref.WeakSet()


def _after_fork() -> None:
    for delivery in list(_deliveries):  # the parent's notices are the parent's to deliver
        delivery._reset()


def _at_exit() -> None:
    for delivery in list(_deliveries):
        delivery.finish(_EXIT_S)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
at_exit(_at_exit)
