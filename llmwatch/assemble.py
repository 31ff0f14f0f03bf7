"""From an invocation that is over to the one `Call` that stands for it. Runs on the worker."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import faults
from .capture import (
    Answer,
    Asked,
    Invocation,
    error_type,
    provider_of,
    read_request,
    read_to_the_end,
    sdk_of,
)
from .context import Labels, Scope, lineage, resolve
from .ids import new_id, new_trace_id, span_text, trace_text
from .otel import Around
from .pricing import PriceBook
from .records import Call
from .redaction import Redactor, preview, secrets_of
from .settings import Settings
from .totals import is_refused

__all__ = ["Assembler", "identify", "labels_text", "new_id", "new_ids", "request_of", "where"]

_TEXT_OPERATIONS = frozenset({"chat", "text_completion", "generate_content"})
_BYTES_PER_TOKEN = 4
_WORD = 200  # characters of a name or an id that are kept
_WORDS = (
    "model", "request_model", "response_model", "service_tier", "finish_reason", "error_type",
    "error_code", "response_id", "provider_request_id",
)  # fmt: skip
_REQUEST_ID_HEADERS = (
    b"x-request-id", b"request-id", b"apim-request-id", b"x-amzn-requestid", b"x-goog-request-id",
)  # fmt: skip


@dataclass(slots=True)
class Assembler:
    """Makes `Call` records.

    Parameters
    ----------
    session_id : str
        What `Call.session_id` says.
    prices : PriceBook
        Where costs come from.
    settings : callable
        Gives the settings in force.
    redactor : callable
        Gives the redactor in force.
    """

    session_id: str
    prices: PriceBook
    settings: Callable[[], Settings]
    redactor: Callable[[], Redactor]

    def call(self, invocation: Invocation) -> Call | None:
        """The record of `invocation`; None when it turns out to be no LLM call."""
        faults.check("assemble")
        content = self.settings().content
        asked = request_of(invocation, content)
        if not asked.is_call:
            return None
        answer = read_to_the_end(invocation, content)
        values = _timing(invocation)
        values |= _outcome(invocation, answer)
        values |= _measures(asked, answer, invocation.endpoint.operation, values)
        values |= self._identity(invocation, asked, answer)
        values |= self.price(values, _address(invocation))
        values |= self._texts(invocation, asked, answer, values)
        for name in _NO_COLUMNS:
            del values[name]
        values |= where(resolve(invocation.scope))
        values |= identify(invocation)
        return Call(session_id=self.session_id, process=str(os.getpid()), **values)

    def _identity(
        self, invocation: Invocation, asked: Asked, answer: Answer | None
    ) -> dict[str, Any]:
        answered = answer.model if answer is not None else None
        return {
            "operation": invocation.endpoint.operation,
            "provider": provider_of(invocation.host, invocation.path.decode("latin-1")),
            "model": asked.model or answered,
            "request_model": asked.model,
            "response_model": answered,
            "stream": asked.stream or bool(answer is not None and answer.is_stream),
            "response_id": answer.response_id if answer is not None else None,
            "provider_request_id": _provider_request_id(invocation.headers),
        }

    def _texts(
        self, invocation: Invocation, asked: Asked, answer: Answer | None, values: dict[str, Any]
    ) -> dict[str, Any]:
        """All text that came over the wire, as it may be kept."""
        content, redactor, message = self.settings().content, self.redactor(), values["raw_message"]
        sent, query = invocation.what_was_sent(), invocation.path.partition(b"?")[2]
        secrets = secrets_of(sent.headers, query)
        text = answer.text if answer is not None else None
        goes_on = answer is not None and answer.text_goes_on
        return _clean_words(values, redactor, secrets) | {
            "error_message": redactor.message(message, secrets),
            "request_preview": preview(asked.text, content, redactor, secrets),
            "request_digest": asked.digest,
            "response_preview": preview(text, content, redactor, secrets, goes_on=goes_on),
        }

    def price(self, values: dict[str, Any], address: str) -> dict[str, Any]:
        """The three cost columns for the columns in `values`."""
        cost = self._cost(values, address, values["input_tokens"], values["output_tokens"])
        guessed = {
            side: values[f"{side}_tokens"]
            if values[f"{side}_tokens"] is not None
            else values[f"estimated_{side}_tokens"]
            for side in ("input", "output")
        }
        estimate = None
        if cost.cost_usd is None and any(
            values[f"estimated_{side}_tokens"] is not None for side in guessed
        ):
            estimate = self._cost(values, address, guessed["input"], guessed["output"]).cost_usd
        return {
            "cost_usd": cost.cost_usd,
            "cost_source": cost.source,
            "estimated_cost_usd": estimate,
        }

    def _cost(
        self, values: dict[str, Any], address: str, input_tokens: int | None,
        output_tokens: int | None,
    ) -> Any:  # fmt: skip
        return self.prices.cost(
            response_model=values["response_model"],
            request_model=values["request_model"],
            provider=values["provider"],
            url=address,
            operation=values["operation"],
            service_tier=values["service_tier"],
            at=datetime.fromtimestamp(values["started_at"] / 1e9, UTC),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_input_tokens=values["cached_input_tokens"],
            cache_write_tokens=values["cache_write_tokens"],
            reasoning_tokens=values["reasoning_tokens"],
            input_audio_tokens=values["input_audio_tokens"],
            output_audio_tokens=values["output_audio_tokens"],
            cache_write_1h_tokens=values.get("cache_write_1h_tokens"),
        )


def _clean_words(
    values: dict[str, Any], redactor: Redactor, secrets: Sequence[str]
) -> dict[str, str]:
    """The short texts in which a credential was found, cleaned: a key typed as a model's name."""
    words = {name: values[name][:_WORD] for name in _WORDS if values[name]}
    together = "\n".join(words.values())
    if redactor.clean(together, secrets) == together:
        return words
    return {name: redactor.clean(word, secrets) for name, word in words.items()}


def request_of(invocation: Invocation, content: str) -> Asked:
    """What was asked, read from the request."""
    sent = invocation.what_was_sent()
    fields = _fields(sent.stream)
    return read_request(invocation.endpoint, invocation.path, sent.body, fields, content)


def _fields(stream: Any) -> dict[str, str] | None:
    """The text fields of a multipart form."""
    fields = getattr(stream, "fields", None)
    if fields is None:
        return None
    values = {field.name: field.value for field in fields if hasattr(field, "value")}
    return {name: str(value) for name, value in values.items()}


def _timing(invocation: Invocation) -> dict[str, Any]:
    return {
        "started_at": invocation.started_wall_ns,
        "latency_s": max(0, invocation.ended_ns - invocation.started_ns) / 1e9,
        "attempts": invocation.attempts,
        "retry_wait_s": invocation.retry_wait_ns / 1e9,
        "http_status": invocation.http_status,
    }


def _outcome(invocation: Invocation, answer: Answer | None) -> dict[str, Any]:
    status = _status(invocation, answer)
    first = answer.first_content_ns if answer is not None and answer.is_stream else None
    values: dict[str, Any] = {
        "status": status,
        "ttft_s": (first - invocation.started_ns) / 1e9 if first is not None else None,
        "error_type": None,
        "error_code": None,
        "raw_message": None,
    }
    if status == "error":
        sdk, version = sdk_of(invocation.what_was_sent().agent())
        values["error_type"] = error_type(
            sdk, version, status=invocation.http_status, transport=invocation.failure,
            mid_stream=invocation.streaming, body=answer,
        )  # fmt: skip
        values["error_code"] = answer.error_code if answer is not None else None
        said = answer.error_message if answer is not None else None
        values["raw_message"] = invocation.failure_message or said
    return values


def _status(invocation: Invocation, answer: Answer | None) -> str:
    code = invocation.http_status
    if invocation.outcome == "cancelled":
        return "ok" if answer is not None and answer.finished and not answer.error else "cancelled"
    if invocation.outcome == "failed" or code is None or code >= 300:
        return "error"
    if answer is not None and answer.error:
        return "error"
    if answer is not None and answer.finished:
        return "ok"
    if invocation.outcome != "exhausted" and invocation.was_stopped():
        return "cancelled"  # Ctrl-C in the reader's loop: the stream was only dropped by it
    whole = invocation.outcome == "exhausted" and not (answer is not None and answer.is_stream)
    return "ok" if whole else "partial"


def _measures(
    asked: Asked, answer: Answer | None, operation: str, outcome: dict[str, Any]
) -> dict[str, Any]:
    """Token figures: what was reported, and estimates where nothing was."""
    values: dict[str, Any] = {name: getattr(answer, name, None) for name in _FROM_ANSWER}
    reported = values["input_tokens"] is not None or values["output_tokens"] is not None
    values["usage_source"] = "reported" if reported else None
    values["estimated_input_tokens"] = values["estimated_output_tokens"] = None
    nothing_came = is_refused(outcome["status"], outcome["http_status"], values["chunks"])
    if answer is not None and not nothing_came and operation in _TEXT_OPERATIONS:
        if values["input_tokens"] is None and asked.input_bytes:
            values["estimated_input_tokens"] = -(-asked.input_bytes // _BYTES_PER_TOKEN)
        if values["output_tokens"] is None and answer.output_bytes:
            values["estimated_output_tokens"] = -(-answer.output_bytes // _BYTES_PER_TOKEN)
    return values


_FROM_ANSWER = (
    "service_tier", "chunks", "input_tokens", "output_tokens", "cached_input_tokens",
    "cache_write_tokens", "reasoning_tokens", "input_audio_tokens", "output_audio_tokens",
    "finish_reason", "tool_calls", "cache_write_1h_tokens",
)  # fmt: skip
_NO_COLUMNS = ("raw_message", "cache_write_1h_tokens")  # known on the way, not kept


def identify(invocation: Invocation) -> dict[str, Any]:
    """`call_id`, `trace_id`, `span_id` and `parent_span_id` of a call, in flight or over.

    For the worker alone: made when they are first asked for, and the same from then on.
    """
    ids = getattr(invocation, "ids", None)
    if ids is None:
        ids = invocation.ids = new_ids(invocation.scope, invocation.around)
    return ids


def new_ids(scope: Scope | None, around: Around | None) -> dict[str, Any]:
    """Those of a call made in `scope`: in the trace that it belongs to, else in one of its own.

    A call's id is the id of its span: what is kept of a call counts.
    """
    trace_id, parent = lineage(scope.span if scope is not None else None, around)
    call_id = new_id()
    return {
        "call_id": call_id,
        "trace_id": trace_text(trace_id or new_trace_id()),
        "span_id": call_id,
        "parent_span_id": span_text(parent) if parent else None,
    }


def where(labels: Labels) -> dict[str, Any]:
    """The columns that say where in the person's work a call was made."""
    cell = labels.cell
    return {
        "tag": labels.tag,
        "user": labels.user,
        "feature": labels.feature,
        "labels": labels_text(labels),
        "cell_id": cell.cell_id if cell else None,
        "execution_count": cell.execution_count if cell else None,
        "cell_run_id": cell.run_id if cell else None,
        "notebook": cell.notebook if cell else None,
    }


def labels_text(labels: Labels) -> str | None:
    """The labels as one JSON object, its keys sorted; None without labels."""
    return json.dumps(dict(labels.labels), sort_keys=True) if labels.labels else None


def _provider_request_id(headers: Sequence[tuple[bytes, bytes]] | None) -> str | None:
    found = {name.lower(): value for name, value in headers or ()}
    for name in _REQUEST_ID_HEADERS:
        if found.get(name):
            return str(found[name][:200], "latin-1")
    return None


def _address(invocation: Invocation) -> str:
    """Host and path: what the price list knows providers by; never the query."""
    path = invocation.path.partition(b"?")[0].decode("latin-1")
    return f"https://{invocation.host}{path}"
