"""The words of a notice, made harmless for any channel that shows text."""

from __future__ import annotations

import re

from ..words import clean
from ._alert import Alert

__all__ = ["inert", "lines", "look_alike", "mark", "plain", "title"]

_MARKS = {"critical": "✕", "warning": "▲", "info": "ℹ"}
# Words that call everybody to a channel, in the chats that hear them in the text of a hook.
_CALLS = re.compile(r"@(?=(?:channel|here|all|everyone)\b)", re.IGNORECASE)
# The signs of markup have no entities that every service knows: they are replaced by
# look-alikes, an underscore only at the edge of a word, where it would begin or end italics.
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_EDGE = re.compile(r"(?<!\w)_|_(?!\w)")
# Where a link (also a bare host name), a mention, a tag or a spoiler is held together: something
# unseen parts it there.
_JOINTS = re.compile(
    r"(?<=\])(?=[(\[:])|(?<=[<@])(?=\S)|(?<=:)(?=//)|(?<=\w)(?=\.[^\W\d_]{2})|(?<=\|)(?=\|)"
)
_WORD_JOINER = "\u2060"


def mark(alert: Alert) -> str:
    """The sign of its severity; a hook when it is over."""
    return "✓" if alert.state == "resolved" else _MARKS.get(alert.severity, "▲")


def plain(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` characters that calls nobody."""
    return clean(_CALLS.sub("＠", text.replace("\u202f", " ")), limit)


def look_alike(text: str) -> str:
    """`text` with other signs for those that format, and that end a span of code."""
    return text.translate(_LOOKALIKES)


def inert(text: str) -> str:
    """`text` that neither formats, links nor mentions where Markdown and the like are read."""
    return _JOINTS.sub(_WORD_JOINER, _EDGE.sub("ˍ", look_alike(text)))


def title(alert: Alert) -> str:
    """Name and message in one line."""
    return plain(alert.title, 200)


def lines(alert: Alert) -> list[str]:
    """The whole notice: title, detail, what to type next; without the empty ones."""
    found = (f"{mark(alert)} {title(alert)}", plain(alert.detail, 600), plain(alert.hint, 300))
    return [line for line in found if line]
