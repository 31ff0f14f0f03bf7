"""Who is calling: which frames belong to the SDK that would retry a failed request.

A failed attempt is the end of the call or the start of a retry; on the wire both look alike. The
SDK's retry loop is a frame of the SDK, so the call is over exactly when the outermost frame that
the SDK had on the stack at the failure has returned.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

__all__ = [
    "coroutine_of",
    "current_task",
    "sdk_frame",
    "was_cancelled",
    "will_hardly_be_retried",
]

_RETRY_HELPERS = frozenset({"tenacity", "backoff", "stamina"})
_PLAIN_CLIENTS = frozenset({"httpx", "httpx2"})
_INSTALLED = ("site-packages", "dist-packages")
_RETRIED = frozenset({408, 409, 425, 429})


def _root(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def sdk_frame(frame: FrameType | None) -> FrameType | None:
    """The outermost frame of the SDK that called `send` from `frame`, or None for plain httpx.

    Retry helpers inside an SDK (google-genai uses tenacity) are part of it; code of the user is
    not: a loop of theirs makes separate calls.
    """
    if frame is None or not any(word in frame.f_code.co_filename for word in _INSTALLED):
        return None
    root = _root(frame)
    if root in _PLAIN_CLIENTS:
        return None
    outermost = frame
    while frame is not None:
        name = _root(frame)
        if name == root:
            outermost = frame
        elif name not in _RETRY_HELPERS:
            break
        frame = frame.f_back
    return outermost


def will_hardly_be_retried(status: int | None, advice: str | None) -> bool:
    """Whether no SDK sends again after this answer (`advice` is the header x-should-retry)."""
    if status is None:
        return False
    if advice in ("true", "false"):
        return advice == "false"
    return status not in _RETRIED and status < 500


def current_task() -> Any:
    """The task that runs now, of asyncio or trio, importing neither for those who do without."""
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    try:
        if asyncio is not None:
            return asyncio.current_task()
    except RuntimeError:
        pass
    try:
        return trio.lowlevel.current_task() if trio is not None else None
    except (AttributeError, RuntimeError):  # half imported, or not of trio either
        return None


def coroutine_of(task: Any) -> Any:
    """The coroutine that a task of asyncio or trio runs."""
    return task.get_coro() if hasattr(task, "get_coro") else task.coro


def was_cancelled(task: Any) -> bool:
    """Whether the task ended by being cancelled; trio's do not say."""
    return hasattr(task, "cancelled") and bool(task.done() and task.cancelled())
