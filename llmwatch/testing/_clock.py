"""A clock that moves only when it is told to."""

from __future__ import annotations

import threading

from ..exceptions import UsageError

__all__ = ["FakeClock"]

_NS = 1_000_000_000
_NEW_YEAR_2026 = 1_767_225_600.0


class FakeClock:
    """Stands still until `advance`; its two methods replace those of `time`.

    Parameters
    ----------
    start : float
        Wall clock at the beginning, in seconds since 1970 (UTC); 2026-01-01 by default.
        The monotonic clock begins at one second.

    Examples
    --------
    >>> clock = FakeClock()
    >>> before = clock.perf_counter_ns()
    >>> clock.advance(2.5)
    >>> (clock.perf_counter_ns() - before) / 1e9
    2.5
    """

    def __init__(self, start: float = _NEW_YEAR_2026) -> None:
        self._offset_ns = round(start * _NS) - _NS
        self._now_ns = _NS
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Let both clocks go on by `seconds`; a clock does not go back (`UsageError`)."""
        if seconds < 0:
            raise UsageError(f"a clock does not go back: advance({seconds!r}) must be 0 or more")
        with self._lock:
            self._now_ns += round(seconds * _NS)

    def perf_counter_ns(self) -> int:
        """Nanoseconds on the monotonic clock."""
        return self._now_ns

    def time_ns(self) -> int:
        """Nanoseconds since 1970 (UTC) on the wall clock."""
        return self._offset_ns + self._now_ns
