"""Where calls are seen: on the wire, under every SDK, without changing what goes over it.

The room has one door, `Capture`. It knows nothing of tables, prices or screens: a `gate` that may
refuse a call and a `sink` that takes it once it is over.
"""

from __future__ import annotations

from types import ModuleType

from ..context import Budget
from ._endpoints import Endpoint, provider_of
from ._errors import error_type, sdk_of
from ._imports import ImportWatch
from ._invocation import Invocation
from ._messages import Message, read_messages
from ._progress import read_to_the_end, read_what_came
from ._reader import Answer, Reader
from ._request import Asked, read_request
from ._sent import forget
from ._tap import Tap
from ._threads import ThreadHandOver
from ._traffic import Dropped, Gate, Inbox, Sink, Traffic

__all__ = [
    "Answer",
    "Asked",
    "Capture",
    "Dropped",
    "Endpoint",
    "Invocation",
    "Message",
    "Reader",
    "Traffic",
    "error_type",
    "provider_of",
    "read_messages",
    "read_request",
    "read_to_the_end",
    "read_what_came",
    "sdk_of",
]

LIBRARIES = ("httpx2", "httpx")


class Capture:
    """The tap on the HTTP libraries of this process, opened by the first who needs it.

    Parameters
    ----------
    gate : callable of a Scope
        Raises to refuse a call that starts in that scope.
    sink : callable of an Invocation
        Takes each call that is over, and None when one failed and may be sent again.
    inbox : callable
        Gives the C function that takes a `Dropped`, for which `traffic.dropped` has the call.
    """

    def __init__(self, gate: Gate, sink: Sink, inbox: Inbox) -> None:
        self.traffic = Traffic(gate, sink, inbox)
        self._taps: list[Tap] = []
        self._imports = ImportWatch(LIBRARIES, self._tap)
        self._threads = ThreadHandOver()
        self._holders = 0

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that are tapped now."""
        return tuple(tap.name for tap in self._taps)

    def hold(self) -> None:
        """Watch the wire from now on, until as many `release` as `hold` were called."""
        self._holders += 1
        if self._holders == 1:
            self._imports.install()
            self._threads.install()
        if Budget.in_use:
            for tap in self._taps:
                tap.guard()

    def release(self) -> None:
        """Give up one `hold`; after the last one the process is as it was found."""
        self._holders -= 1
        if self._holders == 0:
            self._imports.remove()
            self._threads.remove()
            for tap in reversed(self._taps):
                tap.remove()
            self._taps.clear()
            forget()

    def _tap(self, library: ModuleType) -> None:
        if self._holders and library.__name__ not in self.libraries:
            tap = Tap(library, self.traffic)
            tap.install()
            self._taps.append(tap)
