"""Alerts under the cells that caused them: one banner each, which moves on and is updated."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from .. import faults
from ..alerting import Alert
from ..assemble import new_id
from ..context import Cell
from ..exceptions import UsageError
from ..recorder import Session
from ..widgets import Banner, hand
from ._places import Place, Places
from ._say import say
from ._screen import Screen
from ._shown import Shown, offending
from ._writer import Writer

__all__ = ["Banners"]

_PAUSE_S = 5.0  # between two updates where only a figure moved
_WAIT_S = 0.5  # the longest that the end of a cell waits for its alerts to be shown
_MUTE = timedelta(minutes=10)
_KEPT = 100  # alerts


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
        self._kernel = new_id()
        self._pid = os.getpid()
        self._lock = threading.Lock()  # of what is shown: the writer's, or the main thread's
        self._shown: dict[str, Shown] = {}
        self._news: deque[Alert] = deque()
        self._said: deque[Mapping[str, Any]] = deque()
        self._hand: Any = None
        self._has_reached = False
        self._total = session.store.total
        self._writer = Writer(self._turn)
        self._unsubscribe = session.alerts.on_change(self._hear)

    def begin(self, cell: Cell) -> None:
        """A cell begins to run; to be called in its context."""
        if self._screen.is_kernel:
            self._places.begin(cell)

    def post_run_cell(self, _: Any) -> None:
        """A cell has run: what its calls set off is shown before it ends, where that is quick."""
        try:
            self._look()
            if self._screen.finds_cells:
                self._writer.drain(_WAIT_S)
            elif self._screen.is_kernel:
                self._turn()  # a thread's output would land anywhere: this is the main thread
            else:
                self._tell()
        except KeyboardInterrupt:
            return  # the person waits for no alert
        except Exception as problem:
            faults.note("banner", problem)

    def close(self) -> None:
        """Show nothing more; what is shown stays as it is."""
        self._unsubscribe()
        self._writer.close()
        with self._lock:
            if self._hand is not None:
                self._hand.close()

    # -- what happens -------------------------------------------------------------------------

    def _look(self) -> None:
        """Have the rules look at the calls that just ended, so that no saved notebook lacks one."""
        session = self._session
        if not session.settled(_WAIT_S):
            return  # a long queue: the rules look at it when it is done
        if session.store.total != self._total:
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

    def _told(self, content: Mapping[str, Any]) -> None:
        """Of what the person did with a banner; on the kernel's main thread."""
        self._said.append(content)
        self._writer.wake()

    # -- in a terminal ------------------------------------------------------------------------

    def _tell(self) -> None:
        """Print a line for what began or ended."""
        latest: dict[str, Alert] = {}
        while self._news:
            alert = self._news.popleft()
            latest[alert.key] = alert
        for alert in latest.values():
            before = self._shown.get(alert.key)
            if before is None or before.alert.state != alert.state:
                say(Banner(alert).line())
            self._keep(Shown(alert, None))

    # -- in a notebook ------------------------------------------------------------------------

    def _turn(self) -> float | None:
        """Take in what happened, and draw what is due; returns when more is."""
        with self._lock:
            while self._news:
                self._take(self._news.popleft())
            while self._said:
                self._obey(self._said.popleft())
            self._reach()  # first: what was drawn in the last turn need not wait for it
            wait = self._draw_what_is_due()
            return wait if self._has_reached or not self._shown else 0.0

    def _take(self, alert: Alert) -> None:
        shown = self._shown.get(alert.key)
        place = self._places.of(alert.cell) or (shown.place if shown else self._places.last())
        is_new = shown is None or (shown.alert.state == "resolved" and alert.state == "firing")
        if shown is not None and (is_new or alert.state == "firing") and shown.is_before(place):
            self._move(shown, alert, place)
            is_new, shown = True, None
        if shown is None:
            if alert.state == "firing":
                self._keep(Shown(alert, place))
            return
        shown.is_news = shown.is_news or is_new or shown.alert.state != alert.state
        if shown.muted_until is not None and shown.muted_until <= datetime.now(UTC):
            shown.muted_until = None
        shown.alert, shown.is_stale = alert, True

    def _move(self, shown: Shown, alert: Alert, place: Place | None) -> None:
        """The alert will stand under a later cell: say so where it stood."""
        if shown.version:
            shown.version += 1
            left = self._banner(shown).moved(place.cell if place else alert.cell)
            self._publish(shown, left)

    def _keep(self, shown: Shown) -> None:
        before = self._shown.pop(shown.alert.key, None)
        if before is not None and before.alert.state == "firing":
            shown.muted_until = before.muted_until
        self._shown[shown.alert.key] = shown
        if len(self._shown) > _KEPT:
            del self._shown[next(iter(self._shown))]

    def _draw_what_is_due(self) -> float | None:
        now, waits = time.monotonic(), []
        for shown in self._shown.values():
            if not shown.version and not self._may_begin():
                continue
            wait = 0.0 if shown.is_news else shown.drawn_at + _PAUSE_S - now
            if shown.is_stale and wait <= 0:
                self._draw(shown)
            elif shown.is_stale:
                waits.append(wait)
        return min(waits, default=None)

    def _draw(self, shown: Shown) -> None:
        shown.version += 1
        shown.drawn_at = time.monotonic()
        self._publish(shown, self._banner(shown).bundle())
        shown.is_stale = shown.is_news = False

    def _may_begin(self) -> bool:
        """Whether an output that begins here lands where it belongs, or at least under a cell."""
        is_main = threading.current_thread() is threading.main_thread()
        return self._screen.finds_cells or is_main

    def _banner(self, shown: Shown) -> Banner:
        return Banner(
            shown.alert,
            offending(self._session.store, shown.alert),
            kernel=self._kernel,
            ident=shown.ident,
            version=shown.version,
            is_open=shown.is_open,
            is_news=shown.is_news,
            muted_until=shown.muted_until,
        )

    def _publish(self, shown: Shown, bundle: dict[str, str]) -> None:
        update = shown.version > 1
        # An update finds its output by name, and those who run notebooks without a front end
        # (nbclient) hear only of the cell that runs.
        place = (self._places.last() if update else None) or shown.place
        _in(place, partial(self._screen.show, bundle, shown.ident, update=update))
        shown.html = bundle["text/html"]
        if self._hand is not None and update:
            self._send(shown)

    # -- the person's hand on it --------------------------------------------------------------

    def _reach(self) -> None:
        """Reach out to the page, once there is something on it."""
        shown = next((shown for shown in self._shown.values() if shown.version), None)
        if self._has_reached or shown is None:
            return
        self._has_reached = True
        try:
            self._hand = _in(shown.place, partial(hand, self._kernel, self._told))
        except Exception as problem:  # without it the banners have no Mute, and that is all
            faults.note("banner", problem)

    def _send(self, shown: Shown) -> None:
        self._hand.send({"banner": shown.ident, "version": shown.version, "html": shown.html})

    def _obey(self, content: Mapping[str, Any]) -> None:
        what = content.get("do")
        if what == "hello":
            self._hand.send({})  # the line is alive
            for shown in self._shown.values():
                if shown.version:
                    self._send(shown)  # the page was saved a while ago, perhaps
            return
        shown_ = next((s for s in self._shown.values() if s.ident == content.get("banner")), None)
        if shown_ is None:
            return
        if what == "open":
            shown_.is_open = bool(content.get("open"))
        elif what in ("mute", "unmute"):
            self._mute(shown_.alert.name, on=what == "mute")

    def _mute(self, name: str, *, on: bool) -> None:
        try:
            if on:
                self._session.alerts.mute(name, _MUTE)
            else:
                self._session.alerts.unmute(name)
        except UsageError:
            on = False  # the rule is gone, and nothing will be told of it
        until = datetime.now(UTC) + _MUTE if on else None
        for shown in self._shown.values():
            if shown.alert.name == name and shown.alert.state == "firing":
                shown.muted_until, shown.is_stale, shown.drawn_at = until, True, -math.inf


def _in(place: Place | None, act: Callable[[], Any]) -> Any:
    """Do it as if the cell's own code did."""
    return place.context.run(act) if place is not None else act()
