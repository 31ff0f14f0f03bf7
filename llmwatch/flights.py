"""Calls that have begun, told as the worker sees them: before their answers are here.

Nothing of this happens on the person's thread, and nothing at all as long as nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from . import faults
from .assemble import identify, request_of, where
from .capture import Asked, Invocation, Message, provider_of, read_messages
from .context import resolve
from .redaction import Redactor, secrets_of

__all__ = ["Begun", "Flights", "Listener", "Refused"]

_MOST = 50  # messages that are told of one request
_MODEL = 200  # characters
_TOO_MANY = 429
_NO_CALL = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A call that has begun: what is known before its answer, `None` where unknown.

    Attributes
    ----------
    call_id, trace_id, span_id, parent_span_id : str
        Those that the call will have in `.calls`.
    started_at : int
        Nanoseconds since the epoch, UTC.
    messages : int or None
        How many messages were sent.
    marks : dict
        The columns that say where in the person's work it was made.
    texts : callable
        Gives the newest messages, cleaned, each cut to so many characters. To be asked at once
        or never.
    """

    call_id: str
    trace_id: str | None
    span_id: str | None
    parent_span_id: str | None
    started_at: int
    operation: str
    provider: str | None
    model: str | None
    stream: bool
    messages: int | None
    marks: dict[str, Any]
    texts: Callable[[int | None], list[Message]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An attempt of a call that was answered with 429.

    `at` is when the answer came; of an attempt that was looked at too late, when the next one
    was sent.
    """

    call_id: str
    trace_id: str | None
    span_id: str | None
    attempt: int
    """Counted from 1."""
    at: int
    """Nanoseconds since the epoch, UTC."""
    provider: str | None
    model: str | None


class Listener(Protocol):
    """Who wants to be told, on the worker."""

    def begun(self, call: Begun) -> None:
        """A call has begun. Once for each, at the latest right before it is in the store."""

    def refused(self, attempt: Refused) -> None:
        """An attempt was one too many; at the latest right before the call is in the store."""

    def looked(self) -> None:
        """That was all for now."""


class Flights:
    """Tells listeners what it sees of calls in flight; for the worker alone.

    Parameters
    ----------
    redactor : callable
        Gives the redactor in force.
    """

    def __init__(self, redactor: Callable[[], Redactor]) -> None:
        self._redactor = redactor
        self.listeners: tuple[Listener, ...] = ()
        # Of each call that was told: its model, and how many of its attempts were looked at.
        self._told: WeakKeyDictionary[Invocation, tuple[str | None, int]] = WeakKeyDictionary()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener`; returns what ends that."""
        self.listeners = (*self.listeners, listener)

        def unsubscribe() -> None:
            self.listeners = tuple(each for each in self.listeners if each is not listener)

        return unsubscribe

    def look(self, flying: Iterable[Invocation]) -> None:
        """Tell what is new in the calls in flight."""
        if not self.listeners:
            return
        for invocation in flying:
            self.over(invocation)
        for listener in self.listeners:
            self._tell(listener.looked)

    def over(self, invocation: Invocation) -> None:
        """Tell what was not told yet of a call that is over, or in flight."""
        if not self.listeners:
            return
        try:
            self._news(invocation)
        except Exception as problem:
            faults.note("flights", problem)

    def _news(self, invocation: Invocation) -> None:
        statuses = _statuses(invocation)
        if invocation not in self._told:
            self._told[invocation] = self._begin(invocation)
        model, told = self._told[invocation]
        for refusal in _refusals(invocation, statuses, told, model):
            for listener in self.listeners:
                self._tell(listener.refused, refusal)
        self._told[invocation] = model, max(told, len(statuses))

    def _begin(self, invocation: Invocation) -> tuple[str | None, int]:
        asked = request_of(invocation, "none")
        if not asked.is_call:
            return None, _NO_CALL
        call = _begun(invocation, asked, self._redactor())
        for listener in self.listeners:
            self._tell(listener.begun, call)
        return call.model, 0

    def _tell(self, tell: Callable[..., None], *what: Any) -> None:
        try:
            tell(*what)
        except Exception as problem:  # one broken listener must not silence the others
            faults.note("subscriber", problem)


def _begun(invocation: Invocation, asked: Asked, redactor: Redactor) -> Begun:
    sent, query = invocation.what_was_sent(), invocation.path.partition(b"?")[2]
    messages, secrets = read_messages(sent.body), secrets_of(sent.headers, query)

    def texts(limit: int | None) -> list[Message]:
        newest = (messages or [])[-_MOST:]
        return [Message(role, _clean(redactor, text, secrets, limit)) for role, text in newest]

    ids: Any = identify(invocation)
    return Begun(
        **ids,
        started_at=invocation.started_wall_ns,
        operation=invocation.endpoint.operation,
        provider=_provider(invocation),
        model=redactor.clean(asked.model, secrets, _MODEL) if asked.model else None,
        stream=asked.stream,
        messages=None if messages is None else len(messages),
        marks=where(resolve(invocation.scope)),
        texts=texts,
    )


def _provider(invocation: Invocation) -> str | None:
    return provider_of(invocation.host, invocation.path.decode("latin-1"))


def _clean(redactor: Redactor, text: str, secrets: Sequence[str], limit: int | None) -> str:
    kept, cut = redactor.cut(text, secrets, limit)
    return f"{kept}…" if cut else kept


def _statuses(invocation: Invocation) -> tuple[int | None, ...]:
    """What each attempt was answered with, as far as it was answered.

    The person's thread may be about to send the next one: a status that is older than the last
    send is one of those before already.
    """
    attempts, before = invocation.attempts, invocation.retry_statuses
    status, came = invocation.http_status, invocation.headers_ns
    is_new = status is not None and came >= invocation.sent_ns and len(before) == attempts - 1
    return (*before, status) if is_new else before


def _refusals(
    invocation: Invocation, statuses: Sequence[int | None], told: int, model: str | None
) -> Iterator[Refused]:
    ids: Any = identify(invocation)
    for attempt, status in enumerate(statuses[told:], told + 1):
        if status == _TOO_MANY:
            at = invocation.headers_ns if attempt == invocation.attempts else invocation.sent_ns
            yield Refused(
                call_id=ids["call_id"],
                trace_id=ids["trace_id"],
                span_id=ids["span_id"],
                attempt=attempt,
                at=invocation.started_wall_ns + max(0, at - invocation.started_ns),
                provider=_provider(invocation),
                model=model,
            )
