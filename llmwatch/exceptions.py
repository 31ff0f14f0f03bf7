"""What llmwatch raises on purpose: three errors, each one readable line.

LLMWatchError
├── UsageError        something typed cannot be meant: says what, and what to type next
├── ExportError       a file could not be written: says which, and why
└── BudgetExceeded    the next call was refused, because the person asked for that
"""

from __future__ import annotations

__all__ = ["BudgetExceeded", "ExportError", "LLMWatchError", "UsageError"]


class LLMWatchError(Exception):
    """Base of everything llmwatch raises on purpose."""


class _OneLine(LLMWatchError):
    """An error that a notebook shows as its one line, without our frames above it."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks the exception itself first: the person reads the line, not our inside.
        return [f"{type(self).__name__}: {self}"]


class UsageError(_OneLine, ValueError):
    """Something typed cannot be meant; the message says what to type instead."""


class ExportError(_OneLine, OSError):
    """A file could not be written; nothing that was recorded is lost."""


class BudgetExceeded(LLMWatchError):
    """The next call was refused because the budget around it is spent.

    Attributes
    ----------
    limit : float
        The budget in USD.
    spent : float
        What the priced calls under it cost so far, in USD.
    unpriced : int
        Finished calls under it whose price is unknown, so not part of `spent`.
    """

    def __init__(self, message: str, *, limit: float, spent: float, unpriced: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.spent = spent
        self.unpriced = unpriced

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (str(self), self.limit, self.spent, self.unpriced)


def _rebuild(message: str, limit: float, spent: float, unpriced: int) -> BudgetExceeded:
    return BudgetExceeded(message, limit=limit, spent=spent, unpriced=unpriced)
