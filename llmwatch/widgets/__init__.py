"""What a person sees live. Enter by this door."""

from __future__ import annotations

from ._banner import Banner
from ._hand import hand
from ._panel import Panel
from ._receipt import Receipt
from ._sidebar import Sidebar

__all__ = ["Banner", "Panel", "Receipt", "Sidebar", "hand"]
