"""The receipt under a cell: one line, which opens to the table of its calls and what to do.

The HTML needs no script and no file. JupyterLab drops the `<style>` in a notebook it does not
trust, so the markup reads well without it: what matters is bold and said in words, what goes
wrong is coloured inline, and the text columns are aligned inline.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape
from typing import Any

from ..colours import BAD, FONT, INK, MUTED, RULE
from ..records import Call
from ..words import UNKNOWN, clean, seconds
from ._advice import Hint, advice
from ._line import Piece, line
from ._table import TABLE_STYLE, status_words, table
from ._totals import total

__all__ = ["Receipt"]

_TEXT_ROWS = 3  # of errors, and of hints, in the text twin

# Without these classes JupyterLab and nbconvert read "$0.0041 of $0.50" as a formula.
_CLASS = 'class="llmwatch-receipt tex2jax_ignore mathjax_ignore"'

_STYLE = (
    ".llmwatch-receipt{border-top:" + RULE + ";padding:4px 0;margin:4px 0 0;"
    "font-size:var(--jp-ui-font-size1,13px);line-height:1.6;"
    f"{FONT};font-variant-numeric:tabular-nums;"
    f"color:{INK}}}"
    ".llmwatch-receipt summary{cursor:pointer;display:list-item}"
    ".llmwatch-receipt summary::marker{color:" + MUTED + "}"
    ".llmwatch-receipt b{font-weight:600}"
)
# By opacity, not by a colour on the summary: what is bold in it stays in the ink around it.
_FAINT = '<span style="opacity:.7">'
_SHORT = 30  # characters of a part of the line that may stay together at 300 px


class Receipt:
    """What the calls of a cell came to; shows itself as HTML and as text.

    Parameters
    ----------
    calls : sequence of Call
        The finished calls, in the order they were made.
    running : int
        Calls that are still in flight.
    budget : (float, float), optional
        What is spent of the budget around them, and that budget, in USD.
    older : int
        Calls that have left memory: counted, and in no figure but the budget's.
    unread : int
        Calls that are over but not read yet.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        *,
        running: int = 0,
        budget: tuple[float, float] | None = None,
        older: int = 0,
        unread: int = 0,
    ) -> None:
        self.calls = tuple(calls)
        self.running = running
        self.budget = budget
        self.older = older
        self.unread = unread

    def html(self) -> str:
        """The receipt as HTML: at most 2 KB up to the table, 64 KB in all."""
        words = f"{_FAINT} · </span>".join(map(_part, self._line))
        if not self.calls:
            return f"<div {_CLASS}>{words}</div>"
        return (
            f"<style>{_STYLE}</style><details {_CLASS}>"
            f"<summary>{words}</summary>"
            f"<style>{TABLE_STYLE}</style>{table(self.calls)}"
            f"{''.join(map(_hint, advice(self.calls)))}</details>"
        )

    def text(self) -> str:
        """The receipt as text: the line, then errors and what to do, six lines at most."""
        words = " · ".join("".join(text for text, _ in part) for part in self._line)
        failed = [call for call in self.calls if call.status == "error"]
        more = len(failed) - _TEXT_ROWS
        shown = failed[:_TEXT_ROWS] if more <= 0 else failed[: _TEXT_ROWS - 1]
        below = [_failure(call) for call in shown]
        if more > 0:
            below.append(f"{more + 1:,} more errors: llmwatch.session.errors()")
        below += [f"{words} {code}".rstrip() for words, code in advice(self.calls)[:_TEXT_ROWS]]
        return "\n  ".join([words, *below]).replace("\u202f", " ")

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:  # IPython names what it wants
        return {"text/html": self.html(), "text/plain": self.text()}

    @property
    def _is_empty(self) -> bool:
        return not (self.calls or self.older or self.running or self.unread)

    @cached_property
    def _line(self) -> list[list[Piece]]:
        if self._is_empty:
            return [[("no LLM calls", "")]]
        return line(
            total(self.calls), running=self.running, budget=self.budget, older=self.older,
            unread=self.unread,
        )  # fmt: skip


def _part(pieces: Sequence[Piece]) -> str:
    words = "".join(map(_piece, pieces))
    together = sum(len(text) for text, _ in pieces) <= _SHORT
    return f"<nobr>{words}</nobr>" if together else words


def _piece(piece: Piece) -> str:
    text, stand = piece
    if stand == "bad":
        return f'<b style="{BAD}">{escape(text)}</b>'
    return f"<b>{escape(text)}</b>" if stand else f"{_FAINT}{escape(text)}</span>"


def _hint(hint: Hint) -> str:
    code = f" <code>{escape(hint.code)}</code>" if hint.code else ""
    return f'<div style="color:{MUTED}">{escape(hint.words)}{code}</div>'


def _failure(call: Call) -> str:
    took = seconds(call.latency_s, ms_below=0.1)
    return f"{clean(call.model) or UNKNOWN}  {status_words(call)}  {took}"
