"""A chart as it goes into a notebook: without what draws nothing, and once more as an image.

Vega marks every part for scripts and screen readers and counts to the seventeenth digit, which is
most of what it writes. JupyterLab drops inline SVG in a notebook it does not trust, but no image;
so both forms together are to be no longer than what Vega wrote.
"""

from __future__ import annotations

import re
from urllib.parse import quote
from xml.etree import ElementTree as ET

__all__ = ["as_image", "lean"]

_SPACE = "http://www.w3.org/2000/svg"
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_DOT = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0")
_MARKED = ("class", "role", "pointer-events", "version")
_GIVEN = {"opacity": "1", "stroke-width": "1", "x2": "0", "y2": "0", "transform": "translate(0,0)"}
_PLACES = ("d", "transform", "x2", "y2")
_SHOWN = ("fill", "stroke")
_SAFE = " /:=,.'()-;"


def lean(svg: str) -> str:
    """The same drawing, about a third as long."""
    plain = svg.replace(f' xmlns="{_SPACE}"', "", 1)  # a page needs none, and names stay short
    root = ET.fromstring(plain)  # noqa: S314  # Vega's own, of our specification
    _strip(root)
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def as_image(svg: str, ink: str) -> str:
    """Its address as an image, which knows no ink of the page around it."""
    alone = svg.replace("<svg ", f'<svg xmlns="{_SPACE}" ', 1).replace("currentColor", ink)
    short = alone.replace("'", "&apos;").replace('"', "'")  # a double one would take three signs
    return "data:image/svg+xml," + quote(short, safe=_SAFE)


def _strip(node: ET.Element) -> None:
    """Take out what is not seen; a group that says nothing gives way to what it holds."""
    kept: list[ET.Element] = []
    for child in node:
        _strip(child)
        if child.tag == "g" and not child.attrib:
            kept += child
        elif not _is_nothing(child):
            kept.append(child)
    node[:] = kept
    _shorten(node)


def _is_nothing(node: ET.Element) -> bool:
    if node.tag == "g":
        return not len(node)
    return node.tag == "path" and not any(name in node.attrib for name in _SHOWN)


def _shorten(node: ET.Element) -> None:
    attributes = node.attrib
    for name, value in list(attributes.items()):
        if name in _MARKED or name.startswith("aria-") or _GIVEN.get(name) == value:
            del attributes[name]
        elif name in _PLACES:
            attributes[name] = _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", value)
    if "stroke" not in attributes and "fill" in attributes:
        attributes.pop("stroke-width", None)
    dot = _DOT.fullmatch(attributes.get("d", ""))
    if dot is not None:
        del attributes["d"]
        node.tag = "circle"
        attributes["r"] = dot[1]
