"""The spans of a process: those that are open, the newest of those that are over, who listens."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from . import faults
from .assemble import where
from .context import OpenSpan, resolve
from .ids import span_text, trace_text
from .records import Span
from .redaction import Redactor

__all__ = ["SpanSubscriber", "Spans", "Traces", "span_of"]

SpanSubscriber = Callable[[Sequence[Span]], None]

_NAME, _TEXT = 200, 200  # characters that are kept
_OPEN = 10_000  # more at once are ones that nobody will ever end


class Spans:
    """Finished spans, the newest `most` of them: one thread adds, any number read."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        """How many there ever were."""
        self._kept: list[Span] = []

    def add(self, span: Span) -> None:
        """Add one; the oldest leave in slabs."""
        self._kept.append(span)
        self.total += 1
        if len(self._kept) > self.most + max(64, self.most // 8):
            del self._kept[: -self.most]

    def newest(self, most: int | None = None) -> list[Span]:
        """Those that can be read, or the newest `most` of them; the oldest end first."""
        wanted = self.most if most is None else min(most, self.most)
        return self._kept[-wanted:] if wanted > 0 else []  # one step, so `add` may go on

    def __len__(self) -> int:
        return min(len(self._kept), self.most)


class Traces:
    """The spans of a session.

    Parameters
    ----------
    most : int
        Finished ones that can be read; the oldest leave first. Can be set later.
    """

    def __init__(self, most: int) -> None:
        self.open: dict[int, OpenSpan] = {}
        self.finished = Spans(most)
        self._subscribers: list[SpanSubscriber] = []
        _all.add(self)

    def begin(self, span: OpenSpan) -> None:
        """It is open. On the user's thread."""
        self.open[id(span)] = span
        if len(self.open) > _OPEN:
            self.open.pop(next(iter(self.open)), None)
            faults.note("span", f"over {_OPEN:,} spans were open at once: the oldest is given up")

    def end(self, span: OpenSpan) -> bool:
        """It is over; True for the first who says so, in the process that opened it."""
        return self.open.pop(id(span), None) is not None

    def add(self, spans: Sequence[Span]) -> None:
        """Keep finished ones and tell the subscribers. On the worker."""
        for span in spans:
            self.finished.add(span)
        for callback in list(self._subscribers) if spans else ():
            try:
                faults.check("subscriber")
                callback(spans)
            except Exception as problem:  # one broken listener must not silence the others
                faults.note("subscriber", problem)

    def subscribe(self, callback: SpanSubscriber) -> Callable[[], None]:
        """Call `callback(spans)` with those that have ended; returns what ends that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe


_all: weakref.WeakSet[Traces] = weakref.WeakSet()


def _after_fork() -> None:
    for traces in list(_all):
        traces.open.clear()  # what was open is the parent's: it ends there


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def span_of(span: OpenSpan, session_id: str, redactor: Redactor) -> Span:
    """The record of a span that is over, or of one as it is now."""
    over = span.ended_ns > 0
    return Span(
        name=redactor.clean(span.name, limit=_NAME),
        status=span.status,
        started_at=span.started_wall_ns,
        duration_s=max(0, span.ended_ns - span.started_ns) / 1e9 if over else None,
        trace_id=trace_text(span.trace_id),
        span_id=span_text(span.span_id),
        parent_span_id=span_text(span.parent_id) if span.parent_id else None,
        is_root=span.parent is None,
        calls=span.calls,
        attributes=_attributes(dict(span.attributes), redactor),
        error_type=span.error_type,
        error_message=redactor.message(span.error_message),
        session_id=session_id,
        process=str(os.getpid()),
        **where(resolve(span.scope)),
    )


def _attributes(values: dict[str, Any], redactor: Redactor) -> str | None:
    """As one JSON object, each text cleaned and cut."""
    if not values:
        return None
    clean = redactor.clean
    kept = {clean(name, limit=_NAME): _kept(name, value, clean) for name, value in values.items()}
    return json.dumps(kept, ensure_ascii=False)


def _kept(name: str, value: Any, clean: Callable[..., str]) -> Any:
    if not isinstance(value, str):
        return value
    head = f'{name}="'  # the name tells of a password as well as the text does
    return clean(head + value, limit=len(head) + _TEXT).partition('="')[2]
