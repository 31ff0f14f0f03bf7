"""The one thread that writes to the browser: at most twice a second, never without news."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .. import faults
from ._firing import Firing
from ._payload import NEEDED, buckets, figures
from ._rows import FIELDS, SPAN_FIELDS, row, running, span_row

__all__ = ["Refresher"]

_PERIOD_S = 0.5
_FORK_S = 1.0  # the longest that a fork waits for us
_SHARE = 10  # a refresh that takes long is followed by a rest that many times as long
_LONGEST_S = 2.0  # but never by one in which the panel seems to stand still
_JOINED_S = 5.0  # how long a front end may need to get ready for what it is told
_WINDOW = 500  # calls that somebody who comes later is told at once
_NEW = 100  # calls told in one refresh; of more the newest
_NEW_SPANS, _OPEN_SPANS = 200, 50
_ANSWERS = 8


class Refresher:
    """Watches a session for what is new and hands it to `send`.

    Each message has a number, and says since which number it tells everything (`base`): whoever
    holds a state of `base` or later can apply it. For a while after somebody has asked for the
    whole, messages go on to tell everything since then, so that one that was lost is made good.

    Parameters
    ----------
    source : object
        A session: `.store`, `.traces`, `.running`, `.in_flight_under(None)`, `.open_spans()`, and,
        where there are, `.enabled`, `.alerts`, `.budget`.
    send : callable
        Takes each message, on the thread of this object.
    clock : callable
        Seconds that only go forward.
    """

    def __init__(
        self,
        source: Any,
        send: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._source, self._send = source, send
        self._lock, self._at_work = threading.RLock(), threading.RLock()
        self._wake, self._over = threading.Event(), threading.Event()
        self._outbox: deque[Callable[[], None]] = deque()
        self._answers: deque[dict[str, Any]] = deque(maxlen=_ANSWERS)
        self._seq = 0
        self._base, self._base_total = 0, source.store.total
        self._base_spans = source.traces.finished.total
        self._joined = self._clock()
        self._amended: dict[int, int] = {}  # number of a call: the message that told of it
        self._dirty: set[int] = set()
        self._changes = 0
        self._pulse: Any = None
        self._stamp: Any = None
        self._told: dict[str, Any] = {}
        self._last: dict[str, Any] = {}
        self._thread: threading.Thread | None = None
        self._leave: list[Callable[[], None]] = []
        self.firing = Firing(getattr(source, "alerts", None), self._hear_alert)
        _alive.add(self)

    # -- its life -----------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, and begin to write."""
        store = self._source.store
        self._leave = [
            store.subscribe(lambda *_: self._wake.set()),
            store.subscribe_changes(self._hear_changes),
            self._source.traces.subscribe(lambda _: self._wake.set()),
            self.firing.follow(),
        ]
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="llmwatch-panel", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and writing; what is being written is finished."""
        for leave in self._leave:
            leave()
        self._over.set()
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)

    def post(self, message: Callable[[], None]) -> None:
        """Run `message`, which writes to the browser, on the thread that does."""
        self._outbox.append(message)
        self._wake.set()

    def answer(self, number: Any, problem: str | None = None) -> None:
        """Tell the browser that what it asked for under `number` is done, or why not."""
        with self._lock:
            self._answers.append({"id": number, **({"problem": problem} if problem else {})})
        self._wake.set()

    def _hear_changes(self, numbers: Sequence[int]) -> None:
        with self._lock:
            self._dirty.update(numbers)
            self._changes += 1
        self._wake.set()

    def _hear_alert(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while not self._over.is_set():
            woken = self._wake.wait(_PERIOD_S)
            self._wake.clear()
            if self._over.is_set():
                return
            began = self._clock()
            with self._at_work:
                self._turn(woken)
            took = self._clock() - began
            self._over.wait(max(_PERIOD_S - took, min(took * _SHARE, _LONGEST_S)))

    def _turn(self, woken: bool) -> None:
        try:
            while self._outbox:
                self._outbox.popleft()()
            if woken or self._is_moving():
                self.refresh()
        except Exception as problem:  # the panel may stand still, but not for ever
            faults.note("panel", problem)

    def _is_moving(self) -> bool:
        """Whether something is in flight, or has changed that nobody tells of."""
        pulse = (self._source.running, getattr(self._source, "enabled", True))
        before, self._pulse = self._pulse, pulse
        return pulse != before or bool(pulse[0])

    # -- what is told -------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Send what is new, if anything is; returns whether something was."""
        with self._lock:
            told = self._look()
            amended = self._take_amended()
            if told == self._last and not amended:
                return False
            self._last = told
            self._seq += 1
            self._amended.update(dict.fromkeys(amended, self._seq))
            message = {
                "seq": self._seq, "base": self._base, "now_ms": time.time_ns() // 1_000_000,
                "rows": self._rows_since(), "spans": self._spans_since(_NEW_SPANS), **told,
            }  # fmt: skip
            self._forget()
        self._send(message)
        return True

    def whole(self) -> dict[str, Any]:
        """Everything, bounded, for somebody who has just come."""
        with self._lock:
            told = self._look()
            view = self._source.store.view()
            calls = view.calls(_WINDOW)
            numbers = view.numbers()[-len(calls) :].tolist() if calls else []
            self._base, self._base_total = self._seq, self._source.store.total
            self._joined = self._clock()
            self._base_total = numbers[-1] + 1 if numbers else self._base_total
            self._base_spans = 0
            spans = self._spans_since(_WINDOW)
            self._base_spans = told["ended_spans"]
            return {
                "seq": self._seq, "now_ms": time.time_ns() // 1_000_000, "fields": FIELDS,
                "rows": [row(n, call) for n, call in zip(numbers, calls, strict=True)],
                "span_fields": SPAN_FIELDS, "spans": spans, **told,
            }  # fmt: skip

    def _look(self) -> dict[str, Any]:
        """The present, without the calls: what has not changed compares equal."""
        source = self._source
        flying = source.in_flight_under(None) if source.running else []
        budget = getattr(source, "budget", None)
        return {
            **self._counted(),
            "running": [running(found) for found in flying[:_NEW]],
            "flying": len(flying),
            "recording": bool(getattr(source, "enabled", True)),
            "budget": [budget.spent, budget.limit] if budget is not None else None,
            "alerts": self.firing.told(),
            "threshold_s": self.firing.threshold_s(),
            "answers": list(self._answers),
            "ended_spans": source.traces.finished.total,
            "open_spans": [span_row(span) for span in source.open_spans(most=_OPEN_SPANS)],
        }

    def _spans_since(self, most: int) -> list[list[Any]]:
        """The spans that have ended since `base`; of many the newest."""
        finished = self._source.traces.finished
        fresh = finished.newest(min(most, finished.total - self._base_spans))
        return [span_row(span) for span in fresh]

    def _counted(self) -> dict[str, Any]:
        """What follows from the finished calls, counted again only when these have changed."""
        view = self._source.store.view()
        stamp = (self._source.store.total, self._changes)
        if stamp != self._stamp:
            columns = view.arrays(*NEEDED)
            self._told = {
                "total": self._source.store.total,
                "figures": figures(columns, time.time_ns(), view.past),
                "buckets": buckets(columns),
            }
            self._stamp = stamp
        return self._told

    def _take_amended(self) -> set[int]:
        taken, self._dirty = self._dirty, set()
        return taken

    def _rows_since(self) -> list[list[Any]]:
        """The calls since `base`, and those since then changed, among the newest 500."""
        view = self._source.store.view()
        total = self._source.store.total
        fresh = min(_NEW, total - self._base_total)
        changed = {n for n in self._amended if total - _WINDOW <= n < total - fresh}
        reach = total - min(changed) if changed else fresh
        calls = view.calls(reach)
        numbers = view.numbers()[-len(calls) :].tolist() if calls else []
        return [
            row(n, call)
            for n, call in zip(numbers, calls, strict=True)
            if n >= total - fresh or n in changed
        ]

    def _forget(self) -> None:
        """Once whoever came is surely listening, tell only what is new."""
        if self._clock() - self._joined > _JOINED_S:
            self._base, self._base_total = self._seq, self._source.store.total
            self._base_spans = self._last["ended_spans"]
            self._amended.clear()


_alive: weakref.WeakSet[Refresher] = weakref.WeakSet()


_stopped = threading.local()  # what the thread that forks keeps from work meanwhile


def _before_fork() -> None:
    # A thread that imports, or holds any lock, is not in the child to let go of it.
    at_work = [refresher._at_work for refresher in list(_alive)]
    _stopped.locks = [lock for lock in at_work if lock.acquire(timeout=_FORK_S)]


def _after_fork_in_parent() -> None:
    for lock in _stopped.__dict__.pop("locks", ()):
        lock.release()


def _after_fork() -> None:
    _stopped.__dict__.clear()
    for refresher in list(_alive):  # the browser talks to the parent; the child has no thread here
        refresher._lock, refresher._at_work = threading.RLock(), threading.RLock()
        refresher._wake, refresher._over = threading.Event(), threading.Event()
        refresher._thread = None
        refresher._over.set()
        for leave in refresher._leave:
            leave()


def _at_exit() -> None:
    for refresher in list(_alive):
        refresher.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork,
    )
atexit.register(_at_exit)
