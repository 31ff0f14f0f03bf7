"""When rules are looked at, and what follows from it: on the thread that records calls."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable

from .. import faults
from ..store import Store
from ..worker import at_exit
from ._builtin import builtin_rules
from ._desk import Desk
from ._engine import Engine, News
from ._history import History
from ._look import Flight
from ._rules import Rule
from ._watcher import Watcher

__all__ = ["Rounds"]

_PAUSE_S = 0.5  # between two looks: at most twice a second


def _at_once(work: Callable[[], None]) -> None:
    work()


class Rounds:
    """Looks at its rules in turn, tells of what changed, and keeps the history.

    Parameters
    ----------
    store : Store
        Whose calls are looked at.
    flight : callable
        Gives the calls in flight, as a `Flight`.
    now_ns : callable
        The present, nanoseconds since the epoch.
    wake : callable
        Asks that `turn` be called soon.
    settle : callable
        Runs a function where `turn` runs, and waits for it.
    """

    def __init__(
        self,
        store: Store,
        *,
        flight: Callable[[], Flight] = Flight,
        now_ns: Callable[[], int] = time.time_ns,
        wake: Callable[[], None] = lambda: None,
        settle: Callable[[Callable[[], None]], None] = _at_once,
    ) -> None:
        self._store, self._now_ns, self._wake, self._settle = store, now_ns, wake, settle
        self._rules = {rule.name: rule.owned(self._forget) for rule in builtin_rules()}
        self._engine = Engine(store, flight)
        self._desk = Desk()
        self._history = History()
        self._retired: list[tuple[Watcher, str]] = []
        self._lock = threading.RLock()
        self._is_on = True
        self._is_looking = False
        self._asked = False  # a rule is new, or muted: look, though no call is
        self._seen = 0
        self._looked_ns = 0
        _all.add(self)

    def _look_soon(self) -> None:
        self._asked = True
        self._wake()

    @property
    def has_news(self) -> bool:
        """Whether a rule was made, muted or taken out since the last look."""
        return self._asked

    def _forget(self, rule: Rule) -> None:
        with self._lock:
            if self._rules.get(rule.name) is rule:
                del self._rules[rule.name]
                self._retire(rule.name, "removed")
                self._desk.unmute(rule.name)
        self._look_soon()

    def _retire(self, name: str, why: str) -> None:
        self._retired.extend((watcher, why) for watcher in self._engine.drop(name))

    def turn(self, *, in_flight: bool = False) -> float | None:
        """Look, if it is time to; returns when to call again, in seconds, though nothing ends.

        Parameters
        ----------
        in_flight : bool
            Whether calls are in flight.
        """
        due_s = self._due_s(in_flight)
        if due_s is not None and due_s <= 0:
            try:
                self.evaluate()
            except Exception as problem:  # the calls must be recorded, whatever becomes of rules
                faults.note("alert", problem)
            due_s = self._due_s(in_flight)
        return due_s

    def _due_s(self, in_flight: bool) -> float | None:
        """How long until it is time to look; None where there is nothing to wait for."""
        now = self._now_ns()
        is_new = self._asked or (self._is_on and self._store.total != self._seen)
        if is_new:
            delay: float | None = _PAUSE_S
        else:
            delay = self._engine.delay_s(now, in_flight=in_flight) if self._is_on else None
        if delay is None:
            return None
        waited = (now - self._looked_ns) / 1e9
        return delay - waited if waited >= 0 else 0.0  # a clock that was set back

    def evaluate(self) -> None:
        """Look at every rule now, and tell of what changed."""
        if self._is_looking:
            return  # a listener that reads
        self._is_looking, now = True, self._now_ns()
        self._asked, self._seen, self._looked_ns = False, self._store.total, now
        try:
            faults.check("alert")
            self._look(now)
        finally:
            self._is_looking = False

    def _look(self, now_ns: int) -> None:
        with self._lock:
            retired, self._retired = self._retired, []
            rules = list(self._rules.values()) if self._is_on else []
            for watcher, why in retired:
                watcher.retire(now_ns, why)
            news = [News(watcher, "resolved") for watcher, _ in retired]
            news += self._engine.evaluate(rules, now_ns)
            for watcher, change in news:
                if change == "fired":
                    self._history.fired(watcher, now_ns)
                elif change == "resolved":
                    self._history.over(watcher, now_ns)
        for watcher, change in news:
            self._desk.tell(watcher, change, now_ns)

    def _at_exit(self) -> None:
        """Look once more, where somebody is to be told: a script may end with what went wrong."""
        if self._is_on and self._desk.tells_anybody(list(self._rules.values())):
            self.evaluate()

    def _after_fork(self) -> None:
        # What the parent watches, the parent tells; a child that wants to says so: `on`.
        self._lock = threading.RLock()
        self._is_looking = False
        self._is_on = False
        for name in list(self._rules):
            self._engine.drop(name)
        self._retired.clear()


_all: weakref.WeakSet[Rounds] = weakref.WeakSet()


def _after_fork() -> None:
    for rounds in list(_all):
        rounds._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _at_exit() -> None:
    for rounds in list(_all):
        rounds._at_exit()


at_exit(_at_exit)
