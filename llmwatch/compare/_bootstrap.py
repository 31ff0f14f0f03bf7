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
    n = min(len(a), len(b))
    mine, theirs = _drawn(kind, (a, b), is_paired=is_paired, seed=seed)
    drawn, level = mine - theirs, _level(kind, n)
    relative = _middle(mine / theirs - 1, level) if (theirs > 0).all() else Limits(_NAN, _NAN)
    return Resampled(_middle(drawn, level), relative, _as_student(kind, n, _p(drawn)))


def own(kind: Kind, values: np.ndarray, *, seed: int) -> Limits:
    """The interval of the figure of one sample."""
    (drawn,) = _drawn(kind, (values,), is_paired=False, seed=seed)
    return _middle(drawn, _level(kind, len(values)))


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


def _level(kind: Kind, n: int) -> float:
    """The level at which the percentiles are taken, for an interval of 95 %."""
    from scipy.stats import norm, t

    if kind != "mean":
        return _LEVEL  # the plain one covers enough there
    wide = sqrt(n / (n - 1)) * t.isf((1 - _LEVEL) / 2, n - 1)
    return float(1 - 2 * norm.sf(wide))


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


def _as_student(kind: Kind, n: int, p: float) -> float:
    """The p that belongs to the widened interval."""
    from scipy.stats import norm, t

    if kind != "mean":
        return p
    return float(2 * t.sf(norm.isf(p / 2) * sqrt((n - 1) / n), n - 1))
