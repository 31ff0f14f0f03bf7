"""What is compared: the figures, the calls that count for each, and how people say them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from ..words import dollars, seconds, tokens

__all__ = ["COMPARED", "Figure", "Kind"]

Kind = Literal["mean", "median", "p95", "rate"]
Over = Literal["ok", "ended", "known"]
"""Calls of status ok; of status ok or error; all. Of these, the ones with a known value."""


class Figure(NamedTuple):
    """One figure of a group of calls."""

    name: str
    column: str
    kind: Kind
    over: Over
    n: str
    """Where its n stands in the table."""
    label: str
    lower: str
    """The claim that it is lower, of `{group}` than of `{baseline}`, by `{much}`."""
    higher: str
    amount: Callable[[float | None], str]


def _owned(label: str) -> tuple[str, str]:
    claim = "{group}'s " + label + " is {much} "
    return claim + "lower than {baseline}'s", claim + "higher than {baseline}'s"


def _verb(verb: str, lower: str, higher: str) -> tuple[str, str]:
    claim = "{group} " + verb + " {much} "
    return claim + lower + " than {baseline}", claim + higher + " than {baseline}"


def _points(share: float | None) -> str:
    """A difference of shares of one, in per cent points."""
    value = abs(share or 0.0) * 100
    return f"{value:.0f} points" if value >= 9.95 else f"{value:.1f} points"


def _count(value: float | None) -> str:
    """Tokens a call: a mean, so that a small one has a fraction."""
    return tokens(value) if value is None or value >= 99.5 else f"{value:.3g}"


def _score(value: float | None) -> str:
    return f"{value or 0.0:.2f}"


COMPARED: tuple[Figure, ...] = (
    Figure("latency_p50_s", "latency_s", "median", "ok", "latency_n", "median latency",
           *_owned("median latency"), seconds),
    Figure("latency_p95_s", "latency_s", "p95", "ok", "latency_n", "p95 latency",
           *_owned("p95 latency"), seconds),
    Figure("ttft_p50_s", "ttft_s", "median", "ok", "ttft_n", "median first token",
           *_owned("median time to first token"), seconds),
    Figure("input_tokens_per_call", "input_tokens", "mean", "known", "input_tokens_n",
           "input tokens a call", *_verb("reads", "fewer tokens a call", "more tokens a call"),
           _count),
    Figure("output_tokens_per_call", "output_tokens", "mean", "known", "output_tokens_n",
           "output tokens a call", *_verb("writes", "fewer tokens a call", "more tokens a call"),
           _count),
    Figure("cost_usd_per_call", "cost_usd", "mean", "known", "cost_n", "cost a call",
           *_verb("costs", "less a call", "more a call"), dollars),
    Figure("error_rate", "status_code", "rate", "ended", "rate_n", "error rate",
           *_owned("error rate"), _points),
    Figure("satisfaction", "score", "mean", "known", "satisfaction_n", "mean score",
           *_owned("mean score"), _score),
)  # fmt: skip
"""In the order in which they are told."""
