"""A block, function, coroutine or generator that runs inside something: `with`, and decorators.

What is put around a generator is there while it runs, and gone while its caller does.
"""

from __future__ import annotations

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from .context import Scope, bind, leave

__all__ = ["Block", "Run", "wrapped"]

F = TypeVar("F", bound=Callable[..., Any])


class Block(ABC):
    """What is written `with`, and as well `async with`: neither its begin nor its end waits."""

    _run: Run | None = None
    """The one run of it, where it is made of one."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Begin."""

    @abstractmethod
    def _end(self, problem: BaseException | None) -> None:
        """It is over, with what it raised."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(problem)
        if self._run is not None:
            self._run.step_over()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, problem, traceback)


class Run(Block):
    """One run of what is decorated: opened, entered for each step of it, closed."""

    scope: Scope | None = None
    """What a step of it runs in: its own, or what was opened in there and is open still."""
    _own: Scope | None = None

    @abstractmethod
    def open(self) -> None:
        """Make the scope of this run."""

    @abstractmethod
    def close(self, problem: BaseException | None) -> None:
        """It is over, with what it raised."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def _end(self, problem: BaseException | None) -> None:
        self.close(problem)

    def inside(self) -> _Step:
        """A context in which one step of it runs."""
        return _Step(self)

    def step_in(self) -> None:
        """A step begins."""
        before = bind(self.scope)
        if self._own is not None:
            self._own.before = before

    def step_out(self) -> None:
        """A step is over: what the generator has opened meanwhile is there again in the next."""
        left = bind(self._own.before if self._own is not None else None)
        if left is not None:  # some event loops reset context variables
            self.scope = left

    def step_over(self) -> None:
        """It is over while others stand in it: after them comes what is around it."""
        if self._own is not None:
            leave(self._own)


class _Step:
    def __init__(self, run: Run) -> None:
        self._run = run

    def __enter__(self) -> None:
        self._run.step_in()

    def __exit__(self, kind: Any, problem: Any, traceback: Any) -> None:
        self._run.step_out()


def wrapped(function: F, runs: Callable[[], Run]) -> F:
    """`function`, each run of it in one of `runs()`; what kind of function it is stays."""
    if isinstance(function, (staticmethod, classmethod)):  # how it is bound stays, too
        return cast("F", type(function)(wrapped(function.__func__, runs)))
    if _is(inspect.isasyncgenfunction, function):
        ours: Any = _async_generator(function, runs)
    elif _is(inspect.isgeneratorfunction, function):
        ours = _generator(function, runs)
    elif _is(inspect.iscoroutinefunction, function):
        ours = _coroutine(function, runs)
    else:
        ours = _function(function, runs)
    return cast("F", functools.wraps(function)(ours))


def _is(kind: Callable[[Any], bool], function: Any) -> bool:
    """Whether it is a function of that kind; of an object, its class says what a call of it is."""
    return kind(function) or kind(type(function).__call__)


def _function(function: Callable[..., Any], runs: Callable[[], Run]) -> Callable[..., Any]:
    def run_inside(*args: Any, **kwargs: Any) -> Any:
        with runs() as run, run.inside():
            return function(*args, **kwargs)

    return run_inside


def _coroutine(function: Callable[..., Any], runs: Callable[[], Run]) -> Callable[..., Any]:
    async def run_inside(*args: Any, **kwargs: Any) -> Any:
        with runs() as run, run.inside():
            return await function(*args, **kwargs)

    return run_inside


def _generator(function: Callable[..., Any], runs: Callable[[], Run]) -> Callable[..., Any]:
    def run_inside(*args: Any, **kwargs: Any) -> Any:
        with runs() as run:
            generator = function(*args, **kwargs)
            step: Callable[[], Any] = functools.partial(next, generator)
            while True:
                try:
                    with run.inside():
                        item = step()
                except StopIteration as end:
                    return end.value
                step = yield from _resume(run, generator, item)

    return run_inside


def _async_generator(function: Callable[..., Any], runs: Callable[[], Run]) -> Callable[..., Any]:
    async def run_inside(*args: Any, **kwargs: Any) -> Any:
        with runs() as run:
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

    return run_inside


def _resume(run: Run, generator: Any, item: Any) -> Any:
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
