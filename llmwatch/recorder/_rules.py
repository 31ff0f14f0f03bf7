"""The alert rules over a session: made when they are first asked for, looked at by the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..capture import Traffic
from ..store import Store
from ._flying import in_brief, is_apart
from ._waits import Waits

if TYPE_CHECKING:
    from ..alerting import Alerts, Flight

__all__ = ["Rules"]


class Rules:
    """Looks at the rules, and sleeps while there is nothing that they could look at.

    Parameters
    ----------
    store : Store
        The calls that are over.
    traffic : Traffic
        Those in flight.
    waits : Waits
        What servers asked for that refused one.
    wake : callable
        Has the worker look soon.
    settle : callable
        Does something on the worker, and waits for it.
    """

    def __init__(
        self, store: Store, traffic: Traffic, waits: Waits, *,
        wake: Callable[[], None], settle: Callable[[Callable[[], None]], None],
    ) -> None:  # fmt: skip
        self._store, self._traffic, self._waits = store, traffic, waits
        self._wake, self._settle = wake, settle
        self._alerts: Alerts | None = None
        self._making = threading.RLock()

    @property
    def alerts(self) -> Alerts:
        """The rules, what fires, and who is told."""
        if self._alerts is None:
            from ..alerting import Alerts

            with self._making:
                if self._alerts is None:
                    self._alerts = Alerts(
                        self._store, flight=self._flight, wake=self._wake, settle=self._settle
                    )
        return self._alerts

    def look(self) -> float | None:
        """On the worker, between batches: in how many seconds to look again; None: when woken."""
        traffic = self._traffic
        traffic.tells_of_start = True  # first: a call that begins meanwhile is seen, or wakes us
        wait = None
        if self._store.total or traffic.open or self._alerts is not None:
            wait = self.alerts.turn(in_flight=bool(traffic.open))
        if wait is not None or (self._alerts is not None and not self._alerts.is_on):
            traffic.tells_of_start = False
        return wait

    def _flight(self) -> Flight:
        """The calls in flight as rules look at them, those of alert handlers left out."""
        from ..alerting import Flight

        flying = [i for i in list(self._traffic.open.values()) if not is_apart(i.scope)]
        ages = [i.age_s() for i in flying]
        return Flight(ages, lambda: [in_brief(i) for i in flying], self._waits.of)
