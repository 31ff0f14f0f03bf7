"""The panel under a cell: the live one, and its picture, which stays when the notebook is saved.

A front end that cannot show widgets shows the picture alone. The picture is renewed at the end of
a cell, and only while something has changed, so that running a notebook without a browser leaves
the last state in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from .. import faults
from ._still import Still

__all__ = ["Picture"]


class Picture:
    """A picture of the session in the output of a cell.

    Parameters
    ----------
    source : object
        The session.
    shell : InteractiveShell
        Whose cells end.
    """

    def __init__(self, source: Any, shell: Any) -> None:
        self._source, self._shell = source, shell
        self._id = f"llmwatch-{uuid4().hex}"
        self._seen: Any = None

    def show(self) -> Callable[[], None]:
        """Display it here, and renew it from now on; returns what ends that."""
        self._publish(update=False)
        self._shell.events.register("post_run_cell", self._renew)

        def leave() -> None:
            if self._renew in self._shell.events.callbacks["post_run_cell"]:
                self._shell.events.unregister("post_run_cell", self._renew)

        return leave

    def _renew(self, result: Any) -> None:
        if self._look() != self._seen:
            self._publish(update=True)

    def _look(self) -> tuple[int, int]:
        len(self._source)  # to read is to wait for what has just ended
        return self._source.store.total, self._source.running

    def _publish(self, *, update: bool) -> None:
        from IPython.display import display

        try:
            self._seen = self._look()
            still = Still(self._source)
            bundle = {"text/html": still.html(), "text/plain": still.text()}
            display(bundle, raw=True, display_id=self._id, update=update)
        except Exception as problem:  # the cell of the person must not notice
            faults.note("panel", problem)
