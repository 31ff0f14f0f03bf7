"""Ports of this machine: one that refuses everybody, and one to listen on later."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

# Below those that a system gives to whoever asks for any one: none of them is given away between
# the moment when it is found and the one when it is listened on.
_OURS = range(20_000, 32_000)
_dice = Random()


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port that nobody listens on, nor can: it is held, so that connecting is refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def free_port() -> int:
    """A loopback port that nobody listens on."""
    while True:
        with socket.socket() as probe:
            port = _dice.choice(_OURS)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
