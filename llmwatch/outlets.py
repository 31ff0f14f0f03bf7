"""Streams out of the session, until they are closed: a log of JSON lines, OpenTelemetry."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import faults
from .exceptions import ExportError, UsageError
from .exporters import JsonLog, LineFile, OtlpStream, ToFile, ToLogger, Wire, place_of
from .recorder import session
from .worker import at_exit

__all__ = ["log_to", "stream_otlp"]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_CONTENTS = ("none", "preview", "full")
_ANSWER_S = 5.0  # the longest that a collector is waited for

_logs: dict[Any, JsonLog] = {}
_streams: dict[str, tuple[Any, OtlpStream]] = {}
_ends: dict[JsonLog | OtlpStream, tuple[Callable[[], None], ...]] = {}
_lock = threading.RLock()


def log_to(
    path_or_logger: str | os.PathLike[str] | logging.Logger,
    level: str | int = "INFO",
    content: str | None = None,
    *,
    ascii: bool = True,
    max_bytes: int = 10_000_000,
    backups: int = 5,
) -> JsonLog:
    r"""Log calls as JSON, one object a line, until it is closed.

    Events: INFO `llm_request_start`, `llm_response` and `trace_complete`, WARNING
    `llm_rate_limit` (each attempt that is answered with 429), ERROR `llm_error`, DEBUG
    `llm_request`, which has the newest 50 messages of a request (null where it is over 1 MiB). Each
    has `timestamp` (UTC, when it happened), `level`, `event`, `request_id` (the `call_id`) and
    `trace_id`; what is unknown is null. A call that is in flight has its start in the log within
    0.1 s, as one that is over has its end; the first call of a process may take about a second.

    `trace_complete` comes with the end of an outermost `llmwatch.span`, so twice for two of them in
    one span of OpenTelemetry, and before the calls of a thread that goes on behind it.

    Without DEBUG there is no text of a request: of an error stand `error_type`, `error_code` and
    `http_status`, while `error_message` is null, since providers quote in it what they were sent.
    ``level="DEBUG"`` has it, where the logger lets DEBUG through, and so has any level with
    `content` given.

    Parameters
    ----------
    path_or_logger : str, path-like or logging.Logger
        A file to add to, which only you can read; or a logger of your application, which gets the
        line as message and its fields as those of the record, as far as its own level lets them
        through (where it does not, the handle and `llmwatch.diagnostics` say so). No other logging
        is touched. The same file or logger again gives the same handle, with the new options.
    level : str or int
        The lowest level that is written.
    content : {"none", "preview", "full"}, optional
        Text of requests at DEBUG: none, each message cut at 200 characters, or whole; as in
        `llmwatch.configure` by default, and where that says "none", there is none. Given here,
        "preview" and "full" write `error_message` at every level; "none" at none. Credentials are
        removed always.
    ascii : bool
        Whether characters beyond ASCII are written as ``\uXXXX``.
    max_bytes : int
        Before it grows larger, the file is put aside as ``NAME.1``; 0 for never.
    backups : int
        How many files put aside are kept.

    Returns
    -------
    JsonLog
        With `.close()`; usable in ``with``.

    Raises
    ------
    UsageError
        For what can be no log, level or size.
    ExportError
        When the file cannot be opened. What cannot be written later is told by
        `llmwatch.diagnostics`.

    Examples
    --------
    >>> with log_to("llm.jsonl", level="DEBUG"):
    ...     client.chat.completions.create(model="gpt-5-mini", messages=[...])
    """
    threshold = _level(level)
    if content is not None and content not in _CONTENTS:
        choice = ", ".join(f'"{word}"' for word in _CONTENTS)
        raise UsageError(f"content={content!r} is not one of {choice}.")
    for name, size in (("max_bytes", max_bytes), ("backups", backups)):
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise UsageError(f"{name}={size!r} is no whole number of 0 or more.")
    with _lock:
        log = _log(path_or_logger, max_bytes, backups)
        log.level, log.content, log.sink.ascii = threshold, _content(content), ascii
        log.is_asked = content is not None
        _listen(log)
        if silence := log.sink.silence(threshold):
            faults.note("log", f"{log.sink} {silence}")
        return log


def stream_otlp(
    endpoint: str, headers: Mapping[str, str] | None = None, *, content: bool = False
) -> OtlpStream:
    """Send calls and spans to an OpenTelemetry collector from now on, until it is closed.

    Over OTLP/HTTP, on a thread of its own: spans in the words of the GenAI conventions within
    a second or two of their end, GenAI client metrics every 10 s. While the collector is away, up
    to 20,000 spans wait for it, and the metrics are whole once it is back. ``OTEL_SERVICE_NAME``,
    ``OTEL_RESOURCE_ATTRIBUTES`` and ``OTEL_EXPORTER_OTLP_HEADERS`` hold; an OpenTelemetry of
    your application is not touched. What is said of a call later on (a price, a rating) is not sent.

    Parameters
    ----------
    endpoint : str
        The collector's address, such as ``"http://localhost:4318"``. The same again gives the
        stream that runs; with other options, one with these in its place.
    headers : mapping, optional
        Sent along, such as a key.
    content : bool
        Whether what was asked and answered goes with it, as far as it is kept, and what an error
        says, since that may quote it.

    Returns
    -------
    OtlpStream
        With `.flush(timeout)` and `.close()`, which sends what is left for 2 s at most; usable in
        ``with``.

    Raises
    ------
    UsageError
        When the address or the headers can be none.
    ExportError
        When OpenTelemetry's exporter is not installed. What cannot be sent later is told by
        `llmwatch.diagnostics`.

    See Also
    --------
    Session.to_otlp : Sends what was recorded so far, once.
    """
    wire, options = Wire(endpoint, headers, _ANSWER_S), (dict(headers or {}), content)
    with _lock:
        before, running = _streams.get(wire.address, (None, None))
        if running is not None and not running.closed:
            if before == options:
                wire.close()
                return running
            running.close()
        owner = session()
        stream = OtlpStream(
            wire, owner.session_id, content=content, settle=owner._settle, at_end=_fall_silent
        )
        _streams[wire.address] = options, stream
        owner._settle()  # what is over by now came before it
        _ends[stream] = (owner.store.subscribe(stream.over), owner.subscribe_spans(stream.ended))
        return stream


def _log(target: Any, max_bytes: int, backups: int) -> JsonLog:
    """The log that runs to there, or a new one."""
    key: Any = target
    if not isinstance(target, logging.Logger):
        key = _place(place_of(target, "llm.jsonl"))
    log = _logs.get(key)
    if log is None or log.closed:
        sink = ToLogger(key) if key is target else ToFile(LineFile(key, max_bytes, backups))
        log = _logs[key] = JsonLog(sink, _fall_silent)
    if isinstance(log.sink, ToFile):
        log.sink.file.max_bytes, log.sink.file.backups = max_bytes, backups
    return log


def _place(path: Path) -> Path:
    """Where it lies now, however it was typed: the person may go elsewhere."""
    try:
        return Path(os.path.realpath(path.absolute()))
    except OSError as problem:  # the folder one is in was deleted
        raise ExportError(f"could not write {path}: {problem.strerror}.") from None


def _listen(log: JsonLog) -> None:
    if log not in _ends:
        owner = session()
        owner._settle()  # what is over by now came before it
        _ends[log] = (
            owner.subscribe_flights(log),
            owner.store.subscribe(log.over),
            owner.subscribe_spans(log.ended),
        )


def _fall_silent(outlet: JsonLog | OtlpStream) -> None:
    session()._settle()  # what has happened still goes out
    for end in _ends.pop(outlet, ()):
        end()


def _content(asked: str | None) -> Callable[[], str]:
    """How much text may be written: never any where the session keeps none."""

    def content() -> str:
        kept = session().settings.content
        return kept if asked is None or kept == "none" else asked

    return content


def _level(level: Any) -> int:
    if isinstance(level, str) and level.upper() in _LEVELS:
        return int(logging.getLevelName(level.upper()))
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    choice = ", ".join(f'"{word}"' for word in _LEVELS)
    raise UsageError(f"level={level!r} is not one of {choice}.")


def _last_words() -> None:
    """When the process ends: a log is whole by then, a stream has something to send."""
    for _, stream in list(_streams.values()):
        stream.close()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # a thread that is not here may have held it
    for outlet, ends in list(_ends.items()):  # the calls of a child are its own to tell
        for end in ends:
            end()
        outlet.drop()
    for known in (_ends, _logs, _streams):
        known.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
at_exit(_last_words)
