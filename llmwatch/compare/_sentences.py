"""What a comparison found, as a person would say it."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

from ..words import apart, percent, plural
from ._difference import Difference
from ._figures import COMPARED

__all__ = ["FIGURES", "interval", "much", "sentences"]

FIGURES = {figure.name: figure for figure in COMPARED}
_ORDER = ("lower", "higher", "maybe chance", "no evidence", "no difference", "no spread")


def sentences(rows: list[Difference]) -> tuple[list[str], list[str]]:
    """What is claimed, and what else there is to say, a sentence each."""
    order, rows = {finding: n for n, finding in enumerate(_ORDER)}, _named_apart(rows)
    told = sorted((row for row in rows if row.finding in order), key=lambda row: order[row.finding])
    claimed = [_claim(row) for row in told if row.finding in ("lower", "higher")]
    others = [_unclaimed(row) for row in told if row.finding not in ("lower", "higher")]
    return claimed, [*others, *_too_few(rows), *_unknown(rows)]


def _named_apart(rows: list[Difference]) -> list[Difference]:
    """The rows with names for a sentence, in which no two groups are called the same."""
    short = apart(name for row in rows for name in (row.baseline, row.group))
    return [replace(row, group=short[row.group], baseline=short[row.baseline]) for row in rows]


def _claim(row: Difference) -> str:
    figure = FIGURES[row.figure]
    words = figure.lower if row.finding == "lower" else figure.higher
    claim = words.format(group=_name(row.group), baseline=_name(row.baseline), much=much(row))
    return f"{claim}{_sure(row)}."


def _sure(row: Difference) -> str:
    """The interval and n; where the difference is the same everywhere, that."""
    if isnan(row.low):
        return f", in every call ({_n(row)})"
    return f" (95 % CI {interval(row)}, {_n(row)})"


def _unclaimed(row: Difference) -> str:
    figure, n = FIGURES[row.figure], _n(row)
    who = f"{_capital(figure.label)} of {_name(row.group)}"
    if row.finding == "maybe chance":
        return (
            f"{who}: {much(row)} {_way(row.difference)}{_sure(row)}, "
            "which may be chance among so many comparisons."
        )
    if row.finding == "no evidence":
        return f"{who}: no evidence of a difference at {n} (95 % CI {interval(row)})."
    value, other = figure.amount(row.value), figure.amount(row.baseline_value)
    if row.finding == "no difference":
        return f"{who}: no difference to {_name(row.baseline)} in any call ({n})."
    return f"{who}: {value} against {other}, with too little spread for an interval ({n})."


def _too_few(rows: list[Difference]) -> list[str]:
    """By group and the n that is needed: the figures that have not got it, in one sentence."""
    found: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        if row.finding == "too few calls":
            told = f"{FIGURES[row.figure].label} ({min(row.n, row.n_baseline):,})"
            found.setdefault((row.group, row.needed), []).append(told)
    return [
        f"Too few calls to compare {', '.join(told)} of {_name(group)}: "
        f"{needed} in each group are needed."
        for (group, needed), told in found.items()
    ]


def _unknown(rows: list[Difference]) -> list[str]:
    """By group: the figures of which nothing is known on either side, in one sentence."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.finding == "unknown":
            found.setdefault((row.group, row.baseline), []).append(FIGURES[row.figure].label)
    return [
        f"Not known of {_name(group)} or {_name(baseline)}, so not compared: {', '.join(told)}."
        for (group, baseline), told in found.items()
    ]


def much(row: Difference) -> str:
    """By how much a group differs: relative where that means something, else in units."""
    return _share(row.relative) if _is_relative(row) else _amount(row, row.difference)


def interval(row: Difference) -> str:
    """The interval without signs where both ends lie on one side: `35-41 %`."""
    low, high = (row.relative_low, row.relative_high) if _is_relative(row) else (row.low, row.high)
    ends = [_share(end) if _is_relative(row) else _amount(row, end) for end in (low, high)]
    if low > 0 or high < 0:
        near, far = ends if low > 0 else ends[::-1]
        return _range(near, far)
    return f"{ends[0]} lower to {ends[1]} higher"


def _amount(row: Difference, value: float) -> str:
    """The size of a difference in the figure's unit."""
    return FIGURES[row.figure].amount(abs(value))


def _is_relative(row: Difference) -> bool:
    """Whether the interval of the ratio says the same as that of the difference."""
    same = (row.low > 0) == (row.relative_low > 0) and (row.high < 0) == (row.relative_high < 0)
    return not isnan(row.relative_low) and same


def _share(value: float) -> str:
    return percent(abs(value))


def _range(near: str, far: str) -> str:
    """`35\u201341 %`: the unit once, where both ends have the same."""
    number, _, unit = near.partition("\u202f")
    _, _, other = far.partition("\u202f")
    if unit and unit == other:
        return f"{number}\u2013{far}"
    return f"{near} to {far}"


def _way(difference: float) -> str:
    return "lower" if difference < 0 else "higher"


def _n(row: Difference) -> str:
    if row.paired:
        return f"n = {plural(row.n, 'paired request')}"
    n = f"{row.n:,}" if row.n == row.n_baseline else f"{row.n:,} and {row.n_baseline:,}"
    return f"n = {n}"


def _name(group: str) -> str:
    return group or "?"


def _capital(label: str) -> str:
    return label[0].upper() + label[1:]
