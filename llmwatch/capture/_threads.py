"""Hand our one context variable on to threads, as OpenTelemetry's threading instrumentation does.

A thread that is started inside a scope belongs to it. A worker of a pool does not: what it runs
next may come from anywhere, so there each submitted piece of work carries its own scope.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..context import Scope, bind, here, inherit

__all__ = ["ThreadHandOver"]

_submitting = threading.local()


class ThreadHandOver:
    """Patches `Thread.start` and `ThreadPoolExecutor.submit`; `remove` gives them back."""

    def __init__(self) -> None:
        self._patched: list[tuple[type, str, Any, Any]] = []

    def install(self) -> None:
        for owner, name, wrap in (
            (threading.Thread, "start", _start),
            (ThreadPoolExecutor, "submit", _submit),
        ):
            original = owner.__dict__[name]
            ours = wrap(original)
            setattr(owner, name, ours)
            self._patched.append((owner, name, original, ours))

    def remove(self) -> None:
        for owner, name, original, ours in self._patched:
            if owner.__dict__.get(name) is ours:
                setattr(owner, name, original)
        self._patched.clear()


def _start(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def start(self: threading.Thread, *args: Any, **kwargs: Any) -> None:
        scope = here()
        if scope is not None and not _belongs_to_a_pool(self):
            inherit(self, scope)
        original(self, *args, **kwargs)

    return start


def _belongs_to_a_pool(thread: threading.Thread) -> bool:
    # multiprocessing.pool's workers are DummyProcess objects: they outlive any scope.
    return getattr(_submitting, "now", False) or type(thread).__name__ == "DummyProcess"


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, *args: Any, **kwargs: Any) -> Any:
        scope = here()
        _submitting.now = True
        try:
            if scope is None or not args or _is_of_interpreters(self):
                return original(self, *args, **kwargs)
            return original(self, _run_in, scope, *args, **kwargs)
        finally:
            _submitting.now = False

    return submit


def _is_of_interpreters(pool: ThreadPoolExecutor) -> bool:
    """Whether it hands its work to interpreters of their own (Python 3.14): no scope gets there."""
    return any(kind.__name__ == "InterpreterPoolExecutor" for kind in type(pool).__mro__)


def _run_in(scope: Scope, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    before = bind(scope)
    try:
        return work(*args, **kwargs)
    finally:
        bind(before)
