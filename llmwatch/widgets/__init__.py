"""What a person sees live. Enter by this door."""

from __future__ import annotations

from ._panel import Panel
from ._receipt import Receipt
from ._sidebar import Sidebar

__all__ = ["Panel", "Receipt", "Sidebar"]
