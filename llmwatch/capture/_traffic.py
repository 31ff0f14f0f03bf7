"""The calls on the wire of this process: which are open, which failed, and when each is over."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

from ..context import Scope
from ._invocation import Invocation

__all__ = ["Dropped", "Gate", "Inbox", "Key", "Sink", "Traffic"]

Gate = Callable[[Scope], None]
Sink = Callable[["Invocation | None"], None]
Inbox = Callable[[], Callable[[Any], None]]
Key = tuple[int, int]
"""A thread, and the task on it: where a retry of the SDK would come from."""


class Dropped(weakref.ref[Any]):
    """Becomes due when the stream of a call is dropped unread.

    No `__del__`, nor any other Python code: a Ctrl-C that falls into a finaliser is swallowed by
    Python, and the person's Ctrl-C is not ours to lose. The callback is a queue's own `put`.
    """

    __slots__ = ("invocation",)
    invocation: Invocation


class Traffic:
    """The calls on the wire of this process, whichever library makes them.

    Parameters
    ----------
    gate : callable
        Called with the scope of a call about to be built or sent; raises to refuse it.
    sink : callable
        Called once with each call that is over; with None when one failed and may be sent again,
        so that somebody asks `conclude` until it is decided, and when one began that is to be told.
    inbox : callable
        Gives what takes a `Dropped`, for `dropped` to be asked about: written in C.
    """

    def __init__(self, gate: Gate, sink: Sink, inbox: Inbox) -> None:
        self.gate = gate
        self.sink = sink
        self.inbox = inbox
        self.everything = False
        """Whether calls outside any recording scope are watched too."""
        self.tells_of_start = True
        """Whether the sink is told (None) when the next call begins: it sleeps, and has to look."""
        self.open: dict[int, Invocation] = {}
        self.failed: dict[Key, Invocation] = {}
        self.streams: dict[int, Dropped] = {}
        self.unknown: dict[str, int] = {}
        _traffics.add(self)

    def tell_of_start(self) -> None:
        """The sink is told (None) that a call began: once, until it asks for it again."""
        self.tells_of_start = False
        self.sink(None)

    def end(self, invocation: Invocation, outcome: str) -> None:
        """The call is over: the first to say so wins, whatever thread it is on."""
        if invocation.caller is not None and outcome != "cancelled":
            return  # the SDK may send it again: `conclude` decides
        key = id(invocation)
        if self.open.pop(key, None) is not None:
            if self.streams:
                self.streams.pop(key, None)
            invocation.conclude(outcome)
            self.sink(invocation)

    def claim(self, invocation: Invocation) -> bool:
        """Take a call out of those in flight; True for one asker only."""
        self.streams.pop(id(invocation), None)
        return self.open.pop(id(invocation), None) is not None

    def await_stream(self, tap: Any, invocation: Invocation) -> None:
        """End the call when `tap`, which brings its body, is dropped without being closed."""
        due = Dropped(tap, self.inbox())
        due.invocation = invocation
        self.streams[id(invocation)] = due

    def retry(self, invocation: Invocation, request: Any) -> None:
        """The SDK sends it again; what brought the body of the failed attempt counts no more."""
        self.streams.pop(id(invocation), None)
        invocation.again(request)

    def dropped(self, due: Dropped) -> Invocation | None:
        """The call that a dropped stream ends, concluded; None where it has ended otherwise."""
        invocation = due.invocation
        if self.streams.get(id(invocation)) is not due:
            return None  # of an attempt that failed: the call goes on in the next one
        if invocation.caller is not None or not self.claim(invocation):
            return None
        invocation.conclude("dropped")
        return invocation

    def conclude(self) -> bool:
        """End the failed calls that nobody is retrying any more; True while some are left."""
        for key in list(self.failed):  # keys alone: pairs would be made while others write
            invocation = self.failed.get(key)
            if invocation is None or invocation.is_still_retrying():
                continue
            if self.failed.get(key) is invocation:
                self.failed.pop(key, None)
                self.give_up(invocation)
        return bool(self.failed)

    def wait_for(self, key: Key, invocation: Invocation) -> None:
        """It failed and may be sent again; another that waits in its place is over."""
        before = self.failed.get(key)
        self.failed[key] = invocation
        if before is not None and before is not invocation:
            self.give_up(before)
        self.sink(None)  # wakes the worker, which asks until it is decided

    def abandon(self, request: Any) -> None:
        """An interrupt fell between two lines of ours, before the call was sent."""
        for invocation in list(self.open.values()):
            if invocation.request is request:
                invocation.caller = None
                self.end(invocation, "cancelled")

    def give_up(self, invocation: Invocation) -> None:
        stopped = invocation.was_stopped()
        invocation.caller = invocation.task = None
        if stopped:
            self.end(invocation, "cancelled")
        else:
            self.end(invocation, "failed" if invocation.failure else "closed")

    def forget_everything(self) -> None:
        """After a fork: what was in flight belongs to the parent."""
        self.open.clear()
        self.failed.clear()
        self.streams.clear()


_traffics: weakref.WeakSet[Traffic] = weakref.WeakSet()


def _after_fork() -> None:
    for traffic in list(_traffics):
        traffic.forget_everything()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
