"""Foreign text on a chart: one short line, and inert wherever the chart is written to."""

from __future__ import annotations

from ..words import clean

__all__ = ["readable"]

_NO_WIDTH = "\u200b"  # reads as nothing, and keeps two characters from meaning something together


def readable(text: str | None, limit: int = 40) -> str:
    """`text` as a person may read it; see `words.clean`.

    Altair writes a page with the data in a script element, as it is, and there a ``</script>``
    in a model's name would end the script and begin whatever comes after it.
    """
    line = clean(text, limit)
    return line.replace("</", f"<{_NO_WIDTH}/").replace("<!", f"<{_NO_WIDTH}!")
