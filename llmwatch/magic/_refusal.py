"""How a cell is kept from running: the way IPython gives to whoever reads its syntax tree."""

from __future__ import annotations

from typing import Any

from IPython.core.error import InputRejected

from .. import exceptions

__all__ = ["Refusal"]


class UsageError(exceptions.UsageError, InputRejected):
    """IPython runs no cell for which this is raised, and keeps it in its history."""


class Refusal:
    """An AST transformer that refuses the one cell for which it is installed."""

    def __init__(self, shell: Any, problem: exceptions.UsageError) -> None:
        self._transformers: list[Any] = shell.ast_transformers
        self._problem = problem
        self._transformers.insert(0, self)

    def visit(self, node: Any) -> Any:
        """Refuse the cell whose tree this is."""
        raise UsageError(str(self._problem)) from None

    def lift(self) -> None:
        """The cell is over, or was none that compiles."""
        if self in self._transformers:
            self._transformers.remove(self)
