"""What a person sees live. Enter by this door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import late
from ._sidebar import Sidebar
from ._writer import Writer

if TYPE_CHECKING:
    from ._banner import Banner
    from ._hand import hand
    from ._named import named
    from ._panel import Panel
    from ._receipt import Receipt

__all__ = ["Banner", "Panel", "Receipt", "Sidebar", "Writer", "hand", "named"]

__getattr__ = late(
    __name__,
    {
        "Banner": "_banner",
        "Panel": "_panel",
        "Receipt": "_receipt",
        "hand": "_hand",
        "named": "_named",
    },
)
