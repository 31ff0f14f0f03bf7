"""The calls of each group as samples of a figure, and the pairs that answer the same request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..semconv import STATUSES
from ..totals import codes_of, known
from ._figures import Figure

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SENT", "Sample", "Samples", "paired"]

SENT = ("request_preview", "request_digest")
"""The columns that tell which calls were sent the same."""

_OK, _ERROR = STATUSES.index("ok"), STATUSES.index("error")
_CUT_AT = 201  # characters of the longest preview that is cut, its "…" included
_FULL = 1_000_000  # characters kept of the longest request
_BEYOND = 1e100  # what no call takes or costs: a loaded file may hold anything
_CALLS = 1 << 31  # more than there ever are in memory
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
        self._requests = _requests(*(columns[name] for name in SENT))

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

    def alike(self, place: int, other: int) -> int:
        """How many calls of two groups could be paired, where these are too few to be."""
        a, b = (Sample(self._requests[rows], self._requests[rows])
                for rows in (self._rows[place], self._rows[other]))  # fmt: skip
        at, _ = _matched(a, b)
        return 0 if _is_one(a.requests[at]) or _are_enough(len(at), a, b) else len(at)


def paired(a: Sample, b: Sample) -> tuple[np.ndarray, np.ndarray] | None:
    """The values of the requests that both groups were sent, in one order.

    A request that was sent again is paired with the same time that the other group was sent it.
    Where pairs are fewer than four fifths of the larger group there are none, so that no calls
    are thrown away for the sake of pairs; nor where all of them are of one request.
    """
    at, there = _matched(a, b)
    if not _are_enough(len(at), a, b) or _is_one(a.requests[at]):
        return None
    return a.values[at], b.values[there]


def _is_one(requests: np.ndarray) -> bool:
    """Whether all are the same request, which tells nothing of which belongs to which."""
    return bool((requests == requests[:1]).all())


def _are_enough(pairs: int, a: Sample, b: Sample) -> bool:
    return pairs > 0 and pairs >= _PAIRED_SHARE * max(len(a.values), len(b.values))


def _matched(a: Sample, b: Sample) -> tuple[np.ndarray, np.ndarray]:
    """The calls of both groups that were sent the same, in one order."""
    import numpy as np

    ours, mine = _times(a.requests)
    theirs, others = _times(b.requests)
    _, at, there = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    return mine[at], others[there]


def _times(requests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each known request with the number of times it was sent before, as one; and where."""
    import numpy as np
    import pandas as pd

    where = np.flatnonzero(requests >= 0)
    sent = pd.Series(requests[where])
    return (sent * _CALLS + sent.groupby(sent).cumcount()).to_numpy(), where


def _requests(previews: np.ndarray, digests: np.ndarray) -> np.ndarray:
    """A number for each request whose text is known, equal for equal texts; else -1.

    A call that was captured brings its digest; one from a file, its text where that is whole.
    """
    import numpy as np
    import pandas as pd

    # Numbered as they come, they are nearly in order: what sorts them below has little to do.
    found: np.ndarray = pd.factorize(digests)[0]
    loaded = np.flatnonzero(digests == 0)
    if len(loaded):
        texts = _texts(previews[loaded])
        found[loaded] = np.where(texts < 0, -1, texts + len(digests))
    return found


def _texts(previews: np.ndarray) -> np.ndarray:
    """A number for each text that is whole, equal for equal texts; else -1."""
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
