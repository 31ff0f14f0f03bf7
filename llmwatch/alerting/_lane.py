"""The lane of one handler: its notices in order, its tries, and a thread while there are some."""

from __future__ import annotations

import inspect
import re
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Self

from .. import faults
from ..context import Scope, bind
from ._alert import Alert, Handler
from ._undelivered import Undelivered

if TYPE_CHECKING:
    import asyncio

__all__ = ["HANDLER", "Lane"]

HANDLER = {"llmwatch": "alert handler"}
"""The label of LLM calls that a handler makes itself: no rule counts them."""

_IDLE_S = 5.0  # how long a lane keeps its thread for the next notice
_dice = Random()  # our own: what a notebook draws after `random.seed(0)` is not ours to change


class Lane:
    """The notices of one handler, in order, on a thread that is there while there are some."""

    def __init__(
        self,
        handler: Handler,
        pauses: Sequence[float],
        capacity: int,
        hurry: threading.Event,
    ) -> None:
        self._handler = handler
        self._pauses = pauses
        self._capacity = capacity
        self._hurry = hurry
        self._waiting: deque[Alert] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False

    @property
    def is_idle(self) -> bool:
        return self._thread is None

    def put(self, alert: Alert) -> None:
        with self._changed:
            if len(self._waiting) >= self._capacity:
                self._waiting.popleft()
                faults.note(self._step, f"{self._capacity} notices wait already: the oldest went")
            self._waiting.append(alert)
            self._changed.notify_all()
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="llmwatch-alerts", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # the process ends: then `finish` delivers
                self._thread = None

    def wait(self, timeout: float) -> bool:
        """Whether it is through with everything, within `timeout` seconds."""
        with self._changed:
            if self._thread is threading.current_thread():
                return True  # a handler that waits for itself
            return self._changed.wait_for(
                lambda: not self._busy and not self._waiting, max(0.0, timeout)
            )

    def finish(self) -> None:
        """Deliver what waits here and now, if there is no thread to do it."""
        with self._changed:
            is_alone = self._thread is None and bool(self._waiting)
            if is_alone:
                self._thread = threading.current_thread()
        if is_alone:
            self._run(idle_s=0.0)

    @property
    def _step(self) -> str:
        return f"alert handler {_name(self._handler)}"

    def _run(self, idle_s: float = _IDLE_S) -> None:
        bind(Scope(labels=HANDLER, records=False))
        with _Awaiting() as finish:
            while (alert := self._take(idle_s)) is not None:
                self._deliver(alert, finish)
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _take(self, idle_s: float) -> Alert | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, idle_s)
            if not self._waiting:
                self._thread = None
                return None
            self._busy = True
            return self._waiting.popleft()

    def _deliver(self, alert: Alert, finish: Callable[[Any], None]) -> None:
        for pause in (*self._pauses, None):
            try:
                faults.check("alert handler")
                finish(self._handler(alert))
            except Undelivered as problem:
                if problem.again and pause is not None:
                    # Apart from each other, lest many kernels knock at the same moment.
                    wait = max(pause * _dice.uniform(0.8, 1.2), problem.after_s or 0.0)
                    self._hurry.wait(wait)
                    continue
                faults.note(self._step, str(problem))
            except BaseException as problem:  # also a handler that calls sys.exit
                faults.note(self._step, _told(problem))
            return


class _Awaiting:
    """Runs what async handlers return to its end, on one event loop that belongs to the lane."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None:
            self._runner.close()

    def __call__(self, answer: Any) -> None:
        if not inspect.isawaitable(answer):
            return
        if self._runner is None:
            import asyncio  # a lane without async handlers has no use for it

            self._runner = asyncio.Runner()
        self._runner.run(_finished(answer))


async def _finished(answer: Awaitable[Any]) -> None:
    await answer


def _name(handler: Handler) -> str:
    if type(handler).__module__.startswith("llmwatch."):
        return repr(handler)
    # A foreign repr may hold what it likes.
    return str(getattr(handler, "__qualname__", type(handler).__qualname__))


def _told(problem: BaseException) -> str:
    try:
        return f"{type(problem).__name__}: {_without_urls(problem)}"
    except Exception:  # a broken __str__ of a foreign exception
        return type(problem).__name__


_URL = re.compile(r"(\w+://)(?:[^\s/@'\"]*@)?([^\s/?#'\"]*)[^\s'\"]*")
_URL_PATH = re.compile(r"(\burl: )\S+")


def _without_urls(thing: object) -> str:
    """The text of `thing` with no more of a URL than its host: the rest is often a secret."""
    return _URL_PATH.sub(r"\1…", _URL.sub(r"\1\2/…", str(thing)))
