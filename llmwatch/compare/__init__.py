"""Groups of calls against each other: what differs, by how much, and how sure that is."""

from __future__ import annotations

from ._compare import compare, needed
from ._comparison import Comparison

__all__ = ["Comparison", "compare", "needed"]
