"""Which calls the browser has been told of: what is new, what has changed, and what is owed."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from ..records import Call
from ..store import View
from ._rows import row

__all__ = ["Ledger"]

_WINDOW = 500  # calls that somebody who comes later is told at once
_HELD = 1_000  # calls that the browser may hold, so that a change of them is seen
_NEW = 100  # calls told in one refresh; of more the newest, and of the rest when there is room
_DIRTY = 10_000  # changed calls to look at; only the newest are told of


class Ledger:
    """The calls of a session, as far as the browser has been told of them.

    Parameters
    ----------
    source : object
        A session: `.store` and, where there are, `.tries`.

    Attributes
    ----------
    changes : int
        How often finished calls have changed.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self._told: int = source.store.total  # calls of which nothing is said any more
        self._reached: int = self._told  # calls that the last message knew of
        self._owed: set[int] = set()  # calls that the browser may hold, and no room yet for them
        self._amended: set[int] = set()
        self._dirty: deque[int] = deque(maxlen=_DIRTY)
        self.changes = 0

    def hear_changes(self, numbers: Sequence[int]) -> None:
        """Note that these calls have changed."""
        self._dirty.extend(numbers)  # without a lock: a forked child may inherit one that is held
        self.changes += 1

    def take_changes(self) -> bool:
        """Look at the calls that have changed since the last time; whether there are any."""
        taken = False
        while self._dirty:
            self._amended.add(self._dirty.popleft())
            taken = True
        return taken

    @property
    def is_owing(self) -> bool:
        """Whether calls are to be told as soon as there is room."""
        return bool(self._owed)

    @property
    def is_behind(self) -> bool:
        """Whether messages go on without some of the calls that they are to tell."""
        return self._reached - self._told > _NEW

    def begin(self) -> list[list[Any]]:
        """The newest calls, for somebody who has just come; from now on what is new since then."""
        view = self._source.store.view()
        self._told = view.older + len(view)
        self._owed.clear()
        return self._rows(view, _WINDOW)

    def news(self) -> dict[str, Any]:
        """The calls that are new, and those changed or owed that the browser may hold.

        `late` is the first of those that were owed: the browser takes these, where it would else
        take nothing that is older than all it has.
        """
        view = self._source.store.view()
        total = self._reached = view.older + len(view)
        fresh = min(_NEW, total - self._told)
        amended = sorted(n for n in self._amended if total - _HELD <= n < total - fresh)
        self._owed.update(amended[:-_WINDOW])  # as many at once as anybody is told
        paid = self._pay(total - _HELD, _NEW - fresh)
        chosen = {*amended[-_WINDOW:], *paid, *range(total - fresh, total)}
        rows = self._rows(view, total - min(chosen, default=total), chosen)
        return {"rows": rows, **({"late": min(paid)} if paid else {})}

    def forget(self) -> None:
        """Tell only what is new from now on; what had no room so far is owed."""
        first = max(self._told, self._reached - _WINDOW)
        self._owed.update(range(first, self._reached - _NEW))
        self._told = self._reached
        self._amended.clear()

    def _pay(self, first: int, room: int) -> set[int]:
        """The newest of the owed calls, from `first` on, for which there is `room`."""
        owed = sorted(number for number in self._owed if number >= first)
        paid = set(owed[len(owed) - min(room, len(owed)) :])
        self._owed = set(owed) - paid
        return paid

    def _rows(self, view: View, most: int, chosen: set[int] | None = None) -> list[list[Any]]:
        calls = view.calls(most) if most else []
        numbers = view.numbers()[-len(calls) :].tolist() if calls else []
        return [
            self._row(number, call)
            for number, call in zip(numbers, calls, strict=True)
            if chosen is None or number in chosen
        ]

    def _row(self, number: int, call: Call) -> list[Any]:
        tries = getattr(self._source, "tries", None)
        return row(number, call, tries.of(call.call_id) if tries is not None else ())
