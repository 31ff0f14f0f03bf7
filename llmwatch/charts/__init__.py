"""Charts: a DataFrame in, an Altair chart out."""

from __future__ import annotations

from ._draw import KINDS, check, draw
from ._look import DARK, LIGHT, Look, Theme
from ._parts import Chart

__all__ = ["DARK", "KINDS", "LIGHT", "Chart", "Look", "Theme", "check", "draw"]
