"""Rates and tokens of one call, and the sum of their products."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["INPUT_ONLY", "NOTHING", "Rate", "Rates", "Tokens", "cost_of"]

INPUT_ONLY = frozenset({"embeddings", "moderation"})


class Rate(NamedTuple):
    """USD per token; beyond so many input tokens another price holds for all of them."""

    base: float
    steps: tuple[tuple[int, float], ...] = ()  # (start, price), the highest first

    def at(self, size: int) -> float:
        for start, price in self.steps:
            if size > start:
                return price
        return self.base


class Rates(NamedTuple):
    """The prices of one model; None where a part has a price that nobody told us."""

    input: Rate | None
    output: Rate | None
    cached: Rate | None
    written: Rate | None
    written_1h: Rate | None
    input_audio: Rate | None
    output_audio: Rate | None
    reasoning: Rate | None
    per_call: float = 0.0


NOTHING = Rate(0.0)


class Tokens(NamedTuple):
    """The tokens of one call; parts are counted in the whole. None where nobody said."""

    input: int | None
    output: int | None
    cached: int
    written: int
    input_audio: int | None
    output_audio: int
    reasoning: int | None
    written_1h: int = 0
    """The part of what was written to a cache that stays an hour."""


def cost_of(rates: Rates, tokens: Tokens, operation: str | None) -> float | None:
    """USD, or None where the figures or the prices do not suffice."""
    if tokens.input is None:
        return None
    output = tokens.output
    if output is None:
        if rates.output is not None and operation not in INPUT_ONLY:
            return None
        output = 0
    audio_unsaid = tokens.input_audio is None and operation == "transcription"
    if audio_unsaid and rates.input_audio != rates.input:
        return None  # nearly all of it is audio, but who knows how much
    if tokens.reasoning is None and rates.reasoning != rates.output:
        return None
    size = tokens.input
    heard = (tokens.input_audio or 0) if rates.input_audio != rates.input else 0
    if heard and (tokens.cached or tokens.written):
        return None  # nobody says how much of the audio came from the cache
    asked = _side(
        size, rates.input, size,
        (tokens.cached, rates.cached), (tokens.written - tokens.written_1h, rates.written),
        (tokens.written_1h, rates.written_1h), (heard, rates.input_audio),
    )  # fmt: skip
    answered = _side(
        output, rates.output, size,
        (tokens.output_audio, rates.output_audio), (tokens.reasoning or 0, rates.reasoning),
    )  # fmt: skip
    if asked is None or answered is None:
        return None
    return asked + answered + rates.per_call


def _side(
    whole: int, base: Rate | None, size: int, *parts: tuple[int, Rate | None]
) -> float | None:
    """The cost of `whole` tokens, of which `parts` (disjoint) may have a price of their own."""
    rest, cost = whole, 0.0
    for count, rate in parts:
        if count and rate != base:
            if rate is None or count < 0:
                return None
            rest -= count
            cost += count * rate.at(size)
    if rest < 0 or (rest and base is None):
        return None
    return cost + (rest * base.at(size) if base is not None else 0.0)
