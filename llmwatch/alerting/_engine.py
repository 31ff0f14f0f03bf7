"""Looks at all rules at once, and says what that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .. import faults
from ..store import Store
from ._conditions import nothing
from ._look import Flight, Group, Look, Tail
from ._rules import Rule
from ._states import Change, Schedule
from ._watcher import Watcher

__all__ = ["Engine", "News"]

_GROUPS = 50  # of a rule with `by=`: so many are watched
_BUSY_S = 1.0  # how often we look while something may change by itself
_QUIET_S = 5.0  # and while calls are only getting old


def _by_failures(found: tuple[Group, Mapping[str, Any]]) -> int:
    """Most failures first; sorting leaves the busiest first where they are as many."""
    failed: int = sum(found[1]["errors"].values())
    return -failed


class News(NamedTuple):
    """What one look says of one rule on one group."""

    watcher: Watcher
    change: Change | None
    """None while it goes on firing."""


class Engine:
    """The watchers of all rules, over one store.

    Parameters
    ----------
    store : Store
    flight : callable
        Gives the calls in flight.
    """

    def __init__(self, store: Store, flight: Callable[[], Flight]) -> None:
        self._tail = Tail(store)
        self._store = store
        self._flight = flight
        self._watchers: dict[str, dict[Group, Watcher]] = {}
        self._reach_ns = 0
        self._newest_ns = -float("inf")

    def evaluate(self, rules: Sequence[Rule], now_ns: int) -> list[News]:
        """Look at the calls that ended, and those in flight."""
        flight = self._flight()
        reach_s = max((rule.window_s for rule in rules), default=0.0)
        self._reach_ns = round(reach_s * 1e9)
        if not (self._store.total or flight.ages or self._watchers):  # and numpy need not be loaded
            return []
        look = self._tail.look(now_ns, reach_s, flight)
        self._newest_ns = look.newest_end_ns()
        news: list[News] = []
        for rule in rules:
            try:
                news.extend(self._news(rule, look))
            except Exception as problem:  # one broken rule must not silence the others
                faults.note("alert", f"{rule.name}: {type(problem).__name__}: {problem}")
        return news

    def _news(self, rule: Rule, look: Look) -> Iterator[News]:
        watchers = self._watchers.setdefault(rule.name, {})
        for group, figures in self._groups(rule, look, watchers):
            watcher = watchers.get(group)
            if watcher is None:
                watcher = watchers[group] = Watcher(rule, group)
            watcher.rule = rule
            change = watcher.look(look, figures)
            if change or watcher.fires:
                yield News(watcher, change)
        if len(watchers) > 4 * _GROUPS:
            self._forget_some(watchers)

    @staticmethod
    def _forget_some(watchers: dict[Group, Watcher]) -> None:
        """Those that are over, but not what fired last: how often it was told is not to be lost."""
        idle = [group for group, watcher in watchers.items() if watcher.state.phase == "inactive"]
        idle.sort(key=lambda group: watchers[group].fired_ns)
        for group in idle[: -2 * _GROUPS]:
            del watchers[group]

    def _groups(
        self, rule: Rule, look: Look, watchers: Mapping[Group, Watcher]
    ) -> Iterable[tuple[Group, Mapping[str, Any]]]:
        """The groups to look at: where calls failed, the busiest, and what was told of."""
        if not rule.by:
            return [((), look.figures(rule.window_s))]
        found = look.groups(rule.window_s, rule.by)
        if len(found) > _GROUPS:
            faults.note(
                "alert", f"{rule.name}: {_GROUPS} groups are watched, with most failures or calls"
            )
        chosen = dict(sorted(found.items(), key=_by_failures)[:_GROUPS])
        for group, watcher in watchers.items():
            if watcher.state.phase != "inactive" and group not in chosen:
                chosen[group] = found.get(group) or nothing()
        return chosen.items()

    def watchers_of(self, name: str) -> list[Watcher]:
        """Those of one rule, in the order in which they were first seen."""
        return list(self._watchers.get(name, {}).values())

    def tell_anew(self, name: str) -> None:
        """Tell of a rule as if it was new, but not again of what was told and fires on."""
        for watcher in self.watchers_of(name):
            if not (watcher.fires and watcher.notified):
                watcher.schedule = Schedule()

    def drop(self, name: str) -> list[Watcher]:
        """Look at a rule no longer; returns what fires of it."""
        return [w for w in self._watchers.pop(name, {}).values() if w.fires]

    def firing(self) -> list[Watcher]:
        """What fires, the longest first."""
        every = [w for watchers in self._watchers.values() for w in watchers.values()]
        return sorted((w for w in every if w.fires), key=lambda w: w.fired_ns)

    def delay_s(self, now_ns: int, *, in_flight: bool) -> float | None:
        """When to look again though nothing ends; None where time alone changes nothing."""
        every = (w for watchers in self._watchers.values() for w in watchers.values())
        if in_flight or any(w.state.phase != "inactive" for w in every):
            return _BUSY_S
        return _QUIET_S if self._newest_ns > now_ns - self._reach_ns else None
