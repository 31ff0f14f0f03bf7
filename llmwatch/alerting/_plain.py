"""The words of a notice, made harmless for any channel that shows text."""

from __future__ import annotations

import re

from ..words import clean
from ._alert import Alert

__all__ = ["lines", "mark", "plain", "title"]

_MARKS = {"critical": "✕", "warning": "▲", "info": "ℹ"}
# Words that call everybody to a channel, in the chats that hear them in the text of a hook.
_CALLS = re.compile(r"@(?=(?:channel|here|all|everyone)\b)", re.IGNORECASE)


def mark(alert: Alert) -> str:
    """The sign of its severity; a hook when it is over."""
    return "✓" if alert.state == "resolved" else _MARKS.get(alert.severity, "▲")


def plain(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` characters that calls nobody."""
    return clean(_CALLS.sub("＠", text.replace("\u202f", " ")), limit)


def title(alert: Alert) -> str:
    """Name and message in one line."""
    return plain(alert.title, 200)


def lines(alert: Alert) -> list[str]:
    """The whole notice: title, detail, what to type next; without the empty ones."""
    found = (f"{mark(alert)} {title(alert)}", plain(alert.detail, 600), plain(alert.hint, 300))
    return [line for line in found if line]
