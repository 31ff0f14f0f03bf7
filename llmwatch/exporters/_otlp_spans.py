"""Calls and spans as spans of OpenTelemetry, in the words of its GenAI conventions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from .. import faults
from ..records import Call, Span
from ..semconv import COLUMNS
from ..tallies import is_amount
from ._tables import _writable

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

__all__ = ["SCOPE", "attribute", "resource", "spans_of"]

SCOPE = "llmwatch"
"""The instrumentation scope of all that is sent."""

_BUILT_IN = frozenset({  # what a span says by itself, or a metric
    "started_at", "latency_s", "trace_id", "span_id", "parent_span_id", "error_message",
    "request_preview", "response_preview", "model", "labels", "feedback",
})  # fmt: skip
_ELSEWHERE = {"session_id": "session.id", "user": "user.id"}
_NAMES = {
    column.name: column.otel or _ELSEWHERE.get(column.name, f"llmwatch.{column.name}")
    for column in COLUMNS
    if column.name not in _BUILT_IN
}
"""By column, the attribute."""

_OF_SPANS = (
    "status", "session_id", "notebook", "process", "tag", "user", "feature", "cell_id",
    "execution_count", "cell_run_id", "error_type",
)  # fmt: skip
_MOST = 2**63  # what is no 64-bit integer cannot be encoded


def resource(session_id: str | None = None) -> Resource:
    """Who sends: as ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` say, else llmwatch."""
    from opentelemetry.sdk.resources import Resource

    found = Resource.create({})
    ours = {"service.instance.id": session_id} if session_id else {}
    if str(found.attributes.get("service.name", "")).startswith("unknown_service"):
        return found.merge(Resource({"service.name": SCOPE} | ours))
    return Resource(ours).merge(found)


def spans_of(
    records: Iterable[Call | Span], resource: Resource, *, content: bool = False
) -> list[ReadableSpan]:
    """Records as spans that an exporter of OpenTelemetry takes.

    Parameters
    ----------
    records : iterable of Call or Span
        What is over.
    resource : opentelemetry.sdk.resources.Resource
        Who sends.
    content : bool
        Whether what was asked and answered goes with it, as far as it is kept, and what an error
        says, since that may quote it.
    """
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    scope, sampled = InstrumentationScope(SCOPE), TraceFlags(TraceFlags.SAMPLED)

    def context(trace_id: int, span_id: int) -> SpanContext:
        return SpanContext(trace_id, span_id, is_remote=False, trace_flags=sampled)

    def made(record: Call | Span) -> ReadableSpan:
        trace_id, span_id, parent_id = _ids(record)
        is_call = isinstance(record, Call)
        end = record.started_at + round(_seconds(record) * 1e9)
        failed = record.status == "error"
        said = (_writable(record.error_message or "") or None) if content else None
        raised = {"exception.type": record.error_type, "exception.message": said}
        return ReadableSpan(
            name=_name(record),
            context=context(trace_id, span_id),
            parent=context(trace_id, parent_id) if parent_id else None,
            resource=resource,
            attributes=dict(_attributes(record, content=content)),
            events=[Event("exception", _known(raised), end)] if failed else [],
            kind=SpanKind.CLIENT if is_call else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, said) if failed else Status(StatusCode.UNSET),
            start_time=record.started_at,
            end_time=end,
            instrumentation_scope=scope,
        )

    spans = []
    for record in records:
        try:
            spans.append(made(record))
        except Exception as problem:  # one bad record must not take the others with it
            faults.note("otlp", problem)
    return spans


def _seconds(record: Call | Span) -> float:
    """How long it took; a moment where that is not known."""
    seconds = record.latency_s if isinstance(record, Call) else record.duration_s
    return seconds if seconds is not None and is_amount(seconds) else 0.0


def _name(record: Call | Span) -> str:
    if isinstance(record, Span):
        return _writable(record.name)
    return _writable(f"{record.operation or 'call'} {record.model or ''}".strip())


def _ids(record: Call | Span) -> tuple[int, int, int]:
    """Trace, span and parent. Where a call has none, always the same ones are made of its own."""
    own = record.call_id if isinstance(record, Call) else record.span_id
    trace_id, span_id = _number(record.trace_id, 32), _number(record.span_id, 16)
    parent_id = _number(record.parent_span_id, 16)
    digest = sha256(own.encode("utf-8", "replace")).digest()
    if not trace_id:
        trace_id, parent_id = int.from_bytes(digest[:16], "big") or 1, 0
    return trace_id, span_id or int.from_bytes(digest[16:24], "big") or 1, parent_id


def _number(text: str | None, digits: int) -> int:
    """The number that an id of W3C writes; 0, which is none, for anything else."""
    try:
        return int(text, 16) if text and len(text) == digits else 0
    except ValueError:
        return 0


def _attributes(record: Call | Span, *, content: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(record, Span):
        yield from _known(_object(record.attributes)).items()
        names: Iterable[str] = _OF_SPANS
    else:
        names = _NAMES
    for name in names:
        found = attribute(getattr(record, name))
        if found is not None:
            yield _NAMES[name], [found] if name == "finish_reason" else found
    for label, value in _known(_object(record.labels)).items():
        yield f"llmwatch.label.{label}", value
    if content and isinstance(record, Call):
        yield from _texts(record)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Those that an attribute can hold."""
    pairs = ((_writable(name), attribute(value)) for name, value in values.items())
    return {name: value for name, value in pairs if name and value is not None}


def attribute(value: Any) -> Any:
    """A value as an attribute can hold it; None where it is unknown, or is none."""
    if isinstance(value, str):
        return _writable(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, int):
        return value if -_MOST <= value < _MOST else None
    return None


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(call: Call) -> Iterator[tuple[str, str]]:
    """What was asked and answered, as JSON in the form of the conventions."""
    spoken: tuple[tuple[str, str, str | None, dict[str, Any]], ...] = (
        ("gen_ai.input.messages", "user", call.request_preview, {}),
        ("gen_ai.output.messages", "assistant", call.response_preview,
         {"finish_reason": call.finish_reason or ""}),
    )  # fmt: skip
    for name, role, text, more in spoken:
        if text is not None:
            part = {"type": "text", "content": _writable(text)}
            yield name, json.dumps([{"role": role, "parts": [part], **more}], ensure_ascii=False)
