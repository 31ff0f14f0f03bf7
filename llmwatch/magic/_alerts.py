"""When alerts are shown: as they happen and at the end of a cell; in a terminal, as lines."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from .. import faults
from ..alerting import Alert
from ..context import Cell, here, resolve
from ..recorder import Session
from ..widgets import Banner
from ._places import Places
from ._say import say
from ._screen import Screen
from ._wall import Wall
from ._writer import Writer

__all__ = ["Banners"]

_WAIT_S = 2.0  # as reading does, the end of a cell waits at most so long for its alerts


class Banners:
    """Shows what fires in one shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    session : Session
    """

    def __init__(self, shell: Any, session: Session) -> None:
        self._session = session
        self._screen = Screen(shell)
        self._places = Places()
        self._wall = Wall(session, self._screen, self._places, self._told)
        self._pid = os.getpid()
        self._lock = threading.Lock()  # of the wall: the writer's, or the main thread's
        self._news: deque[Alert] = deque()
        self._said: deque[Mapping[str, Any]] = deque()
        self._cleared: set[Cell] = set()
        self._brings = self._settles = False
        self._states: dict[str, str] = {}
        self._total = session.store.total
        self._writer = Writer(self._turn)
        self._unsubscribe = session.alerts.on_change(self._hear)
        self._unhook = self._screen.on_clear(self._clear)

    def begin(self, cell: Cell) -> None:
        """A cell begins to run; to be called in its context."""
        if self._screen.is_kernel:
            self._screen.begin()
            self._places.begin(cell)

    def post_run_cell(self, _: Any) -> None:
        """A cell has run: what its calls set off is shown before it ends, where that is quick."""
        try:
            self._look()
            if self._screen.is_kernel:
                self._show()
            else:
                self._tell()
        except KeyboardInterrupt:
            return  # the person waits for no alert
        except Exception as problem:
            faults.note("banner", problem)
        finally:
            self._places.end()

    def close(self) -> None:
        """Show nothing more; what is shown stays as it is."""
        self._unsubscribe()
        self._unhook()
        self._writer.close()
        with self._lock:
            self._wall.close()

    # -- what happens -------------------------------------------------------------------------

    def _look(self) -> None:
        """Have the rules look at the calls that just ended, so that no saved notebook lacks one."""
        session = self._session
        if not session.settled(_WAIT_S):
            return  # a long queue: the rules look at it when it is done
        if session.store.total != self._total or session.alerts.has_news:
            self._total = session.store.total
            session.record(self._evaluated)
            session.settled(_WAIT_S)

    def _evaluated(self) -> list[Any]:
        self._session.alerts.evaluate()
        return []

    def _hear(self, alert: Alert) -> None:
        """Of a change; on the thread that records calls."""
        if self._pid != os.getpid():
            return  # the front end is the parent's
        self._news.append(alert)
        if self._screen.is_kernel:
            self._writer.wake()

    def _clear(self) -> None:
        """Of outputs that a cell clears; they are gone, or go with the next."""
        cell = resolve(here()).cell
        if cell is not None:
            self._cleared.add(cell)

    def _told(self, content: Mapping[str, Any]) -> None:
        """Of what the person did with a banner; on the kernel's main thread."""
        self._said.append(content)
        self._writer.wake()

    def _show(self) -> None:
        """Draw what is due; on the main thread where an output of any other would land anywhere."""
        self._settles = not self._wall.is_empty
        if not self._screen.finds_cells:
            self._turn()
            return
        if self._settles:
            self._writer.wake()
        self._writer.drain(_WAIT_S)
        if self._wall.unheard:
            self._brings = True
            self._writer.wake()
            self._writer.drain(_WAIT_S)

    def _turn(self) -> float | None:
        """Take in what happened, and draw what is due; returns when more is."""
        with self._lock:
            while self._news:
                self._wall.take(self._news.popleft())
            while self._said:
                self._wall.obey(self._said.popleft())
            while self._cleared:
                self._wall.clear(self._places.of(self._cleared.pop()))
            if self._settles:
                self._settles = False
                self._wall.settle()
            if self._brings:
                self._brings = False
                self._wall.bring()
            return self._wall.draw()

    def _tell(self) -> None:
        """In a terminal: print a line for what began or ended."""
        latest: dict[str, Alert] = {}
        while self._news:
            alert = self._news.popleft()
            latest[alert.key] = alert
        for key, alert in latest.items():
            if self._states.get(key) != alert.state:
                say(Banner(alert).line())
            if alert.state == "firing":
                self._states[key] = alert.state
            else:
                self._states.pop(key, None)
