"""What runs in the browser, read from `static/`: no build step, no network."""

from __future__ import annotations

import json
import threading
from functools import cache
from pathlib import Path
from typing import Any

from ._convert import converted

__all__ = ["css", "esm", "spec", "vega"]

_STATIC = Path(__file__).parent / "static"
# One module for the browser, in this order: each file uses the ones before it.
_SCRIPTS = (
    "words", "dom", "rows", "figures", "talk", "menu", "head", "strip", "tiles", "charts", "poster",
    "trace", "call", "table", "panel",
)  # fmt: skip
_STYLES = ("base", "head", "tiles", "table", "trace")
_SPECS = ("latency", "tokens", "cost")
_making = threading.Lock()


@cache
def esm() -> str:
    """The panel's script, as one ES module."""
    parts = [(_STATIC / f"{name}.js").read_text("utf-8") for name in _SCRIPTS]
    specs = {name: spec(name) for name in _SPECS}
    return "\n".join([f"const SPECS = {json.dumps(specs)};", *parts])


@cache
def css() -> str:
    """The panel's style sheet."""
    return "\n".join((_STATIC / f"{name}.css").read_text("utf-8") for name in _STYLES)


def spec(name: str) -> dict[str, Any]:
    """The Vega-Lite specification of one of the panel's charts."""
    found: dict[str, Any] = json.loads((_STATIC / f"{name}.json").read_text("utf-8"))
    return found


def vega() -> str:
    """Vega as an ES module, from the installed vl-convert: 900 KB, 1.5 s once in a process."""
    with _making:  # two panels at once shall not make it twice
        return _bundle()


@cache
def _bundle() -> str:
    snippet = "export const embed = vegaEmbed;"
    return converted("javascript_bundle", [{"snippet": snippet}], apart=True)[0]
