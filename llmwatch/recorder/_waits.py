"""How long servers asked to wait when they refused a call: for the advice, of the newest alone."""

from __future__ import annotations

from collections.abc import Iterable

from ..retry_after import asked_wait_s

__all__ = ["Waits"]

_KEPT = 500  # calls


class Waits:
    """`Retry-After` of the last attempt, by call."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def note(self, call_id: str, headers: Iterable[tuple[bytes, bytes]] | None) -> None:
        """Keep what the answer to a call asked for, if it did."""
        for name, value in headers or ():
            if name.lower() == b"retry-after":
                wait = asked_wait_s(value.decode("latin-1"))
                if wait:  # at once is no advice
                    self._known[call_id] = wait
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def of(self, call_id: str) -> float | None:
        """Seconds; None where nothing was asked for."""
        return self._known.get(call_id)
