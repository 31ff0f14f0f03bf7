"""An alert that is shown: its output, how it stands there, and the calls that caused it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from ..alerting import Alert
from ..assemble import new_id
from ..records import Call
from ..store import Store
from ._places import Place

__all__ = ["Shown", "offending"]

_SEARCHED = 20_000  # of the newest calls, among which those of an alert are looked for


@dataclass(slots=True)
class Shown:
    """An alert and the output in which it stands."""

    alert: Alert
    place: Place | None
    ident: str = field(default_factory=lambda: f"llmwatch-{new_id()}")
    version: int = 0
    is_open: bool = False
    is_news: bool = True
    is_stale: bool = True
    is_heard: bool = True
    """Whether every front end has seen it: some hear only of the cell that runs."""
    is_cleared: bool = False
    """Whether the cell has cleared its outputs since: it stands nowhere."""
    muted_until: datetime | None = None
    drawn_at: float = -math.inf
    bundle: dict[str, str] = field(default_factory=dict)
    """What stands there, by MIME type."""

    @property
    def html(self) -> str:
        """What stands there on a page."""
        return self.bundle["text/html"]

    @property
    def corner(self) -> tuple[str, int]:
        """Its rule, and the run of the cell under which it stands."""
        return self.alert.name, self.place.number if self.place is not None else 0

    def is_beside(self, other: Shown) -> bool:
        """Whether both are groups of one rule under one cell."""
        return self.corner == other.corner

    def is_before(self, place: Place | None) -> bool:
        """Whether `place` is further down the session: an alert never moves back."""
        return place is not None and self.place is not None and place.number > self.place.number


def offending(store: Store, alert: Alert) -> list[Call]:
    """The calls of an alert that are in memory, oldest first."""
    wanted = set(alert.call_ids)
    if not wanted:
        return []
    view, rows = store.view(), store.rows()
    ids = view.arrays("call_id")["call_id"][-_SEARCHED:].tolist()
    for number, call_id in zip(view.numbers()[-len(ids) :].tolist(), ids, strict=True):
        if call_id in wanted:
            rows.add(number)
    return store.view(rows).calls()
