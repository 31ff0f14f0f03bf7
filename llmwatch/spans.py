"""`span`: name a piece of work, so that the calls in it stand under it in a trace."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from time import perf_counter_ns, time_ns
from typing import Any, Self, TypeVar

from . import faults
from .context import OpenSpan, Scope, here, lineage
from .exceptions import UsageError
from .ids import new_span_id, new_trace_id, span_text, trace_text
from .otel import Lead, around, lead
from .recorder import Session, session
from .wrapping import Block, Run, wrapped

__all__ = ["ActiveSpan", "span"]

F = TypeVar("F", bound=Callable[..., Any])

_MOST = 64  # attributes of one span
_LONG = 2000  # characters taken of a text on the person's thread; the worker cleans and cuts it
_brief = reprlib.Repr()
_brief.maxlevel, _brief.maxstring, _brief.maxother = 3, 100, 100
_brief.maxlist = _brief.maxtuple = _brief.maxdict = _brief.maxset = _brief.maxfrozenset = 20


class ActiveSpan(Block):
    """A span, as `with`, `async with` or a decorator; made by `span`."""

    def __init__(self, owner: Session, name: str, attributes: Mapping[str, Any]) -> None:
        self._session = owner
        self._name = name
        self._attributes = attributes
        self._run: _Run | None = None

    def set(self, **attributes: Any) -> None:
        """Say more about it, also of what came out: `s.set(found=3)`. The last word counts.

        What is said after its end is not kept.
        """
        made = self._run.span if self._run is not None else None
        if made is not None and made.ended_ns:
            faults.note("span", "set() came after the end of its span: put it inside the block")
        elif made is not None:
            _take(made.attributes, attributes)

    @property
    def trace_id(self) -> str | None:
        """W3C id of its trace, 32 hexadecimal digits; None where nothing is recorded."""
        made = self._run.span if self._run is not None else None
        return trace_text(made.trace_id) if made is not None else None

    @property
    def span_id(self) -> str | None:
        """W3C id, 16 hexadecimal digits; None where nothing is recorded."""
        made = self._run.span if self._run is not None else None
        return span_text(made.span_id) if made is not None else None

    def __repr__(self) -> str:
        made = self._run.span if self._run is not None else None
        state = made.status if made is not None else "not recorded" if self._run else "not begun"
        return f"<span {self._name!r}: {state}>"

    # -- as a context manager -----------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._run is not None:
            raise UsageError(
                f'this span was begun already: open a new llmwatch.span("{self._name}").'
            )
        self._run = _Run(self._session, self._name, self._attributes)
        self._run.open()
        self._run.step_in()
        return self

    def _end(self, problem: BaseException | None) -> None:
        if self._run is not None:
            self._run.leave()
            self._run.close(problem)

    # -- as a decorator -----------------------------------------------------------------------

    def __call__(self, function: F) -> F:
        """A span for each run of `function`: sync, async, generator or async generator."""
        if not callable(function) or isinstance(function, type):
            raise UsageError('a span decorates a function: @llmwatch.span("retrieve").')
        return wrapped(function, lambda: _Run(self._session, self._name, self._attributes))


class _Run(Run):
    """From the start of a span to its end. What fails in here is noted, never raised."""

    def __init__(self, owner: Session, name: str, attributes: Mapping[str, Any]) -> None:
        self._session, self._name, self._attributes = owner, name, attributes
        self.span: OpenSpan | None = None
        self._own: Scope | None = None
        self._lead: Lead | None = None

    def open(self) -> None:
        try:
            faults.check("span")
            outer = here()
            if self._session.enabled or (outer is not None and outer.recording):
                self._begin(outer)
        except Exception as problem:
            self.span = self._own = None
            faults.note("span", problem)

    def _begin(self, outer: Scope | None) -> None:
        parent = outer.span if outer is not None else None
        there = around()
        trace_id, parent_id = lineage(parent, there)
        self.span = made = OpenSpan(
            name=self._name,
            trace_id=trace_id or new_trace_id(),
            span_id=new_span_id(),
            parent_id=parent_id,
            parent=parent,
            around_id=there.span_id if there is not None else 0,
            attributes={},
            started_wall_ns=time_ns(),
            started_ns=perf_counter_ns(),
        )
        _take(made.attributes, self._attributes)
        self.scope = self._own = made.scope = Scope(parent=outer, records=False, opened=made)
        self._lead = lead(made.trace_id, made.span_id, there, made.name)
        self._session.traces.begin(made)

    def step_in(self) -> None:
        if self.span is not None:
            super().step_in()
            if self._lead is not None:
                self._lead.enter()

    def step_out(self) -> None:
        if self.span is not None:
            if self._lead is not None:
                self._lead.leave(for_now=True)
            super().step_out()

    def leave(self) -> None:
        """Leave the block, where it is still the innermost one.

        Elsewhere (a generator closed by another task) there is nothing of ours to undo.
        """
        if self._own is not None and here() is self._own:
            if self._lead is not None:
                self._lead.leave(for_now=False)
            super().step_out()

    def close(self, problem: BaseException | None) -> None:
        made = self.span
        try:
            if made is not None:
                made.ended_ns = perf_counter_ns()
                _judge(made, problem)
                if self._session.traces.end(made):
                    self._session.end_span(made)
        except Exception as trouble:
            faults.note("span", trouble)


def _judge(made: OpenSpan, problem: BaseException | None) -> None:
    """How it ended: the class and the words of an exception are kept, it is not."""
    if problem is None:
        made.status = "ok"
    elif isinstance(problem, GeneratorExit):
        made.status = "partial"
    elif not isinstance(problem, Exception):  # interrupts and cancellations, of trio too
        made.status = "cancelled"
    else:
        made.status, made.error_type = "error", type(problem).__name__
        try:
            made.error_message = str(problem)[:_LONG]
        except Exception as trouble:  # what it says is lost; the exception goes through
            faults.note("span", trouble)


def _take(kept: dict[str, Any], said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if name in kept or len(kept) < _MOST:
            kept[name] = _plain(value)
        else:
            faults.note("span", f"a span has over {_MOST} attributes: the others are left out")


def _plain(value: Any) -> Any:
    """A number, a truth or a text: what is kept must not change, nor hold anything, later on."""
    kind = type(value)
    if value is None or kind is bool or kind is int:
        return value if kind is not int or -(2**63) <= value < 2**63 else str(value)[:_LONG]
    if kind is str:
        return value[:_LONG]
    try:
        if kind is not float and isinstance(value, Integral):
            return _plain(int(value))
        if isinstance(value, Real):
            number = float(value)
            return number if number - number == 0 else str(number)  # JSON has no NaN
        if isinstance(value, (list, tuple, dict, set, frozenset)):
            return _brief.repr(value)[:_LONG]
        return str(value)[:_LONG]
    except Exception:
        return f"<{kind.__name__}>"


def span(name: str, /, **attributes: Any) -> ActiveSpan:
    """Name a piece of work: `with llmwatch.span("retrieve", k=5) as s: ...; s.set(found=3)`.

    Also `async with`, and a decorator on sync, async and generator functions. Spans nest, also
    across tasks and threads, and LLM calls stand under the innermost one: `.spans` is the table of
    both, `.chart("waterfall")` the picture. It is recorded where calls are: once the process is
    enabled, or in a `watch`. An exception goes through as itself, and is the span's error.

    Parameters
    ----------
    name : str
        What is done, such as "retrieve".
    **attributes
        What is told of it: numbers, truths and texts, 64 at most; anything else as a short text.
        Credentials are removed, and a text is cut at 200 characters.

    Returns
    -------
    ActiveSpan
        With `.set(**attributes)`, `.trace_id` and `.span_id` (W3C).

    Raises
    ------
    UsageError
        When the name is no text, or the same span is begun twice.

    Notes
    -----
    Where OpenTelemetry runs, a span and a call belong to the trace that is current there, and what
    is opened there inside a span belongs to ours. Decorate a generator function rather than
    writing `with` around its `yield`: Python shows a block in there to the caller, too.
    """
    if callable(name):
        called = getattr(name, "__name__", "retrieve")
        raise UsageError(f'a span has a name: write @llmwatch.span("{called}") above it.')
    if not isinstance(name, str) or not name.strip():
        raise UsageError(
            f'span({name!r}): that is no name: give e.g. llmwatch.span("retrieve", k=5).'
        )
    return ActiveSpan(session(), name, attributes)
