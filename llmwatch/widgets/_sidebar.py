"""The kernel's end of the line to the sidebar in JupyterLab and Notebook 7.

The kernel opens a comm when llmwatch is loaded, and front ends that come later find it by its name:
one that opened a comm itself would make every kernel without llmwatch log an error. What a front
end says, it opens a short comm of the same name for. The words:

=========  ========================  =============================================
from       says                      means
=========  ========================  =============================================
front end  `hello`                   our extension is there
front end  `panel`                   somebody looks: which model is to be shown?
kernel     `panel`, `model_id`       this one
kernel     `open`, `model_id`        the person asked for it: open, and show this one
kernel     `failed`, `message`       it could not be made
kernel     `closed`                  the person has put it away
kernel     `alert`, ...              a notice, for a toast where the panel is out of sight
=========  ========================  =============================================
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from .. import faults

__all__ = ["Sidebar"]

TARGET = "llmwatch"


class Sidebar:
    """Speaks with our front end, if there is one.

    Parameters
    ----------
    model_id : callable
        Gives the id of the panel's widget model; called when the panel is asked for.
    post : callable
        Runs what it is given on the thread that writes to the browser.
    """

    def __init__(
        self, model_id: Callable[[], str], post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._model_id, self._post = model_id, post
        self._comm: Any = None
        self._listens = False
        self._lock = threading.Lock()  # JupyterLab asks on a thread of its own while a cell runs
        self._pid = os.getpid()
        self.heard = False
        """Whether our front end has answered."""

    def connect(self) -> None:
        """Announce llmwatch to the front ends; twice is once."""
        from comm import create_comm, get_comm_manager

        with self._lock:
            if not self._listens:
                get_comm_manager().register_target(TARGET, self._hear)
                self._listens = True
            if self._comm is None:
                self._comm = create_comm(target_name=TARGET, data={})
                self._comm.on_close(self._closed)

    def close(self) -> None:
        """End the line."""
        from comm import get_comm_manager

        with self._lock:
            line, self._comm = self._comm, None
            listened, self._listens = self._listens, False
            self.heard = False
        if listened:
            get_comm_manager().unregister_target(TARGET, self._hear)
        if line is not None:
            line.close()

    def open(self) -> None:
        """Show the panel in the sidebar, which opens."""
        self._say({"type": "open", "model_id": self._model_id()})

    def put_away(self) -> None:
        """Take the panel out of the sidebar, which closes."""
        self._say({"type": "closed"})

    def toast(self, alert: Any) -> None:
        """Tell a notice of an alert."""
        # Not `state`: nbclient takes whatever says that for a widget, and would break off.
        words = {"key": alert.key, "phase": alert.state, "severity": alert.severity}
        self._say({"type": "alert", **words, "message": alert.title})

    def _hear(self, comm: Any, message: Any) -> None:
        said = message["content"]["data"].get("type")
        self.heard = True
        # Not here: one thread writes to the browser. And a comm answers to the subshell it was last
        # used on, which may end.
        self._post(comm.close)
        if said == "panel":
            self._post(self._answer)

    def _answer(self) -> None:
        try:
            faults.check("dashboard")
            words = {"type": "panel", "model_id": self._model_id()}
        except Exception as problem:
            faults.note("dashboard", problem)
            words = {"type": "failed", "message": f"{type(problem).__name__}: {problem}"[:200]}
        self._send(words)

    def _closed(self, message: Any) -> None:
        with self._lock:  # a front end without our extension closes what it does not know
            self._comm, self.heard = None, False

    def _say(self, words: dict[str, Any]) -> None:
        if self._comm is not None:
            self._post(lambda: self._send(words))

    def _send(self, words: dict[str, Any]) -> None:
        """Send, unless nobody is there; a forked child has no line of its own."""
        with self._lock:
            if self._comm is not None and os.getpid() == self._pid:
                self._comm.send(words)
