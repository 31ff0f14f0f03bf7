"""What many calls would have cost: without a cache, and on another model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ..pricing import Offer, PriceBook, Rates, TokenColumns, costs_of
from ..totals import known

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PRICED_BY", "Priced", "floats", "priced"]

_SAME = 1e-6  # of a cost: sums in another order differ by less
_MINUTE_NS = 60 * 10**9
_WORDS = ("response_model", "request_model", "provider", "operation", "service_tier")
_VARYING = ("provider", "response_model", "request_model")
_WHOLES = ("input_tokens", "output_tokens", "input_audio_tokens", "reasoning_tokens")
_PARTS = ("cached_input_tokens", "cache_write_tokens", "output_audio_tokens")
PRICED_BY = (*_WORDS, "started_at", *_WHOLES, *_PARTS, "cost_usd")
"""The columns that a price depends on."""


class Priced(NamedTuple):
    """USD of each call; NaN where it is not known."""

    uncached: np.ndarray
    """What it would have cost without a cache; unknown where its price cannot be traced."""
    other: np.ndarray
    """What it would have cost on the other model."""


class _Alike(NamedTuple):
    """Calls that are priced alike: which, and at which rates here and on the other model."""

    rows: np.ndarray
    operation: str | None
    here: Rates | None
    there: Rates | None


def priced(columns: Mapping[str, np.ndarray], prices: PriceBook, other: Offer | None) -> Priced:
    """What the calls whose cost is known would have cost; see `Priced`."""
    import numpy as np

    cost, tokens = columns["cost_usd"], _tokens(columns)
    cached = (tokens.cached != 0) | (tokens.written != 0)
    uncached, there = np.where(cached, np.nan, cost), np.full(len(cost), np.nan)
    for alike in _alike(columns, prices, other):
        if alike.there is not None:
            there[alike.rows] = costs_of(alike.there, tokens.at(alike.rows), alike.operation)
        some = alike.rows[cached[alike.rows]]
        if alike.here is not None and len(some):
            uncached[some] = _uncached(alike.here, tokens.at(some), alike.operation, cost[some])
    return Priced(uncached, there)


def _uncached(
    rates: Rates, tokens: TokenColumns, operation: str | None, paid: np.ndarray
) -> np.ndarray:
    import numpy as np

    none = np.zeros_like(tokens.cached)
    least = costs_of(rates, tokens, operation)
    # How long what was written stays is in no column: the dearer way may have been paid.
    most = costs_of(rates, tokens._replace(written_1h=tokens.written), operation)
    is_ours = (least * (1 - _SAME) <= paid) & (paid <= most * (1 + _SAME))
    without = costs_of(rates, tokens._replace(cached=none, written=none), operation)
    return np.where(is_ours, without, np.nan)


def _alike(
    columns: Mapping[str, np.ndarray], prices: PriceBook, other: Offer | None
) -> Iterator[_Alike]:
    """The calls whose cost is known, by what they are priced at."""
    import numpy as np

    rows = np.flatnonzero(~np.isnan(columns["cost_usd"]))
    codes, first = _groups(columns, rows, prices, other)
    kinds: dict[tuple[str | None, Rates | None, Rates | None], int] = {}
    of_group = [
        kinds.setdefault(_rates(columns, row, prices, other), len(kinds)) for row in first.tolist()
    ]
    kind_of = np.array(of_group, np.intp)[codes]
    order = np.argsort(kind_of, kind="stable")
    cuts = np.searchsorted(kind_of[order], np.arange(1, len(kinds)))
    for kind, some in zip(kinds, np.split(rows[order], cuts), strict=False):
        yield _Alike(some, *kind)


def _groups(
    columns: Mapping[str, np.ndarray], rows: np.ndarray, prices: PriceBook, other: Offer | None
) -> tuple[np.ndarray, np.ndarray]:
    """The number of each row's group, and a row of each: the same words, while prices are steady."""
    import numpy as np
    import pandas as pd

    codes = np.zeros(len(rows), np.int64)
    for word in _WORDS:
        more, values = pd.factorize(columns[word][rows])  # -1 where there is none
        codes = pd.factorize(codes * (len(values) + 1) + more + 1)[0]
    words = zip(*(columns[word][rows[_first(codes)]] for word in _VARYING), strict=True)
    most = other.steady_minutes if other is not None else prices.steady_minutes(None)
    steady = [min(most, prices.steady_minutes(*map(_text, named))) for named in words]
    minutes = columns["started_at"][rows] // _MINUTE_NS
    more, values = pd.factorize(minutes // np.array(steady, np.int64)[codes])
    codes = pd.factorize(codes * (len(values) + 1) + more)[0]
    return codes, rows[_first(codes)]


def _first(codes: np.ndarray) -> np.ndarray:
    """Where each code stands first."""
    import numpy as np

    found: np.ndarray = np.unique(codes, return_index=True)[1]
    return found


def _rates(
    columns: Mapping[str, np.ndarray], row: int, prices: PriceBook, other: Offer | None
) -> tuple[str | None, Rates | None, Rates | None]:
    response, request, provider, operation, tier = (_text(columns[name][row]) for name in _WORDS)
    at = datetime.fromtimestamp(int(columns["started_at"][row]) / 1e9, UTC)
    here = prices.rates(
        response_model=response, request_model=request, provider=provider, service_tier=tier, at=at
    )
    return operation, here, other.rates(operation, tier, at) if other is not None else None


def _tokens(columns: Mapping[str, np.ndarray]) -> TokenColumns:
    import numpy as np

    into, out, heard, thought = (floats(columns[name]) for name in _WHOLES)
    cached, written, said = (np.nan_to_num(floats(columns[name])) for name in _PARTS)
    return TokenColumns(into, out, cached, written, heard, said, thought, np.zeros_like(cached))


def floats(column: np.ndarray) -> np.ndarray:
    """A column of numbers as float64 with NaN where unknown."""
    import numpy as np

    values, is_known = known(column)
    return np.where(is_known, values.astype(np.float64), np.nan)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
