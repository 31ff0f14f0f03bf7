"""Numbers with units, as people type them: "10%", "800ms", "$0.50", "1M", "5min"."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

from ..exceptions import UsageError

__all__ = ["EXAMPLES", "length_s", "quantity"]

_LENGTHS = {
    "ms": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
_SIZES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}
# By kind of figure: what each unit is worth. Nobody means a thousandth of a token by `m`.
_UNITS: dict[str, dict[str, float]] = {
    "rate": {"": 1.0, "%": 0.01},
    "score": {"": 1.0, "%": 0.01},
    "seconds": {"": 1.0, **_LENGTHS},
    "usd": {**_SIZES, "usd": 1.0, "$": 1.0},
    "per_s": {**_SIZES, "/s": 1.0, "k/s": 1e3},
    "count": _SIZES,
}
EXAMPLES = {
    "rate": "a share: write 10% or 0.1",
    "score": "a score from -1 to 1: write 0.5",
    "seconds": "a time: write 10s, 800ms or 2min",
    "usd": "an amount in USD: write $0.50",
    "per_s": "a number a second: write 5",
    "count": "a count: write 500, 20k or 1M",
}
"""By kind, what it is and how it is written."""

_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)"
_ONE = re.compile(rf"(?P<money>\$?)\s*(?P<number>{_NUMBER})\s*(?P<unit>[^\d\s].*)?$", re.ASCII)
_PART = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)", re.ASCII)


def quantity(text: str, kind: str) -> float | None:
    """The number that `text` means for a figure of `kind`; None where it means none.

    Rates become shares of one, times seconds, money USD.
    """
    text = text.strip()
    if kind == "seconds" and (length := _parts_s(text.lower())) is not None:
        return length
    found = _ONE.match(text)
    if found is None or (found["money"] and kind != "usd"):
        return None
    size = _UNITS[kind].get((found["unit"] or "").strip().lower())
    if size is None:
        return None
    value = float(found["number"].replace(",", "").replace("_", "")) * size
    value = float(f"{value:.12g}")  # 10 % is 0.1, whatever binary fractions make of the product
    return value if math.isfinite(value) and _is_possible(value, kind) else None


def _is_possible(value: float, kind: str) -> bool:
    if kind == "score":
        return -1 <= value <= 1
    return value >= 0 and (kind != "rate" or value <= 1)


def length_s(name: str, value: Any, *, least: float = 0.0) -> float:
    """A length of time in seconds: text with units, a timedelta, or seconds.

    Raises
    ------
    UsageError
        For what is none, or less than `least` seconds; the line says how `name` is written.
    """
    if isinstance(value, timedelta):
        found: float | None = value.total_seconds()
    elif isinstance(value, str):
        text = value.strip().lower()
        found = 0.0 if text == "0" else _parts_s(text)
    else:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        found = float(value) if number else None
    if found is None or not least <= found < 1e9:  # NaN is neither
        raise UsageError(f'{name}={value!r} is not a length of time: give e.g. {name}="5min".')
    return found


def _parts_s(text: str) -> float | None:
    """Numbers with units of time, added up: "90s", "1h30min"."""
    total, at = 0.0, 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found[2] not in _LENGTHS:
            return None
        total += float(found[1]) * _LENGTHS[found[2]]
        at = found.end()
    return total if text else None
