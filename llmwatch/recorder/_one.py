"""The one session of a process, and what a fork makes of it."""

from __future__ import annotations

import os
import threading
from typing import Any

from ._session import Session

__all__ = ["session"]

_session: Session | None = None
_session_lock = threading.Lock()
_held: list[Any] = []  # the switch, while a fork is under way


def session() -> Session:
    """The one session of this process, made when it is first asked for."""
    global _session
    if _session is None:
        with _session_lock:
            if _session is None:
                _session = Session()
    return _session


def _before_fork() -> None:
    """No child may begin with the switch half turned: the wire would look tapped and not be."""
    if _session is not None:
        _session._switch.acquire()
        _held.append(_session._switch)


def _after_fork() -> None:
    if _held:
        _held.pop().release()


def _after_fork_in_child() -> None:
    global _session_lock
    _session_lock = threading.Lock()  # a thread that is not here may have held it
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork_in_child,
    )
