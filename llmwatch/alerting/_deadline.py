"""An end to talk over a socket that trickles: a timeout of each read would never come."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["TIMEOUT_S", "deadline"]

TIMEOUT_S = 3.0
"""The longest that a try over HTTP lasts, and that a mail server is waited for at each step,
in seconds, once the name server has said where they are."""

_AGAIN_S = 0.1  # a name server that was slow, or TLS, gives the socket only after the end


@contextmanager
def deadline(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Hang up on what `connection` gives once `seconds` are over.

    Raises
    ------
    TimeoutError
        At the end, when it has: what was read up to then is not the whole.
    """
    is_done, is_over = threading.Event(), threading.Event()

    def hang_up() -> None:
        wait = seconds
        while not is_done.wait(wait):
            is_over.set()
            end, wait = connection(), _AGAIN_S
            if end is not None:
                with suppress(OSError):  # closed meanwhile
                    end.shutdown(socket.SHUT_RDWR)

    with suppress(RuntimeError):  # the process ends, and no thread is to be had: each read has its
        threading.Thread(target=hang_up, name="llmwatch-deadline", daemon=True).start()  # timeout
    try:
        yield
    finally:
        is_done.set()
        if is_over.is_set():
            raise TimeoutError
