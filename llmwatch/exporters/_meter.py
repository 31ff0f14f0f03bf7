"""The calls of a store, counted by model as they come: what a scrape reads.

Counters outlive rows: what was counted stays counted when its row leaves memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..records import Call
from ..store import Store, View
from ..tallies import READ, Tally, is_amount, is_score
from ._labels import Labels

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Meter"]

_CHUNK = 2000  # rows counted in one go: so long the recording thread waits at most
_values = attrgetter(*READ)


class Meter:
    """Counts a store's calls by model, and by the further labels that were asked for.

    Parameters
    ----------
    store : Store
        Whose calls. Those that have left memory before are counted by model; of further labels
        nothing is known any more, so these are "other".
    words : tuple of str
        Labels besides `model`.
    follow : bool
        Whether calls that come later are counted, too, until `close`.
    """

    def __init__(self, store: Store, words: tuple[str, ...] = (), *, follow: bool = False) -> None:
        self.labels = Labels(words)
        self._store = store
        self._tallies: dict[tuple[str, ...], Tally] = {}
        self._lock = threading.RLock()
        self._next = 0  # the number of the first call that is not counted
        self._waiting: list[tuple[Sequence[Call], int]] | None = []  # until it has caught up
        self._unpriced: set[int] = set()
        self._scores: dict[int, float] = {}
        self._early: set[int] = set()  # changed before they were counted
        self._ends: list[Callable[[], None]] = []
        if follow:  # before the store is read: what is not in it then, is told
            self._ends.append(store.subscribe(self._on_calls))
            self._ends.append(store.subscribe_changes(self._on_changes))
        view, left = store.view_and_left()
        for model, tally in left.tallies.items():
            self._tallies[self.labels.of_model(model)] = tally
        self._catch_up(view)

    def close(self) -> None:
        """Count nothing more; what was counted can be read on."""
        for end in self._ends:
            end()
        self._ends = []

    def read(self, show: Callable[[tuple[str, ...], Tally], None]) -> None:
        """Show each group and its tally of one moment, in the order they came."""
        with self._lock:
            groups = list(self._tallies.items())
        for key, tally in groups:
            with self._lock:  # group by group: whoever rates a call meanwhile hardly waits
                show(key, tally)

    # -- what there is ------------------------------------------------------------------------

    def _catch_up(self, view: View) -> None:
        """Count what there is, a chunk at a time, then what came meanwhile."""
        self._next = view.older
        columns = view.arrays(*dict.fromkeys((*READ, *self.labels.read)))
        for start in range(0, len(view), _CHUNK):
            rows = slice(start, start + _CHUNK)
            with self._lock:
                self._count_rows({name: column[rows] for name, column in columns.items()})
        with self._lock:
            waiting, self._waiting = self._waiting or [], None
            for calls, first in waiting:
                self._on_calls(calls, first)
            early, self._early = sorted(self._early), set()
            self._on_changes(early)

    def _count_rows(self, columns: dict[str, np.ndarray]) -> None:
        lists = {name: column.tolist() for name, column in columns.items()}
        values = zip(*(lists[name] for name in READ), strict=True)
        labels = zip(*(lists[name] for name in self.labels.read), strict=True)
        for row, said in zip(values, labels, strict=True):
            self._count(self._next, dict(zip(self.labels.read, said, strict=True)), row)
            self._next += 1

    # -- what comes ---------------------------------------------------------------------------

    def _on_calls(self, calls: Sequence[Call], first: int) -> None:
        with self._lock:
            if self._waiting is not None:
                self._waiting.append((calls, first))
                return
            for call in calls[max(0, self._next - first) :]:
                self._count(self._next, _said(call, self.labels), _values(call))
                self._next += 1
            self._forget()
            early = sorted(number for number in self._early if number < self._next)
            self._early.difference_update(early)
            self._on_changes(early)

    def _on_changes(self, numbers: Sequence[int]) -> None:
        with self._lock:
            self._early.update(number for number in numbers if number >= self._next)
            counted = [number for number in numbers if number < self._next]
            for number, call in self._calls(counted):
                self._change(number, call)

    def _change(self, number: int, call: Call) -> None:
        """Count what a call is now worth: whoever was told twice changes nothing twice."""
        tally = self._tally(self.labels.of(_said(call, self.labels)))
        if number in self._unpriced and is_amount(call.cost_usd):
            self._unpriced.discard(number)
            tally.pay(call.cost_usd)
        tally.rate(self._scores.pop(number, None), call.score)
        if call.score is not None and is_score(call.score):
            self._scores[number] = call.score

    def _calls(self, numbers: Sequence[int]) -> Iterator[tuple[int, Call]]:
        rows = self._store.rows()
        for number in sorted(numbers):
            rows.add(number)
        view = self._store.view(rows)
        return zip(view.numbers().tolist(), view.calls(), strict=True)

    # -- counting -----------------------------------------------------------------------------

    def _count(self, number: int, labels: dict[str, Any], values: tuple[Any, ...]) -> None:
        self._tally(self.labels.of(labels)).add(values)
        *_, cost, score = values[:6]
        if not is_amount(cost):
            self._unpriced.add(number)
        if is_score(score):
            self._scores[number] = score

    def _tally(self, key: tuple[str, ...]) -> Tally:
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally()
        return tally

    def _forget(self) -> None:
        """Drop what is remembered of calls that have left memory: nothing can change them."""
        gone = self._store.evicted
        if len(self._unpriced) + len(self._scores) > 3 * self._store.max_calls:
            self._unpriced = {number for number in self._unpriced if number >= gone}
            self._scores = {n: score for n, score in self._scores.items() if n >= gone}


def _said(call: Call, labels: Labels) -> dict[str, Any]:
    return {name: getattr(call, name) for name in labels.read}
