"""What each attempt of a retried call was answered with: for the eye, of the newest calls alone."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Tries"]

_KEPT = 500  # calls: as many as the panel is told of


class Tries:
    """The HTTP statuses of the attempts, by call."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int | None, ...]] = {}

    def note(self, call_id: str, before: Sequence[int | None], last: int | None) -> None:
        """Keep what a call was answered with; one that was not tried again has nothing to say."""
        if not before:
            return
        self._known[call_id] = (*before, last)
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def of(self, call_id: str) -> tuple[int | None, ...]:
        """The statuses in order, None for no answer; empty where it is not known."""
        return self._known.get(call_id, ())
