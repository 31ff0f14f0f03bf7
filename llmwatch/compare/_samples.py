"""The calls of each group as samples of a figure, and the pairs that answer the same request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..semconv import STATUSES
from ..totals import codes_of, known
from ._figures import Figure

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Sample", "Samples", "paired"]

_OK, _ERROR = STATUSES.index("ok"), STATUSES.index("error")
_CUT_AT = 201  # characters of the longest preview that is cut, its "…" included
_FULL = 1_000_000  # characters kept of the longest request
_BEYOND = 1e100  # what no call takes or costs: a loaded file may hold anything
_PAIRED_SHARE = 0.8  # of the larger group: with fewer, pairs would throw away too many calls


class Sample(NamedTuple):
    """The known values of a figure in a group, and which request each call was."""

    values: np.ndarray
    requests: np.ndarray
    """Equal where the same text was sent; negative where that is not known."""


class Samples:
    """The samples of any figure in any group.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        As `View.arrays` gives them.
    rows : list of numpy.ndarray
        The rows of each group.
    """

    def __init__(self, columns: Mapping[str, np.ndarray], rows: list[np.ndarray]) -> None:
        self._columns, self._rows = columns, rows
        self._codes = codes_of(columns)
        self._requests = _requests(columns["request_preview"])

    def of(self, figure: Figure) -> list[Sample]:
        """The sample of each group."""
        values, counts = self._values(figure)
        chosen = [rows[counts[rows]] for rows in self._rows]
        return [Sample(values[rows], self._requests[rows]) for rows in chosen]

    def _values(self, figure: Figure) -> tuple[np.ndarray, np.ndarray]:
        """The figure of each call, and whether the call counts."""
        import numpy as np

        is_ok, failed = self._codes == _OK, self._codes == _ERROR
        if figure.kind == "rate":
            return failed.astype(float), is_ok | failed
        values, is_known = known(self._columns[figure.column])
        is_known = is_known & (np.abs(values.astype(float)) < _BEYOND)
        return values.astype(float), is_known & is_ok if figure.over == "ok" else is_known


def paired(a: Sample, b: Sample) -> tuple[np.ndarray, np.ndarray] | None:
    """The values of the requests that both groups were sent, in one order.

    Requests that a group was sent exactly once make pairs. Where these are fewer than four fifths
    of the larger group there are none, so that no calls are thrown away for the sake of pairs.
    """
    import numpy as np

    ours, mine = _once(a.requests)
    theirs, others = _once(b.requests)
    _, at, there = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    if not len(at) or len(at) < _PAIRED_SHARE * max(len(a.values), len(b.values)):
        return None
    return a.values[mine[at]], b.values[others[there]]


def _once(requests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The requests that stand there exactly once, and where."""
    import numpy as np

    found, first, counts = np.unique(requests, return_index=True, return_counts=True)
    once = (counts == 1) & (found >= 0)
    return found[once], first[once]


def _requests(previews: np.ndarray) -> np.ndarray:
    """A number for each request whose text is whole, equal for equal texts; else -1."""
    import numpy as np
    import pandas as pd

    codes, texts = pd.factorize(previews)
    whole = np.fromiter(map(_is_whole, texts), bool, len(texts))
    # A missing text has the code -1, which takes the entry put last.
    numbers = np.append(np.where(whole, np.arange(len(texts)), -1), -1)
    found: np.ndarray = numbers[codes]
    return found


def _is_whole(text: Any) -> bool:
    """Whether all that was asked is in it: nothing cut off, nothing taken out."""
    if not isinstance(text, str) or not text or len(text) >= _FULL:
        return False
    is_cut = len(text) <= _CUT_AT and text.endswith("…")
    return not is_cut and "[redacted]" not in text and not text.startswith("[withheld")
