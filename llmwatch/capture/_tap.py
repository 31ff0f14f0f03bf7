"""The tap on the wire: `send` and `build_request` of one HTTP library's two clients.

Nothing here may reach the user's call: every step of ours catches its own failures, and what the
library returns or raises goes through as the very same object.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

from .. import faults
from ..context import Budget, here
from ..exceptions import BudgetExceeded
from ._callers import current_task, sdk_frame, will_hardly_be_retried
from ._endpoints import match
from ._invocation import Invocation
from ._outgoing import (
    count_unknown,
    endpoint_of,
    is_passed_on,
    is_retry,
    names_a_model,
    on_stack,
    retry_count,
)
from ._stream import tapped_streams
from ._traffic import Key, Traffic

__all__ = ["Tap"]


class Tap:
    """The patched methods of one library; `install` and `remove` leave it as it was found."""

    def __init__(self, library: Any, traffic: Traffic) -> None:
        self._library = library
        self.name: str = library.__name__
        self.traffic = traffic
        self.sync_stream, self.async_stream = tapped_streams(library)
        self._allowed: weakref.WeakSet[Any] = weakref.WeakSet()
        self._patched: list[tuple[type, str, Any, Any]] = []
        self._installed = False
        self._guarded = False

    def install(self) -> None:
        self._installed = True
        client, async_client = self._library.Client, self._library.AsyncClient
        self._patch(client, "send", self._sync_send(client.send))
        self._patch(async_client, "send", self._async_send(async_client.send))
        if Budget.in_use:
            self.guard()

    def guard(self) -> None:
        """Refuse calls over a budget where they are built: for whoever has one, from then on."""
        if self._guarded:
            return
        self._guarded = True
        client, async_client = self._library.Client, self._library.AsyncClient
        for owner, task in ((client, _no_task), (async_client, current_task)):
            self._patch(owner, "build_request", self._gated(owner.build_request, task))

    def _patch(self, owner: type, name: str, ours: Any) -> None:
        before = owner.__dict__.get(name)
        setattr(owner, name, ours)
        self._patched.append((owner, name, before, ours))

    def remove(self) -> None:
        """Put back what was there; under another tool's patch ours stays and does nothing."""
        self._installed = False
        for owner, name, before, ours in reversed(self._patched):
            if owner.__dict__.get(name) is not ours:
                continue
            if before is None:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self._patched.clear()

    def _sync_send(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def send(*args: Any, **kwargs: Any) -> Any:
            invocation = None
            try:
                invocation = self._begin(args, kwargs, None)
                response = original(*args, **kwargs)
                if invocation is not None:  # in here: Ctrl-C may fall before its first line
                    self._returned(invocation, response, self.sync_stream, None)
            except BaseException as problem:
                self._raised(invocation, problem, None, args, kwargs)
                raise
            return response

        return send

    def _async_send(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def send(*args: Any, **kwargs: Any) -> Any:
            task = current_task()
            invocation = None
            try:
                invocation = self._begin(args, kwargs, task)
                response = await original(*args, **kwargs)
                if invocation is not None:
                    self._returned(invocation, response, self.async_stream, task)
            except BaseException as problem:
                self._raised(invocation, problem, task, args, kwargs)
                raise
            return response

        return send

    def _gated(self, original: Callable[..., Any], task: Callable[[], Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def build_request(*args: Any, **kwargs: Any) -> Any:
            request = original(*args, **kwargs)
            scope = here()
            if scope is None or not scope.budgets or not self._installed:
                return request
            if self._is_new_call(request, task()):
                self.traffic.gate(scope)
                self._allowed.add(request)
            return request

        return build_request

    def _is_new_call(self, request: Any, task: Any) -> bool:
        """Whether a built request starts an LLM call, rather than trying one again."""
        try:
            if endpoint_of(request) is None or retry_count(request):
                return False
            if is_passed_on(self.traffic, request, sys._getframe(2), globals()):
                return False
            previous = self.traffic.failed.get(_key(task))
            return previous is None or not is_retry(previous, request, sys._getframe(2))
        except Exception as problem:
            faults.note("gate", problem)
            return False

    def _begin(self, args: Any, kwargs: Any, task: Any) -> Invocation | None:
        # One function on purpose: each one more is code that the SDK's own work has pushed out of
        # the caches by the time the next call comes.
        try:
            scope, traffic = here(), self.traffic
            wanted = traffic.everything or (scope is not None and scope.recording)
            if not (wanted and self._installed):
                return None
            if faults.broken:
                faults.check("begin")
            request = args[1] if len(args) > 1 else kwargs["request"]
            url = request.url
            path = url.raw_path
            endpoint = match(request.method, url.host, path)
            if endpoint is not None and endpoint.ambiguous and not names_a_model(request):
                endpoint = None
            if traffic.failed:
                retried = self._retried(request, task)
                if retried is not None:
                    return retried
            if endpoint is None:
                count_unknown(traffic, request)
                return None
            if traffic.open and is_passed_on(traffic, request, sys._getframe(2), globals()):
                return None
            if scope is not None and scope.budgets and request not in self._allowed:
                traffic.gate(scope)  # a client that builds its requests without `build_request`
            invocation = Invocation(endpoint, url, path, request, self.name, scope)
            traffic.open[id(invocation)] = invocation
            if traffic.tells_of_start:
                traffic.tell_of_start()
            return invocation
        except BudgetExceeded:
            raise  # the person asked for it
        except Exception as problem:
            faults.note("begin", problem)
            return None

    def _retried(self, request: Any, task: Any) -> Invocation | None:
        """The failed call that `request` sends again, if it does."""
        traffic = self.traffic
        previous = traffic.failed.pop(_key(task), None)
        if previous is None:
            return None
        frame = sys._getframe(3)  # of `send`, two functions of ours further out
        if not is_retry(previous, request, frame):
            if on_stack(previous, frame):  # the SDK fetches something on its way to the retry
                traffic.failed[_key(task)] = previous
            else:
                traffic.give_up(previous)
            return None
        traffic.retry(previous, request)
        return previous

    def _raised(
        self, invocation: Invocation | None, problem: BaseException, task: Any,
        args: Any, kwargs: Any,
    ) -> None:  # fmt: skip
        if invocation is None:
            if not isinstance(problem, Exception):
                self.traffic.abandon(_request(args, kwargs))
            return
        try:
            invocation.broke(problem)
            if not isinstance(problem, Exception):
                self.traffic.end(invocation, "cancelled")
            else:
                self._failed(invocation, "failed", task)
        except Exception as trouble:
            self._lose(invocation, trouble)

    def _returned(
        self, invocation: Invocation, response: Any, stream: type[Any], task: Any
    ) -> None:
        try:
            if faults.broken:
                faults.check("answer")
            status, is_whole = response.status_code, response.is_stream_consumed
            invocation.answered(response, status, is_whole)
            if not is_whole:
                self._tap_body(invocation, response, stream)
            if status >= 400:
                advice = response.headers.get("x-should-retry")
                if not will_hardly_be_retried(status, advice):
                    self._failed(invocation, "exhausted" if is_whole else "", task)
                    return
            if is_whole:
                self.traffic.end(invocation, "exhausted")
        except Exception as trouble:
            self._lose(invocation, trouble)
        except BaseException:  # Ctrl-C between two lines of ours: the caller never gets the answer
            self.traffic.end(invocation, "cancelled")
            raise

    def _tap_body(self, invocation: Invocation, response: Any, stream: type[Any]) -> None:
        """Tap the stream that will bring the body."""
        tap = stream(response.stream, invocation, self.traffic.end)
        self.traffic.await_stream(tap, invocation)
        response.stream = tap

    def _failed(self, invocation: Invocation, outcome: str, task: Any) -> None:
        """An attempt failed in a way that SDKs retry: wait for what the SDK does next."""
        caller = sdk_frame(sys._getframe(3))  # of `send`, two functions of ours further out
        if caller is not None:
            invocation.may_be_retried(caller, task)
            self.traffic.wait_for(_key(task), invocation)
        elif outcome:
            self.traffic.end(invocation, outcome)

    def _lose(self, invocation: Invocation, trouble: BaseException) -> None:
        """Our own failure: give up the record, never the call."""
        faults.note("answer", trouble)
        self.traffic.claim(invocation)


def _request(args: Any, kwargs: Any) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("request")


def _no_task() -> None:
    """A sync client blocks whatever task it runs in."""


def _key(task: Any) -> Key:
    return threading.get_ident(), id(task) if task is not None else 0
