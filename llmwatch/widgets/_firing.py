"""What fires now, as the panel's strip shows it; told by the alerts, never asked of them twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ._rows import rounded

__all__ = ["Firing", "firing_of"]

_URGENT = ("critical", "warning", "info")
_SHOWN = 5
_CALLS = 20
_TILES = {"error_rate": "Errors"}  # its words are "25 %, over 10 %", which say nothing alone


class Firing:
    """Follows the alerts of a session.

    Parameters
    ----------
    alerts : object or None
        `.firing`, `.on_change(callback)`, `.mute(name)`, `.is_muted(name)`, and its rules when it
        is iterated.
    changed : callable
        Called when the strip is to be shown anew.
    """

    def __init__(self, alerts: Any, changed: Callable[[], None]) -> None:
        self._alerts, self._changed = alerts, changed
        self._now: dict[str, Any] = {}

    def follow(self) -> Callable[[], None]:
        """Begin; returns what ends it."""
        if self._alerts is None:
            return lambda: None
        leave: Callable[[], None] = self._alerts.on_change(self._hear)
        for alert in self._alerts.firing:
            self._now.setdefault(alert.key, alert)
        return leave

    def _hear(self, alert: Any) -> None:
        if alert.state == "firing":
            self._now[alert.key] = alert
        else:
            self._now.pop(alert.key, None)
        self._changed()

    def mute(self, name: str) -> None:
        """Tell nothing of a rule for a while, and take it off the strip."""
        self._alerts.mute(name)
        self._changed()

    @property
    def muted(self) -> frozenset[str]:
        """What fires and is kept from the strip; asked for, since nobody says when a mute is over."""
        return frozenset(a.name for a in self._firing() if self._alerts.is_muted(a.name))

    def _firing(self) -> list[Any]:
        return list(self._now.values())

    def _loud(self) -> list[Any]:
        muted = self.muted
        return [alert for alert in self._firing() if alert.name not in muted]

    @property
    def count(self) -> int:
        """How many fire and are not muted, told one by one or not."""
        return len(self._loud())

    def told(self) -> list[dict[str, Any]]:
        """What the browser gets: the most urgent first, at most five."""
        firing = self._loud()
        firing.sort(key=lambda alert: (_URGENT.index(alert.severity), alert.since))
        alike = Counter(alert.message for alert in firing)
        return [
            _told(alert, named=bool(alert.labels) or alike[alert.message] > 1)
            for alert in firing[:_SHOWN]
        ]

    def threshold_s(self) -> float | None:
        """Where the strictest rule on a percentile of latency draws its line."""
        conditions = [rule.condition for rule in self._alerts or ()]
        lines = [
            condition.threshold
            for condition in conditions
            if condition.figure.name.startswith("latency_p") and ">" in condition.comparison
        ]
        return rounded(min(lines, default=None))


def firing_of(source: Any) -> Firing:
    """What fires in a session at this moment, and is followed no further."""
    firing = Firing(getattr(source, "alerts", None), lambda: None)
    leave = firing.follow()
    leave()
    return firing


def _told(alert: Any, *, named: bool) -> dict[str, Any]:
    """One of them; `named` where its message does not tell it from another, say of another group."""
    words = ("key", "name", "severity", "figure", "message", "detail", "hint")
    message = " ".join(filter(None, (_TILES.get(alert.figure), alert.message)))
    return {
        **{word: getattr(alert, word) for word in words},
        "message": f"{alert.subject}: {message}" if named else message,
        "since_ms": int(alert.since.timestamp() * 1000),
        "call_ids": list(alert.call_ids[-_CALLS:]),
    }
