"""What can be read of the store at one moment: all of it, or the rows a watch collected."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from .columns import Columns
from .frames import Frames
from .records import Call
from .semconv import NAMES
from .totals import SUMMED, Totals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Rows", "View"]

_FOR_TOTALS = ("status_code", "started_at", "latency_s", "error_type", *SUMMED)


class Rows:
    """The numbers of the calls a watch collected: one thread adds, any number read."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self.left = 0
        self.past = Totals()
        self.frames = Frames()
        self._taken: tuple[tuple[int, ...], dict[str, Any], dict[str, Any]] | None = None

    def add(self, number: int) -> None:
        """Add a call; numbers come in ascending order, and one that comes again counts once.

        It does come again when a watched function calls itself: the call is in both runs.
        """
        if not self._numbers or number > self._numbers[-1]:
            self._numbers.append(number)

    def __len__(self) -> int:
        return self.left + len(self._numbers)

    def numbers(self) -> np.ndarray:
        """Those not given up yet, ascending."""
        import numpy as np

        # The copy is made in one step of the interpreter, so `add` may go on meanwhile.
        return np.frombuffer(self._numbers[:], np.int64) if self._numbers else np.empty(0, np.int64)

    def leave(self, view: View) -> None:
        """Keep of the calls that leave memory, as `view` sees them, what they sum up to."""
        self.past = view.past
        self.left += view._older
        del self._numbers[: view._older]


class View:
    """What could be read at one moment; later calls do not change it.

    Made by `Store.view`.
    """

    def __init__(
        self,
        columns: Columns,
        frames: Frames,
        low: int,
        version: int,
        rows: Rows | None,
    ) -> None:
        self._columns, self._data, self._mask = columns, columns.data, columns.mask
        self._first, self._low, self._total = columns.first, low, columns.total
        self._past, self._version, self._rows = columns.past, version, rows
        self._frames = frames
        self._older = 0
        if rows is not None:
            numbers = rows.numbers()
            self._older = int(numbers.searchsorted(low))
            self._collected = numbers
            self._past, self._before = rows.past, rows.left

    def __len__(self) -> int:
        if self._rows is None:
            return self._total - self._low
        return len(self._collected) - self._older

    @property
    def older(self) -> int:
        """How many of its calls have left memory."""
        return self._low if self._rows is None else self._before + self._older

    @property
    def past(self) -> Totals:
        """What the calls that have left memory sum up to."""
        return self._past + self._left()

    def _left(self) -> Totals:
        """The totals of what has left and still stands in the buffers."""
        if self._rows is None:
            return Totals.of(self.gone(self._first, *_FOR_TOTALS))
        gone = self._collected[: self._older]
        gone = gone[gone >= self._first]
        return Totals.of(self._take(_FOR_TOTALS, gone - self._first))

    def gone(self, since: int, *names: str) -> dict[str, np.ndarray]:
        """Columns of the store's calls from that number on that have left; they must stand here."""
        return self._take(names, slice(since - self._first, self._low - self._first))

    def numbers(self) -> np.ndarray:
        """The sequence number of each of its calls."""
        import numpy as np

        if self._rows is None:
            return np.arange(self._low, self._total)
        return self._collected[self._older :]

    def _where(self) -> slice | np.ndarray:
        """The rows in the buffers: a slice where they lie together."""
        if self._rows is None:
            return slice(self._low - self._first, self._total - self._first)
        rows = self.numbers() - self._first
        if not len(rows) or rows[-1] - rows[0] + 1 == len(rows):
            start = int(rows[0]) if len(rows) else 0
            return slice(start, start + len(rows))
        return rows

    def arrays(self, *names: str) -> dict[str, np.ndarray]:
        """Columns as read-only numpy arrays; all of them when no name is given.

        Counts are masked arrays (masked where unknown), numbers float64 with NaN, times int64
        nanoseconds since the epoch, texts objects with NaN where missing. `status_code` is the
        status as its place in `semconv.STATUSES`, `request_digest` that of `Call`, 0 for none.
        """
        return self._take(names or NAMES, self._where())

    def _take(self, names: Sequence[str], where: slice | np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        found: dict[str, np.ndarray] = {}
        for name in names:
            values = self._data[name][where]
            values.flags.writeable = False
            if name in self._mask:
                values = np.ma.MaskedArray(values, self._mask[name][where], copy=False)
            found[name] = values
        return found

    def frame(self) -> pd.DataFrame:
        """A DataFrame with the columns of `semconv.COLUMNS`, one row a call, oldest first.

        What is done to it reaches neither the store nor another frame.
        """
        where = self._where()
        if isinstance(where, slice):
            return self._frames.rows(self._data, self._mask, where.start, where.stop)
        assert self._rows is not None
        data, mask = self._taken(self._rows, where)
        return self._rows.frames.rows(data, mask, 0, len(where))

    def _taken(
        self, rows: Rows, where: np.ndarray
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The rows a watch collected, copied out, and kept until something new arrives."""
        key = (self.older, len(where), self._version)
        kept = rows._taken
        if kept is None or kept[0] != key:
            copies: dict[int, np.ndarray] = {}  # blank columns share a buffer: copied once

            def taken(buffer: np.ndarray) -> np.ndarray:
                if id(buffer) not in copies:
                    copies[id(buffer)] = buffer[where]
                return copies[id(buffer)]

            kept = (
                key,
                {name: taken(self._data[name]) for name in NAMES},
                {name: taken(buffer) for name, buffer in self._mask.items()},
            )
            rows._taken = kept
        return kept[1], kept[2]

    def calls(self, limit: int | None = None, *, newest_first: bool = False) -> list[Call]:
        """Its calls as records, oldest first; with `limit` the newest that many."""
        where = self._where()
        if isinstance(where, slice):
            start = where.start if limit is None else max(where.start, where.stop - limit)
            where = slice(start, where.stop)
        elif limit is not None:
            where = where[max(0, len(where) - limit) :]
        lists = [_plain(values) for values in self._take(NAMES, where).values()]
        found = [Call(**dict(zip(NAMES, row, strict=True))) for row in zip(*lists, strict=True)]
        return found[::-1] if newest_first else found


def _plain(values: np.ndarray) -> list[Any]:
    """Python values, None where unknown."""
    if values.dtype.kind == "O":
        return [value if isinstance(value, str) else None for value in values.tolist()]
    if values.dtype.kind == "f":
        return [None if isnan(value) else value for value in values.tolist()]
    listed: list[Any] = values.tolist()  # a masked array gives None where it is masked
    return listed
