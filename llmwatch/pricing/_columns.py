"""The cost of many calls at the same rates at once: `cost_of` over columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ._rates import INPUT_ONLY, Rate, Rates

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TokenColumns", "costs_of"]


class TokenColumns(NamedTuple):
    """`Tokens` of many calls, float64. NaN where nobody said, which the parts without it cannot be."""

    input: np.ndarray
    output: np.ndarray
    cached: np.ndarray
    written: np.ndarray
    input_audio: np.ndarray
    output_audio: np.ndarray
    reasoning: np.ndarray
    written_1h: np.ndarray

    def at(self, rows: np.ndarray) -> TokenColumns:
        """Those of some calls."""
        return TokenColumns(*(column[rows] for column in self))


def costs_of(rates: Rates, tokens: TokenColumns, operation: str | None) -> np.ndarray:
    """USD of each call, to the last digit what `cost_of` says; NaN where that says None."""
    import numpy as np

    size, needs_output = tokens.input, rates.output is not None and operation not in INPUT_ONLY
    known = ~np.isnan(size)
    if needs_output:
        known &= ~np.isnan(tokens.output)
    if operation == "transcription" and rates.input_audio != rates.input:
        known &= ~np.isnan(tokens.input_audio)
    if rates.reasoning != rates.output:
        known &= ~np.isnan(tokens.reasoning)
    heard = np.zeros_like(size)
    if rates.input_audio != rates.input:
        heard = np.nan_to_num(tokens.input_audio)
        known &= (heard == 0) | ((tokens.cached == 0) & (tokens.written == 0))
    asked = _side(
        size, rates.input, size,
        (tokens.cached, rates.cached), (tokens.written - tokens.written_1h, rates.written),
        (tokens.written_1h, rates.written_1h), (heard, rates.input_audio),
    )  # fmt: skip
    answered = _side(
        np.nan_to_num(tokens.output), rates.output, size,
        (tokens.output_audio, rates.output_audio),
        (np.nan_to_num(tokens.reasoning), rates.reasoning),
    )  # fmt: skip
    return np.where(known, asked + answered + rates.per_call, np.nan)


def _side(
    whole: np.ndarray, base: Rate | None, size: np.ndarray, *parts: tuple[np.ndarray, Rate | None]
) -> np.ndarray:
    import numpy as np

    rest, cost, known = whole, np.zeros_like(whole), np.ones(len(whole), bool)
    for count, rate in parts:
        if rate == base:
            continue
        if rate is None:
            known &= count == 0
            continue
        known &= count >= 0
        rest = rest - count
        cost = cost + count * _at(rate, size)
    known &= rest == 0 if base is None else rest >= 0
    if base is not None:
        cost = cost + rest * _at(base, size)
    return np.where(known, cost, np.nan)


def _at(rate: Rate, size: np.ndarray) -> np.ndarray | float:
    import numpy as np

    if not rate.steps:
        return rate.base
    prices: np.ndarray = np.select(
        [size > start for start, _ in rate.steps], [price for _, price in rate.steps], rate.base
    )
    return prices
