"""Means and percentiles by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Spread", "spread"]

_SMALL = 64  # values; fewer are sorted sooner than they are partitioned


class Spread(NamedTuple):
    """How the values of each group are spread; NaN for a group without values."""

    n: np.ndarray
    mean: np.ndarray
    percentiles: list[np.ndarray]


def spread(
    values: np.ndarray, codes: np.ndarray | None, n: int, percents: tuple[float, ...]
) -> Spread:
    """Number, mean and percentiles of `values` in `n` groups; `codes` None: all are in one.

    Percentiles are linear-interpolated between closest ranks (Hyndman and Fan, type 7).
    """
    import numpy as np

    if codes is None:
        counts, ordered = np.array([len(values)]), values.copy()
    else:
        counts = np.bincount(codes, minlength=n)
        # Codes of few bits are sorted by radix, in no time.
        ordered = values[np.argsort(codes.astype(np.min_scalar_type(n)), kind="stable")]
    filled = np.flatnonzero(counts)
    sizes = counts[filled]
    starts = np.cumsum(sizes) - sizes
    at = np.array(percents)[:, None] / 100 * (sizes - 1)
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, sizes - 1)
    _rank(ordered, starts, sizes, np.concatenate([low, high]))
    found = np.full((len(percents), n), np.nan)
    found[:, filled] = _between(ordered[starts + low], ordered[starts + high], at - low)
    mean = np.full(n, np.nan)
    if len(filled):
        mean[filled] = np.add.reduceat(ordered, starts) / sizes
    return Spread(counts, mean, list(found))


def _rank(ordered: np.ndarray, starts: np.ndarray, sizes: np.ndarray, at: np.ndarray) -> None:
    """Bring, in each group, the values of the ranks `at` to their places."""
    for group, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
        values = ordered[start : start + size]
        if size < _SMALL:
            values.sort()
        else:
            values.partition(at[:, group])


def _between(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Linear interpolation that is exact at both ends."""
    import numpy as np

    step = high - low
    found: np.ndarray = np.where(share < 0.5, low + step * share, high - step * (1 - share))
    return found
