"""Charts: a DataFrame in, an Altair chart out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import late

if TYPE_CHECKING:
    from ._draw import KINDS, check, draw, draw_one_sided
    from ._look import DARK, EITHER, LIGHT, Look, Theme
    from ._parts import Chart

__all__ = [
    "DARK", "EITHER", "KINDS", "LIGHT", "Chart", "Look", "Theme", "check", "draw",
    "draw_one_sided",
]  # fmt: skip

__getattr__ = late(
    __name__,
    {
        "Chart": "_parts",
        "DARK": "_look",
        "EITHER": "_look",
        "KINDS": "_draw",
        "LIGHT": "_look",
        "Look": "_look",
        "Theme": "_look",
        "check": "_draw",
        "draw": "_draw",
        "draw_one_sided": "_draw",
    },
)
