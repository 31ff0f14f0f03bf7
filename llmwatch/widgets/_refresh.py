"""What is new in a session, for the browser: bounded, in order, and nothing when there is none."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ..records import Call
from ._firing import Firing
from ._payload import NEEDED, buckets, figures
from ._rows import FIELDS, SPAN_FIELDS, row, running, span_row
from ._writer import Writer

__all__ = ["Refresher"]

_JOINED_S = 5.0  # how long a front end may need to get ready for what it is told
_WINDOW = 500  # calls that somebody who comes later is told at once
_HELD = 1_000  # calls that the browser may hold, so that a change of them is seen
_NEW = 100  # calls told in one refresh; of more the newest, and of the rest when there is room
_NEW_SPANS, _OPEN_SPANS = 200, 50
_ANSWERS, _UNTOLD = 8, 1_000  # answers told again and again; those that none was told yet
_DIRTY = 10_000  # changed calls to look at; only the newest are told of


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
        Takes each message, on the thread of the `writer`.
    clock : callable
        Seconds that only go forward.
    writer : Writer, optional
        The thread on which to write, where there is one already.

    Attributes
    ----------
    firing : Firing
        The alerts of the session.
    """

    def __init__(
        self,
        source: Any,
        send: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
        writer: Writer | None = None,
    ) -> None:
        self._clock = clock
        self._source, self._send = source, send
        self._lock = threading.RLock()
        self._writer = writer or Writer()
        self._owns_writer = writer is None
        self._answers: deque[dict[str, Any]] = deque(maxlen=_UNTOLD)
        self._seq = 0
        self._base, self._base_total = 0, source.store.total
        self._reached = self._base_total  # calls that the last message knew of
        self._base_spans = source.traces.finished.total
        self._joined = self._clock()
        self._owed: set[int] = set()  # calls that the browser may hold, and no room yet for them
        self._amended: dict[int, int] = {}  # number of a call: the message that told of it
        self._dirty: deque[int] = deque(maxlen=_DIRTY)
        self._changes = 0
        self._pulse: Any = None
        self._stamp: Any = None
        self._told: dict[str, Any] = {}
        self._last: dict[str, Any] = {}
        self._leave: list[Callable[[], None]] = []
        self.firing = Firing(getattr(source, "alerts", None), self._writer.wake)

    # -- its life -----------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, and begin to write."""
        store = self._source.store
        self._leave = [
            store.subscribe(lambda *_: self._writer.wake()),
            store.subscribe_changes(self._hear_changes),
            self._source.traces.subscribe(lambda _: self._writer.wake()),
            self.firing.follow(),
        ]
        self._writer.take_turns(self._turn)

    def stop(self) -> None:
        """Stop listening and writing; what is being written is finished."""
        for leave in self._leave:
            leave()
        self._writer.leave_off()
        if self._owns_writer:
            self._writer.stop()

    def post(self, message: Callable[[], None]) -> None:
        """Run `message`, which writes to the browser, on the thread that does."""
        self._writer.post(message)

    def answer(self, number: Any, problem: str | None = None) -> None:
        """Tell the browser that what it asked for under `number` is done, or why not."""
        with self._lock:
            self._answers.append({"id": number, **({"problem": problem} if problem else {})})
        self._writer.wake()

    def _hear_changes(self, numbers: Sequence[int]) -> None:
        self._dirty.extend(numbers)  # without a lock: a forked child may inherit one that is held
        self._changes += 1
        self._writer.wake()

    def _turn(self, woken: bool) -> None:
        if woken or self._is_moving():
            self.refresh()

    def _is_moving(self) -> bool:
        """Whether something is in flight, or has changed that nobody tells of."""
        enabled = getattr(self._source, "enabled", True)
        pulse = (self._source.running, enabled, self.firing.muted)
        before, self._pulse = self._pulse, pulse
        return pulse != before or bool(pulse[0] or self._owed)

    # -- what is told -------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Send what is new, if anything is; returns whether something was."""
        with self._lock:
            told = self._look()
            amended = self._take_amended()
            if told == self._last and not amended and not self._owed:
                return False
            while len(self._answers) > _ANSWERS:
                self._answers.popleft()
            self._last = {**told, "answers": list(self._answers)}
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
            self._base, self._base_total = self._seq, view.older + len(view)
            self._joined = self._clock()
            self._base_spans = 0
            self._owed.clear()
            spans = self._spans_since(_WINDOW)
            self._base_spans = told["ended_spans"]
            return {
                "seq": self._seq, "now_ms": time.time_ns() // 1_000_000, "fields": FIELDS,
                "session": self._source.session_id,
                "rows": [self._row(n, call) for n, call in zip(numbers, calls, strict=True)],
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
            "firing": self.firing.count,
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
        taken = set()
        while self._dirty:
            taken.add(self._dirty.popleft())
        return taken

    def _rows_since(self) -> list[list[Any]]:
        """The calls since `base`, and those changed since then or owed that the browser may hold."""
        view = self._source.store.view()
        total = self._reached = view.older + len(view)
        fresh = min(_NEW, total - self._base_total)
        amended = sorted(n for n in self._amended if total - _HELD <= n < total - fresh)
        self._owed.update(amended[:-_WINDOW])  # as many at once as anybody is told
        changed = {*amended[-_WINDOW:], *self._pay(total - _HELD, _NEW - fresh)}
        reach = total - min(changed) if changed else fresh
        calls = view.calls(reach)
        numbers = view.numbers()[-len(calls) :].tolist() if calls else []
        return [
            self._row(n, call)
            for n, call in zip(numbers, calls, strict=True)
            if n >= total - fresh or n in changed
        ]

    def _row(self, number: int, call: Call) -> list[Any]:
        tries = getattr(self._source, "tries", None)
        return row(number, call, tries.of(call.call_id) if tries is not None else ())

    def _pay(self, first: int, room: int) -> set[int]:
        """The newest of the owed calls, from `first` on, for which there is `room`."""
        owed = sorted(number for number in self._owed if number >= first)
        paid = set(owed[len(owed) - min(room, len(owed)) :])
        self._owed = set(owed) - paid
        return paid

    def _forget(self) -> None:
        """Once whoever came is surely listening, tell only what is new."""
        if self._clock() - self._joined > _JOINED_S:
            first = max(self._base_total, self._reached - _WINDOW)
            self._owed.update(range(first, self._reached - _NEW))
            self._base, self._base_total = self._seq, self._reached
            self._base_spans = self._last["ended_spans"]
            self._amended.clear()
