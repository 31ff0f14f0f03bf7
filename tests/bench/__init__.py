"""`make bench`: the speed table, each figure beside what it is measured against."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Row"]


class Row(NamedTuple):
    """One line of the table; `floor` is the bare figure measured in the same run, if any."""

    name: str
    value: float
    unit: str
    limit: float
    floor: float | None = None
