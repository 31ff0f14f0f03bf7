"""Calls that were loaded: they read like a session."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ..columns import Columns
from ..pricing import PriceBook
from ..reading import Reading
from ..recorder import session
from ..records import Call
from ..store import Store, View

__all__ = ["Loaded"]


class Loaded(Reading):
    """Calls from a file or a DataFrame; made by `llmwatch.load`.

    It has all that a session has to be read by. None is in flight, and a window looks back from
    the end of the last call. A rating is kept in memory alone.
    """

    def __init__(self, columns: Columns) -> None:
        self._store = _Shelf(columns)

    def _view(self) -> View:
        return self._store.view()

    def _in_flight(self) -> list[dict[str, Any]]:
        return []

    def _settle(self) -> None:
        pass  # nothing is queued: all of it is over

    def _revise(self, number: int, change: Callable[[Call], Mapping[str, Any]]) -> bool:
        return self._store.revise(number, change)

    def _prices(self) -> PriceBook:
        return session().prices  # what the person priced here holds for what is read here

    def _clock_ns(self) -> int:
        """The end of the last call: of what is over, the last five minutes are those before it."""
        import numpy as np

        columns = self._view().arrays("started_at", "latency_s")
        if not len(columns["started_at"]):
            return time.time_ns()
        took = np.nan_to_num(columns["latency_s"], nan=0.0) * 1e9
        return int((columns["started_at"] + took.astype(np.int64)).max())


class _Shelf(Store):
    """A store that begins full."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(max(1, columns.filled))
        self._columns = columns
