"""Calls and spans to an OTLP endpoint as they come, on a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Self

from .. import faults
from ..records import Call, Span
from ..words import plural
from ._otlp import BATCH
from ._otlp_metrics import OtlpMetrics
from ._otlp_session import Trouble
from ._otlp_spans import resource, spans_of
from ._otlp_wire import Wire

__all__ = ["OtlpStream"]

_SPANS_S = 1.0  # what comes so close together is sent together
_METRICS_S = 10.0
_LONGEST_S = 60.0  # between two tries while the endpoint is away
_MOST = 20_000  # spans that wait for it; the oldest are given up
_ASK_AGAIN_S = 600.0  # whether an endpoint that takes no metrics does by now
_CLOSE_S = 2.0
_FOREVER = float("inf")


class OtlpStream:
    """Sends until it is closed; also `with`. Made by `llmwatch.stream_otlp`.

    Parameters
    ----------
    wire : Wire
        Where to.
    session_id : str
        Whose calls.
    content : bool
        Whether what was asked and answered, and what errors say, goes with them, as far as it is
        kept.
    settle : callable
        Sees that no call is on its way to it.
    at_end : callable
        Lets nobody tell it of further ones.

    Attributes
    ----------
    endpoint : str
        Where to.
    sent : int
        Spans that the endpoint has taken.
    """

    def __init__(
        self,
        wire: Wire,
        session_id: str,
        *,
        content: bool = False,
        settle: Callable[[], None] = lambda: None,
        at_end: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self._wire, self._content, self._settle, self._at_end = wire, content, settle, at_end
        self.endpoint, self.sent, self.takes_metrics = wire.name, 0, True
        self._resource = resource(session_id)
        self._metrics = OtlpMetrics(self._resource)
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._backlog: deque[Call | Span] = deque()
        self._batch = BATCH
        self._failures = 0
        self._spans_at = self._metrics_at = _FOREVER
        self._closed = self._ending = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="llmwatch-otlp", daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def flush(self, timeout: float = _CLOSE_S) -> bool:
        """Send what there is now; whether all of it was taken within `timeout` seconds."""
        if self._ending:
            return not self._backlog
        self._settle()
        done = _Flush()
        self._inbox.put(done)
        return done.wait(timeout) and done.is_clean

    def close(self) -> None:
        """Send what there is, for 2 s at most, and nothing more; twice is once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        end = monotonic() + _CLOSE_S
        self._settle()
        self._at_end(self)
        self.flush(end - monotonic())
        self._ending = True
        self._inbox.put(None)
        self._thread.join(max(0.0, end - monotonic()))
        self._wire.close()
        for _ in range(len(self._backlog) + self._untaken()):
            faults.note("otlp", f"spans were not sent before the stream to {self.endpoint} closed")

    def _untaken(self) -> int:
        """How many records came while the thread waited for an answer."""
        count = 0
        with suppress(Empty):
            while True:
                thing = self._inbox.get_nowait()
                count += len(thing) if isinstance(thing, list) else 0
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "until .close()"
        waiting = f", {len(self._backlog):,} waiting" if self._backlog else ""
        beside = "" if self.takes_metrics else ", it takes no metrics"
        spans = plural(self.sent, "span")
        return f"<llmwatch OTLP to {self.endpoint}: {spans} sent{waiting}{beside}; {state}>"

    # -- what is told, on the worker --------------------------------------------------------------

    def over(self, calls: Sequence[Call], first: int) -> None:
        """Calls are over."""
        self._inbox.put(list(calls))

    def ended(self, spans: Sequence[Span]) -> None:
        """Spans are over."""
        self._inbox.put(list(spans))

    # -- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending:
            try:
                self._turn()
            except Exception as problem:  # it must outlive whatever one record does to it
                faults.note("otlp", problem)
                self._failures += 1
                later = monotonic() + self._pause()
                self._spans_at, self._metrics_at = (
                    max(at, later) for at in (self._spans_at, self._metrics_at)
                )

    def _turn(self) -> None:
        flushes = self._take()
        hurry, now = bool(flushes), monotonic()
        if self._backlog and (hurry or now >= self._spans_at or self._is_full()):
            self._send_spans()
        if self._metrics_at < _FOREVER and (hurry or now >= self._metrics_at):
            self._send_metrics()
        for flush in flushes:
            flush.is_clean = not self._backlog and self._metrics_at == _FOREVER
            flush.set()

    def _is_full(self) -> bool:
        return not self._failures and len(self._backlog) >= BATCH

    def _take(self) -> list[_Flush]:
        """Wait for what comes, until something is due, and take all of it in."""
        due = min(self._spans_at, self._metrics_at)
        flushes: list[_Flush] = []
        try:
            thing = self._inbox.get(
                timeout=None if due == _FOREVER else max(0.0, due - monotonic())
            )
            while True:
                if isinstance(thing, _Flush):
                    flushes.append(thing)
                elif thing:
                    self._keep(thing)
                thing = self._inbox.get_nowait()
        except Empty:
            return flushes

    def _keep(self, records: Sequence[Call | Span]) -> None:
        calls = [record for record in records if isinstance(record, Call)]
        if calls:
            self._metrics.add(calls)
            pause = _METRICS_S if self.takes_metrics else _ASK_AGAIN_S
            self._metrics_at = min(self._metrics_at, monotonic() + pause)
        self._backlog.extend(records)
        self._spans_at = min(self._spans_at, monotonic() + _SPANS_S + self._pause())
        while len(self._backlog) > _MOST:
            self._backlog.popleft()
            faults.note("otlp", f"{self.endpoint} was away too long: the oldest spans are lost")

    def _pause(self) -> float:
        """How long to leave the endpoint alone after so many failures in a row."""
        return min(_LONGEST_S, 2.0 ** min(self._failures, 10)) if self._failures else 0.0

    def _send_spans(self) -> None:
        self._spans_at = _FOREVER
        while self._backlog:
            trouble = self._send_batch()
            if trouble is not None:
                self._failures += 1
                self._spans_at = monotonic() + self._pause()
                return

    def _send_batch(self) -> Trouble | None:
        """Send the oldest ones; a trouble where they are to be sent again, but later."""
        batch = list(islice(self._backlog, self._batch))
        made = spans_of(batch, self._resource, content=self._content)
        trouble = self._wire.send_spans(made)
        if trouble is not None:
            self._note(trouble)
            if not trouble.is_for_good:
                return trouble
            if trouble.is_too_large and len(batch) > 1:
                self._batch = len(batch) // 2
                return None
        else:
            self.sent += len(made)
            self._failures = 0
        for _ in batch:
            self._backlog.popleft()
        return None

    def _send_metrics(self) -> None:
        self._metrics_at = _FOREVER
        data = self._metrics.read()
        trouble = self._wire.send_metrics(data) if data is not None else None
        self.takes_metrics = trouble is None or not trouble.is_unknown_there
        if trouble is not None and self.takes_metrics:
            self._note(trouble)
            self._metrics_at = monotonic() + max(_METRICS_S, self._pause())

    def _note(self, trouble: Trouble) -> None:
        faults.note("otlp", f"could not send to {self.endpoint}: {trouble.said}")

    # -- in a forked child ------------------------------------------------------------------------

    def drop(self) -> None:
        """The thread is not here, and what is told here is the parent's to send."""
        self._lock = threading.Lock()
        self._closed = self._ending = True
        self._backlog.clear()


class _Flush(threading.Event):
    """Asks for all to be sent now; set once that was tried."""

    is_clean = False
