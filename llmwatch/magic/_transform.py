"""`%%llmwatch` as IPython reads it: a comment, so that the cell below stays an ordinary cell.

A cell magic that ran its body itself could not await in a kernel, would shift line numbers and
lose the cell's value. So the line becomes a comment of the same line, and the scope around the
cell is opened and closed by the events of the shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from IPython.core.inputtransformer2 import (
    classic_prompt,
    ipython_prompt,
    leading_empty_lines,
    leading_indent,
)

__all__ = ["as_comment", "asked", "one_line_cells"]

_OURS = re.compile(r"%%llmwatch(?:\s+(?P<options>.*))?$", re.DOTALL)  # and never `%%llmwatch?`
_MARK = "#"
_Transform = Callable[[list[str]], list[str]]
_CLEANING: tuple[_Transform, ...] = (
    leading_empty_lines,
    leading_indent,
    classic_prompt,
    ipython_prompt,
)


def asked(raw_cell: str) -> str | None:
    """The options of the `%%llmwatch` line of a cell, as typed; None if it has no such line."""
    if "%%llmwatch" not in raw_cell:
        return None
    options, _ = _split(_cleaned(f"{raw_cell}\n".splitlines(keepends=True)))
    return " ".join(options) if options else None


def as_comment(lines: list[str]) -> list[str]:
    """Turn a leading `%%llmwatch` line into a comment of the same line.

    Beside another `%%` line it is dropped instead: a `%%` magic above would get it as part of its
    text, and one below has to come first. Pure, and done once it is done.
    """
    options, rest = _split(lines)
    if not options:
        return lines
    if rest and rest[0].startswith("%%"):
        return rest
    # Whatever was taken off the top comes back as blank lines: line numbers are those typed.
    blank = ["\n"] * (len(lines) - len(rest) - 1)
    return [_MARK + lines[0], *blank, *rest]


# To IPython's question whether a cell is complete, a lone comment is: in a terminal nobody could
# type the body. Marked so, it is passed over there, and `%%llmwatch` goes on like any `%%` magic
# until a blank line; nothing else reads the mark.
as_comment.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own protocol


def one_line_cells(shell: Any) -> _Transform:
    """What lets `ls`, `pip install x`, `exit` alone below the line work as without it.

    IPython looks for automagic and autocall only in a cell of one line; the comment is a second.
    """

    def expand(lines: list[str]) -> list[str]:
        if not lines or not _OURS.match(lines[0].removeprefix(_MARK)):
            return lines
        body = leading_empty_lines(lines[1:])
        if len(body) != 1 or body[0].isspace():
            return lines
        with shell.builtin_trap:
            expanded = shell.prefilter_manager.prefilter_lines(body[0]) + "\n"
        return [*lines[:-1], *expanded.splitlines(keepends=True)]

    return expand


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """The options of each `%%llmwatch` among the leading `%%` lines, and the lines without it."""
    if not lines or not lines[0].startswith("%%"):
        return [], lines
    ours = _OURS.match(lines[0])
    if ours:
        more, rest = _split(_cleaned(lines[1:]))
        return [(ours["options"] or "").strip(), *more], rest
    blank = len(lines) - 1 - len(leading_empty_lines(lines[1:]))
    below = lines[1 + blank :]
    options, rest = _split(below)
    return options, [*lines[: 1 + blank], *rest]


def _cleaned(lines: list[str]) -> list[str]:
    """The lines as IPython cleans up the top of a cell."""
    for clean in _CLEANING:
        lines = clean(lines)
    return lines
