"""`watch`: put a scope around calls and read what was made in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any, Self, TypeVar, overload

from .context import Budget, Cell, Scope, bind, here, leave
from .exceptions import UsageError
from .pricing import PriceBook
from .reading import Reading
from .recorder import Session, session
from .records import Call, Span
from .store import View
from .traces import Spans
from .wrapping import Block, Run, wrapped

__all__ = ["Watch", "watch"]

F = TypeVar("F", bound=Callable[..., Any])


class Watch(Reading, Block):
    """The calls made inside it, as `with`, `async with` or a decorator; made by `watch`.

    It records by itself, whether or not the process is enabled, and can be read while it is open
    and after it closed.
    """

    def __init__(
        self,
        owner: Session,
        *,
        tag: str | None = None,
        user: str | None = None,
        feature: str | None = None,
        budget: Budget | None = None,
        labels: Mapping[str, str] | None = None,
        cell: Cell | None = None,
        records: bool = True,
    ) -> None:
        self.rows = owner.store.rows()
        self.inside = Spans(owner.settings.max_calls)
        self.budget = budget
        self._session = owner
        self._says: dict[str, Any] = {
            "tag": tag, "user": user, "feature": feature, "labels": labels or {}, "cell": cell,
        }  # fmt: skip
        self._records = records
        self._scope: Scope | None = None
        self._closed = False

    def _new_scope(self) -> Scope:
        return Scope(
            parent=here(), budget=self.budget, watch=self, records=self._records, **self._says
        )

    @property
    def closed(self) -> bool:
        """Whether its scope has ended; what it collected can be read on."""
        return self._closed

    # -- as a context manager -----------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._closed:
            raise UsageError("this watch is closed: open a new one with llmwatch.watch(...).")
        if self._scope is not None:
            raise UsageError("this watch is open already: nest a new llmwatch.watch(...) in it.")
        if self._records:
            self._session.hold()
        self._scope = self._new_scope()
        self._scope.before = bind(self._scope)
        return self

    def _end(self, problem: BaseException | None) -> None:
        self.close(interrupted=isinstance(problem, KeyboardInterrupt))

    def close(self, *, interrupted: bool = False) -> None:
        """End the scope; calls still running in it keep belonging to it."""
        scope = self._scope
        if scope is None or self._closed:
            return
        self._closed = True
        scope.interrupted = interrupted
        leave(scope)
        if self._records:
            self._session.release()

    # -- as a decorator -----------------------------------------------------------------------

    def __call__(self, function: F) -> F:
        """Watch each run of `function`: sync, async, generator or async generator."""
        is_one = callable(function) or isinstance(function, classmethod)
        if not is_one or isinstance(function, type):
            raise UsageError("a watch decorates a function: @llmwatch.watch(tag=...).")
        return wrapped(function, lambda: _Run(self))

    # -- reading ------------------------------------------------------------------------------

    def _settle(self) -> None:
        self._session._settle()

    def _view(self) -> View:
        return self._session.store.view(self.rows)

    def _revise(self, number: int, change: Callable[[Call], Mapping[str, Any]]) -> bool:
        return self._session._revise(number, change)

    def _scrubbed(self, text: str, limit: int) -> str:
        return self._session._scrubbed(text, limit)

    def _prices(self) -> PriceBook:
        return self._session.prices

    def _in_flight(self) -> list[dict[str, Any]]:
        return self._session.in_flight_under(self)

    def _spans(self) -> list[Span]:
        return [*self.inside.newest(), *self._session.open_spans(self)]


class _Run(Run):
    """One run of a decorated function: a scope of its own, feeding the decorator's watch."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def open(self) -> None:
        if self._watch._records:
            self._watch._session.hold()
        self.scope = self._own = self._watch._new_scope()

    def close(self, problem: BaseException | None) -> None:
        if self._own is not None:
            self._own.interrupted = isinstance(problem, KeyboardInterrupt)
        if self._watch._records:
            self._watch._session.release()


@overload
def watch(function: F, /) -> F: ...


@overload
def watch(
    *,
    tag: str | None = None,
    user: str | None = None,
    feature: str | None = None,
    budget: float | None = None,
    labels: Mapping[str, Any] | None = None,
) -> Watch: ...


def watch(
    function: F | None = None,
    /,
    *,
    tag: str | None = None,
    user: str | None = None,
    feature: str | None = None,
    budget: float | None = None,
    labels: Mapping[str, Any] | None = None,
) -> Watch | F:
    """Record the calls made inside, and read them: `with llmwatch.watch(tag="v2") as w: ...`.

    Also `async with`, and a decorator on sync, async and generator functions, bare or with marks:
    `@llmwatch.watch(tag="v2")`. Watches nest: the inner tag, user, feature and labels win, a call
    belongs to every watch around it, and every enclosing budget holds.

    Parameters
    ----------
    tag, user, feature : str, optional
        What the calls are marked with, in the columns of the same names.
    budget : float, optional
        USD. Once the calls inside have cost that much, the next one raises `BudgetExceeded`
        with nothing sent; calls in flight finish.
    labels : mapping, optional
        Further marks, as text by text.

    Returns
    -------
    Watch
        With `.calls`, `.summary()`, `.to_csv(path)` and the rest of the reading interface.

    Raises
    ------
    UsageError
        For a budget that is no amount of money, or marks that are not text.
    """
    if isinstance(function, str):
        raise UsageError(f"watch({function!r}): say what it is, e.g. watch(tag={function!r}).")
    made = Watch(
        session(),
        tag=_text("tag", tag),
        user=_text("user", user),
        feature=_text("feature", feature),
        budget=budget_of(budget),
        labels=_labels(labels),
    )
    return made if function is None else made(function)


def budget_of(amount: Any) -> Budget | None:
    """A `Budget` of `amount` USD, or one clear line."""
    if amount is None:
        return None
    number = isinstance(amount, (Real, Decimal)) and not isinstance(amount, bool)
    if not number or not math.isfinite(amount) or amount < 0:
        raise UsageError(f"budget={amount!r} is not an amount in USD: give e.g. budget=0.50.")
    return Budget(float(amount))


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise UsageError(f'{name}={value!r} is not text: give e.g. {name}="{name}-1".')


def _labels(labels: Any) -> dict[str, str]:
    if labels is None:
        return {}
    if not isinstance(labels, Mapping) or not all(isinstance(name, str) for name in labels):
        raise UsageError(f'labels={labels!r} is not a mapping: give e.g. labels={{"k": "v"}}.')
    return {name: str(value) for name, value in labels.items() if value is not None}
