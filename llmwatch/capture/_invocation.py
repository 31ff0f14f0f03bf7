"""A call while it is open: references and time stamps, written by the thread that makes it."""

from __future__ import annotations

import sys
import threading
from collections import deque
from sys import modules
from time import perf_counter_ns, time_ns
from types import FrameType
from typing import Any

from ..context import Scope
from ..otel import TRACE, Around, around
from ._callers import coroutine_of, was_cancelled
from ._endpoints import Endpoint
from ._sent import READ, Headers, Sent, parts_of

__all__ = ["Invocation"]


_NONE: deque[tuple[int, bytes]] = deque()  # of an answer that is no stream; stays empty


class Invocation:
    """One logical call from its first `send` on; retries of the SDK go on in the same object.

    It never holds the response, its stream or an exception: a connection that the user drops
    must be free to close. Once it is over it holds of the request what is read of it: what lives
    on until the worker comes is memory that the next call cannot use again.
    """

    __slots__ = (
        "__weakref__",
        "around",
        "attempts",
        "body",
        "caller",
        "chunks",
        "ended_ns",
        "endpoint",
        "failed_ns",
        "failure",
        "failure_message",
        "headers",
        "headers_ns",
        "http_status",
        "ids",
        "library",
        "outcome",
        "path",
        "read_ns",
        "reader",
        "request",
        "retry_statuses",
        "retry_wait_ns",
        "scope",
        "sent",
        "sent_ns",
        "started_ns",
        "started_wall_ns",
        "streaming",
        "task",
        "thread",
        "url",
    )  # fmt: skip

    ids: dict[str, Any]
    """Not there before the worker has made them."""

    def __init__(
        self, endpoint: Endpoint, url: Any, path: bytes, request: Any, library: str,
        scope: Scope | None,
    ) -> None:  # fmt: skip
        self.started_ns = self.sent_ns = perf_counter_ns()
        self.started_wall_ns = time_ns()
        self.endpoint = endpoint
        self.url = url
        self.path = path
        self.request = request
        self.library = library
        self.scope = scope
        self.around: Around | None = around() if TRACE in modules else None
        self.attempts = 1
        self.retry_wait_ns = 0
        self.retry_statuses: tuple[int | None, ...] = ()
        self.outcome: str | None = None
        self.ended_ns = 0
        self.caller: FrameType | None = None
        self.task: Any = None
        self.thread = 0
        self.reader: Any = None
        self.sent: tuple[bytes | None, Headers, Any] | None = None
        self._forget_answer()

    def _forget_answer(self) -> None:
        self.failed_ns = self.headers_ns = self.read_ns = 0
        self.http_status: int | None = None
        self.headers: list[tuple[bytes, bytes]] | None = None
        self.streaming = False
        self.body: bytes | None = None
        self.chunks = _NONE
        self.failure: str | None = None
        self.failure_message: str | None = None

    def answered(self, response: Any, status: int, is_whole: bool) -> None:
        """The status line and the headers are here, and the body where it `is_whole`."""
        self.headers_ns = perf_counter_ns()
        self.http_status = status
        self.headers = [pair for pair in response.headers.raw if READ[pair[0]]]
        if is_whole:
            self.body = response.content
        else:
            self.streaming, self.chunks = True, deque()

    def broke(self, problem: BaseException) -> None:
        """The transport raised `problem`: its class and its words are kept, it is not."""
        self.failed_ns = perf_counter_ns()
        self.failure = type(problem).__name__
        self.failure_message = str(problem)[:2000]

    def conclude(self, outcome: str) -> None:
        """It is over: `exhausted`, `closed`, `dropped`, `failed` or `cancelled`."""
        if outcome == "exhausted" and not self.streaming:
            self.ended_ns = self.headers_ns
        elif outcome in ("closed", "dropped"):
            last = self.chunks[-1][0] if self.chunks else self.read_ns
            self.ended_ns = last or self.headers_ns or perf_counter_ns()
        else:
            self.ended_ns = self.failed_ns or perf_counter_ns()
        self.outcome = outcome
        self.sent = parts_of(self.request)
        self.request = None

    def again(self, request: Any) -> None:
        """The SDK sends the same call once more."""
        now = perf_counter_ns()
        self.retry_wait_ns += now - self.sent_ns
        self.retry_statuses += (self.http_status,)
        self.sent_ns = now
        self.attempts += 1
        self.request = request
        self.caller = self.task = None
        self.reader = None
        self._forget_answer()

    @property
    def host(self) -> str:
        """Where it went, with the port if one was named: what serves models at home is known by it."""
        host: str = self.url.host
        port = self.url.port
        if port is None:
            return host
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def what_was_sent(self) -> Sent:
        """What is read of the request, whether the call is over or not."""
        return Sent(*(self.sent or parts_of(self.request)))

    def age_s(self) -> float:
        """Seconds since the first send."""
        return (perf_counter_ns() - self.started_ns) / 1e9

    def may_be_retried(self, caller: FrameType, task: Any) -> None:
        """Remember who would retry it: the SDK's outermost frame on this thread or task."""
        self.caller = caller
        self.thread = threading.get_ident()
        self.task = task  # held until it is decided: a dead one could not say it was cancelled

    def was_stopped(self) -> bool:
        """Whether the person stopped the task or the cell that it was made in."""
        if self.task is not None and was_cancelled(self.task):
            return True
        return self.scope is not None and self.scope.interrupted

    def is_still_retrying(self) -> bool:
        """Whether that frame is still at work, asked from any thread.

        Two looks, since the task may move between its loop's stack and its coroutine chain
        while we look.
        """
        return any(self._caller_lives() for _ in range(2))

    def _caller_lives(self) -> bool:
        if self.caller is None:
            return False
        task = self.task
        if task is not None and _awaits(task, self.caller):
            return True
        return _runs(sys._current_frames().get(self.thread), self.caller)


def _runs(frame: FrameType | None, wanted: FrameType) -> bool:
    while frame is not None:
        if frame is wanted:
            return True
        frame = frame.f_back
    return False


def _awaits(task: Any, wanted: FrameType) -> bool:
    inner = coroutine_of(task)
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if (frame or getattr(inner, "ag_frame", None)) is wanted:
            return True
        inner = (
            getattr(inner, "cr_await", None)
            or getattr(inner, "gi_yieldfrom", None)
            or getattr(inner, "ag_await", None)
        )
    return False
