"""`llmwatch.alerts`: the rules, what fires, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ._alert import Alert, Handler
from ._board import Board
from ._desk import Listener
from ._history import History
from ._quantities import length_s
from ._rounds import Rounds
from ._rules import Rule
from ._sentences import at_ns
from ._states import Phase

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alerts"]


class Alerts(Rounds):
    """The alert rules of a session, in the order in which they were made; list-like.

    A session makes it, and lets it look (`Rounds.turn`) on the thread that records calls.
    """

    # -- rules --------------------------------------------------------------------------------

    def add(self, rule: Rule) -> Rule:
        """Watch a rule; one of the same name is replaced, and goes on firing if it still holds."""
        rule = rule.owned(self._forget)
        with self._lock:
            before = self._rules.get(rule.name)
            if before is not None and not _watches_the_same(before, rule):
                self._retire(rule.name, "replaced")
            elif before is not None and before.condition.threshold != rule.condition.threshold:
                self._engine.tell_anew(rule.name)  # what hovered did so about another threshold
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
        self._look_soon()  # what is shown of it says so

    def is_muted(self, name: str) -> bool:
        """Whether nothing is told of a rule now."""
        return self.muted_until(name) is not None

    def muted_until(self, name: str) -> datetime | None:
        """Until when nothing is told of a rule, UTC; None where it is told of."""
        until_ns = self._desk.muted_until_ns(name)
        return at_ns(until_ns) if until_ns > self._now_ns() else None

    def unmute(self, name: str) -> None:
        """Tell of a rule again: at once, if it fires."""
        self._desk.unmute(self[name].name)
        self._look_soon()

    # -- who is told --------------------------------------------------------------------------

    def add_handler(
        self, handler: Handler, severity: str | Iterable[str] | None = None
    ) -> Callable[[], None]:
        """Call `handler` with each notice: when something fires, goes on firing, or is over.

        What goes on firing is told again after 1 hour, 8 hours, then every two days. What comes
        and goes about its threshold is told twice; from then on only where it fires when the next
        of these waits is over, and the end of what was told. What is over its threshold by half of
        it is told at once after an hour of calm, and when it has been so for an hour. Two days of
        calm begin anew.

        It runs on a thread of its own, sync or async; LLM calls that it makes are seen by no
        rule. The same handler again, a function of the same name (its cell ran again), or what
        `slack` and the like made for the same address replaces the former.

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
        """Call `callback` with each `Alert` that fires, changes its words, is muted, or is over.

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
            told). Rules that were removed stay in it. Below, one row for each rule that never
            fired, on no group: `fired` is 0, and when, how long and how bad are missing.
        """
        self._settle(self.evaluate)
        with self._lock:
            rules = [(rule, self._phase(rule)) for rule in self]
            rows = self._history.rows(rules, self._now_ns())
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

    def _phase(self, rule: Rule) -> Phase:
        """Of a rule that does not fire."""
        phases = [watcher.state.phase for watcher in self._engine.watchers_of(rule.name)]
        return "pending" if "pending" in phases else "inactive"

    def _board(self) -> Board:
        self._settle(self.evaluate)
        with self._lock:
            return Board.of(
                list(self), self._engine, self._desk, self._history, self._now_ns(), self._is_on
            )


def _watches_the_same(one: Rule, other: Rule) -> bool:
    """Whether what is known of `one` still means something for `other`."""
    old, new = one.condition, other.condition
    return (old.figure, old.comparison, one.by) == (new.figure, new.comparison, other.by)
