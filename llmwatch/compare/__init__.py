"""Groups of calls against each other: what differs, by how much, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import late

if TYPE_CHECKING:
    from ._compare import compare, needed
    from ._comparison import Comparison
    from ._naming import TooFewGroups

__all__ = ["Comparison", "TooFewGroups", "compare", "needed"]

__getattr__ = late(
    __name__,
    {
        "Comparison": "_comparison",
        "TooFewGroups": "_naming",
        "compare": "_compare",
        "needed": "_compare",
    },
)
