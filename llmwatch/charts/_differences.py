"""The rows of a comparison as a picture needs them: numbers to place, and words to read."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from ..words import UNKNOWN, apart, dollars, percent, seconds, tokens
from ._foreign import readable
from ._parts import Rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NEEDED", "TIPS", "names_of", "rows_of", "signed"]

NEEDED = ("group", "baseline", "figure", "value", "baseline_value", "difference", "relative")
TIPS = (
    ("label", "figure"), ("key", "group"), ("now", "is"), ("was", "baseline"),
    ("change", "difference"), ("sure", "95 % interval"), ("found", "finding"), ("n", "calls"),
)  # fmt: skip
_TITLES = {
    "latency_mean_s": "mean latency", "latency_p50_s": "median latency",
    "latency_p95_s": "p95 latency", "ttft_p50_s": "first token", "ttft_p95_s": "p95 first token",
    "input_tokens_per_call": "tokens in, a call", "output_tokens_per_call": "tokens out, a call",
    "cost_usd_per_call": "cost a call", "error_rate": "error rate", "satisfaction": "score",
}  # fmt: skip
_IN_POINTS = ("rate", "score", "satisfaction")


def rows_of(differences: pd.DataFrame) -> Rows:
    """A row a figure and group, where both have one."""
    short = names_of(differences)
    rows = [_row(told, short) for told in differences.to_dict("records")]
    return [row for row in rows if UNKNOWN not in (row["now"], row["was"])]


def names_of(differences: pd.DataFrame) -> dict[str, str]:
    """What each group and the baseline are called, no two of them the same."""
    names = [str(name) for column in ("baseline", "group") for name in differences[column]]
    return {name: readable(short, len(short)) for name, short in apart(names, 32).items()}


def signed(value: float | None, *, points: bool = False) -> str:
    """A difference with its sign, as a share in per cent, or in points of 100."""
    if value is None:
        return UNKNOWN
    sign = "\u2212" if value < 0 else "+" if value > 0 else "\u00b1"
    return sign + (f"{abs(value) * 100:.3g}" if points else percent(abs(value)))


def _row(told: dict[Any, Any], short: dict[str, str]) -> dict[str, Any]:
    figure = str(told["figure"])
    points = any(word in figure for word in _IN_POINTS)
    place = "difference" if points else "relative"
    low_name, high_name = ("low", "high") if points else ("relative_low", "relative_high")
    at, low, high = (_number(told.get(name)) for name in (place, low_name, high_name))
    if low is None or high is None:
        low = high = None
    now, was = (_words(figure, told[name]) for name in ("value", "baseline_value"))
    interval = f"{signed(low, points=points)} … {signed(high, points=points)}"
    return {
        "label": _TITLES.get(figure) or readable(figure.replace("_", " ")),
        "key": short[str(told["group"])] or "no name",
        "points": points, "t": at, "low": low, "high": high,
        "clear": _is_clear(told, low, high), "now": now, "was": was, "words": f"{was} → {now}",
        "change": signed(at, points=points), "sure": UNKNOWN if low is None else interval,
        "found": readable(_text(told.get("finding"))) or UNKNOWN, "n": _counts(told),
    }  # fmt: skip


def _is_clear(told: dict[Any, Any], low: float | None, high: float | None) -> bool:
    """Whether a difference is claimed: what the comparison found, else by the interval alone."""
    finding = _text(told.get("finding"))
    if finding:
        return finding in ("lower", "higher")
    return low is not None and high is not None and (low > 0 or high < 0)


def _counts(told: dict[Any, Any]) -> str:
    mine, theirs = (tokens(_number(told.get(name))) for name in ("n", "n_baseline"))
    return f"{mine} against {theirs}" + (", paired" if told.get("paired") is True else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _words(figure: str, value: Any) -> str:
    number = _number(value)
    if number is None:
        return UNKNOWN
    if figure.endswith("_s"):
        return seconds(number)
    if "usd" in figure:
        return dollars(number)
    if "rate" in figure:
        return percent(number)
    return tokens(number) if "token" in figure and abs(number) >= 99.5 else f"{number:.3g}"
