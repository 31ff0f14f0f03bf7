"""The panel under a cell: the live one, and its picture, which stays when the notebook is saved.

A front end that cannot show widgets shows the picture alone. The picture is renewed at the end of
a cell, and only while something has changed, so that running a notebook without a browser leaves
the last state in it. Its charts take a while to draw: where the live panel is looked at, the next
cell does not wait for them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any
from uuid import uuid4

from .. import faults
from ._firing import firing_of
from ._named import named
from ._still import Still

__all__ = ["Picture"]

_SHARE = 20  # drawing is followed by a rest that many times as long, beside a person's calls


class Picture:
    """A picture of the session in the output of a cell.

    Parameters
    ----------
    source : object
        The session.
    shell : InteractiveShell
        Whose cells end.
    is_watched : callable
        Whether there is a browser that shows the live panel.
    """

    def __init__(self, source: Any, shell: Any, is_watched: Callable[[], bool]) -> None:
        self._source, self._shell, self._is_watched = source, shell, is_watched
        self._id = f"llmwatch-{uuid4().hex}"
        self._seen: Any = None
        self._changes = 0
        self._charts = ""
        self._publishing = threading.Lock()
        self._wanted, self._over = threading.Event(), threading.Event()
        self._painter: threading.Thread | None = None

    def show(self) -> Callable[[], None]:
        """Display it here, and renew it from now on; returns what ends that."""
        from IPython.display import display

        self._context = copy_context()
        try:
            first, name = _bundle(Still(self._source), ""), named(self._id)
            display(first, raw=True, metadata=name, display_id=self._id)
        except Exception as problem:  # the cell of the person must not notice
            faults.note("panel", problem)
        self._shell.events.register("post_run_cell", self._renew)
        unfollow = self._source.store.subscribe_changes(self._hear_changes)

        def leave() -> None:
            if self._renew in self._shell.events.callbacks["post_run_cell"]:
                self._shell.events.unregister("post_run_cell", self._renew)
            unfollow()
            self._over.set()
            self._wanted.set()

        return leave

    def _hear_changes(self, numbers: Sequence[int]) -> None:
        self._changes += 1

    def _renew(self, result: Any) -> None:
        now = self._look()
        if now == self._seen:
            return
        self._seen = now
        # The shell's own publisher: within a `%%capture` that begins later another takes its place.
        self._publisher = self._shell.display_pub
        is_watched = self._is_watched()
        self._publish(None if is_watched else _drawn)
        if is_watched:
            self._wanted.set()
            if self._painter is None:
                self._painter = threading.Thread(
                    target=self._context.run, args=(self._paint,), name="llmwatch-picture",
                    daemon=True,
                )  # fmt: skip
                self._painter.start()

    def _look(self) -> tuple[Any, ...]:
        """What the picture depends on: new calls, prices and ratings that come later, alerts."""
        len(self._source)  # to read is to wait for what has just ended
        firing = [alert["key"] for alert in firing_of(self._source).told()]
        return self._source.store.total, self._source.running, self._changes, firing

    def _paint(self) -> None:
        """Draw what has changed, on a thread of its own, until the picture is left."""
        while self._wanted.wait() and not self._over.is_set():
            self._wanted.clear()
            began = time.monotonic()
            self._publish(partial(_drawn, apart=True))
            self._over.wait(_SHARE * (time.monotonic() - began))

    def _publish(self, draw: Callable[[Still], str | None] | None) -> None:
        try:
            still = Still(self._source)
            charts = draw(still) if draw is not None else None
            with self._publishing:
                if self._over.is_set():
                    return
                self._charts = self._charts if charts is None else charts
                bundle = _bundle(still, self._charts)
                transient = {"display_id": self._id}
                self._publisher.publish(bundle, named(self._id), transient=transient, update=True)
        except Exception as problem:  # the cell of the person must not notice
            faults.note("panel", problem)


def _drawn(still: Still, *, apart: bool = False) -> str | None:
    """Its charts; None where they cannot be drawn: the figures stand without them."""
    try:
        return still.charts(apart=apart)
    except Exception as problem:
        faults.note("panel", problem)
        return None


def _bundle(still: Still, charts: str) -> dict[str, str]:
    return {"text/html": still.html(charts), "text/plain": still.text()}
