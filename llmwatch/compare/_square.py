"""Intervals of a difference out of the intervals of its two parts."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Limits", "newcombe", "newcombe_p", "phi", "square_and_add"]


class Limits(NamedTuple):
    """The ends of an interval."""

    low: float
    high: float


def square_and_add(a: float, b: float, of_a: Limits, of_b: Limits, r: float = 0.0) -> Limits:
    """The interval of ``a - b`` from those of `a` and `b`, with `r` their correlation.

    Newcombe (1998), Statistics in Medicine 17, 873-890 (independent) and 2635-2650 (paired), for
    rates; Zou and Donner (2008), Statistics in Medicine 27, 1693-1702, for any two figures.
    """
    down, up = (a - of_a.low, of_b.high - b), (of_a.high - a, b - of_b.low)
    return Limits(a - b - _length(*down, r), a - b + _length(*up, r))


def _length(x: float, y: float, r: float) -> float:
    return sqrt(max(0.0, x * x - 2 * r * x * y + y * y))


def newcombe(a: np.ndarray, b: np.ndarray, *, is_paired: bool, level: float = 0.95) -> Limits:
    """The interval of the difference of two rates, from samples of 0 and 1.

    Wilson's intervals, squared and added; it has width also where nothing or everything failed.
    """
    r = phi(a, b) if is_paired else 0.0
    return square_and_add(float(a.mean()), float(b.mean()), _wilson(a, level), _wilson(b, level), r)


def newcombe_p(a: np.ndarray, b: np.ndarray, *, is_paired: bool) -> float:
    """1 - the level at which `newcombe` begins to hold 0."""
    from scipy.optimize import brentq

    difference = float(a.mean() - b.mean())
    if not difference:
        return 1.0

    def nearer_end(p: float) -> float:
        found = newcombe(a, b, is_paired=is_paired, level=1 - p)
        return found.low if difference > 0 else -found.high

    least = 1e-12
    return float(brentq(nearer_end, least, 1 - least)) if nearer_end(least) < 0 else least


def _wilson(hits: np.ndarray, level: float) -> Limits:
    from scipy.stats import binomtest

    found = binomtest(int(hits.sum()), len(hits)).proportion_ci(level, method="wilson")
    return Limits(float(found.low), float(found.high))


def phi(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation of pairs of 0 and 1, towards none by Newcombe's continuity correction."""
    both, neither = int((a * b).sum()), int(((1 - a) * (1 - b)).sum())
    only_a, only_b = int(a.sum()) - both, int(b.sum()) - both
    spread = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    found: float = both * neither - only_a * only_b
    if found > 0:
        found = max(0.0, found - len(a) / 2)
    return found / sqrt(spread) if spread else 0.0
