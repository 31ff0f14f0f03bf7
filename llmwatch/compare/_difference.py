"""One figure of one group against the baseline: by how much it differs, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, Literal

from . import _bootstrap, _large
from ._bootstrap import Resampled, statistic, varies
from ._figures import Figure
from ._samples import Sample, paired
from ._square import Limits, newcombe, newcombe_p

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Difference", "Finding", "adjusted", "compared"]

Finding = Literal[
    "lower", "higher", "maybe chance", "no evidence", "no difference", "no spread",
    "too few calls", "unknown",
]  # fmt: skip

_LEAST = {"mean": 10, "median": 10, "rate": 10, "p95": 40}
# Where one group is much larger, its errors no longer make up for those of the smaller one: the
# interval must hold by itself. The 95th percentile of 73 calls is the first with an upper end.
_LEAST_LOPSIDED = {"mean": 50, "median": 10, "rate": 10, "p95": 73}
_LOPSIDED = 5
_SURE = 0.05
_NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row of `Comparison.differences`; see there."""

    group: str
    baseline: str
    figure: str
    value: float
    baseline_value: float
    difference: float
    relative: float
    low: float = _NAN
    high: float = _NAN
    relative_low: float = _NAN
    relative_high: float = _NAN
    n: int
    n_baseline: int
    needed: int
    """Calls that both groups need before anything is claimed."""
    paired: bool
    p: float = _NAN
    p_adjusted: float = _NAN
    finding: Finding
    method: str = ""
    seed: int


def compared(
    figure: Figure, names: tuple[str, str], samples: tuple[Sample, Sample], seed: int
) -> Difference:
    """The difference of a group to the baseline, in this order, before `adjusted`."""
    a, b = (sample.values for sample in samples)
    pairs = paired(*samples)
    is_paired = pairs is not None and len(pairs[0]) >= _least(figure, *pairs)
    if is_paired and pairs is not None:
        a, b = pairs
    value, other = (_value(figure, values) for values in (a, b))
    row = Difference(
        group=names[0], baseline=names[1], figure=figure.name, value=value, baseline_value=other,
        difference=value - other, relative=_relative(figure, value, other),
        n=len(a), n_baseline=len(b), needed=_least(figure, a, b), paired=is_paired, seed=seed,
        finding="too few calls" if len(a) or len(b) else "unknown",
    )  # fmt: skip
    if min(len(a), len(b)) < row.needed:
        return row
    return _with_interval(row, figure, a, b)


def adjusted(rows: list[Difference]) -> list[Difference]:
    """The rows, with a claim where there still is one when all of them are looked at.

    Of the differences that are claimed at all, one in twenty is expected to be chance (Benjamini
    and Hochberg 1995).
    """
    from scipy.stats import false_discovery_control

    tested = [n for n, row in enumerate(rows) if not isnan(row.p)]
    found = list(rows)
    if not tested:
        return found
    ps = false_discovery_control([rows[n].p for n in tested], method="bh")
    for n, p in zip(tested, ps.tolist(), strict=True):
        found[n] = replace(rows[n], p_adjusted=p, finding=_finding(rows[n], p))
    return found


def _least(figure: Figure, a: np.ndarray, b: np.ndarray) -> int:
    few, many = sorted((len(a), len(b)))
    least = _LEAST_LOPSIDED if many > _LOPSIDED * max(few, _LEAST[figure.kind]) else _LEAST
    return least[figure.kind]


def _relative(figure: Figure, value: float, other: float) -> float:
    return value / other - 1 if other > 0 and figure.name != "satisfaction" else _NAN


def _value(figure: Figure, values: np.ndarray) -> float:
    return float(statistic(figure.kind)(values)) if len(values) else _NAN


def _with_interval(row: Difference, figure: Figure, a: np.ndarray, b: np.ndarray) -> Difference:
    if _is_constant(figure, a, b, is_paired=row.paired):
        # Resampling what is always the same finds no width. How sure that is, the odds say: the
        # sign test, of so many calls all on one side.
        p = 2.0 ** (1 - min(len(a), len(b))) if row.difference else 1.0
        return replace(row, p=p, finding="no difference", method="no spread")
    found, method = _interval(row, figure, a, b)
    if not found.limits.low < found.limits.high:
        return replace(row, finding="no spread", method="no spread")
    # A score is on no scale with a nought, so none is a share of another, though both be positive.
    relative = Limits(_NAN, _NAN) if isnan(row.relative) else found.relative
    return replace(
        row, method=method, p=found.p, low=found.limits.low, high=found.limits.high,
        relative_low=relative.low, relative_high=relative.high, finding="no evidence",
    )  # fmt: skip


def _is_constant(figure: Figure, a: np.ndarray, b: np.ndarray, *, is_paired: bool) -> bool:
    """Whether the difference is the same for all pairs, or for all calls of both groups."""
    if figure.kind != "mean" or _are_thumbs(figure, a, b):
        return False
    if not is_paired:
        return not varies(a) and not varies(b)
    least = 1e-12 * float(max(abs(a).max(), abs(b).max()))  # as in `varies`, of what is subtracted
    return float((a - b).max() - (a - b).min()) <= least


def _are_thumbs(figure: Figure, a: np.ndarray, b: np.ndarray) -> bool:
    """Whether scores are all up or down: shares of thumbs up, in other units."""
    return figure.name == "satisfaction" and all((abs(x) == 1).all() for x in (a, b))


def _interval(
    row: Difference, figure: Figure, a: np.ndarray, b: np.ndarray
) -> tuple[Resampled, str]:
    """The interval, and in words how it was made."""
    if figure.kind == "rate":
        return _of_rates(a, b, is_paired=row.paired), "Newcombe"
    if _are_thumbs(figure, a, b):
        found = _of_rates((a + 1) / 2, (b + 1) / 2, is_paired=row.paired)
        return found._replace(limits=Limits(*(2 * end for end in found.limits))), "Newcombe"
    few, many = sorted((len(a), len(b)))
    if many >= _large.LARGE or (figure.kind != "mean" and many > _LOPSIDED * few):
        found = _large.difference(figure.kind, a, b, is_paired=row.paired, seed=row.seed)
        return found, "Student" if figure.kind == "mean" else "order statistics"
    found = _bootstrap.difference(figure.kind, a, b, is_paired=row.paired, seed=row.seed)
    return found, "bootstrap"


def _of_rates(a: np.ndarray, b: np.ndarray, *, is_paired: bool) -> Resampled:
    limits = newcombe(a, b, is_paired=is_paired)
    return Resampled(limits, Limits(_NAN, _NAN), newcombe_p(a, b, is_paired=is_paired))


def _finding(row: Difference, p: float) -> Finding:
    if row.finding == "no difference" and not row.difference:
        return row.finding
    if row.low <= 0 <= row.high:
        return "no evidence"
    if p > _SURE:
        return "maybe chance"
    return "lower" if row.difference < 0 else "higher"
