"""What was paid for a model's calls, and what it would have been otherwise, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..pricing import Offer, PriceBook
from ..semconv import STATUSES
from ..totals import BEGUN, known, refused
from ._priced import PRICED_BY, floats, priced

if TYPE_CHECKING:
    import numpy as np

    from ..store import View

__all__ = ["Account", "accounts", "providers_in"]

_GUESSES = ("estimated_cost_usd", "estimated_input_tokens", "estimated_output_tokens")
_SUMS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "cost_usd")


@dataclass(slots=True)
class Account:
    """The calls of one model, added up; money in USD.

    Attributes
    ----------
    n : int
        Calls whose cost is known, also as it would be without a cache: what the next six figures
        are about.
    input_tokens, cached_input_tokens, cache_write_tokens : int
        Their tokens.
    cost_usd, uncached_cost_usd, saved_usd : float
        What they cost, what they would have cost had no token been cached, and the difference:
        what writing to the cache cost more is counted against what reading from it cost less.
    compared, uncompared : int
        Priced calls that have a price on the other model too, and those that have none there.
    compared_cost_usd, other_cost_usd, other_saved_usd : float
        What these cost, what they would have cost there, and the difference.
    unpriced, estimated, untraced : int
        What is left out: calls of unknown price, calls whose tokens are only estimated, and calls
        whose price is not the one in force here.
    """

    n: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    uncached_cost_usd: float = 0.0
    compared: int = 0
    uncompared: int = 0
    compared_cost_usd: float = 0.0
    other_cost_usd: float = 0.0
    unpriced: int = 0
    estimated: int = 0
    untraced: int = 0

    @property
    def saved_usd(self) -> float:
        return self.uncached_cost_usd - self.cost_usd

    @property
    def other_saved_usd(self) -> float:
        return self.compared_cost_usd - self.other_cost_usd

    def __add__(self, other: Account) -> Account:
        return Account(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def accounts(view: View, prices: PriceBook, other: Offer | None) -> dict[str, Account]:
    """The accounts of all models, in the order of their first call; "" for calls without one."""
    import numpy as np
    import pandas as pd

    columns = view.arrays("model", "status_code", *PRICED_BY, *_GUESSES, *BEGUN)
    codes, names = pd.factorize(columns["model"], use_na_sentinel=False)
    figures = _figures(columns, prices, other)
    sums = {
        name: np.bincount(codes, weights=values, minlength=len(names)).tolist()
        for name, values in figures.items()
    }
    found: dict[str, Account] = {}
    for at, name in enumerate(names):
        model = name if isinstance(name, str) else ""
        own = {one: sum_[at] if "usd" in one else round(sum_[at]) for one, sum_ in sums.items()}
        found[model] = found.get(model, Account()) + Account(**own)
    return found


def _figures(
    columns: Mapping[str, np.ndarray], prices: PriceBook, other: Offer | None
) -> dict[str, np.ndarray]:
    """What each call adds to each figure of the account of its model."""
    import numpy as np

    cost, would = columns["cost_usd"], priced(columns, prices, other)
    is_paid, is_traced, is_there = (~np.isnan(usd) for usd in (cost, would.uncached, would.other))
    guessed = ~is_paid & np.any([known(columns[name])[1] for name in _GUESSES], axis=0)
    # A refusal costs nothing.
    is_free = refused(columns["status_code"] == STATUSES.index("error"), columns)
    found = {name: np.where(is_traced, _zero(floats(columns[name])), 0.0) for name in _SUMS}
    return found | {
        "n": is_traced,
        "uncached_cost_usd": _zero(would.uncached),
        "compared": is_there,
        "uncompared": is_paid & ~is_there & (other is not None),
        "compared_cost_usd": np.where(is_there, cost, 0.0),
        "other_cost_usd": _zero(would.other),
        "unpriced": ~is_paid & ~guessed & ~is_free,
        "estimated": guessed,
        "untraced": is_paid & ~is_traced,
    }


def _zero(values: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.where(np.isnan(values), 0.0, values)


def providers_in(view: View) -> list[str]:
    """The providers of its calls, those of most calls first."""
    names = view.arrays("provider")["provider"].tolist()
    return [name for name, _ in Counter(names).most_common() if isinstance(name, str)]
