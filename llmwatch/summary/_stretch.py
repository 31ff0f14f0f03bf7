"""A stretch of time, as a person gives it: a window looking back, or since and until."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from ..exceptions import UsageError
from ..totals import Totals, known

if TYPE_CHECKING:
    import numpy as np

__all__ = ["End", "Stretch", "ends_ns"]

End: TypeAlias = Literal["started", "ended"]
"""Which end of a call is meant."""

_SECONDS = {
    "ms": 0.001, "s": 1, "sec": 1, "second": 1, "min": 60, "m": 60, "minute": 60,
    "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "w": 604800, "week": 604800,
}  # fmt: skip
_OFFSET = re.compile(r"(\d*\.?\d+)\s*([a-z]+)\s*", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        end = _time_ns("until", until) if until is not None else None
        if window is not None and since is not None:
            raise UsageError("give window= or since=, not both.")
        if since is not None:
            start: int | None = _time_ns("since", since)
        elif window is not None:
            start = (end if end is not None else now_ns) - _length_ns(window)
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


def _length_ns(window: Any) -> int:
    seconds = _length_s(window)
    if seconds is None or not 0 < seconds < 1e9:
        raise UsageError(f'window={window!r} is not a length of time: give e.g. window="5min".')
    return round(seconds * 1e9)


def _length_s(window: Any) -> float | None:
    if isinstance(window, timedelta):
        return window.total_seconds()
    if isinstance(window, (int, float)) and not isinstance(window, bool):
        return float(window)
    if not isinstance(window, str):
        return None
    text, total, at = window.strip().lower(), 0.0, 0
    while at < len(text):
        found = _OFFSET.match(text, at)
        unit = _SECONDS.get(found[2], _SECONDS.get(found[2].removesuffix("s"))) if found else None
        if found is None or unit is None:
            return None
        total += float(found[1]) * unit
        at = found.end()
    return total


def _time_ns(name: str, value: Any) -> int:
    """A point in time; without a zone it is local time, `fold` included."""
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        if hasattr(moment, "to_pydatetime"):
            moment = moment.to_pydatetime(warn=False)
        elif isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime.combine(moment, clock.min)  # local midnight
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
    except (AttributeError, OSError, OverflowError, TypeError, ValueError):
        raise UsageError(
            f'{name}={value!r} is not a time: give a datetime, or text like "2026-01-31 14:00".'
        ) from None
