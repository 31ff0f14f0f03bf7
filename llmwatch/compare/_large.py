"""Intervals of large samples, which need no resampling."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from ._bootstrap import Resampled, own, statistic, varies
from ._figures import Kind
from ._square import Limits, phi, square_and_add

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LARGE", "difference"]

LARGE = 1000
"""From this n on, resampling tells nothing that a formula does not."""

_NAN = float("nan")
_Z = 1.959964


def difference(
    kind: Kind, a: np.ndarray, b: np.ndarray, *, is_paired: bool, seed: int
) -> Resampled:
    """The interval of each figure by itself, squared and added.

    Means by Student's t (a smaller one than `LARGE` by the bootstrap), percentiles by order
    statistics, which are exact for any distribution. The ratio is taken on the logarithms.
    """
    figure = statistic(kind)
    mine, theirs = float(figure(a)), float(figure(b))
    of_a, of_b = _own(kind, a, seed), _own(kind, b, seed)
    r = _correlation(kind, a, b, mine, theirs) if is_paired else 0.0
    limits = square_and_add(mine, theirs, of_a, of_b, r)
    relative = Limits(_NAN, _NAN)
    if min(of_a.low, of_b.low) > 0:
        log_a, log_b = (Limits(log(one.low), log(one.high)) for one in (of_a, of_b))
        ratio = square_and_add(log(mine), log(theirs), log_a, log_b, r)
        relative = Limits(exp(ratio.low) - 1, exp(ratio.high) - 1)
    return Resampled(limits, relative, _p(mine - theirs, limits))


def _own(kind: Kind, values: np.ndarray, seed: int) -> Limits:
    from scipy import stats

    if not varies(values):
        middle = float(statistic(kind)(values))
        return Limits(middle, middle)
    if kind == "mean" and len(values) < LARGE:
        return own(kind, values, seed=seed)
    if kind == "mean":
        found = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    else:
        share = 0.5 if kind == "median" else 0.95
        found = stats.quantile_test(values, q=0.0, p=share).confidence_interval(0.95)
    return Limits(float(found.low), float(found.high))


def _correlation(kind: Kind, a: np.ndarray, b: np.ndarray, mine: float, theirs: float) -> float:
    """How the two figures go together: of percentiles, how being beyond them does."""
    from scipy.stats import pearsonr

    if kind != "mean":
        return phi((a > mine).astype(int), (b > theirs).astype(int))
    return float(pearsonr(a, b).statistic) if varies(a) and varies(b) else 0.0


def _p(difference: float, limits: Limits) -> float:
    """As if the distance to the nearer end were that of a normal distribution."""
    from scipy.stats import norm

    towards_none = difference - limits.low if difference > 0 else limits.high - difference
    if not towards_none > 0:
        return _NAN
    return float(2 * norm.sf(_Z * abs(difference) / towards_none)) if difference else 1.0
