"""An OTLP/HTTP endpoint, spoken to by the exporters of OpenTelemetry's own SDK, once at a time.

They would try again for seconds, and tell the screen; when to try again is decided here, and what
went wrong is told in diagnostics.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from .. import faults
from ..exceptions import ExportError, UsageError
from ._otlp_session import Trouble, session_kind

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Wire"]

_PATHS = {"spans": "/v1/traces", "metrics": "/v1/metrics"}
_EXPORTERS = "opentelemetry.exporter.otlp.proto.http"


class Wire:
    """Where spans and metrics go; for one thread at a time.

    Parameters
    ----------
    endpoint : str
        The address of a collector; ``/v1/traces`` and ``/v1/metrics`` are added to it.
    headers : mapping, optional
        Sent along, such as a key.
    timeout : float
        Seconds to wait for an answer.

    Raises
    ------
    UsageError
        When the address or the headers can be none.
    ExportError
        When the exporters are not installed.
    """

    def __init__(self, endpoint: str, headers: Mapping[str, str] | None, timeout: float) -> None:
        addresses = _addresses(endpoint)
        self.address = addresses["spans"]
        parts = urlsplit(self.address)
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        kinds = _exporters()
        self._session = session_kind()()
        options: dict[str, Any] = {
            "headers": _checked(headers), "timeout": timeout, "session": self._session,
            "compression": kinds.gzip,
        }  # fmt: skip
        self._spans = kinds.spans(addresses["spans"], **options)
        self._metrics = kinds.metrics(addresses["metrics"], **options)

    def send_spans(self, spans: Sequence[ReadableSpan]) -> Trouble | None:
        """Send spans in one request; None when they were taken."""
        return self._send(self._spans, spans, "ExportTraceServiceResponse", "trace")

    def send_metrics(self, data: MetricsData) -> Trouble | None:
        """Send metrics in one request; None when they were taken."""
        return self._send(self._metrics, data, "ExportMetricsServiceResponse", "metrics")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(self, exporter: Any, what: Any, answer: str, kind: str) -> Trouble | None:
        self._session.forget()
        try:
            with _unseen():
                done = exporter.export(what)
        except Exception as problem:
            return self._session.trouble or Trouble(f"{type(problem).__name__}: {problem}", 400)
        if done.name == "SUCCESS":
            return _partly(self._session.answer, kind, answer)
        return self._session.trouble or Trouble("too large for one request", 413)


@dataclass(frozen=True, slots=True)
class _Kinds:
    spans: Any
    metrics: Any
    gzip: Any


def _exporters() -> _Kinds:
    try:
        package = import_module(_EXPORTERS)
        spans = import_module(f"{_EXPORTERS}.trace_exporter").OTLPSpanExporter
        metrics = import_module(f"{_EXPORTERS}.metric_exporter").OTLPMetricExporter
    except ImportError:
        raise ExportError(
            'OTLP needs OpenTelemetry\'s exporter: pip install "jupyter-llmwatch[otlp]".'
        ) from None
    return _Kinds(spans, metrics, package.Compression.Gzip)


# -- what was typed -------------------------------------------------------------------------------


def _addresses(endpoint: Any) -> dict[str, str]:
    """Where each kind goes to, of what a person may well give of an address."""
    text = endpoint.strip() if isinstance(endpoint, str) else ""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        known = False
    if not known or not text.isprintable() or " " in text:
        raise UsageError(
            'endpoint: give the http(s) address of an OTLP collector, e.g. "http://localhost:4318".'
        )
    base = parts.path.rstrip("/")
    for path in _PATHS.values():
        base = base.removesuffix(path)
    return {kind: urlunsplit(parts._replace(path=base + path)) for kind, path in _PATHS.items()}


def _checked(headers: Any) -> dict[str, str]:
    """The headers, or one line that shows none of them: they carry keys."""
    if headers is None:
        return {}
    if isinstance(headers, Mapping):
        pairs = list(headers.items())
        if all(isinstance(text, str) and _fits(text) for pair in pairs for text in pair):
            return dict(pairs)
    raise UsageError(
        'headers: give names and values as text, e.g. {"authorization": "Bearer ..."}.'
    )


def _fits(text: str) -> bool:
    return text.isprintable() and text.isascii() and text == text.strip() and bool(text)


# -- one request ----------------------------------------------------------------------------------


def _partly(answer: Any, kind: str, name: str) -> Trouble | None:
    """What was taken but in part; most endpoints say nothing."""
    body = getattr(answer, "content", b"")
    if not body or "protobuf" not in answer.headers.get("content-type", ""):
        return None
    home = f"opentelemetry.proto.collector.{kind}.v1.{kind}_service_pb2"
    try:
        found = getattr(import_module(home), name).FromString(body).partial_success
    except Exception as problem:
        faults.note("otlp", problem)
        return None
    rejected = found.rejected_spans if kind == "trace" else found.rejected_data_points
    return Trouble(f"{rejected} rejected: {found.error_message}", 400) if rejected else None


@contextmanager
def _unseen() -> Iterator[None]:
    """What is sent in here is traced by nobody, and its troubles show on no screen."""
    context = import_module("opentelemetry.context")
    apart = context.Context()  # what is recorded in here belongs to no span of the application
    for key in ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY"):
        if hasattr(context, key):
            apart = context.set_value(getattr(context, key), True, apart)
    ours = threading.get_ident()

    def elsewhere(_: logging.LogRecord) -> bool:
        return threading.get_ident() != ours

    names = (f"{_EXPORTERS}.trace_exporter", f"{_EXPORTERS}.metric_exporter")
    loggers = [logging.getLogger(name) for name in names]
    token = context.attach(apart)
    for logger in loggers:
        logger.addFilter(elsewhere)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(elsewhere)
        context.detach(token)
