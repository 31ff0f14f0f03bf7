"""What the report says of a set of calls: sums with what they leave out, percentiles with n."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..semconv import STATUSES
from ..summary import NEEDED, summarize
from ..totals import Totals, known
from ..words import dollars, money, percent, seconds, tokens

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Figures", "failed", "groups", "value_at"]

_GROUPS = 40


class Figures:
    """The figures of some calls.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        As `View.arrays` gives them.
    past : Totals, optional
        What calls that have left memory sum up to; percentiles do not know them.
    """

    def __init__(
        self, columns: Mapping[str, np.ndarray], now_ns: int, past: Totals | None = None
    ) -> None:
        needed = {name: columns[name] for name in NEEDED}
        self.of = summarize(needed, now_ns=now_ns, past=past)
        self.totals = Totals.of(needed) + (past or Totals())

    @property
    def calls(self) -> str:
        """How many."""
        return f"{self.of['requests']:,}"

    @property
    def errors(self) -> str:
        """How many failed, and which share that is."""
        failed = self.totals.statuses["error"]
        return f"{failed:,} ({percent(self.of['error_rate'])})" if failed else "0"

    def time(self, name: str) -> str:
        """A percentile in words."""
        return seconds(self.of[name])

    def side(self, name: str) -> str:
        """Tokens of one side, measured and estimated together, the latter with `~`."""
        sums, counts = self.totals.sums, self.totals.counts
        guesses = counts[f"estimated_{name}"]
        if not guesses and not counts[name]:
            return tokens(None if self._answered() else 0)
        return ("~" if guesses else "") + tokens(sums[name] + sums[f"estimated_{name}"])

    @property
    def cost(self) -> str:
        """The cost, estimates with `~`, and how many calls it leaves out."""
        sums, counts = self.totals.sums, self.totals.counts
        told = sums["cost_usd"] if counts["cost_usd"] else None
        guess = sums["estimated_cost_usd"] if counts["estimated_cost_usd"] else None
        return money(told, guess, self.unpriced)

    @property
    def cost_short(self) -> str:
        """The cost alone."""
        sums, counts = self.totals.sums, self.totals.counts
        if not counts["cost_usd"] and not counts["estimated_cost_usd"]:
            return dollars(None if self.unpriced else 0)
        mark = "~" if counts["estimated_cost_usd"] else ""
        return mark + dollars(sums["cost_usd"] + sums["estimated_cost_usd"])

    @property
    def unpriced(self) -> int:
        """Calls whose cost nobody knows, not even by an estimate."""
        return max(0, self.totals.unpriced - self.totals.counts["estimated_cost_usd"])

    @property
    def unmeasured(self) -> int:
        """Calls whose tokens nobody knows, not even by an estimate."""
        return max(0, self.totals.unmeasured - self.totals.counts["estimated_input_tokens"])

    @property
    def estimated(self) -> int:
        """Calls of which some tokens are estimated."""
        counts = self.totals.counts
        return max(counts["estimated_input_tokens"], counts["estimated_output_tokens"])

    @property
    def score(self) -> str:
        """The mean rating; nothing where nothing was rated."""
        return f"{self.of['satisfaction']:+.2f}" if self.of["satisfaction_n"] else ""

    def _answered(self) -> int:
        return self.totals.answered


def groups(
    columns: Mapping[str, np.ndarray], by: str, now_ns: int
) -> Iterator[tuple[Any, Mapping[str, np.ndarray], Figures]]:
    """Each value of a column with its calls and figures, the most frequent first, at most 40.

    Calls without a value are the group None.
    """
    for value, where in _places(columns[by]):
        chosen = {name: column[where] for name, column in columns.items()}
        yield value, chosen, Figures(chosen, now_ns)


def _places(column: np.ndarray) -> list[tuple[Any, np.ndarray]]:
    import pandas as pd

    codes, values = pd.factorize(column, use_na_sentinel=True)
    found: list[tuple[Any, np.ndarray]] = [
        (values[code], (codes == code).nonzero()[0]) for code in range(len(values))
    ]
    missing = (codes == -1).nonzero()[0]
    if len(missing):
        found.append((None, missing))
    found.sort(key=lambda pair: -len(pair[1]))
    return found[:_GROUPS]


def failed(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Where calls failed."""
    is_it: np.ndarray = columns["status_code"] == STATUSES.index("error")
    return is_it


def value_at(columns: Mapping[str, np.ndarray], name: str, at: int) -> float | None:
    """One number, None where it is unknown."""
    values, is_known = known(columns[name][at : at + 1])
    return float(values[0]) if is_known[0] and isfinite(float(values[0])) else None
