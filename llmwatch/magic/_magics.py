"""The two functions that IPython knows as `%llmwatch` and `%%llmwatch`."""

from __future__ import annotations

import asyncio
from typing import Any

from ..exceptions import UsageError
from ._commands import HELP, Commands
from ._line import options_of

__all__ = ["Magics"]


class Magics:
    """`%llmwatch` and `%%llmwatch` of one shell; their docstrings are what `?` shows."""

    def __init__(self, shell: Any, commands: Commands) -> None:
        self._shell = shell
        self._commands = commands

        def line(line: str = "") -> None:
            self._commands(line)

        def cell(line: str, cell: str) -> None:
            self._run(line, cell)

        line.__doc__ = f"llmwatch: the flight recorder for LLM calls.\n\n{HELP}\n"
        cell.__doc__ = _CELL_DOC
        self.line, self.cell = line, cell

    def _run(self, line: str, body: str) -> None:
        """For callers of `run_cell_magic`; in a cell, the line never comes here."""
        options_of(line)  # a wrong one is told before anything runs
        first = f"%%llmwatch {line}".rstrip() + "\n"
        if self._awaits(first + body) and _loop_runs():
            raise UsageError(
                "an `await` works only where %%llmwatch is on the first line of the cell itself."
            )
        result = self._shell.run_cell(first + body)
        problem = result.error_before_exec or result.error_in_exec
        if problem is not None:
            raise problem

    def _awaits(self, cell: str) -> bool:
        transformed = self._shell.transform_cell(cell)
        return bool(self._shell.should_run_async(cell, transformed_cell=transformed))


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_CELL_DOC = """Mark the LLM calls of this cell, and show a receipt below it.

On the first line of a cell::

    %%llmwatch --tag prompt-v2 --user ana --feature search --budget 0.50 --label k=v
    answer = await client.chat.completions.create(...)

The cell behaves exactly as without the line.

--tag, --user, --feature TEXT   what its calls are marked with, in the columns of these names
--budget USD                    once its calls have cost that much, the next one is refused with
                                BudgetExceeded and nothing is sent; calls in flight finish
--label NAME=TEXT               a further mark; may be given several times
--quiet                         no receipt

`$name` and `{expression}` are filled in, as in every magic. With a wrong option the cell does not
run at all, so that nothing is spent unmarked or unbounded: one line says what is meant.
"""
