"""The scope around each cell, from IPython's `pre_run_cell` to its `post_run_cell`."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython import version_info

from .. import faults
from ..assemble import new_id
from ..context import Cell, Scope, bind, here
from ..exceptions import UsageError
from ..recorder import Session
from ..scopes import Watch, budget_of
from ._line import Options, options_of
from ._refusal import Refusal
from ._transform import asked

__all__ = ["Cells"]

_COUNTS_FIRST = (9, 8)  # since then IPython counts a cell before it tells of its start


@dataclass(slots=True, eq=False)
class _Open:
    """A cell that runs."""

    info: Any
    thread: int
    watch: Watch | None = None
    scope: Scope | None = None
    options: Options | None = None
    """Those of its `%%llmwatch` line; None for a plain cell."""
    refusal: Refusal | None = None


class Cells:
    """Puts a scope around each cell: its identity, and what its `%%llmwatch` line asks for.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    session : Session
    show : callable
        Takes the watch of a finished cell that may get a receipt, and the options of its
        `%%llmwatch` line, if any.
    begin : callable, optional
        Takes the identity of a cell that begins, in the context in which it runs.
    """

    def __init__(
        self,
        shell: Any,
        session: Session,
        show: Callable[[Watch, Options | None], None],
        begin: Callable[[Cell], None] = lambda _: None,
    ) -> None:
        self._shell = shell
        self._session = session
        self._show = show
        self._begin = begin
        self._open: list[_Open] = []

    def pre_run_cell(self, info: Any) -> None:
        """IPython is about to run a cell."""
        cell = _Open(info, threading.get_ident())
        try:
            faults.check("cell")
            self._forget_unended(cell)
            self._open.append(cell)
            self._enter(cell)
        except Exception as problem:  # the cell must run as without us
            faults.note("cell", problem)

    def post_run_cell(self, result: Any) -> None:
        """IPython has run a cell, to its end or not."""
        try:
            for cell in self._over(result):
                self._leave(cell, result)
                if cell.watch is not None:
                    self._show(cell.watch, cell.options)
        except KeyboardInterrupt:
            return  # the person waits no longer for what is still being recorded
        except Exception as problem:
            faults.note("cell", problem)

    def enter_running(self) -> None:
        """Take up the cell that runs already, in which we were loaded."""
        trap = self._shell.display_trap
        # IPython 7 has no word for it, but puts its hook there for as long as a cell runs.
        if getattr(trap, "is_active", sys.displayhook is trap.hook):
            cell = _Open(None, threading.get_ident())
            self._open.append(cell)
            self._put_around(cell, None)

    def leave_all(self) -> None:
        """End every scope: we are being unloaded."""
        while self._open:
            self._leave(self._open.pop(), None)

    # -- entering -----------------------------------------------------------------------------

    def _forget_unended(self, cell: _Open) -> None:
        """A numbered cell that is within no other: what ran before on its thread is over."""
        if cell.info.store_history and not self._is_within_one():
            for other in [other for other in self._open if other.thread == cell.thread]:
                self._open.remove(other)
                self._leave(other, None)

    def _enter(self, cell: _Open) -> None:
        line = asked(cell.info.raw_cell)
        if line is not None:
            try:
                cell.options = options_of(_expanded(self._shell, line))
            except UsageError as problem:
                cell.refusal = Refusal(self._shell, problem)
                return
        _step_out_of_what_ended()
        if line is not None or not self._is_within_one():
            self._put_around(cell, cell.options)

    def _is_within_one(self) -> bool:
        """Whether another cell runs around this one, so that its calls belong there."""
        around = here()
        running = [cell.scope for cell in self._open if cell.scope is not None]
        return around is not None and any(level in running for level in around.chain())

    def _put_around(self, cell: _Open, options: Options | None) -> None:
        identity = None if self._is_within_one() else self._identity(cell.info)
        if identity is not None:
            self._begin(identity)
        said = options or Options()
        watch = Watch(
            self._session,
            tag=said.tag,
            user=said.user,
            feature=said.feature,
            budget=budget_of(said.budget),
            labels=said.labels,
            cell=identity,
            records=options is not None,
        )
        watch.__enter__()
        cell.watch, cell.scope = watch, here()

    def _identity(self, info: Any) -> Cell:
        header = _parent_of(self._shell)
        cell_id = getattr(info, "cell_id", None) or header.get("metadata", {}).get("cellId")
        counted = info is None or info.store_history
        number = self._shell.execution_count - (version_info >= _COUNTS_FIRST)
        return Cell(
            cell_id=cell_id,
            execution_count=(number or None) if counted else None,
            run_id=new_id(),
            notebook=_notebook(self._shell.user_ns),
        )

    # -- leaving ------------------------------------------------------------------------------

    def _over(self, result: Any) -> list[_Open]:
        """The cell that is over, after those within it of whose end nobody spoke."""
        info = getattr(result, "info", None)
        found = next((cell for cell in self._open if info is not None and cell.info is info), None)
        if found is None:
            if info is not None and not info.raw_cell.strip():
                return []  # IPython tells of the end of an empty cell, not of its start
            # An interrupt leaves IPython with another result, or none.
            mine = [cell for cell in self._open if cell.thread == threading.get_ident()]
            if not mine:
                return []
            found = mine[-1]
        at = self._open.index(found)
        inner = [c for c in self._open[at + 1 :] if c.thread == found.thread]
        over = [*reversed(inner), found]
        self._open = [cell for cell in self._open if cell not in over]
        return over

    def _leave(self, cell: _Open, result: Any) -> None:
        if cell.refusal is not None:
            cell.refusal.lift()
        if cell.watch is not None:
            problem = getattr(result, "error_in_exec", None)
            stopped = isinstance(problem, (KeyboardInterrupt, asyncio.CancelledError))
            cell.watch.close(interrupted=stopped)


def _expanded(shell: Any, line: str) -> str:
    """`$name` and `{expression}` as in any magic, from what the person has defined."""
    # Without a depth, the names of our own frame would come before theirs.
    return str(shell.var_expand(line, sys.getrecursionlimit())) if set("${") & set(line) else line


def _step_out_of_what_ended() -> None:
    """Leave behind the scopes of cells that are over.

    A kernel may run a cell in a context that was copied within an earlier one (a callback, a
    timer), and a `watch` opened by hand in one cell and closed in another stays bound. A wrong
    tag is worse than none.
    """
    around = here()
    levels = list(around.chain()) if around is not None else []
    alive = [level for level in levels if not _has_ended(level)]
    if len(alive) == len(levels):
        return
    outer = None
    for level in reversed(alive):
        level.parent = outer
        level.__post_init__()  # what it takes over from those around it
        outer = level
    bind(outer)


def _has_ended(scope: Scope) -> bool:
    if scope.opened is not None:
        return scope.opened.ended_ns > 0
    return isinstance(scope.watch, Watch) and scope.watch.closed


def _parent_of(shell: Any) -> dict[str, Any]:
    """The request that a kernel is answering; empty in a terminal."""
    ask = getattr(shell, "get_parent", None)
    header = ask() if ask is not None else None
    return header if isinstance(header, dict) else {}


def _notebook(user_ns: dict[str, Any]) -> str | None:
    """The file name of the notebook, where the front end tells it."""
    path = user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return (re.split(r"[\\/]", str(path))[-1] or None) if path else None
