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


def joined(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the combinations of several columns of codes.

    Returns
    -------
    tuple of numpy.ndarray
        Each row's combination from 0, and the first row of each combination.
    """
    import numpy as np

    codes, first = columns[0], np.zeros(0, np.intp)
    for at, column in enumerate(columns):
        if at:
            codes = codes * (int(column.max(initial=0)) + 1) + column
        codes, first = _dense(codes)
    return codes, first


def _dense(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes renumbered without gaps, and the first row of each."""
    import numpy as np

    size = int(codes.max(initial=-1)) + 1
    if size > max(4 * len(codes), 65_536):  # a table of them would be larger than they are
        _, first, dense = np.unique(codes, return_index=True, return_inverse=True)
        return dense, first
    first = np.full(size, -1, np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last that is written is the first row
    is_there = first >= 0
    return (np.cumsum(is_there) - 1)[codes], first[is_there]


def _plain(value: Any) -> Any:
    """A value that groups can be called by; a whole number in a column of floats is an int."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, (str, int)) else None
