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


_GAPS_S = (3600, 8 * 3600, 48 * 3600)  # after one notice, after two, after any more
_CALM_S = 3600
_FORGOTTEN_S = 48 * 3600


class Schedule:
    """When handlers are told that something fires: at once, then ever more rarely.

    While one firing goes on they are told again after 1 hour, 8 hours, then every two days. What
    comes and goes is told twice; from the third time on it waits for the same schedule, on which
    each notice counts, also that of an end: a figure of many calls that hovers at its threshold is
    four notices in two days, however long or short its ups and downs are. (One of a few calls a
    minute can be far over by chance, as below.)

    What is no hovering is told at once whatever was told before: far over the threshold
    (`Measure.far`), and either after an hour of calm or for an hour on end. Two days of calm begin
    anew for anything.
    """

    def __init__(self) -> None:
        self._notices = 0
        self._firings = 0
        self._next_ns = 0
        self._over_ns: int | None = None
        self._far_ns: int | None = None
        self._is_rested = False

    def begins(self, now_ns: int) -> None:
        """It begins to fire."""
        calm_s = 0.0 if self._over_ns is None else (now_ns - self._over_ns) / 1e9
        if calm_s >= _FORGOTTEN_S:
            self._begin_anew()
        self._far_ns, self._is_rested = None, calm_s >= _CALM_S

    def is_due(self, now_ns: int, *, told_of_this: bool, far: bool) -> bool:
        """Whether to tell now that it fires; `told_of_this`: whether that was told before."""
        if not far:
            self._far_ns = None
        elif self._far_ns is None:
            self._far_ns = now_ns
        if now_ns >= self._next_ns:
            return True
        if told_of_this:
            return False
        # The second is an outage of its own, unless the first was long and this one is slight.
        is_second = self._firings == 1 and (far or self._notices <= 2)
        return is_second or self._is_real(now_ns)

    def told(self, now_ns: int, *, told_of_this: bool) -> None:
        """Handlers were told that it fires."""
        if not told_of_this:
            if self._is_real(now_ns):
                self._begin_anew()
            self._firings += 1
        self._count(now_ns)

    def over(self, now_ns: int, *, told_of_this: bool) -> None:
        """It fires no longer, which is told where it was told that it fires."""
        self._over_ns = now_ns
        if told_of_this:
            self._count(now_ns)

    def _is_real(self, now_ns: int) -> bool:
        """Whether this firing is more than the coming and going of a figure at its threshold."""
        if self._far_ns is None:
            return False
        return self._is_rested or now_ns - self._far_ns >= _CALM_S * 10**9

    def _begin_anew(self) -> None:
        self._notices = self._firings = self._next_ns = 0

    def _count(self, now_ns: int) -> None:
        gap = _GAPS_S[min(self._notices, len(_GAPS_S) - 1)]
        self._notices, self._next_ns = self._notices + 1, now_ns + gap * 10**9
