"""`watch`: put a scope around calls and read what was made in it."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from .context import Budget, Cell, Scope, bind, here
from .exceptions import UsageError
from .pricing import PriceBook
from .reading import Reading
from .recorder import Session, session
from .records import Call
from .store import View

__all__ = ["Watch", "watch"]

F = TypeVar("F", bound=Callable[..., Any])


class Watch(Reading):
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
        self.budget = budget
        self._session = owner
        self._says: dict[str, Any] = {
            "tag": tag, "user": user, "feature": feature, "labels": labels or {}, "cell": cell,
        }  # fmt: skip
        self._records = records
        self._scope: Scope | None = None
        self._before: Scope | None = None
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
        self._before = bind(self._scope)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(interrupted=isinstance(problem, KeyboardInterrupt))

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, problem, traceback)

    def close(self, *, interrupted: bool = False) -> None:
        """End the scope; calls still running in it keep belonging to it."""
        scope = self._scope
        if scope is None or self._closed:
            return
        self._closed = True
        scope.interrupted = interrupted
        if here() is scope:  # elsewhere (a generator closed by another task) it is not ours to undo
            bind(self._before)
        if self._records:
            self._session.release()

    # -- as a decorator -----------------------------------------------------------------------

    def __call__(self, function: F) -> F:
        """Watch each run of `function`: sync, async, generator or async generator."""
        if not callable(function):
            raise UsageError("a watch decorates a function: @llmwatch.watch(tag=...).")
        if inspect.isasyncgenfunction(function):
            wrapped: Any = self._async_generator(function)
        elif inspect.isgeneratorfunction(function):
            wrapped = self._generator(function)
        elif inspect.iscoroutinefunction(function):
            wrapped = self._coroutine(function)
        else:
            wrapped = self._function(function)
        return cast("F", functools.wraps(function)(wrapped))

    def _function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            with _Run(self) as run, run.inside():
                return function(*args, **kwargs)

        return watched

    def _coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            with _Run(self) as run, run.inside():
                return await function(*args, **kwargs)

        return watched

    def _generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            # The scope is there while the generator runs and gone while its caller does.
            with _Run(self) as run:
                generator = function(*args, **kwargs)
                step: Callable[[], Any] = functools.partial(next, generator)
                while True:
                    try:
                        with run.inside():
                            item = step()
                    except StopIteration as end:
                        return end.value
                    step = yield from _resume(run, generator, item)

        return watched

    def _async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            with _Run(self) as run:
                generator = function(*args, **kwargs)
                step: Callable[[], Any] = generator.__anext__
                while True:
                    try:
                        with run.inside():
                            item = await step()
                    except StopAsyncIteration:
                        return
                    try:
                        sent = yield item
                        step = functools.partial(generator.asend, sent)
                    except GeneratorExit:
                        with run.inside():
                            await generator.aclose()
                        raise
                    except BaseException as problem:
                        step = functools.partial(generator.athrow, problem)

        return watched

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


class _Run:
    """One run of a decorated function: a scope of its own, feeding the decorator's watch."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __enter__(self) -> Self:
        if self._watch._records:
            self._watch._session.hold()
        self._scope = self._watch._new_scope()
        return self

    def __exit__(self, kind: Any, problem: BaseException | None, traceback: Any) -> None:
        self._scope.interrupted = isinstance(problem, KeyboardInterrupt)
        if self._watch._records:
            self._watch._session.release()

    def inside(self) -> _Inside:
        return _Inside(self._scope)


class _Inside:
    """The scope around one step of what is decorated."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __enter__(self) -> None:
        self._before = bind(self._scope)

    def __exit__(self, kind: Any, problem: Any, traceback: Any) -> None:
        bind(self._before)


def _resume(run: _Run, generator: Any, item: Any) -> Any:
    """Yield `item` and return the step by which the generator goes on."""
    try:
        sent = yield item
    except GeneratorExit:
        with run.inside():
            generator.close()
        raise
    except BaseException as problem:
        return functools.partial(generator.throw, problem)
    return functools.partial(generator.send, sent)


def watch(
    *,
    tag: str | None = None,
    user: str | None = None,
    feature: str | None = None,
    budget: float | None = None,
    labels: Mapping[str, Any] | None = None,
) -> Watch:
    """Record the calls made inside, and read them: `with llmwatch.watch(tag="v2") as w: ...`.

    Also `async with`, and a decorator on sync, async and generator functions. Watches nest: the
    inner tag, user, feature and labels win, a call belongs to every watch around it, and every
    enclosing budget holds.

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
    return Watch(
        session(),
        tag=_text("tag", tag),
        user=_text("user", user),
        feature=_text("feature", feature),
        budget=budget_of(budget),
        labels=_labels(labels),
    )


def budget_of(amount: Any) -> Budget | None:
    """A `Budget` of `amount` USD, or one clear line."""
    if amount is None:
        return None
    number = isinstance(amount, (int, float)) and not isinstance(amount, bool)
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
    return {name: str(value) for name, value in labels.items()}
