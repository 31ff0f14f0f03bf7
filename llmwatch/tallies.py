"""What the calls of one group come to, as counters and histograms that only grow."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .semconv import STATUSES

__all__ = [
    "FIRST_TOKEN_S",
    "LATENCY_S",
    "READ",
    "TOKENS",
    "Histogram",
    "Sum",
    "Tally",
    "is_amount",
    "is_score",
]

LATENCY_S = (0.5, 1, 2, 5, 8, 10, 12, 15, 30, 60, 120, 300)
"""Upper edges of the latency buckets, seconds: close where people set thresholds."""

FIRST_TOKEN_S = (0.1, 0.25, 0.5, 0.75, 1, 2, 5, 8, 10, 15, 30, 60, 120, 300)
"""Upper edges of the buckets of the time to the first token, seconds."""

TOKENS: Mapping[str, str] = {
    "input": "input_tokens", "output": "output_tokens",
    "cached_input": "cached_input_tokens", "cache_write": "cache_write_tokens",
    "reasoning": "reasoning_tokens", "input_audio": "input_audio_tokens",
    "output_audio": "output_audio_tokens",
}  # fmt: skip
"""By `type`, the column. `input` and `output` are all tokens; the others are parts of these."""

READ = ("status", "latency_s", "ttft_s", "attempts", "cost_usd", "score", *TOKENS.values())
"""The columns that a `Tally` reads, in the order in which it is given them."""


@dataclass(slots=True)
class Sum:
    """A sum of floats that does not depend on their order (A. Neumaier, 1974, ZAMM 54, 39)."""

    total: float = 0.0
    lost: float = 0.0

    def add(self, value: float) -> None:
        """Add `value`."""
        total = self.total + value
        if abs(self.total) >= abs(value):
            self.lost += (self.total - total) + value
        else:
            self.lost += (value - total) + self.total
        self.total = total

    @property
    def value(self) -> float:
        """The sum so far."""
        return self.total + self.lost


class Histogram:
    """How many values lie in each bucket, and their sum."""

    __slots__ = ("_counts", "edges", "sum")

    def __init__(self, edges: tuple[float, ...]) -> None:
        self.edges = edges
        self._counts = [0] * (len(edges) + 1)
        self.sum = Sum()

    def add(self, value: float) -> None:
        """Add a value; one on an edge is in the bucket below it."""
        self._counts[bisect_left(self.edges, value)] += 1
        self.sum.add(value)

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self._counts)

    def cumulative(self) -> list[tuple[str, float]]:
        """Upper edge, and how many values are not over it; the last edge is ``+Inf``."""
        found, so_far = [], 0
        for edge, count in zip((*self.edges, float("inf")), self._counts, strict=True):
            so_far += count
            found.append(("+Inf" if edge == float("inf") else str(float(edge)), float(so_far)))
        return found


@dataclass(slots=True)
class Tally:
    """The calls of one group. What is unknown, NaN or negative is not counted.

    Attributes
    ----------
    statuses : Counter
        Calls by status.
    latency, first_token : Histogram
        Seconds, of the calls that ended `ok`, as the percentiles of a summary are.
    tokens : Counter
        By type, see `TOKENS`; a type of which nothing was reported is not in it.
    attempts : int
        Requests sent.
    cost : Sum or None
        USD; None as long as no call has a price.
    scored, score : int, Sum
        How many calls are rated, and the sum of their scores.
    """

    statuses: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(STATUSES[:4], 0)))
    latency: Histogram = field(default_factory=lambda: Histogram(LATENCY_S))
    first_token: Histogram = field(default_factory=lambda: Histogram(FIRST_TOKEN_S))
    tokens: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    cost: Sum | None = None
    scored: int = 0
    score: Sum = field(default_factory=Sum)

    def add(self, values: tuple[Any, ...]) -> None:
        """Count one call, given by the columns of `READ`."""
        status, latency, ttft, attempts, cost, score, *tokens = values
        self.statuses[status if isinstance(status, str) else "unknown"] += 1
        if status == "ok":
            if is_amount(latency):
                self.latency.add(latency)
            if is_amount(ttft):
                self.first_token.add(ttft)
        if is_amount(attempts):
            self.attempts += attempts
        for kind, n in zip(TOKENS, tokens, strict=True):
            if is_amount(n):
                self.tokens[kind] += n
        self.pay(cost)
        self.rate(None, score)

    def pay(self, cost: Any) -> None:
        """Add what a call cost, if that is known."""
        if is_amount(cost):
            self.cost = self.cost or Sum()
            self.cost.add(cost)

    def rate(self, before: Any, now: Any) -> None:
        """Put a call's rating of now in the place of the one before."""
        for score, sign in ((before, -1), (now, 1)):
            if is_score(score):
                self.scored += sign
                self.score.add(sign * score)


def is_amount(value: Any) -> bool:
    """Whether it is a number that a counter may grow by: neither unknown nor NaN, nor negative."""
    return isinstance(value, (int, float)) and 0 <= value < float("inf")


def is_score(value: Any) -> bool:
    """Whether it is a rating; NaN is none."""
    return isinstance(value, (int, float)) and -1 <= value <= 1
