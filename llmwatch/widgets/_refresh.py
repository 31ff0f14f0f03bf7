"""What is new in a session, for the browser: bounded, in order, and nothing when there is none."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ._firing import Firing
from ._ledger import Ledger
from ._payload import NEEDED, buckets, figures
from ._rows import FIELDS, SPAN_FIELDS, running, span_row
from ._writer import Writer

__all__ = ["Refresher"]

_JOINED_S = 5.0  # how long a front end may need to get ready for what it is told
_FLYING = 100  # calls in flight that are told one by one
_NEW_SPANS, _SPANS, _OPEN_SPANS = 200, 500, 50  # told in one refresh; at once; not over
_ANSWERS, _UNTOLD = 8, 1_000  # answers told again and again; those that none was told yet


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
        self._seq = self._base = 0
        self._ledger = Ledger(source)
        self._base_spans = source.traces.finished.total
        self._joined = self._clock()
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
        self._ledger.hear_changes(numbers)
        self._writer.wake()

    def _turn(self, woken: bool) -> None:
        if woken or self._is_moving():
            self.refresh()

    def _is_moving(self) -> bool:
        """Whether something is in flight, or has changed that nobody tells of."""
        enabled = getattr(self._source, "enabled", True)
        pulse = (self._source.running, enabled, self.firing.muted)
        before, self._pulse = self._pulse, pulse
        return pulse != before or bool(pulse[0] or self._ledger.is_owing) or self._is_late()

    # -- what is told -------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Send what is new, if anything is; returns whether something was."""
        with self._lock:
            if self._is_late():
                self._forget()
            told = self._look()
            is_amended = self._ledger.take_changes()
            if told == self._last and not is_amended and not self._ledger.is_owing:
                return False
            while len(self._answers) > _ANSWERS:
                self._answers.popleft()
            self._last = {**told, "answers": list(self._answers)}
            self._seq += 1
            message = {
                "seq": self._seq, "base": self._base, "now_ms": time.time_ns() // 1_000_000,
                "spans": self._spans_since(_NEW_SPANS), **self._ledger.news(), **told,
            }  # fmt: skip
            if self._is_settled():
                self._forget()
        self._send(message)
        return True

    def whole(self) -> dict[str, Any]:
        """Everything, bounded, for somebody who has just come."""
        with self._lock:
            told = self._look()
            rows = self._ledger.begin()
            self._base, self._joined = self._seq, self._clock()
            self._base_spans = 0
            spans = self._spans_since(_SPANS)
            self._base_spans = told["ended_spans"]
            return {
                "seq": self._seq, "now_ms": time.time_ns() // 1_000_000, "fields": FIELDS,
                "session": self._source.session_id, "rows": rows,
                "span_fields": SPAN_FIELDS, "spans": spans, **told,
            }  # fmt: skip

    def _look(self) -> dict[str, Any]:
        """The present, without the calls: what has not changed compares equal."""
        source = self._source
        flying = source.in_flight_under(None) if source.running else []
        budget = getattr(source, "budget", None)
        return {
            **self._counted(),
            "running": [running(found) for found in flying[:_FLYING]],
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
        stamp = (self._source.store.total, self._ledger.changes)
        if stamp != self._stamp:
            columns = view.arrays(*NEEDED)
            self._told = {
                "total": self._source.store.total,
                "figures": figures(columns, time.time_ns(), view.past),
                "buckets": buckets(columns),
            }
            self._stamp = stamp
        return self._told

    def _is_settled(self) -> bool:
        """Whether whoever came is surely listening."""
        return self._clock() - self._joined > _JOINED_S

    def _is_late(self) -> bool:
        """Whether it is time to tell what had no room while somebody was getting ready."""
        return self._ledger.is_behind and self._is_settled()

    def _forget(self) -> None:
        """Tell only what is new from now on."""
        self._ledger.forget()
        self._base, self._base_spans = self._seq, self._last["ended_spans"]
