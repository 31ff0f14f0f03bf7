"""Intervals by resampling, from scipy."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from ._figures import Kind
from ._square import Limits

if TYPE_CHECKING:
    import numpy as np

__all__ = ["RESAMPLES", "Resampled", "difference", "own", "statistic", "varies"]

RESAMPLES = 9999
_AT_ONCE = 2_000_000  # numbers drawn in one batch: 16 MB a sample
_LEVEL = 0.95
# Pairs that differ by a share differ most where both are large: so skewed that of 10 of them an
# interval as wide as Student's holds the truth in 92 %. With half the degrees of freedom in 95.
_FEW_PAIRS = 30
_NAN = float("nan")


class Resampled(NamedTuple):
    """The interval of a difference, of the same over the baseline, and the p of no difference."""

    limits: Limits
    relative: Limits
    p: float


def statistic(kind: Kind) -> Callable[..., Any]:
    """The function of a sample, over its last axis, that the figure is."""
    import numpy as np

    if kind == "p95":
        return lambda x, axis=-1: np.quantile(x, 0.95, axis=axis)
    return np.median if kind == "median" else np.mean


def varies(values: np.ndarray) -> bool:
    """Whether the values differ by more than the last digits of a float."""
    return float(values.max() - values.min()) > 1e-12 * float(abs(values).max())


def difference(
    kind: Kind, a: np.ndarray, b: np.ndarray, *, is_paired: bool, seed: int
) -> Resampled:
    """The bootstrap of a difference, and of the ratio on the same resamples.

    The percentile interval; for means at the level that makes it as wide as Student's
    (Hesterberg 2015, The American Statistician 69, 371-386), since the plain one covers 90 %
    at n = 10. BCa covers less than either here: `python -m tests.bench.coverage`.
    """
    free = _freedom(kind, min(len(a), len(b)), is_paired=is_paired)
    mine, theirs = _drawn(kind, (a, b), is_paired=is_paired, seed=seed)
    drawn, level = mine - theirs, _level(free)
    relative = _middle(mine / theirs - 1, level) if (theirs > 0).all() else Limits(_NAN, _NAN)
    return Resampled(_middle(drawn, level), relative, _as_student(free, _p(drawn)))


def own(kind: Kind, values: np.ndarray, *, seed: int) -> Limits:
    """The interval of the figure of one sample."""
    (drawn,) = _drawn(kind, (values,), is_paired=False, seed=seed)
    return _middle(drawn, _level(_freedom(kind, len(values))))


def _drawn(
    kind: Kind, samples: tuple[np.ndarray, ...], *, is_paired: bool, seed: int
) -> np.ndarray:
    """The figure of each sample in each resample."""
    import numpy as np
    from scipy.stats import bootstrap

    figure = statistic(kind)

    def figures(*resampled: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.stack([figure(one, axis=axis) for one in resampled])

    drawn: np.ndarray = bootstrap(
        samples, figures, paired=is_paired, vectorized=True, method="percentile",
        n_resamples=RESAMPLES, batch=max(1, _AT_ONCE // max(map(len, samples))),
        rng=np.random.default_rng(seed),
    ).bootstrap_distribution  # fmt: skip
    return drawn


def _middle(drawn: np.ndarray, level: float) -> Limits:
    import numpy as np

    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Limits(float(low), float(high))


class _Freedom(NamedTuple):
    """How much wider than the resamples an interval must be."""

    factor: float
    """By which the spread of a sample of this size falls short."""
    degrees: float
    """Of freedom, for Student's t."""


def _freedom(kind: Kind, n: int, *, is_paired: bool = False) -> _Freedom | None:
    """None where the plain percentiles cover enough: for all but means."""
    if kind != "mean":
        return None
    degrees = (n - 1) / 2 if is_paired and n < _FEW_PAIRS else n - 1
    return _Freedom(sqrt(n / (n - 1)), degrees)


def _level(free: _Freedom | None) -> float:
    """The level at which the percentiles are taken, for an interval of 95 %."""
    from scipy.stats import norm, t

    if free is None:
        return _LEVEL
    return float(1 - 2 * norm.sf(free.factor * t.isf((1 - _LEVEL) / 2, free.degrees)))


def _p(drawn: np.ndarray) -> float:
    """Twice the share of resamples on the other side of 0, beyond their reach as if normal."""
    import numpy as np
    from scipy.stats import norm

    beyond = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    p = min(1.0, 2 * (beyond + 1) / (RESAMPLES + 1))
    spread = float(drawn.std())
    if beyond or not spread:
        return p
    return min(p, float(2 * norm.sf(abs(drawn.mean()) / spread)))


def _as_student(free: _Freedom | None, p: float) -> float:
    """The p that belongs to the widened interval."""
    from scipy.stats import norm, t

    if free is None:
        return p
    return float(2 * t.sf(norm.isf(p / 2) / free.factor, free.degrees))
