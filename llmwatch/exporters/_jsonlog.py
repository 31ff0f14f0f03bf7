"""A log of calls: one JSON object a line, in a file or through a logger of the application."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from .. import faults
from ..flights import Begun, Refused
from ..records import Call, Span
from ._events import Event, ToFile, ToLogger

__all__ = ["JsonLog"]

_SHORT = 200  # characters of a message that are logged
_REMEMBERED = 100_000  # calls in flight; more are ones whose end was never told

_MARKS = ("tag", "user", "feature", "labels", "notebook", "cell_id", "execution_count")
_ASKED = ("operation", "provider", "model")
_ANSWERED = (
    "status", *_ASKED, "response_model", "latency_s", "ttft_s", "input_tokens", "output_tokens",
    "cached_input_tokens", "reasoning_tokens", "usage_source", "cost_usd", "cost_source",
    "finish_reason", "tool_calls", "attempts", "retry_wait_s", "http_status", "response_id",
    "provider_request_id", *_MARKS,
)  # fmt: skip
_FAILED = (
    *_ASKED, "error_type", "error_code", "error_message", "http_status", "latency_s", "attempts",
    "retry_wait_s", "provider_request_id", *_MARKS,
)  # fmt: skip
_TRACED = ("status", "duration_s", "calls", "error_type", "error_message", *_MARKS)


class JsonLog:
    """Writes what happens to calls until it is closed; also `with`. Made by `llmwatch.log_to`.

    Parameters
    ----------
    sink : ToFile or ToLogger
        Where to.
    at_end : callable
        What to do first when it is closed: see that no call is on its way, and let nobody tell
        it of further ones.

    Attributes
    ----------
    level : int
        From which level on, as in `logging`.
    content : callable
        Gives how much of the text of requests may be written: "none", "preview" or "full".
    is_asked : bool
        Whether a person said so for this log. If not, what an error says is written at DEBUG
        alone, as the text of requests is: a provider quotes in it what it was sent.
    """

    def __init__(self, sink: ToFile | ToLogger, at_end: Callable[[JsonLog], None]) -> None:
        self.sink, self._at_end = sink, at_end
        self.level = logging.INFO
        self.content: Callable[[], str] = lambda: "none"
        self.is_asked = False
        self._events: list[Event] = []
        self._begun: dict[str, None] = {}
        self._lock = threading.RLock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def close(self) -> None:
        """Write what has happened so far, and nothing more; twice is once."""
        self._at_end(self)
        with self._lock:
            if not self._closed:
                self._flush()
                self._closed = True
                self.sink.close()

    def drop(self) -> None:
        """In a forked child: the calls told here are the parent's to log."""
        self._lock = threading.RLock()
        self._events, self._closed = [], True
        self.sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return f"<llmwatch log to {self.sink}: closed>"
        silence = self.sink.silence(self.level)
        but = f"; the logger {silence}" if silence else ""
        name = logging.getLevelName(self.level)
        return f"<llmwatch log to {self.sink}: {name}, until .close(){but}>"

    # -- what is told, on the worker --------------------------------------------------------------

    def begun(self, call: Begun) -> None:
        """A call has begun."""
        self._begun[call.call_id] = None
        if len(self._begun) > _REMEMBERED:
            del self._begun[next(iter(self._begun))]
        ids = _ids(call)
        asked = {
            "operation": call.operation, "provider": call.provider, "model": call.model,
            "stream": call.stream, "message_count": call.messages, **_some(call.marks, _MARKS),
        }  # fmt: skip
        self._add(call.started_at, logging.INFO, "llm_request_start", ids | asked)
        if self.level <= logging.DEBUG:
            said = {"model": call.model, **self._messages(call)}
            self._add(call.started_at, logging.DEBUG, "llm_request", ids | said)

    def _messages(self, call: Begun) -> dict[str, Any]:
        content = self.content()
        if content == "none":
            return {"message_count": call.messages}
        if call.messages is None:  # a form, or too large to be looked into
            return {"message_count": None, "messages": None}
        texts = call.texts(None if content == "full" else _SHORT)
        messages = [{"role": role, "content": text} for role, text in texts]
        return {"message_count": call.messages, "messages": messages}

    def refused(self, attempt: Refused) -> None:
        """An attempt was one too many."""
        said = {
            "provider": attempt.provider, "model": attempt.model, "http_status": 429,
            "attempt": attempt.attempt,
        }  # fmt: skip
        self._add(attempt.at, logging.WARNING, "llm_rate_limit", _ids(attempt) | said)

    def looked(self) -> None:
        """That was all for now."""
        with self._lock:
            if not self._closed:
                self._flush()

    def over(self, calls: Sequence[Call], first: int) -> None:
        """Calls are over."""
        for call in calls:
            if self._begun.pop(call.call_id, call) is call:
                self._begin_late(call)
            at = call.started_at + round((call.latency_s or 0.0) * 1e9)
            if call.status == "error":
                said = self._told(call, _FAILED)
                self._add(at, logging.ERROR, "llm_error", _ids(call) | said)
            else:
                said = _some(call, _ANSWERED)
                self._add(at, logging.INFO, "llm_response", _ids(call) | said)
        self.looked()

    def _begin_late(self, call: Call) -> None:
        """The start of one that was recorded by hand, so not seen before its end."""
        asked = _some(call, (*_ASKED, "stream")) | {"message_count": None} | _some(call, _MARKS)
        self._add(call.started_at, logging.INFO, "llm_request_start", _ids(call) | asked)
        if self.level <= logging.DEBUG:
            said: dict[str, Any] = {"model": call.model, "message_count": None}
            if call.request_preview is not None and self.content() != "none":
                text = call.request_preview
                if self.content() != "full" and len(text) > _SHORT:
                    text = f"{text[:_SHORT]}…"
                said["messages"] = [{"role": None, "content": text}]
            self._add(call.started_at, logging.DEBUG, "llm_request", _ids(call) | said)

    def ended(self, spans: Sequence[Span]) -> None:
        """Spans are over; with the outermost one its trace is complete."""
        for span in spans:
            if span.is_root:
                at = span.started_at + round((span.duration_s or 0.0) * 1e9)
                ids = {"request_id": None, "trace_id": span.trace_id, "span_id": span.span_id}
                said = {"span_name": span.name, **self._told(span, _TRACED)}
                self._add(at, logging.INFO, "trace_complete", ids | said)
        self.looked()

    def _told(self, record: Call | Span, names: tuple[str, ...]) -> dict[str, Any]:
        """What is said of it; what its error says only where text is written, as it may quote."""
        said = _some(record, names)
        if not self._may_quote():
            said["error_message"] = None
        return said

    def _may_quote(self) -> bool:
        if self.content() == "none":
            return False
        # A logger that holds DEBUG back shows no request, whatever level was asked for here.
        return self.is_asked or (
            self.level <= logging.DEBUG and not self.sink.silence(logging.DEBUG)
        )

    # -- writing ----------------------------------------------------------------------------------

    def _add(self, at: int, level: int, name: str, fields: dict[str, Any]) -> None:
        if level >= self.level:
            with self._lock:
                self._events.append(Event(at, level, name, fields))

    def _flush(self) -> None:
        events, self._events = sorted(self._events, key=lambda event: event.at), []
        if not events:
            return
        try:
            self.sink.write(events)
        except Exception as problem:  # a handler of the application fails
            faults.note("log", problem)


def _ids(thing: Call | Begun | Refused) -> dict[str, Any]:
    return {"request_id": thing.call_id, "trace_id": thing.trace_id, "span_id": thing.span_id}


def _some(thing: Any, names: Iterable[str]) -> dict[str, Any]:
    """Those fields of a record or mapping; labels as the object that they are."""
    found = thing if isinstance(thing, Mapping) else {n: getattr(thing, n) for n in names}
    kept = {name: found.get(name) for name in names}
    labels = kept.get("labels")
    if isinstance(labels, str):
        kept["labels"] = json.loads(labels)
    return kept
