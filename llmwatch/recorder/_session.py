"""The session: one capture wired to one store, with its prices, settings and scopes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import faults
from ..assemble import Assembler, new_id
from ..capture import Capture, Dropped, Invocation
from ..context import Budget, OpenSpan, Scope
from ..flights import Listener
from ..pricing import PriceBook
from ..reading import Reading
from ..records import Call, Span
from ..redaction import Redactor
from ..settings import Settings, from_environment
from ..store import Store, View
from ..traces import SpanSubscriber, Traces, span_of
from ..worker import Worker
from ._accounts import refusal, repriced
from ._flying import is_in, so_far
from ._intake import Intake, Made
from ._rules import Rules

if TYPE_CHECKING:
    from ..alerting import Alerts

__all__ = ["Session"]

_ASKED = (
    "alerts", "configure", "disable", "enable", "enabled", "libraries", "not_understood", "price",
    "session_id", "settings", "subscribe_spans",
)  # fmt: skip
_RETRY_S = 0.05  # how often we look whether a failed call is being tried again
_WAIT_S = 2.0  # the longest that reading waits for what is still queued
_FIRST_WAIT_S = 10.0  # ... behind the first call, for which the worker imports what it needs


def _redactor_of(settings: Settings) -> Redactor:
    return Redactor(settings.redact, keeps_messages=settings.content != "none")


class Session(Reading):
    """Everything recorded in this process; reads like a `watch`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.session_id = new_id()
        self.settings = settings or from_environment()
        self.prices = PriceBook()
        self.store = Store(self.settings.max_calls)
        self.traces = Traces(self.settings.max_calls)
        self._redactor = _redactor_of(self.settings)
        self._assembler = Assembler(
            self.session_id, self.prices, lambda: self.settings, lambda: self._redactor
        )
        self._intake = Intake(
            self._assembler, self.store, self.traces, lambda: self._redactor, self._dropped
        )
        self.flights, self.tries = self._intake.flights, self._intake.tries
        self._worker = Worker(self._intake.take, self._idle)
        self._capture = Capture(self.gate, self._worker.put, self._worker.inbox)
        self._rules = Rules(
            self.store, self._capture.traffic, self._intake.waits,
            wake=lambda: self._worker.put(None), settle=self._on_worker,
        )  # fmt: skip
        self._switch = threading.RLock()

    def __dir__(self) -> list[str]:
        """What a person asks for, for Tab; the rest is for the other rooms."""
        return sorted({*dir(Reading), *_ASKED})

    # -- the switch ---------------------------------------------------------------------------

    @property
    def enabled(self) -> bool:
        """Whether every LLM call of this process is recorded."""
        return self._capture.traffic.everything

    def enable(self) -> None:
        """Record every LLM call of this process from now on. Twice is once."""
        with self._switch:
            if not self.enabled:
                self._worker.start()
                self._capture.traffic.everything = True
                self._capture.hold()

    def disable(self) -> None:
        """Stop, and leave the process as it was found. What was recorded stays."""
        with self._switch:
            if self.enabled:
                self._capture.traffic.everything = False
                self._capture.release()

    def hold(self) -> None:
        """Keep the wire watched for a scope that records by itself."""
        with self._switch:
            self._capture.hold()

    def release(self) -> None:
        """End one `hold`."""
        with self._switch:
            self._capture.release()

    @property
    def libraries(self) -> tuple[str, ...]:
        """The HTTP libraries whose calls are seen now."""
        return self._capture.libraries

    @property
    def not_understood(self) -> Mapping[str, int]:
        """Requests that looked like LLM calls and are not known: host and path, how often."""
        found: Counter[str] = Counter()
        for where, count in list(self._capture.traffic.unknown.items()):
            found[self._redactor.clean(where)] += count  # some have a key in their path
        return dict(found)

    # -- settings and prices ------------------------------------------------------------------

    def configure(self, **changes: Any) -> Settings:
        """Change settings for the process; see `llmwatch.configure`."""
        changed = self.settings.changed(changes)
        self._settle()  # calls that are over are kept as was asked for when they were made
        self.settings = changed
        self._redactor = _redactor_of(self.settings)
        self.store.max_calls = self.traces.finished.most = self.settings.max_calls
        return self.settings

    def price(
        self, model: str, *, input: float, output: float, cached_input: float | None = None
    ) -> int:
        """Price a model and re-price its unpriced calls; returns how many were.

        The budgets around these calls are charged with what they cost.
        """
        self.prices.set(model, input=input, output=output, cached_input=cached_input)
        self._settle()
        changes, owed = repriced(self.store, self._assembler, model)
        self.store.amend(changes)
        if owed:
            self._on_worker(lambda: self._intake.accounts.settle(owed))
        return len(changes)

    @property
    def budget(self) -> Budget | None:
        """The budget that was charged last, for whoever shows it."""
        return self._intake.accounts.last

    def gate(self, scope: Scope | None) -> None:
        """Refuse the next call where a budget around it is spent. Raised into the user's call."""
        if scope is None or not scope.budgets:
            return
        try:
            self._settle()
            spent = next((budget for budget in scope.budgets if budget.is_spent), None)
        except Exception as problem:
            faults.note("gate", problem)
            return
        if spent is not None:
            raise refusal(spent)

    @property
    def redactor(self) -> Redactor:
        """What scrubs the text that is kept."""
        return self._redactor

    def price_of(self, values: dict[str, Any]) -> dict[str, Any]:
        """The cost columns of a call that went over no wire."""
        return self._assembler.price(values, "")

    # -- what the worker does -----------------------------------------------------------------

    def _dropped(self, due: Dropped) -> Invocation | None:
        return self._capture.traffic.dropped(due)

    def _idle(self) -> float | None:
        """Between batches; returns when to look again though nothing ends, in seconds."""
        retry = _RETRY_S if self._capture.traffic.conclude() else None
        waits = [wait for wait in (retry, self._rules.look()) if wait is not None]
        self._look_at_flights()
        return min(waits, default=None)

    def _look_at_flights(self) -> None:
        if self.flights.listeners:
            traffic = self._capture.traffic
            traffic.tells_of_start = True  # first: a call that begins meanwhile wakes us
            self.flights.look(list(traffic.open.values()))

    def subscribe_flights(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener`, on the worker, of calls as they begin; returns what ends that."""
        end = self.flights.subscribe(listener)
        self._worker.put(None)  # those that are in flight by now
        return end

    def record(self, make: Callable[[], Made]) -> None:
        """Queue `make`, which gives records, for the worker."""
        self._worker.put(make)

    # -- reading ------------------------------------------------------------------------------

    def settled(self, timeout: float) -> bool:
        """Wait until all calls that are over are recorded; False when `timeout` was too short."""
        self._capture.traffic.conclude()
        return self._worker.drain(timeout)

    def _settle(self) -> None:
        longest = _WAIT_S if self._worker.is_warm else max(_WAIT_S, _FIRST_WAIT_S)
        if not self.settled(longest):
            faults.note("read", f"calls were still queued after {longest:g} s of waiting")

    def _view(self) -> View:
        return self.store.view()

    def _revise(self, number: int, change: Callable[[Call], Mapping[str, Any]]) -> bool:
        return self.store.revise(number, change)

    def _scrubbed(self, text: str, limit: int) -> str:
        return self._redactor.clean(text, limit=limit)

    def _prices(self) -> PriceBook:
        return self.prices

    def _in_flight(self) -> list[dict[str, Any]]:
        return self.in_flight_under(None)

    # -- spans --------------------------------------------------------------------------------

    def subscribe_spans(self, callback: SpanSubscriber) -> Callable[[], None]:
        """Call `callback(spans)` with `records.Span`s that have ended; returns what ends that.

        It runs on the worker, after the calls in them were stored. The one with `is_root` comes
        when its trace is complete. If it raises, that is counted in diagnostics.
        """
        return self.traces.subscribe(callback)

    def end_span(self, span: OpenSpan) -> None:
        """Hand a span that is over to the worker, behind the calls in it."""
        if self._capture.traffic.failed:
            self._capture.traffic.conclude()  # a call that failed for good is over by now
        self._worker.put(span)

    def open_spans(self, watch: Any = None, most: int | None = None) -> list[Span]:
        """The spans (in one watch) that are open, as they are now; the newest `most`."""
        found = [span for span in list(self.traces.open.values()) if is_in(span.scope, watch)]
        newest = found if most is None else found[-most:]
        return [span_of(span, self.session_id, self._redactor) for span in newest]

    def _spans(self) -> list[Span]:
        return [*self.traces.finished.newest(), *self.open_spans()]

    # -- alerts -------------------------------------------------------------------------------

    @property
    def alerts(self) -> Alerts:
        """The rules over these calls, what fires, and who is told."""
        return self._rules.alerts

    def _on_worker(self, work: Callable[[], None]) -> None:
        """Do it where calls are recorded, behind what is queued; wait for it, at most 2 s."""
        if self._worker.is_here():
            work()
            return

        def run() -> list[Any]:
            work()
            return []

        self._settle()  # what is queued before it may be stored only after it is done
        self._worker.put(run)
        self._settle()

    def in_flight_under(self, watch: Any) -> list[dict[str, Any]]:
        """The calls in flight (of one watch), each with its age and what came so far."""
        if self._worker.is_here():
            return self._looked_at(watch)
        found: list[dict[str, Any]] = []

        def look() -> list[Any]:
            # What came so far is read where the rest will be read: on the worker.
            found.extend(self._looked_at(watch))
            return []

        self._worker.put(look)
        self._settle()
        return found

    @property
    def running(self) -> int:
        """How many calls are in flight; cheap, since none of them is looked at."""
        return len(self._capture.traffic.open)

    def _looked_at(self, watch: Any) -> list[dict[str, Any]]:
        flying = list(self._capture.traffic.open.values())
        content = self.settings.content
        return [so_far(each, content) for each in flying if is_in(each.scope, watch)]
