"""`llmwatch.alerts`: the rules, what fires, and who is told."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from .. import faults
from ..exceptions import UsageError
from ..store import Store
from ..worker import at_exit
from ._alert import Alert, Handler
from ._board import Board
from ._builtin import builtin_rules
from ._desk import Desk, Listener
from ._engine import Engine, News
from ._history import History
from ._look import Flight
from ._quantities import length_s
from ._rules import Rule
from ._watcher import Watcher

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alerts"]

_PAUSE_S = 0.5  # between two looks: at most twice a second


def _at_once(work: Callable[[], None]) -> None:
    work()


class Alerts:
    """The alert rules of a session, in the order in which they were made; list-like.

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
        self._asked = False  # a rule is new: look, though no call is
        self._seen = 0
        self._looked_ns = 0
        _managers.add(self)

    # -- rules --------------------------------------------------------------------------------

    def add(self, rule: Rule) -> Rule:
        """Watch a rule; one of the same name is replaced, and goes on firing if it still holds."""
        rule = rule.owned(self._forget)
        with self._lock:
            before = self._rules.get(rule.name)
            if before is not None and not _watches_the_same(before, rule):
                self._retire(rule.name, "replaced")
            self._rules[rule.name] = rule
        self._look_soon()
        return rule

    def remove(self, rule: str | Rule) -> None:
        """Take a rule out.

        Raises
        ------
        UsageError
            When there is none of that name.
        """
        self._forget(self[rule] if isinstance(rule, str) else rule)

    def _forget(self, rule: Rule) -> None:
        with self._lock:
            if self._rules.get(rule.name) is rule:
                del self._rules[rule.name]
                self._retire(rule.name, "removed")
                self._desk.unmute(rule.name)
        self._look_soon()

    def _retire(self, name: str, why: str) -> None:
        self._retired.extend((watcher, why) for watcher in self._engine.drop(name))

    @property
    def is_on(self) -> bool:
        """Whether rules are looked at."""
        return self._is_on

    def off(self) -> None:
        """Look at no rule until `on`; what fires is over. The rules stay."""
        with self._lock:
            self._is_on = False
            for name in self._rules:
                self._retire(name, "switched off")
        self._look_soon()

    def on(self) -> None:
        """Look at the rules again."""
        self._is_on = True
        self._look_soon()

    def mute(self, name: str, for_: str | timedelta | float = "10min") -> None:
        """Tell nothing of a rule for a while; it is looked at on, and `history` counts.

        Parameters
        ----------
        name : str
            The rule's name.
        for_ : str, timedelta or float
            How long: "10min", "2h", seconds.

        Raises
        ------
        UsageError
            When there is no such rule, or that is no length of time.
        """
        length = length_s("for_", for_)
        self._desk.mute(self[name].name, self._now_ns() + round(length * 1e9))

    def unmute(self, name: str) -> None:
        """Tell of a rule again: at once, if it fires."""
        self._desk.unmute(self[name].name)
        self._look_soon()

    # -- who is told --------------------------------------------------------------------------

    def add_handler(
        self, handler: Handler, severity: str | Iterable[str] | None = None
    ) -> Callable[[], None]:
        """Call `handler` with each notice: when something fires, goes on firing, or is over.

        It runs on a thread of its own, sync or async; LLM calls that it makes are seen by no
        rule. The same handler again, or a function of the same name (its cell ran again),
        replaces the former.

        Parameters
        ----------
        handler : callable
            Takes one `Alert`.
        severity : str or iterable of str, optional
            The least severity it wants ("warning": warning and critical), or a list of them.

        Returns
        -------
        callable
            Removes it.

        Raises
        ------
        UsageError
            For what cannot be called, or is no severity.
        """
        return self._desk.add_handler(handler, severity)

    def on_change(self, callback: Listener) -> Callable[[], None]:
        """Call `callback` with each `Alert` that fires, changes its words, or is over.

        Where `turn` runs, so it must be quick. Returns what ends that.
        """
        return self._desk.on_change(callback)

    @property
    def deliver(self) -> Callable[[Handler, Alert], Any] | None:
        """The one way on which notices reach handlers; None until the first goes out."""
        return self._desk.deliver

    @deliver.setter
    def deliver(self, deliver: Callable[[Handler, Alert], Any]) -> None:
        self._desk.deliver = deliver

    # -- reading ------------------------------------------------------------------------------

    @property
    def firing(self) -> list[Alert]:
        """What fires now, the longest first."""
        self._settle(self.evaluate)
        with self._lock:
            return [w.alert for w in self._engine.firing() if w.alert is not None]

    @property
    def history(self) -> pd.DataFrame:
        """What fired so far, to review the thresholds by.

        Returns
        -------
        pandas.DataFrame
            One row a rule and group that fired: `name`, `labels`, `severity`, `condition`,
            `state`, `fired` (how often), `first` and `last` (when it began to, UTC), `total_s`
            and `longest_s` (how long), `worst` (value), `threshold`, `notified` (how often it was
            told). Rules that were removed stay in it.
        """
        self._settle(self.evaluate)
        with self._lock:
            rows = self._history.rows(self._now_ns())
        return History.frame(rows)  # no rule waits for pandas to be loaded

    def __iter__(self) -> Iterator[Rule]:
        return iter(list(self._rules.values()))

    def __len__(self) -> int:
        return len(self._rules)

    def __bool__(self) -> bool:
        return True  # without rules it is still the place to add them

    def __contains__(self, rule: object) -> bool:
        return rule in self._rules or any(rule is one for one in self)

    def __getitem__(self, name: str | int) -> Rule:
        if isinstance(name, int):
            return list(self._rules.values())[name]
        if name not in self._rules:
            close = get_close_matches(str(name), self._rules, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            there = ", ".join(self._rules) or "none"
            raise UsageError(f"no alert rule {name!r}.{guess} There are: {there}.")
        return self._rules[name]

    def __repr__(self) -> str:
        return self._board().text()

    def _repr_html_(self) -> str:
        return self._board().html()

    def _board(self) -> Board:
        self._settle(self.evaluate)
        with self._lock:
            return Board.of(
                list(self), self._engine, self._desk, self._history, self._now_ns(), self._is_on
            )

    # -- where calls are recorded -------------------------------------------------------------

    def _look_soon(self) -> None:
        self._asked = True
        self._wake()

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
        if self._is_on and self._desk.tells_anybody(self):
            self.evaluate()

    def _after_fork(self) -> None:
        # What the parent watches, the parent tells; a child that wants to says so: `on`.
        self._lock = threading.RLock()
        self._is_looking = False
        self._is_on = False
        for name in list(self._rules):
            self._engine.drop(name)
        self._retired.clear()


def _watches_the_same(one: Rule, other: Rule) -> bool:
    """Whether what is known of `one` still means something for `other`."""
    old, new = one.condition, other.condition
    return (old.figure, old.comparison, one.by) == (new.figure, new.comparison, other.by)


_managers: weakref.WeakSet[Alerts] = weakref.WeakSet()


def _after_fork() -> None:
    for manager in list(_managers):
        manager._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _at_exit() -> None:
    for manager in list(_managers):
        manager._at_exit()


at_exit(_at_exit)
