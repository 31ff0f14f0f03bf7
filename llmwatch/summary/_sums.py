"""What groups of calls sum up to: the numbers of `Totals`, as arrays with one entry a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ..semconv import STATUSES
from ..totals import ADDED, Totals, codes_of, known, refused
from ._distinct import distinct

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Sums"]


@dataclass(slots=True)
class Sums:
    """The attributes of `Totals`, each an array (or a dict of arrays) of one entry a group."""

    requests: np.ndarray
    statuses: dict[str, np.ndarray]
    sums: dict[str, np.ndarray]
    counts: dict[str, np.ndarray]
    answered: np.ndarray
    unmeasured: np.ndarray
    unpriced: np.ndarray
    timed: np.ndarray
    timed_tokens: np.ndarray
    timed_s: np.ndarray
    errors: list[dict[str, int]]

    @classmethod
    def whole(cls, totals: Totals) -> Self:
        """One group, of which `totals` are known."""
        import numpy as np

        def each(names: tuple[str, ...], values: Counter[str]) -> dict[str, np.ndarray]:
            return {name: np.array([values[name]]) for name in names}

        return cls(
            requests=np.array([totals.requests]),
            statuses=each(STATUSES, totals.statuses),
            sums=each(ADDED, totals.sums),
            counts=each(ADDED, totals.counts),
            answered=np.array([totals.answered]),
            unmeasured=np.array([totals.unmeasured]),
            unpriced=np.array([totals.unpriced]),
            timed=np.array([totals.timed]),
            timed_tokens=np.array([totals.timed_tokens]),
            timed_s=np.array([totals.timed_s]),
            errors=[dict(totals.errors.most_common())],
        )

    @classmethod
    def per_group(cls, columns: Mapping[str, np.ndarray], codes: np.ndarray, n: int) -> Self:
        """`n` groups; `codes` says of each call in which it is, from 0."""
        status = codes_of(columns)
        failed = status == STATUSES.index("error")
        answered = ~refused(failed, columns)
        sums, counts, are_known = {}, {}, {}
        for name in ADDED:
            values, are_known[name] = known(columns[name])
            sums[name] = _added(values, codes, n, are_known[name])
            counts[name] = _counted(codes, n, are_known[name])
        latency, is_timed = known(columns["latency_s"])
        both = is_timed & are_known["output_tokens"]
        measured = are_known["input_tokens"] | are_known["output_tokens"]
        return cls(
            requests=_counted(codes, n),
            statuses={
                word: _counted(codes, n, status == code) for code, word in enumerate(STATUSES)
            },
            sums=sums,
            counts=counts,
            answered=_counted(codes, n, answered),
            unmeasured=_counted(codes, n, answered & ~measured),
            unpriced=_counted(codes, n, answered & ~are_known["cost_usd"]),
            timed=_counted(codes, n, both),
            timed_tokens=_added(known(columns["output_tokens"])[0], codes, n, both),
            timed_s=_added(latency, codes, n, both),
            errors=_errors(columns["error_type"][failed], codes[failed], n),
        )


def _counted(codes: np.ndarray, n: int, where: np.ndarray | None = None) -> np.ndarray:
    import numpy as np

    return np.bincount(codes if where is None else codes[where], minlength=n)


def _added(values: np.ndarray, codes: np.ndarray, n: int, where: np.ndarray) -> np.ndarray:
    """Sums of `values` by group; whole numbers stay whole."""
    import numpy as np

    total: np.ndarray = np.zeros(n, values.dtype)
    if where.all():
        np.add.at(total, codes, values)
    elif where.any():
        np.add.at(total, codes[where], values[where])
    return total


def _errors(types: np.ndarray, codes: np.ndarray, n: int) -> list[dict[str, int]]:
    """Failed calls by type in each group, the most frequent first."""
    import numpy as np

    words, names = distinct(types)
    found: list[Counter[str]] = [Counter() for _ in range(n)]
    if names:
        pairs, counts = np.unique(codes * len(names) + words, return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            group, word = divmod(pair, len(names))
            found[group][_text(names[word])] += count
    return [dict(errors.most_common()) if errors else {} for errors in found]


def _text(name: Any) -> str:
    return name if isinstance(name, str) else "unknown"
