"""What went wrong inside us: swallowed, counted, and shown once in diagnostics.

`LLMWATCH_FAULT=step` makes the named internal step raise each time it is reached, so that a
test (or a doubtful person) can see that the user's call does not notice. The steps are the
names given to `guard` and `check`; `LLMWATCH_FAULT=all` breaks every one of them.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass

__all__ = ["Fault", "broken", "check", "clear", "note", "table"]

_MAX_KINDS = 200  # bounded: a fault that differs each time must not fill the memory


@dataclass(slots=True)
class Fault:
    """One kind of trouble: where, what, how often, since when and until when (epoch seconds)."""

    step: str
    message: str
    count: int
    first: float
    last: float


_faults: dict[tuple[str, str], Fault] = {}
_lock = threading.RLock()
broken = os.environ.get("LLMWATCH_FAULT", "")
"""The step that is to fail; asked on the user's thread before the call of `check`."""
ASKED_FOR = f"RuntimeError: LLMWATCH_FAULT={broken}"
"""The message of a step that fails because it is to."""


def check(step: str) -> None:
    """Raise if the person asked for this step to fail (`LLMWATCH_FAULT`)."""
    if broken and broken in (step, "all"):
        raise RuntimeError(f"LLMWATCH_FAULT={broken}")


def note(step: str, problem: BaseException | str) -> None:
    """Count one suppressed problem of `step`. Never raises."""
    try:
        if isinstance(problem, BaseException):
            message = f"{type(problem).__name__}: {problem}"
        else:
            message = problem
        message = " ".join(message.split())[:200]
        now = time.time()
        with _lock:
            key = (step, message)
            if key not in _faults and len(_faults) >= _MAX_KINDS:
                key, message = (step, "other problems"), "other problems"
            fault = _faults.setdefault(key, Fault(step, message, 0, now, now))
            fault.count += 1
            fault.last = now
    except Exception:  # a broken __str__ of a foreign exception must not reach the call
        return


def table() -> list[Fault]:
    """All kinds of trouble so far, the latest first."""
    with _lock:
        return sorted(_faults.values(), key=lambda fault: -fault.last)


def clear() -> None:
    """Forget them."""
    with _lock:
        _faults.clear()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # the parent's may have been held by a thread that is not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
