"""The alerts that stand under cells: one banner each, which moves on and is updated in place."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from .. import faults
from ..alerting import Alert
from ..assemble import new_id
from ..exceptions import UsageError
from ..recorder import Session
from ..widgets import Banner, hand
from ._places import Place, Places, within
from ._rests import Rests
from ._screen import Screen
from ._shown import Shown, offending

__all__ = ["Wall"]

_PAUSE_S = 5.0  # between two updates where only a figure moved
_MUTE = timedelta(minutes=10)
_KEPT = 100  # alerts
_OF_A_RULE = 5  # groups of one rule under one cell that have a banner; the others are a line


class Wall:
    """What is shown, where, and what the person does with it. It has no lock of its own.

    Parameters
    ----------
    session : Session
    screen : Screen
    places : Places
    told : callable
        Hears what the person did with a banner, on the kernel's main thread.
    """

    def __init__(
        self,
        session: Session,
        screen: Screen,
        places: Places,
        told: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._session, self._screen, self._places, self._told = session, screen, places, told
        self._kernel = new_id()
        self._shown: dict[str, Shown] = {}
        self._rests = Rests(self._named, self._publish)
        self._hand: Any = None
        self._has_reached = False

    def close(self) -> None:
        """What is shown stays as it is, without its buttons."""
        if self._hand is not None:
            self._hand.close()

    # -- what happens -------------------------------------------------------------------------

    def take(self, alert: Alert) -> None:
        """Take in what an alert says now."""
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
        shown.alert, shown.is_stale = alert, True
        self._hush(shown)

    @property
    def unheard(self) -> list[Shown]:
        """What stands under a cell that had ended, perhaps seen by nobody."""
        return [one for one in list(self._shown.values()) if one.version and not one.is_heard]

    def bring(self) -> None:
        """Show that under the cell that runs, too."""
        place = self._places.last()
        for shown in self.unheard:
            self._move(shown, shown.alert, place)
            self._keep(Shown(shown.alert, place))
        for shown in self._shown.values():
            if not (shown.version or self._places.are_heard(shown.place)):
                shown.place = place

    def clear(self, place: Place | None) -> None:
        """The cell has cleared its outputs."""
        for shown in self._shown.values():
            if shown.version and place is not None and shown.place is place:
                shown.is_cleared = True

    @property
    def is_empty(self) -> bool:
        """Whether no alert was ever shown."""
        return not self._shown

    def settle(self) -> None:
        """A cell ends: what it cleared away comes back, what stands under it says the latest.

        The notebook may be saved now, and its kernel gone before the next figures are due.
        """
        place = self._places.last()
        for shown in self._shown.values():
            shown.is_stale = shown.is_stale or shown.is_cleared
            if shown.is_cleared or shown.place is place:
                shown.drawn_at = -math.inf

    def _move(self, shown: Shown, alert: Alert, place: Place | None) -> None:
        """The alert will stand under a later cell: say so where it stood."""
        if shown.version and not shown.is_cleared:
            shown.version += 1
            left = self._banner(shown).moved(place.cell if place else alert.cell)
            self._publish(shown, left)

    def _keep(self, shown: Shown) -> None:
        self._shown.pop(shown.alert.key, None)
        self._shown[shown.alert.key] = shown
        self._hush(shown)
        if len(self._shown) > _KEPT:
            del self._shown[next(iter(self._shown))]

    def _hush(self, shown: Shown) -> None:
        """Take in whether nothing is told of its rule: that is shown at once."""
        alert = shown.alert
        muted = self._session.alerts.muted_until(alert.name) if alert.state == "firing" else None
        if muted != shown.muted_until:
            shown.muted_until, shown.is_stale, shown.drawn_at = muted, True, -math.inf

    # -- drawing ------------------------------------------------------------------------------

    def draw(self) -> float | None:
        """Draw what is due; returns in how many seconds more is, or None."""
        now, waits = time.monotonic(), []
        self._reach()  # first: what was drawn in the last turn need not wait for it
        for shown in self._shown.values():
            if not shown.version and (not self._may_begin() or self._is_crowded(shown)):
                continue
            wait = 0.0 if shown.is_news else shown.drawn_at + _PAUSE_S - now
            if shown.is_stale and wait <= 0:
                self._draw(shown)
            elif shown.is_stale:
                waits.append(wait)
        if self._may_begin():
            self._rests.draw([shown for shown in self._shown.values() if not shown.version])
        return min(waits, default=None) if self._has_reached or not self._shown else 0.0

    def _draw(self, shown: Shown) -> None:
        if not shown.version:
            shown.is_heard = self._places.are_heard(shown.place)
        shown.version += 1
        shown.drawn_at = time.monotonic()
        self._publish(shown, self._banner(shown).bundle())
        shown.is_stale = shown.is_news = False

    def _is_crowded(self, shown: Shown) -> bool:
        """Whether its rule has as many banners under its cell as a person reads."""
        if shown.corner in self._rests:
            return True  # and where one has moved on since, none comes behind the line
        there = [one for one in self._shown.values() if one.version and one.is_beside(shown)]
        return len(there) >= _OF_A_RULE

    def _may_begin(self) -> bool:
        """Whether an output that begins here lands where it belongs, or at least under a cell."""
        is_main = threading.current_thread() is threading.main_thread()
        return self._screen.finds_cells or is_main

    def _named(self, shown: Shown) -> Banner:
        """As far as a line without calls needs it."""
        return Banner(shown.alert, kernel=self._kernel, ident=shown.ident, version=shown.version)

    def _banner(self, shown: Shown) -> Banner:
        return replace(
            self._named(shown),
            calls=offending(self._session.store, shown.alert),
            is_open=shown.is_open,
            is_news=shown.is_news,
            muted_until=shown.muted_until,
        )

    def _publish(self, shown: Shown, bundle: dict[str, str]) -> None:
        update = shown.version > 1 and not shown.is_cleared
        self._put(shown, bundle, update=update)
        shown.bundle, shown.is_cleared = bundle, False
        if self._hand is not None and update:
            self._send(shown)

    def _put(self, shown: Shown, bundle: dict[str, str], *, update: bool) -> None:
        # An update finds its output by name, and those who run notebooks without a front end
        # (nbclient) hear only of the cell that runs.
        place = (self._places.last() if update else None) or shown.place
        within(place, partial(self._screen.show, bundle, shown.ident, update=update))

    # -- the person's hand on it --------------------------------------------------------------

    def _reach(self) -> None:
        """Reach out to the page, once there is something on it."""
        shown = next((shown for shown in self._shown.values() if shown.version), None)
        if self._has_reached or shown is None:
            return
        self._has_reached = True
        try:
            self._hand = within(shown.place, partial(hand, self._kernel, self._told))
        except Exception as problem:  # without it the banners have no Mute, and that is all
            faults.note("banner", problem)

    def _send(self, shown: Shown) -> None:
        self._hand.send({"banner": shown.ident, "version": shown.version, "html": shown.html})

    def obey(self, content: Mapping[str, Any]) -> None:
        """Do what the person asked for."""
        what = content.get("do")
        if what == "hello":
            self._greet()
            return
        shown = next((s for s in self._shown.values() if s.ident == content.get("banner")), None)
        if shown is None:
            return
        if what == "open":
            shown.is_open = bool(content.get("open"))
        elif what in ("mute", "unmute"):
            self._mute(shown.alert.name, on=what == "mute")

    def _greet(self) -> None:
        self._hand.send({})  # the line is alive
        for shown in (*self._shown.values(), *self._rests):
            if shown.version:
                self._send(shown)  # the page was saved a while ago, perhaps
                if shown.alert.state == "resolved" and not shown.is_cleared:
                    self._put(shown, shown.bundle, update=True)  # in the notebook, too

    def _mute(self, name: str, *, on: bool) -> None:
        alerts = self._session.alerts
        with suppress(UsageError):  # the rule is gone, and nothing will be told of it
            if on:
                alerts.mute(name, _MUTE)
            else:
                alerts.unmute(name)
        for shown in self._shown.values():
            if shown.alert.name == name:
                shown.is_stale, shown.drawn_at = True, -math.inf  # whoever pressed waits for it
                self._hush(shown)
