"""The store: finished calls in append-only columns, for one writer and any number of readers."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import faults
from .columns import Columns
from .frames import Frames
from .left import LEFT, Left
from .records import Call
from .view import Rows, View

__all__ = ["Rows", "Store", "View"]

Subscriber = Callable[[Sequence[Call], int], None]
ChangeSubscriber = Callable[[Sequence[int]], None]

_AT_ONCE = 500  # calls that left memory and are counted in one go: a few ms, seldom


class Store:
    """Finished calls, the newest `max_calls` of them in memory.

    Calls are numbered from 0, for ever: a number never means another call. Rows leave memory
    in slabs, so memory holds `max_calls` and an eighth more; what is read is exact. What was
    appended last stays until the next append, so that whoever collects the numbers of its calls
    (`Rows.add`) has the time to.

    Parameters
    ----------
    max_calls : int
        Rows that can be read; the oldest leave first. Can be set later.
    """

    def __init__(self, max_calls: int = 100_000) -> None:
        self._max_calls = max_calls
        self._low = 0  # the number of the oldest call that can be read
        self._columns: Columns | None = None  # numpy is loaded with the first call
        self._version = 0
        self._frames = Frames()
        self._left, self._counted = Left(), 0  # up to which number it has counted
        self._rows: weakref.WeakSet[Rows] = weakref.WeakSet()
        self._subscribers: tuple[Subscriber, ...] = ()
        self._change_subscribers: tuple[ChangeSubscriber, ...] = ()
        self._lock = threading.RLock()
        _stores.add(self)

    # -- writing ------------------------------------------------------------------------------

    def append(self, calls: Sequence[Call]) -> int:
        """Add `calls` and tell the subscribers; returns the number of the first."""
        faults.check("store")
        with self._lock:
            first = self.total
            if calls:
                self._with_room(len(calls)).write(calls)
                self._evict()
        if calls:
            self._tell(calls, first)
        return first

    def amend(self, changes: Mapping[int, Mapping[str, Any]]) -> list[int]:
        """Change late columns (`semconv.Column.late`) of calls, by number, and tell who asked.

        Numbers that have left memory are passed over; returns those that were changed.
        """
        with self._lock:
            changed = self._amend(changes)
        self._tell_changes(changed)
        return changed

    def revise(self, number: int, change: Callable[[Call], Mapping[str, Any]]) -> bool:
        """Change late columns of one call to what `change` makes of it, in one step.

        Nobody else changes it meanwhile, so that of two ratings at once none is lost. Returns
        whether the call is still in memory.
        """
        with self._lock:
            if not self._low <= number < self.total:
                return False
            rows = Rows()
            rows.add(number)
            (call,) = self.view(rows).calls()
            changed = self._amend({number: change(call)})
        self._tell_changes(changed)
        return True

    def _amend(self, changes: Mapping[int, Mapping[str, Any]]) -> list[int]:
        columns = self._columns
        numbers = [number for number in changes if self._low <= number < self.total]
        if columns is not None and numbers:
            columns.amend({number - columns.first: changes[number] for number in numbers})
            self._version += 1
        return numbers

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback(calls, first_number)` after each append; returns what ends that.

        It runs on the thread that appends, with no lock held. If it raises, that is counted in
        diagnostics and the others still run.
        """
        with self._lock:
            self._subscribers = (*self._subscribers, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(c for c in self._subscribers if c is not callback)

        return unsubscribe

    def subscribe_changes(self, callback: ChangeSubscriber) -> Callable[[], None]:
        """Call `callback(numbers)` after late columns changed: a rating, a price given later.

        It runs on the thread that changes them, with no lock held, and is as free to fail as the
        callback of `subscribe`. Returns what ends it.
        """
        with self._lock:
            self._change_subscribers = (*self._change_subscribers, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._change_subscribers = tuple(
                    c for c in self._change_subscribers if c is not callback
                )

        return unsubscribe

    def _tell_changes(self, numbers: Sequence[int]) -> None:
        for callback in self._change_subscribers if numbers else ():
            try:
                faults.check("subscriber")
                callback(numbers)
            except Exception as problem:
                faults.note("subscriber", problem)

    def _tell(self, calls: Sequence[Call], first: int) -> None:
        for callback in self._subscribers:
            try:
                faults.check("subscriber")
                callback(calls, first)
            except Exception as problem:  # one broken listener must not silence the others
                faults.note("subscriber", problem)

    # -- room ---------------------------------------------------------------------------------

    @property
    def max_calls(self) -> int:
        """Rows that can be read."""
        return self._max_calls

    @max_calls.setter
    def max_calls(self, n: int) -> None:
        with self._lock:
            self._max_calls = n
            self._evict()

    @property
    def total(self) -> int:
        """Calls ever appended."""
        columns = self._columns
        return columns.total if columns is not None else 0

    @property
    def evicted(self) -> int:
        """Calls that have left memory."""
        return self._low

    @property
    def _slab(self) -> int:
        return max(256, self._max_calls // 8)

    def _evict(self) -> None:
        self._low = max(self._low, self.total - self._max_calls)
        if self._low - self._counted >= _AT_ONCE:
            self._count_left()

    def _count_left(self) -> None:
        """Count by model what has left memory, as long as it still stands in the buffers."""
        if self._counted < self._low:
            self._left.add(self.view().gone(self._counted, *LEFT))
            self._counted = self._low

    def _with_room(self, n: int) -> Columns:
        columns = self._columns
        if columns is None or columns.capacity - columns.filled < n:
            return self._move(n)
        most = self._max_calls + self._slab + n
        return columns if columns.capacity <= most else self._move(n)  # after fewer, or a flood

    def _move(self, n: int) -> Columns:
        """New buffers with room for `n` more calls; the rows before `_low` stay behind."""
        old, most = self._columns, self._max_calls + self._slab
        live = self.total - self._low
        capacity = max(live + n, min((live + n) * 3 // 2, most), 256)
        if old is None:
            self._columns = Columns(capacity)
            return self._columns
        for rows in list(self._rows):
            rows.leave(self.view(rows))
        self._count_left()
        past = self.view().past
        self._columns = old.moved(self._low - old.first, capacity, past)
        self._frames.drop()
        return self._columns

    # -- reading ------------------------------------------------------------------------------

    def rows(self) -> Rows:
        """A new collection of numbers, whose totals stay exact when its calls leave memory."""
        rows = Rows()
        with self._lock:
            self._rows.add(rows)
        return rows

    def view(self, rows: Rows | None = None) -> View:
        """What can be read now: all calls, or those whose numbers `rows` collected."""
        with self._lock:
            if rows is not None:
                self._rows.add(rows)
            columns = self._columns if self._columns is not None else Columns(1)
            return View(columns, self._frames, self._low, self._version, rows)

    def view_and_left(self) -> tuple[View, Left]:
        """What can be read now, and of the calls before it what they come to by model."""
        with self._lock:
            self._count_left()
            return self.view(), self._left.copy()

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        for frames in (self._frames, *(rows.frames for rows in self._rows)):
            frames.renew_lock()


_stores: weakref.WeakSet[Store] = weakref.WeakSet()


def _after_fork() -> None:
    for store in list(_stores):
        store._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
