"""Lengths and points of time in every spelling that pandas, numpy and people have for them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from numbers import Real
from typing import Any

from ..exceptions import UsageError

__all__ = ["length_ns", "local_day", "midnight_ns", "time_ns"]

# No month among them, since none is like another; so "M" and "MS" are no units either.
_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "ms": 0.001, "s": 1, "sec": 1, "second": 1, "min": 60, "m": 60,
    "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "w": 604800, "week": 604800,
}  # fmt: skip
_OFFSET = re.compile(r"(\d*\.?\d+)?\s*([A-Za-z]+)\s*", re.ASCII)
_MONTHS = {"M", "ME", "MS"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_S = 1e9


def length_ns(name: str, value: Any) -> int:
    """A length of time in nanoseconds: text, seconds, or an object of pandas, numpy or datetime.

    Raises
    ------
    UsageError
        For what is none, or not longer than nothing.
    """
    try:
        seconds = _length_s(value)
    except (AttributeError, OverflowError, TypeError, ValueError):
        seconds = None
    if seconds is None or not 0 < seconds < _LONGEST_S:
        raise UsageError(f'{name}={value!r} is not a length of time: give e.g. {name}="5min".')
    return max(1, round(seconds * 1e9))


def _length_s(value: Any) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if type(value).__name__ == "timedelta64":  # before numbers: numpy counts it among them
        return float(value.astype("timedelta64[ns]").astype("int64")) / 1e9
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    text = getattr(value, "freqstr", value)  # a pandas offset; what is no length has no unit here
    seconds = _seconds(text.strip()) if isinstance(text, str) else None
    return seconds if seconds is not None else _offset_s(value)


def _offset_s(value: Any) -> float | None:
    """`pandas.DateOffset(minutes=5)`, which has no text; `timedelta` knows no months."""
    parts = getattr(value, "kwds", None)
    if not parts:
        return None
    length = timedelta(**{name: float(part) for name, part in parts.items()})
    return length.total_seconds() * float(value.n)


def _seconds(text: str) -> float | None:
    total, at = 0.0, 0
    while at < len(text):
        found = _OFFSET.match(text, at)
        if found is None or found[2] in _MONTHS:
            return None
        unit = found[2].lower()
        length = _SECONDS.get(unit, _SECONDS.get(unit.removesuffix("s")))
        if length is None:
            return None
        total += float(found[1] or 1) * length
        at = found.end()
    return total


def time_ns(name: str, value: Any) -> int:
    """A point in time, in nanoseconds since the epoch.

    Without a zone it is local time, `fold` included; a date is its first moment.

    Raises
    ------
    UsageError
        For what is none.
    """
    try:
        moment, rest = _moment(value)
        if moment.tzinfo is None:
            # Not `astimezone`: of a time that clocks skip, it makes one before they did.
            whole = moment.replace(microsecond=0).timestamp()
            return (int(whole) * 10**6 + moment.microsecond) * 1000 + rest
        return (moment - _EPOCH) // timedelta(microseconds=1) * 1000 + rest
    except (AttributeError, OSError, OverflowError, TypeError, ValueError):
        raise UsageError(
            f'{name}={value!r} is not a time: give a datetime, or text like "2026-01-31 14:00".'
        ) from None


def _moment(value: Any) -> tuple[datetime, int]:
    """The microsecond it is in, and the nanoseconds after that."""
    if isinstance(value, str):
        return datetime.fromisoformat(value.strip()), 0
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False), value.nanosecond
    if type(value).__name__ == "datetime64":
        exact = int(value.astype("datetime64[ns]").astype("int64"))
        return value.astype("datetime64[us]").item(), exact % 1000
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, clock.min), 0
    return value, 0


def local_day(ns: int) -> int:
    """The day of local time it is then, by its proleptic ordinal (1 January of year 1 is 1)."""
    return datetime.fromtimestamp(ns // 10**9).astimezone().toordinal()


def midnight_ns(ordinal: int) -> int:
    """When that day of local time begins: where clocks are set at midnight, its first moment."""
    return time_ns("day", date.fromordinal(ordinal))
