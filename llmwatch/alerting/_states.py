"""Where a rule stands: inactive, pending, firing; and when somebody is to be told of it again."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal

from ._conditions import Measure

__all__ = ["HOLD_S", "Change", "Phase", "Schedule", "State"]

Phase = Literal["inactive", "pending", "firing"]
Change = Literal["fired", "resolved"]

HOLD_S = 30.0
"""The longest that a figure must stay clear of the threshold before the alert is over."""


@dataclass(slots=True)
class State:
    """The state of a rule on one group, as in Prometheus.

    It begins to fire once it was over for `for_ns`. It ends once it was clear of the threshold
    (`Measure.clear`) for `hold_ns`, or at once when nothing is left to look at: a window without
    calls was the wait already. Near the threshold, and where the figure is unknown, nothing
    changes.
    """

    phase: Phase = "inactive"
    since_ns: int = 0
    """When the phase began."""
    clear_ns: int | None = None
    """Since when it has been clear of the threshold, while it fires."""

    def step(self, measure: Measure, now_ns: int, *, for_ns: int, hold_ns: int) -> Change | None:
        """Take the next look into account."""
        if self.phase == "firing":
            return self._firing(measure, now_ns, hold_ns)
        if measure.over:
            return self._over(now_ns, for_ns)
        if measure.blank or not isnan(measure.value):  # unknown: it stays as it is
            self.phase = "inactive"
        return None

    def _over(self, now_ns: int, for_ns: int) -> Change | None:
        if self.phase == "inactive":
            self.phase, self.since_ns = "pending", now_ns
        if now_ns - self.since_ns < for_ns:
            return None
        self.phase, self.since_ns, self.clear_ns = "firing", now_ns, None
        return "fired"

    def _firing(self, measure: Measure, now_ns: int, hold_ns: int) -> Change | None:
        if not measure.clear:
            self.clear_ns = None
            return None
        if self.clear_ns is None:
            self.clear_ns = now_ns
        if not measure.blank and now_ns - self.clear_ns < hold_ns:
            return None
        self.phase, self.since_ns = "inactive", now_ns
        return "resolved"


_GAPS_S = (600, 3600, 4 * 3600, 24 * 3600)
_CALM_S = 3600


class Schedule:
    """When handlers are told that something fires: at once, then ever more rarely.

    While one firing goes on they are told again after 10 minutes, 1 hour, 4 hours, then daily.
    What comes and goes is told twice; from the third time on it waits for the same schedule, so
    that a figure hovering at its threshold is not a stream of notices. An hour of calm begins
    anew.
    """

    def __init__(self) -> None:
        self._told = 0
        self._next_ns = 0
        self._calm_ns: int | None = None

    def begins(self, now_ns: int) -> None:
        """It begins to fire."""
        if self._calm_ns is not None and now_ns - self._calm_ns >= _CALM_S * 10**9:
            self._told = 0
        self._calm_ns = None

    def is_due(self, now_ns: int, *, told_of_this: bool) -> bool:
        """Whether to tell now that it fires; `told_of_this`: whether that was told before."""
        is_new = not told_of_this and self._told <= 1
        return is_new or now_ns >= self._next_ns

    def told(self, now_ns: int) -> None:
        """Handlers were told."""
        gap = _GAPS_S[min(self._told, len(_GAPS_S) - 1)]
        self._told, self._next_ns = self._told + 1, now_ns + gap * 10**9

    def over(self, now_ns: int) -> None:
        """It fires no longer."""
        self._calm_ns = now_ns
