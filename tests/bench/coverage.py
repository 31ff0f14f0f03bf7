"""How often the 95 % intervals of `compare` hold the truth: `python -m tests.bench.coverage`.

Each case draws both groups anew 1,000 times at the smallest n at which something is said, asks
`compare` for the interval, and counts how often the true difference lies in it. The standard
error of a share of 95 % of 1,000 is 0.7 points. Below the table: how often a whole comparison
claims anything where nothing differs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import exp, isnan
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from llmwatch.compare._difference import Difference, adjusted, compared
from llmwatch.compare._figures import COMPARED
from llmwatch.compare._samples import Sample

RUNS = 1000
LEAST = 0.93
MOST = 0.07
FIGURES = {figure.name: figure for figure in COMPARED}
Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


class Case(NamedTuple):
    """A figure, who is drawn, and what is true of them."""

    figure: str
    told: str
    draw: Draw
    truth: tuple[float, float]
    paired: bool = False


def _lognormal(
    figure: str, sizes: tuple[int, int], spread: float, ratio: float = 1.0, together: float = 0.0
) -> Case:
    """Latencies, tokens or cost whose logarithm is normal; `together`: the pairs' correlation."""

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        a, b = (rng.standard_normal(n) for n in sizes)
        if together:
            a = together * b + np.sqrt(1 - together**2) * a
        return ratio * np.exp(spread * a), np.exp(spread * b)

    true = {
        "mean": exp(spread**2 / 2), "median": 1.0, "p95": exp(spread * float(norm.isf(0.05)))
    }[FIGURES[figure].kind]  # fmt: skip
    told = f"lognormal, spread {spread}, {ratio:g} x" + (f", r = {together}" if together else "")
    return Case(figure, f"n = {sizes[0]}, {sizes[1]}: {told}", draw,
                ((ratio - 1) * true, ratio - 1), bool(together))  # fmt: skip


def _rates(sizes: tuple[int, int], shares: tuple[float, float], together: float = 0.0) -> Case:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        a, b = (rng.random(n) for n in sizes)
        if together:
            a = np.where(rng.random(len(a)) < together, b, a)
        return (a < shares[0]).astype(float), (b < shares[1]).astype(float)

    told = f"n = {sizes[0]}, {sizes[1]}: {shares[0]:.0%} and {shares[1]:.0%}"
    told += f", the same in {together:.0%}" if together else ""
    return Case("error_rate", told, draw, (shares[0] - shares[1], float("nan")), bool(together))


def _thumbs(sizes: tuple[int, int], shares: tuple[float, float]) -> Case:
    case = _rates(sizes, shares)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        a, b = case.draw(rng)
        return 2 * a - 1, 2 * b - 1

    told = f"{case.told} thumbs up"
    return Case("satisfaction", told, draw, (2 * case.truth[0], float("nan")))


def cases() -> list[Case]:
    """The smallest n of each figure, alike and lopsided, paired and not; and large ones."""
    cost, median, p95 = "cost_usd_per_call", "latency_p50_s", "latency_p95_s"
    both = [(spread, ratio) for spread in (0.3, 0.5, 0.7) for ratio in (1.0, 0.6)]
    return [
        *(_lognormal(cost, (10, 10), *how) for how in both),
        *(_lognormal(cost, (10, 10), spread, 0.8, 0.8) for spread in (0.3, 0.7)),
        *(_lognormal(cost, (30, 30), spread, 0.8, 0.8) for spread in (0.3, 0.5, 0.7)),
        *(_lognormal(cost, sizes, 0.5, 0.8) for sizes in ((10, 50), (50, 500), (50, 5000))),
        _lognormal(cost, (1000, 1000), 0.7, 0.9),
        _lognormal(cost, (1000, 1000), 0.7, 0.9, 0.8),
        *(_lognormal(median, (10, 10), *how) for how in both),
        *(_lognormal(median, (n, n), 0.5, 0.8, 0.8) for n in (10, 30)),
        *(_lognormal(median, sizes, 0.5, 0.8) for sizes in ((10, 50), (10, 500), (1000, 1000))),
        *(_lognormal(p95, (40, 40), *how) for how in both),
        _lognormal(p95, (40, 40), 0.5, 0.8, 0.8),
        *(_lognormal(p95, sizes, 0.5, 0.8) for sizes in ((40, 200), (73, 500), (1000, 1000))),
        _lognormal(p95, (1000, 1000), 0.5, 0.8, 0.8),
        *(_rates((10, 10), shares) for shares in ((0.02, 0.02), (0.1, 0.1), (0.1, 0.4), (0.5, 0.5))),
        *(_rates((n, n), shares, 0.7) for n in (10, 30) for shares in ((0.1, 0.1), (0.2, 0.5))),
        *(_rates(sizes, (0.05, 0.1)) for sizes in ((10, 1000), (1000, 1000))),
        _thumbs((10, 10), (0.8, 0.6)),
    ]  # fmt: skip


def _asked(case: Case, run: int) -> Difference:
    values = case.draw(np.random.default_rng([run, *case.told.encode()]))
    requests = [np.arange(len(v)) if case.paired else np.full(len(v), -1) for v in values]
    a, b = (Sample(*both) for both in zip(values, requests, strict=True))
    return compared(FIGURES[case.figure], ("b", "a"), (a, b), run)


def covered(case: Case, runs: int = RUNS) -> tuple[float, float, float]:
    """The share of runs whose interval holds the truth: absolute, relative; and of no interval.

    A run without an interval claims nothing, so it does not miss.
    """
    asked = [_asked(case, run) for run in range(runs)]
    absolute = sum(isnan(row.low) or row.low <= case.truth[0] <= row.high for row in asked)
    relative = sum(
        isnan(row.relative_low) or row.relative_low <= case.truth[1] <= row.relative_high
        for row in asked
    )
    silent = sum(isnan(row.low) for row in asked)
    return absolute / runs, relative / runs, silent / runs


def claimed(n: int, groups: int, runs: int = RUNS // 2) -> float:
    """The share of runs in which something is claimed of groups that are drawn alike."""
    found = 0
    for run in range(runs):
        rng = np.random.default_rng([run, n, groups])
        rows = []
        for figure in COMPARED:
            draws = [
                (rng.random(n) < 0.1).astype(float) if figure.kind == "rate"
                else 2.0 * (rng.random(n) < 0.7) - 1 if figure.name == "satisfaction"
                else rng.lognormal(0, 0.5, n)
                for _ in range(groups)
            ]  # fmt: skip
            first, *others = (Sample(values, np.full(n, -1)) for values in draws)
            rows += [compared(figure, ("b", "a"), (other, first), run) for other in others]
        found += any(row.finding in ("lower", "higher") for row in adjusted(rows))
    return found / runs


def main() -> int:
    """Print the table as it comes; exit 1 when a case is under the least."""
    print(f"{'figure':20} {'drawn':55} {'covered':>8} {'relative':>9} {'silent':>7}")
    under = 0
    for case in cases():
        absolute, relative, silent = covered(case)
        ratio = f"{relative:9.1%}" if not isnan(case.truth[1]) else " " * 9
        is_ok = min(absolute, 1.0 if isnan(case.truth[1]) else relative) >= LEAST
        under += not is_ok
        mark = "ok" if is_ok else "UNDER"
        told = f"{case.figure:20} {case.told:55} {absolute:8.1%} {ratio} {silent:7.1%} {mark}"
        print(told, flush=True)
    print(f"\n{'something is claimed where nothing differs':64} {'of runs':>8}")
    for n, groups in ((10, 2), (10, 5), (40, 2), (40, 5)):
        share = claimed(n, groups)
        under += share > MOST
        mark = "ok" if share <= MOST else "OVER"
        print(f"{f'{groups} groups of {n} calls':64} {share:8.1%} {mark}", flush=True)
    return 1 if under else 0


if __name__ == "__main__":
    sys.exit(main())
