"""Colours that read on any background.

Each is mixed from the colour around it, so that it follows JupyterLab light and dark, an
editor's theme, and a page that knows none of JupyterLab's variables.
"""

from __future__ import annotations

__all__ = ["BAD", "GOOD", "MUTED", "RULE", "WARN"]

# 70 % of the ink is the muted grey of the drawings (contrast 6 on white).
MUTED = "color-mix(in srgb,var(--jp-ui-font-color1,currentColor) 70%,transparent)"
RULE = "1px solid color-mix(in srgb,currentColor 25%,transparent)"

BAD = "color:color-mix(in srgb,var(--jp-error-color1,red) 90%,currentColor)"
GOOD = "color:color-mix(in srgb,var(--jp-success-color1,green) 75%,currentColor)"
WARN = "color:color-mix(in srgb,var(--jp-warn-color0,orange) 60%,currentColor)"
