"""The calls of the latency picture: their names and colours, and what the pointer tells of each."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import TYPE_CHECKING

from ..words import UNKNOWN, dollars, seconds, tokens
from ._calls import Calls, named
from ._clock import moment
from ._foreign import readable
from ._look import Look
from ._parts import Rows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ERROR", "TIPS", "Points"]

ERROR = "error"
TIPS = (
    ("name", "of"), ("when", "started"), ("took", "latency"), ("state", "status"),
    ("used", "tokens"), ("cost", "cost"), ("tag", "tag"),
)  # fmt: skip


class Points:
    """What is drawn of the calls.

    Attributes
    ----------
    took : numpy.ndarray
        Latency in seconds, and `known`, `failed`, `stopped`: where it is known, where the call
        failed, where it was stopped before its end.
    series : list of str
        What each call is called in the key.
    names, colours : list of str
        The key; errors are last in it.
    """

    def __init__(self, calls: Calls, look: Look, by: str) -> None:
        import numpy as np

        self.calls, self.by = calls, by
        self.took = calls.numbers("latency_s")
        self.known = ~np.isnan(self.took)
        self.failed = calls.is_status("error")
        self.stopped = calls.is_status("cancelled", "partial", "lost")
        unknown = "unknown model" if by == "model" else f"no {by}"
        self.series, names = named(calls.group(by), len(look.series) + 1, unknown)
        colours = look.colours(names)
        if (self.failed & self.known).any():
            names, colours = [*names, ERROR], [*colours, look.bad]
        self.names, self.colours = names, colours

    def rows(self, where: np.ndarray) -> Rows:
        """A row for each call of `where`."""
        return [self._row(at) for at in where.nonzero()[0].tolist()]

    def _row(self, at: int) -> dict[str, object]:
        calls, failed = self.calls, bool(self.failed[at])
        into, out = (self._told(f"{side}_tokens", at, tokens) for side in ("input", "output"))
        state = (calls.texts("error_type")[at] if failed else None) or calls.texts("status")[at]
        return {
            "t": round(calls.started[at]),
            "y": float(f"{self.took[at]:.4g}"),
            "key": ERROR if failed else self.series[at],
            "name": self.series[at],
            "when": moment(calls.started[at]),
            "took": seconds(self.took[at]),
            "state": readable(state) or UNKNOWN,
            "used": f"{into} → {out}",
            "cost": self._told("cost_usd", at, dollars),
            "tag": readable(calls.texts("tag")[at]) or UNKNOWN,
        }

    def _told(self, name: str, at: int, words: Callable[[float], str]) -> str:
        """A figure of a call, with ~ its estimate where nothing was reported."""
        told, guess = self.calls.numbers(name)[at], self.calls.numbers(f"estimated_{name}")[at]
        return f"~{words(guess)}" if isnan(told) and not isnan(guess) else words(told)
