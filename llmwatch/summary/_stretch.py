"""A stretch of time, as a person gives it: a window looking back, or since and until."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from ..exceptions import UsageError
from ..totals import Totals, known
from ._times import length_ns, time_ns

if TYPE_CHECKING:
    import numpy as np

__all__ = ["End", "Stretch", "ends_ns"]

End: TypeAlias = Literal["started", "ended"]
"""Which end of a call is meant."""


class Stretch(NamedTuple):
    """A stretch of time, in nanoseconds since the epoch; None is open. The end is outside."""

    start: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, now_ns: int, window: Any = None, since: Any = None, until: Any = None) -> Stretch:
        """The span that `summary` is asked for.

        Raises
        ------
        UsageError
            When a length or a time cannot be read, or they contradict each other.
        """
        end = time_ns("until", until) if until is not None else None
        if window is not None and since is not None:
            raise UsageError("give window= or since=, not both.")
        if since is not None:
            start: int | None = time_ns("since", since)
        elif window is not None:
            start = (end if end is not None else now_ns) - length_ns("window", window)
        else:
            start = None
        if start is not None and end is not None and start >= end:
            raise UsageError(f"since={since!r} is not before until={until!r}.")
        return cls(start, end)

    def holds(self, totals: Totals) -> bool:
        """Whether all calls of `totals` started in it."""
        if totals.first_ns is None or totals.last_ns is None:
            return False
        return (self.start is None or self.start <= totals.first_ns) and (
            self.end is None or totals.last_ns < self.end
        )

    def cuts(self, totals: Totals) -> bool:
        """Whether some calls of `totals` may have started in it, and others did not."""
        if totals.first_ns is None or totals.last_ns is None or self.holds(totals):
            return False
        return (self.start is None or self.start <= totals.last_ns) and (
            self.end is None or totals.first_ns < self.end
        )

    def select(
        self, columns: Mapping[str, np.ndarray], at: End = "started"
    ) -> Mapping[str, np.ndarray]:
        """The rows of `columns` that started, or ended, in it."""
        if self == (None, None) or not len(columns["started_at"]):
            return columns
        when = columns["started_at"] if at == "started" else ends_ns(columns)
        inside = when >= (self.start if self.start is not None else when.min())
        if self.end is not None:
            inside &= when < self.end
        return columns if inside.all() else {name: c[inside] for name, c in columns.items()}


def ends_ns(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """When each call ended; one of unknown latency when it started."""
    import numpy as np

    latency, is_known = known(columns["latency_s"])
    ends: np.ndarray = columns["started_at"] + np.where(is_known, latency * 1e9, 0).astype(np.int64)
    return ends
