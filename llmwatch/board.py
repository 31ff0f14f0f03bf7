"""`dashboard`: the live panel of the session, in JupyterLab's sidebar or under a cell."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from . import faults
from .exceptions import UsageError
from .recorder import Session, session
from .widgets import Sidebar, Writer

__all__ = ["Dashboard", "attach", "dashboard"]

_MIME = "application/vnd.llmwatch.dashboard+json"
_PLACES = (None, "sidebar", "inline")
_HERE = "llmwatch: the dashboard is in the sidebar"
_NOWHERE = (
    "llmwatch: a sidebar is in JupyterLab and Notebook 7, none has answered: "
    'llmwatch.dashboard(where="inline") shows the dashboard here'
)
_NO_NOTEBOOK = (
    "llmwatch: the dashboard needs a notebook; here, llmwatch.session.summary() has its figures"
)


class Board:
    """The one panel of a session, and its line to the sidebar."""

    def __init__(self, owner: Session) -> None:
        self._session = owner
        self._panel: Any = None
        self._lock = threading.RLock()
        self._toasts: Callable[[], None] | None = None
        self._writer = Writer()
        self.sidebar = Sidebar(lambda: str(self.panel().model_id), self._post)

    def _post(self, message: Callable[[], None]) -> None:
        self._writer.post(message)

    def panel(self) -> Any:
        """The panel: made when it is first asked for, and again when it was closed."""
        from .widgets import Panel

        with self._lock:
            if self._panel is None or self._panel.closed:
                self._panel = Panel(self._session, eager=self.sidebar.heard, writer=self._writer)
            return self._panel

    def connect(self) -> None:
        """Announce llmwatch to the front ends, and tell them what alerts say; twice is once."""
        self.sidebar.connect()
        with self._lock:
            if self._toasts is None:
                self._toasts = self._session.alerts.add_handler(self.sidebar.toast)

    def put_away(self) -> None:
        """Take the panel away; it is made anew when somebody asks for it."""
        self.sidebar.put_away()
        with self._lock:
            panel, self._panel = self._panel, None
        if panel is not None:
            panel.close()

    def close(self) -> None:
        """Take the panel away, and end the line."""
        with self._lock:
            toasts, self._toasts = self._toasts, None
        if toasts is not None:
            toasts()
        self.sidebar.close()
        self.put_away()
        self._writer.stop()
        self._writer = Writer()  # llmwatch may be loaded again


class Dashboard:
    """A dashboard that is open; shown again where it is displayed in a later cell."""

    def __init__(self, owner: Board, where: str | None) -> None:
        self._board = owner
        self._where = where
        self._shown_in: int | None = None

    def __repr__(self) -> str:
        return f"<llmwatch dashboard, {self._where or 'sidebar or inline'}>"

    def _ipython_display_(self) -> None:
        shell = _shell()
        if shell is not None and self._shown_in == shell.execution_count:
            return  # the last line of a cell is echoed, and this one has shown itself already
        self._shown_in = shell.execution_count if shell is not None else None
        self._show()

    def _show(self) -> None:
        from IPython.display import display

        panel, sidebar = self._board.panel(), self._board.sidebar
        data, metadata = _bundle(panel, self._where, heard=sidebar.heard)
        display(data, metadata=metadata, raw=True)
        panel.leave_picture()  # for a saved notebook
        if self._where != "inline":
            sidebar.open()

    def close(self) -> None:
        """Take it away, also from the sidebar; what was recorded stays."""
        self._board.put_away()


def _bundle(panel: Any, where: str | None, *, heard: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is displayed: our own type for our front end, and what every other one can show.

    A front end takes the richest type it knows, so that with cells already queued, when nobody can
    have answered yet, JupyterLab opens its sidebar and others show the widget itself.
    """
    place = "inline" if where == "inline" else "sidebar"
    ours = {_MIME: {"model_id": panel.model_id, "where": place}}
    if where == "inline" or (where is None and not heard):
        data, metadata = panel._repr_mimebundle_()
        return {**data, **ours}, metadata
    return {**ours, "text/plain": _HERE if heard else _NOWHERE}, {}


_board: Board | None = None
_board_lock = threading.Lock()


def board() -> Board:
    """The board of this process's session."""
    global _board
    with _board_lock:
        if _board is None:
            _board = Board(session())
        return _board


def attach() -> Callable[[], None]:
    """Announce llmwatch to the front ends of this kernel; returns what takes it back."""
    try:
        if not _in_kernel():
            return lambda: None
        board().connect()
        return board().close
    except Exception as problem:  # recording goes on without a dashboard
        faults.note("dashboard", problem)
        return lambda: None


def dashboard(where: str | None = None) -> Dashboard | None:
    """Open the live dashboard of this session; it moves on while cells run.

    Parameters
    ----------
    where : {"sidebar", "inline"}, optional
        The sidebar of JupyterLab or Notebook 7, or the output of this cell. Left out: the
        sidebar where there is one, else this cell.

    Returns
    -------
    Dashboard or None
        Running it again opens the same one. None outside of notebooks, where one line says so.

    Raises
    ------
    UsageError
        For a place that is none.
    """
    if where not in _PLACES:
        raise UsageError(f'where={where!r} is no place: give "sidebar", "inline", or leave it out.')
    if not _in_kernel():
        print(_NO_NOTEBOOK)  # noqa: T201  # a script that was a notebook goes on
        return None
    board().connect()
    shown = Dashboard(board(), where)
    shown._ipython_display_()
    return shown


def _shell() -> Any:
    """The IPython around us, if any; asking does not load it."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _in_kernel() -> bool:
    return getattr(_shell(), "kernel", None) is not None
