"""The name of an output that is renewed later, as the notebook's file keeps it.

A front end knows the display id of an output for as long as its page is open. After a reload our
extension finds the output by this name (`renewal.js`).
"""

from __future__ import annotations

from typing import Any

__all__ = ["named"]


def named(display_id: str) -> dict[str, Any]:
    """The metadata of an output with this id; each update has to bring them again."""
    return {"llmwatch": {"display": display_id}}
