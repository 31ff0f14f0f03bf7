"""Growable, typed columns of calls, and how they become arrays that others may hold.

Buffers are shared with whoever read them: rows that were handed out never change in place. A
new call is written behind them, a later change (a price, a rating) gets a buffer of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from . import faults
from .records import Call
from .semconv import COLUMNS, NAMES, STATUSES, Kind
from .totals import Totals

if TYPE_CHECKING:
    import numpy as np

__all__ = ["REQUEST_DIGEST", "STATUS_CODE", "Columns"]

STATUS_CODE = "status_code"  # the status as its place in STATUSES: a million compare in no time
REQUEST_DIGEST = "request_digest"  # of `Call`, 0 where there is none
_BESIDE = (STATUS_CODE, REQUEST_DIGEST)

_UNIQUE = {
    "call_id", "response_id", "provider_request_id", "span_id", "error_message",
    "request_preview", "response_preview", "feedback",
}  # fmt: skip
_POOL = 4096  # texts kept for sharing; a tag that differs each time must not fill the memory
_SHORT = 200  # characters; longer ones hardly repeat


def _of_kind(*kinds: Kind) -> tuple[str, ...]:
    return tuple(column.name for column in COLUMNS if column.kind in kinds)


_TEXTS, _COUNTS = frozenset(_of_kind("text")), _of_kind("count")
_KIND: dict[str, Kind] = {column.name: column.kind for column in COLUMNS}
_LATE = {column.name for column in COLUMNS if column.late}
_values_of = attrgetter(*NAMES)


class Columns:
    """Room for `capacity` calls, of which the first `filled` rows are written.

    A column that no call has said anything in yet shares one blank buffer with the others of its
    kind, so that what a person does not use costs nothing.

    Attributes
    ----------
    data : dict of str to numpy.ndarray
        By column: objects (missing is NaN) for text, int64 for counts and times (nanoseconds),
        float64 (missing is NaN), bool. Replaced, never changed, when a buffer is exchanged.
    mask : dict of str to numpy.ndarray
        By count column: True where it is unknown.
    first : int
        The sequence number of row 0.
    past : Totals
        What the calls before row 0 sum up to.
    """

    def __init__(self, capacity: int, first: int = 0, past: Totals | None = None) -> None:
        import numpy as np

        self.capacity, self.filled, self.first = capacity, 0, first
        self.past = past or Totals()
        self._pool: dict[str, str] = {}
        blank: dict[Kind, np.ndarray] = {
            "text": np.full(capacity, np.nan, object),
            "number": np.full(capacity, np.nan),
            "count": np.zeros(capacity, np.int64),
            "time": np.zeros(capacity, np.int64),
            "flag": np.zeros(capacity, bool),
        }
        unknown = np.ones(capacity, bool)
        self.data: dict[str, np.ndarray] = {name: blank[_KIND[name]] for name in NAMES}
        self.mask: dict[str, np.ndarray] = dict.fromkeys(_COUNTS, unknown)
        self._blank = set(NAMES)
        self.data[STATUS_CODE] = np.full(capacity, len(STATUSES), np.uint8)
        self.data[REQUEST_DIGEST] = np.zeros(capacity, np.int64)

    @property
    def total(self) -> int:
        """How many calls there were ever."""
        return self.first + self.filled

    def write(self, calls: Sequence[Call]) -> None:
        """Add `calls` behind the last row; there must be room for them."""
        if len(self._pool) >= _POOL:
            self._pool.clear()
        for row, call in enumerate(calls, self.filled):
            self._put(row, call)
            if call.status in STATUSES:
                self.data[STATUS_CODE][row] = STATUSES.index(call.status)
            self.data[REQUEST_DIGEST][row] = call.request_digest or 0
        self.filled += len(calls)

    def _put(self, row: int, call: Call) -> None:
        # One loop without functions in it: every call of the person's passes here.
        for name, value in zip(NAMES, _values_of(call), strict=True):
            if value is None:
                continue
            if name in self._blank:
                self._own(name)
            try:
                if name in _TEXTS:
                    self.data[name][row] = text = str(value)
                    if name not in _UNIQUE and len(text) <= _SHORT:
                        self.data[name][row] = self._pool.setdefault(text, text)
                else:
                    self.data[name][row] = value
                if name in self.mask:
                    self.mask[name][row] = False
            except (TypeError, ValueError, OverflowError) as problem:
                faults.note("store", f"{name} is unknown for one call: {problem}")

    def _own(self, name: str) -> None:
        """Give a column that was blank a buffer of its own."""
        self._blank.discard(name)
        if name in self.mask:
            self.mask = {**self.mask, name: self.mask[name].copy()}
        self.data = {**self.data, name: self.data[name].copy()}

    def amend(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Change late columns by row, in new buffers: frames handed out stay as they are."""
        names = {name for values in changes.values() for name in values}
        if not names <= _LATE:
            raise ValueError(f"not a column that can change: {', '.join(sorted(names - _LATE))}")
        for name in names:
            self._own(name)
        for row, values in changes.items():
            for name, value in values.items():
                self.data[name][row] = float("nan") if value is None else value

    def moved(self, start: int, capacity: int, past: Totals) -> Self:
        """The rows from `start` on, in new buffers with more room."""
        new = type(self)(capacity, self.first + start, past)
        new.filled, new._pool = self.filled - start, self._pool
        for name in {*NAMES, *_BESIDE} - self._blank:
            if name not in _BESIDE:
                new._own(name)
            new.data[name][: new.filled] = self.data[name][start : self.filled]
            if name in self.mask:
                new.mask[name][: new.filled] = self.mask[name][start : self.filled]
        return new
