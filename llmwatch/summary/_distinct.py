"""The distinct values of a column, and which of them stands in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..totals import known

if TYPE_CHECKING:
    import numpy as np

__all__ = ["distinct", "joined"]


def distinct(column: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """Codes from 0, and what each of them stands for: None where it is unknown.

    Values are given as text, int or bool. A value may stand under two codes when it is text.
    """
    import numpy as np

    if not len(column):
        return np.zeros(0, np.intp), []
    if column.dtype == object:
        # The store shares equal texts, so addresses tell them apart: three times as fast as
        # hashing a million texts. Equal texts that are not shared get two codes.
        addresses = np.frombuffer(np.ascontiguousarray(column), np.intp)
        _, first, codes = np.unique(addresses, return_index=True, return_inverse=True)
        return codes, [_plain(value) for value in column[first].tolist()]
    values, is_known = (
        (column, np.ones(len(column), bool)) if column.dtype == bool else known(column)
    )
    found, codes = np.unique(values, return_inverse=True)
    return np.where(is_known, codes, len(found)), [*map(_plain, found.tolist()), None]


def joined(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of the combinations of several columns of codes.

    Returns
    -------
    tuple of numpy.ndarray
        Each row's combination from 0, the first row of each combination, and its rows' number.
    """
    import numpy as np

    codes = columns[0].astype(np.int64)
    for more in columns[1:]:
        codes = np.unique(codes, return_inverse=True)[1] * (int(more.max(initial=0)) + 1) + more
    _, first, inverse, counts = np.unique(
        codes, return_index=True, return_inverse=True, return_counts=True
    )
    return inverse, first, counts


def _plain(value: Any) -> Any:
    """A value that groups can be called by; a whole number in a column of floats is an int."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, (str, int)) else None
