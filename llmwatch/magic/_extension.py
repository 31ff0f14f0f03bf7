"""Everything that is put into a shell, and how it is taken out again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..board import attach
from ..exceptions import UsageError
from ..recorder import session
from ._alerts import Banners
from ._cells import Cells
from ._commands import Commands
from ._complete import completing
from ._config import LLMWatch
from ._magics import Magics
from ._receipts import Receipts
from ._say import say
from ._transform import as_comment, one_line_cells

__all__ = ["Extension"]


class Extension:
    """llmwatch in one shell, from `__init__` until `remove`."""

    def __init__(self, shell: Any) -> None:
        self._undo: list[Callable[[], None]] = []
        self._shell = shell
        self._switch_on()
        self._configure()
        self._undo.append(attach())
        banners = Banners(shell, session())
        self._undo.append(banners.close)
        self._cells = Cells(shell, session(), Receipts(session()), banners.begin)
        self._teach(Magics(shell, Commands(shell, session())))
        self._listen("pre_run_cell", self._cells.pre_run_cell)
        self._listen("post_run_cell", self._cells.post_run_cell)
        self._listen("post_run_cell", banners.post_run_cell)  # an alert stands below the receipt
        self._append(shell.input_transformers_cleanup, as_comment)
        self._append(shell.input_transformers_post, one_line_cells(shell))
        self._append(*completing(shell.Completer))
        self._cells.enter_running()

    def remove(self) -> None:
        """Leave the shell as it was found."""
        self._cells.leave_all()
        while self._undo:
            self._undo.pop()()

    def _switch_on(self) -> None:
        if not session().enabled:  # somebody else's switch is not ours to turn off
            session().enable()
            self._undo.append(session().disable)

    def _configure(self) -> None:
        try:
            settings = LLMWatch(parent=self._shell)  # reads `c.LLMWatch` of the profile
        except UsageError as problem:
            say(f"llmwatch: {problem}")
            settings = LLMWatch()
        self._append(self._shell.configurables, settings)

    def _append(self, things: list[Any], thing: Any) -> None:
        things.append(thing)
        self._undo.append(lambda: things.remove(thing) if thing in things else None)

    def _listen(self, event: str, callback: Callable[..., None]) -> None:
        events = self._shell.events
        events.register(event, callback)

        def unregister() -> None:
            with suppress(ValueError):  # somebody has cleared them
                events.unregister(event, callback)

        self._undo.append(unregister)

    def _teach(self, magics: Magics) -> None:
        table = self._shell.magics_manager.magics
        for kind, function in (("line", magics.line), ("cell", magics.cell)):
            self._name(table[kind], function)

    def _name(self, table: dict[str, Any], function: Callable[..., None]) -> None:
        before = table.get("llmwatch")
        table["llmwatch"] = function

        def forget() -> None:
            table.pop("llmwatch", None)
            if before is not None:
                table["llmwatch"] = before

        self._undo.append(forget)
