"""From what is over to the store: records are made, kept, and entered where they belong."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .. import faults
from ..assemble import Assembler
from ..capture import Dropped, Invocation
from ..context import OpenSpan, Scope
from ..flights import Flights
from ..records import Call, Span
from ..redaction import Redactor
from ..store import Store
from ..traces import Traces, span_of
from ._accounts import Accounts
from ._tries import Tries
from ._waits import Waits

__all__ = ["Intake", "Made"]

_AT_ONCE = 16  # records stored together: more of them would only take memory from the next calls

Made = list[tuple[Call, Scope | None]]
"""Records, each with the scope that its call was made in."""


class Intake:
    """Takes in what the worker is given; for the worker alone.

    Parameters
    ----------
    assembler : Assembler
        Makes the records.
    store, traces
        Where they go.
    redactor : callable
        Gives the redactor in force.
    dropped : callable
        Gives the call that a dropped stream ends.
    """

    def __init__(
        self, assembler: Assembler, store: Store, traces: Traces, redactor: Callable[[], Redactor],
        dropped: Callable[[Dropped], Invocation | None],
    ) -> None:  # fmt: skip
        self._assembler, self._store, self._traces = assembler, store, traces
        self._redactor, self._dropped = redactor, dropped
        self.flights = Flights(redactor)
        self.accounts = Accounts()
        self.tries = Tries()
        self.waits = Waits()

    def take(self, batch: deque[Any]) -> None:
        """Empty `batch`: calls and spans that are over, and work that makes records."""
        made: Made = []
        spans: list[OpenSpan] = []
        while batch:
            thing = batch.popleft()
            if isinstance(thing, OpenSpan):
                spans.append(thing)
                continue
            try:
                made.extend(self._made_of(thing))
            except Exception as problem:  # one bad record must not take the others with it
                faults.note("record", problem)
            if len(made) >= _AT_ONCE:
                self._keep(made)
                made.clear()
        self._keep(made)
        self._end_spans(spans)  # behind the calls: a span says how many it had

    def _made_of(self, thing: Any) -> Made:
        if thing is None:
            return []  # one failed and may be sent again, or one began: that is looked at later
        if isinstance(thing, Dropped):
            thing = self._dropped(thing)
            if thing is None:
                return []
        if not isinstance(thing, Invocation):
            made: Made = thing()
            return made
        call = self._assembler.call(thing)
        if call is None:
            return []
        self.flights.over(thing)
        self.tries.note(call.call_id, thing.retry_statuses, thing.http_status)
        self.waits.note(call.call_id, thing.headers)
        return [(call, thing.scope)]

    def _keep(self, made: Made) -> None:
        if not made:
            return
        first = self._store.append([call for call, _ in made])
        for number, (call, scope) in enumerate(made, first):
            if scope is not None:
                self.accounts.book(call, number, scope)
                _enter(number, scope)

    def _end_spans(self, ended: Sequence[OpenSpan]) -> None:
        spans: list[Span] = []
        for each in ended:
            try:
                spans.append(span := span_of(each, self._assembler.session_id, self._redactor()))
                levels = each.scope.chain() if each.scope is not None else ()
                # Once each: a watched function that calls itself has its watch in there twice.
                for watch in {level.watch for level in levels if level.watch is not None}:
                    watch.inside.add(span)
            except Exception as problem:
                faults.note("span", problem)
            each.scope = None  # it holds the span, too: a circle that only the collector would open
        self._traces.add(spans)


def _enter(number: int, scope: Scope) -> None:
    """Enter a call in the watches and the spans around it."""
    for level in scope.chain():
        if level.watch is not None:
            level.watch.rows.add(number)
        if level.opened is not None:
            level.opened.calls += 1
