"""One look at the calls: the figures of each window, whole and by group, reckoned once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..store import Store, View
from ..summary import NEEDED, by_group, needed_by, summarize

if TYPE_CHECKING:
    import numpy as np

__all__ = ["APART", "Flight", "Look", "Tail"]

APART = '"llmwatch": "alert handler"'
"""What stands in the labels of calls that a handler makes: no rule counts them."""

Group = tuple[str | None, ...]


class Flight:
    """What no store holds: the calls in flight, and how long those refused were asked to wait.

    Parameters
    ----------
    ages : sequence of float
        Seconds.
    look : callable
        Gives a mapping for each, with `age_s` and the columns it has a value in.
    wait_s : callable
        Gives, for the id of a call, `Retry-After` in seconds; None where it is not known.
    """

    def __init__(
        self,
        ages: Sequence[float] = (),
        look: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
        wait_s: Callable[[str], float | None] = lambda _: None,
    ) -> None:
        self.ages = ages
        self.wait_s = wait_s
        self._look = look

    @cached_property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One mapping a call."""
        return self._look()


class Tail:
    """The end of a store. What has left the longest window is never looked at again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first = 0  # the number of the first call that may still be in a window
        self._reach_ns = 0
        self._seen = 0
        self._apart: list[int] = []

    def look(self, now_ns: int, reach_s: float, flight: Flight) -> Look:
        """What can be seen now by windows of at most `reach_s` seconds."""
        reach_ns = round(reach_s * 1e9)
        if reach_ns > self._reach_ns:
            self._first = 0
        self._reach_ns = reach_ns
        look = Look(self._store.view(), self._first, now_ns, flight)
        self._first = look.cut(now_ns - reach_ns)
        self._set_apart(look)
        return look

    def _set_apart(self, look: Look) -> None:
        """Leave out what handlers called, or an alert could cause the next one for ever."""
        for number, text in look.new("labels", self._seen):
            if isinstance(text, str) and APART in text:
                self._apart.append(number)
        self._seen = look.stop
        self._apart = [number for number in self._apart if number >= look.oldest]
        if self._apart:
            look.leave_out(self._apart)


class Look:
    """The last calls at one moment.

    Attributes
    ----------
    oldest : int
        The number of the first call in memory.
    start, stop : int
        Those of the first call that is looked at, and of the one after the last.
    now_ns : int
        The moment.
    flight : Flight
        The calls in flight.
    """

    def __init__(self, view: View, first: int, now_ns: int, flight: Flight) -> None:
        self._view = view
        self.oldest = view.older
        self._skip = max(0, first - view.older)
        self.start = view.older + self._skip
        self.stop = view.older + len(view)
        self.now_ns = now_ns
        self.flight = flight
        self._kept: np.ndarray | None = None
        self._figures: dict[float, dict[str, Any]] = {}
        self._groups: dict[tuple[float, tuple[str, ...]], dict[Group, dict[str, Any]]] = {}

    # -- rows ---------------------------------------------------------------------------------

    def columns(self, *names: str) -> dict[str, np.ndarray]:
        """Columns of the calls looked at, oldest first."""
        arrays = {name: c[self._skip :] for name, c in self._view.arrays(*names).items()}
        if self._kept is None:
            return arrays
        return {name: column[self._kept] for name, column in arrays.items()}

    @property
    def numbers(self) -> np.ndarray:
        """The number of each of these calls."""
        import numpy as np

        numbers = np.arange(self.start, self.stop)
        return numbers if self._kept is None else numbers[self._kept]

    def new(self, name: str, since: int) -> Sequence[tuple[int, Any]]:
        """Number and value of the calls from number `since` on."""
        first = max(self.start, since)
        if first >= self.stop:
            return ()
        values = self._view.arrays(name)[name][first - self._view.older :].tolist()
        return list(zip(range(first, self.stop), values, strict=True))

    def leave_out(self, numbers: Sequence[int]) -> None:
        """Look past these calls."""
        import numpy as np

        self._kept = ~np.isin(np.arange(self.start, self.stop), numbers)
        vars(self).pop("ended", None)

    @cached_property
    def ended(self) -> np.ndarray:
        """When each call ended, nanoseconds since the epoch; when it started where unknown."""
        import numpy as np

        columns = self.columns("started_at", "latency_s")
        ended: np.ndarray = columns["started_at"] + np.nan_to_num(columns["latency_s"]) * 1e9
        return ended

    def cut(self, start_ns: int) -> int:
        """The number of the call before the first that ended after `start_ns`.

        That one stays, so that a rate is over the whole window: something was there before it.
        """
        inside = self.ended > start_ns
        at = int(inside.argmax()) if len(inside) and inside.any() else len(inside)
        return self.start + max(0, at - 1)

    def newest_end_ns(self) -> float:
        """When the last of them ended; minus infinity without any."""
        return float(self.ended.max()) if len(self.ended) else -float("inf")

    # -- figures ------------------------------------------------------------------------------

    def figures(self, window_s: float) -> dict[str, Any]:
        """The figures of the calls that ended in the last `window_s` seconds."""
        if window_s not in self._figures:
            self._figures[window_s] = summarize(
                self.columns(*NEEDED), now_ns=self.now_ns, window=window_s,
                in_flight=self.flight.ages, at="ended",
            )  # fmt: skip
        return self._figures[window_s]

    def groups(self, window_s: float, by: tuple[str, ...]) -> dict[Group, dict[str, Any]]:
        """The same for each group, the one with most calls first."""
        key = (window_s, by)
        if key not in self._groups:
            self._groups[key] = by_group(
                self.columns(*needed_by(by)), by, now_ns=self.now_ns, window=window_s,
                in_flight=self.flight.rows, at="ended", strict=False,
            )  # fmt: skip
        return self._groups[key]
