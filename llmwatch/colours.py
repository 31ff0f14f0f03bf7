"""Colours that read on any background.

Each is mixed from the colour around it, so that it follows JupyterLab light and dark, an
editor's theme, and a page that knows none of JupyterLab's variables.

VS Code's own variables come first: its Jupyter extension gives every page JupyterLab's, too, and
always those of the light theme.
"""

from __future__ import annotations

__all__ = ["BAD", "FONT", "GOOD", "GROUND", "INK", "MUTED", "RULE", "WARN"]

INK = "var(--vscode-editor-foreground,var(--jp-ui-font-color1,currentColor))"
GROUND = "var(--vscode-editor-background,var(--jp-layout-color1,transparent))"
FONT = "font-family:var(--vscode-font-family,var(--jp-ui-font-family,inherit))"

# The muted grey of the drawings: 4.5 also where the ink is a dark grey, on a tinted ground.
MUTED = f"color-mix(in srgb,{INK} 75%,transparent)"
RULE = "1px solid color-mix(in srgb,currentColor 25%,transparent)"

# As much colour as leaves 4.5 on a tinted ground, be it white, black or Colab's grey.
_RED = "var(--jp-error-color1,color-mix(in srgb,#f76e6e 75%,currentColor))"
BAD = f"color:color-mix(in srgb,{_RED} 65%,currentColor)"
GOOD = "color:color-mix(in srgb,var(--jp-success-color1,#4caf50) 50%,currentColor)"
WARN = "color:color-mix(in srgb,var(--jp-warn-color0,#f57c00) 50%,currentColor)"
