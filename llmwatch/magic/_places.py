"""Where an output belongs: the context in which each of the last cells ran."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from threading import Lock
from typing import Any

from ..context import Cell

__all__ = ["Place", "Places", "within"]

_KEPT = 64  # a context keeps what the person has put into context variables alive


@dataclass(frozen=True, slots=True)
class Place:
    """One run of a cell."""

    number: int
    """Counts the runs, so that a later one is told from an earlier one."""
    cell: Cell
    context: Context
    """A copy of the one it runs in: what is displayed in it stands under this cell, also from
    another thread, while another cell runs, and after it has ended (ipykernel 7 keeps the
    request that an output answers in a context variable)."""


class Places:
    """The last runs of cells."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, Place] = OrderedDict()
        self._count = 0
        self._runs = ""
        self._lock = Lock()

    def begin(self, cell: Cell) -> None:
        """A cell begins to run, in the context of the caller."""
        with self._lock:
            self._count += 1
            self._runs = cell.run_id
            self._places[cell.run_id] = Place(self._count, cell, copy_context())
            if len(self._places) > _KEPT:
                self._places.popitem(last=False)

    def end(self) -> None:
        """The cell that runs is over."""
        with self._lock:
            self._runs = ""

    def are_heard(self, place: Place | None) -> bool:
        """Whether whoever runs the notebook sees what is shown there now.

        A front end with cells on a page names them. What names none may be nbclient, which takes
        in nothing but outputs of the cell that runs.
        """
        with self._lock:
            return place is None or bool(place.cell.cell_id) or place.cell.run_id == self._runs

    def of(self, cell: Cell | None) -> Place | None:
        """The run of that cell, if it is one of the last."""
        with self._lock:
            return self._places.get(cell.run_id) if cell is not None else None

    def last(self) -> Place | None:
        """The run that began last."""
        with self._lock:
            return next(reversed(self._places.values()), None)


def within(place: Place | None, act: Callable[[], Any]) -> Any:
    """Do it as if the code of the cell there did."""
    return place.context.run(act) if place is not None else act()
