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

__all__ = ["Budget", "Cell", "Labels", "Scope", "bind", "here", "inherit", "resolve"]


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
    """Whether there has ever been one: most people set none, and their calls ask for none."""

    def __init__(self, limit: float) -> None:
        Budget.in_use = True
        self.limit = limit
        self.spent = 0.0
        self.unpriced_models: Counter[str] = Counter()
        self._owing = array("q")  # the numbers of the calls whose price is not known yet

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
    budgets: tuple[Budget, ...] = field(init=False)
    recording: bool = field(init=False)
    interrupted: bool = False
    """Whether the person interrupted what ran in it: its open streams end as cancelled."""

    def __post_init__(self) -> None:
        outer = self.parent.budgets if self.parent else ()
        self.budgets = (*outer, self.budget) if self.budget else outer
        self.recording = self.records or (self.parent is not None and self.parent.recording)

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
