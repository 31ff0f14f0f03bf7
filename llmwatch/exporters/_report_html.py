"""Pieces of a page: every text that goes in is escaped on its way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from ..words import clean

__all__ = ["Column", "code", "foreign", "items", "section", "table", "text"]


class Column(NamedTuple):
    """A heading, and whether what is below it is words, not figures."""

    title: str
    is_words: bool = False


def text(words: str) -> str:
    """Our own words, as HTML."""
    return escape(words)


def foreign(words: str | None, limit: int = 60, *, missing: str = "–") -> str:
    """Words that anybody may have written: one short line that turns nothing around it."""
    line = clean(words, limit)
    return f"<bdi>{escape(line)}</bdi>" if line else escape(missing)


def code(typed: str) -> str:
    """Something to type."""
    return f"<code>{escape(typed)}</code>"


def section(title: str, *parts: str) -> str:
    """A part of the page; nothing where there is nothing in it."""
    inside = "".join(part for part in parts if part)
    return f"<section><h2>{escape(title)}</h2>{inside}</section>\n" if inside else ""


def items(lines: Iterable[str]) -> str:
    """A list of lines that are HTML already."""
    inside = "".join(f"<li>{line}</li>" for line in lines)
    return f"<ul>{inside}</ul>" if inside else ""


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table whose cells are HTML already; the first of each row names it."""
    head = "".join(
        f'<th scope="col"{_kind(column)}>{escape(column.title)}</th>' for column in columns
    )
    body = "".join(
        f"<tr>{''.join(_cell(at, columns[at], cell) for at, cell in enumerate(row))}</tr>\n"
        for row in rows
    )
    if not body:
        return ""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{above}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(at: int, column: Column, cell: str) -> str:
    if at == 0:
        return f'<th scope="row"{_kind(column)}>{cell}</th>'
    return f"<td{_kind(column)}>{cell}</td>"


def _kind(column: Column) -> str:
    return ' class="l"' if column.is_words else ""
