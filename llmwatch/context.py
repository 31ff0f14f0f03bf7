"""Where a call belongs: one context variable that holds the innermost scope.

A scope is what `watch`, `%%llmwatch` and a notebook cell put around calls. Scopes are linked
from the inside out. A call is bound to its scope when it *starts*, so a stream that is closed by
the garbage collector three cells later still belongs where it was opened.
"""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from .otel import Around
from .words import dollars

__all__ = [
    "Budget",
    "Cell",
    "Labels",
    "OpenSpan",
    "Scope",
    "bind",
    "here",
    "inherit",
    "leave",
    "lineage",
    "resolve",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a notebook cell."""

    cell_id: str | None
    execution_count: int | None
    run_id: str
    notebook: str | None = None


class Budget:
    """Money that calls under a scope may cost (USD). Charged by the worker, asked by the gate."""

    __slots__ = ("__weakref__", "_owing", "limit", "spent", "unpriced_models")
    in_use: ClassVar[bool] = False
    """Whether there has ever been one: most people set none, and their calls pass no gate."""

    def __init__(self, limit: float) -> None:
        Budget.in_use = True
        self.limit = limit
        self.spent = 0.0
        self.unpriced_models: Counter[str] = Counter()
        self._owing = array("q")  # the numbers of the calls whose price is not known yet

    def __repr__(self) -> str:
        return f"<Budget: {dollars(self.spent)} of {dollars(self.limit)}>"

    @property
    def unpriced(self) -> int:
        """Finished calls whose price is unknown, so not part of what is spent."""
        return len(self._owing)

    def charge(self, cost_usd: float | None, model: str | None, number: int) -> None:
        """Add finished call `number`; one of unknown price is counted and named."""
        if cost_usd is not None:
            self.spent += cost_usd
            return
        self._owing.append(number)
        if model is not None and (model in self.unpriced_models or len(self.unpriced_models) < 10):
            self.unpriced_models[model] += 1

    def settle(self, priced: Mapping[int, tuple[float, str | None]]) -> None:
        """Charge those of the calls of unknown price whose cost and model are `priced` now."""
        paid = [number for number in self._owing if number in priced]
        if not paid:
            return
        self._owing = array("q", [number for number in self._owing if number not in priced])
        for cost_usd, model in map(priced.__getitem__, paid):
            self.spent += cost_usd
            if model is not None and model in self.unpriced_models:
                self.unpriced_models[model] -= 1
        self.unpriced_models = +self.unpriced_models  # without those of which none is left

    @property
    def is_spent(self) -> bool:
        """Whether the next call is to be refused."""
        return self.spent >= self.limit


@dataclass(eq=False, slots=True)
class OpenSpan:
    """A span of the person's from its start until the worker has made a `Span` of it.

    Its ids are there from the start: what begins inside takes them up.
    """

    name: str
    trace_id: int
    span_id: int
    parent_id: int
    """Of the span around it, which may be OpenTelemetry's; 0 for none."""
    parent: OpenSpan | None
    """The span of ours around it."""
    around_id: int
    """Of the span of OpenTelemetry that was current when it began; 0 for none."""
    attributes: dict[str, Any]
    started_wall_ns: int
    started_ns: int
    ended_ns: int = 0
    status: str = "open"
    error_type: str | None = None
    error_message: str | None = None
    calls: int = 0
    """Those made in it that are over. Counted by the worker."""
    scope: Scope | None = None

    def comes_after(self, span_id: int) -> bool:
        """Whether `span_id` is this one, or was there before it."""
        level: OpenSpan | None = self
        while level is not None:
            if span_id in (level.span_id, level.around_id):
                return True
            level = level.parent
        return False


@dataclass(eq=False, slots=True, weakref_slot=True)
class Scope:
    """What a person put around calls; `parent` is the scope around this one."""

    parent: Scope | None = None
    tag: str | None = None
    user: str | None = None
    feature: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    budget: Budget | None = None
    cell: Cell | None = None
    watch: Any = None
    """The collector of the rows made under this scope (`reading`'s `Watch`), if it keeps any."""
    records: bool = True
    """Whether calls under it are recorded even when the process-wide switch is off."""
    opened: OpenSpan | None = None
    """The span that this scope is, if it is one."""
    span: OpenSpan | None = field(init=False)
    """The innermost span: that, or the one around it."""
    budgets: tuple[Budget, ...] = field(init=False)
    recording: bool = field(init=False)
    interrupted: bool = False
    """Whether the person interrupted what ran in it: its open streams end as cancelled."""
    before: Scope | None = None
    """What was bound before it, and is again after it."""

    def __post_init__(self) -> None:
        outer = self.parent.budgets if self.parent else ()
        self.budgets = (*outer, self.budget) if self.budget else outer
        self.recording = self.records or (self.parent is not None and self.parent.recording)
        self.span = self.opened or (self.parent.span if self.parent is not None else None)

    def chain(self) -> Iterator[Scope]:
        """The scope itself and those around it, from the inside out."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


_current: ContextVar[Scope | None] = ContextVar("llmwatch_scope", default=None)
# A thread started inside a scope has a fresh context: what it inherits stands here, so that no
# attribute of the thread and no code of its `run` is touched. Weak: it ends with the thread.
_inherited: WeakKeyDictionary[threading.Thread, Scope] = WeakKeyDictionary()


def here() -> Scope | None:
    """The innermost scope around the code that asks, or None."""
    scope = _current.get()
    if scope is None and _inherited:
        return _inherited.get(threading.current_thread())
    return scope


def inherit(thread: threading.Thread, scope: Scope) -> None:
    """Let `thread`, about to start, belong to `scope`."""
    _inherited[thread] = scope


def bind(scope: Scope | None) -> Scope | None:
    """Make `scope` the innermost one and return what was there before.

    No token is kept: a token cannot be used from another context (a generator closed by another
    task, IPython's `post_run_cell` after a top-level await), an old value can.
    """
    before = _current.get()
    _current.set(scope)
    return before


def leave(scope: Scope) -> None:
    """Let `scope` be bound here no more, nor once those that were opened in it end later.

    Elsewhere (a generator closed by another task, a task started in it) it stays as it was.
    """
    inner, level, seen = None, here(), set()
    while level is not None and level is not scope and level not in seen:
        seen.add(level)  # a generator that is driven by a task of its own makes a circle
        inner, level = level, level.before
    if level is scope and inner is not None:
        inner.before = scope.before
    elif level is scope:
        bind(scope.before)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the scopes around a call say about it, the inner ones winning."""

    tag: str | None = None
    user: str | None = None
    feature: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    cell: Cell | None = None


def resolve(scope: Scope | None) -> Labels:
    """Tag, user, feature, labels and cell of a call made in `scope`."""
    if scope is None:
        return Labels()
    found: dict[str, Any] = {"labels": {}}
    for level in scope.chain():
        for name in ("tag", "user", "feature", "cell"):
            if found.get(name) is None:
                found[name] = getattr(level, name)
        found["labels"] = {**level.labels, **found["labels"]}
    return Labels(**found)


def lineage(span: OpenSpan | None, around: Around | None) -> tuple[int, int]:
    """Trace and parent of what begins inside both; zeros where nothing is around it.

    Which of the two is the inner one: OpenTelemetry's, unless it was there before ours. (Ours
    leads OpenTelemetry while it is open, so what is current there mostly *is* ours.)
    """
    if span is not None and (around is None or span.comes_after(around.span_id)):
        return span.trace_id, span.span_id
    return (around.trace_id, around.span_id) if around is not None else (0, 0)
