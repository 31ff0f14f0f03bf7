"""An end to talk over a socket that trickles: a timeout of each read would never come."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["TIMEOUT_S", "deadline"]

TIMEOUT_S = 3.0
"""The longest that one try of a delivery lasts, in seconds."""


@contextmanager
def deadline(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Hang up on what `connection` gives once `seconds` are over.

    Raises
    ------
    TimeoutError
        At the end, when it has: what was read up to then is not the whole.
    """
    is_over = threading.Event()

    def hang_up() -> None:
        is_over.set()
        end = connection()
        if end is not None:
            with suppress(OSError):  # closed meanwhile
                end.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if is_over.is_set():
            raise TimeoutError
