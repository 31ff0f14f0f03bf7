"""The names of llmwatch, once: the columns of a call, and the figures of a summary.

Column names follow the OpenTelemetry GenAI semantic conventions where these have one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["COLUMNS", "DTYPES", "FIGURES", "NAMES", "SPAN_COLUMNS", "STATUSES", "Column", "Kind"]

Kind = Literal["text", "time", "count", "number", "flag"]

STATUSES = ("ok", "error", "cancelled", "partial", "lost")

DTYPES: dict[Kind, str] = {
    "text": "str",
    "time": "datetime64[ns, UTC]",
    "count": "Int64",
    "number": "float64",
    "flag": "bool",
}


class Column(NamedTuple):
    """One column of `.calls`."""

    name: str
    kind: Kind
    unit: str
    otel: str
    meaning: str
    late: bool = False
    """Whether it can change after the call is over (a price given later, a rating)."""

    @property
    def dtype(self) -> str:
        """The pandas dtype."""
        return DTYPES[self.kind]


def _c(
    name: str, kind: Kind, meaning: str, *, unit: str = "", otel: str = "", late: bool = False
) -> Column:
    return Column(name, kind, unit, otel, meaning, late)


_ESTIMATE = "UTF-8 bytes / 4 where nothing was reported: -23 to +11 % on five kinds of text"

COLUMNS: tuple[Column, ...] = (
    _c("call_id", "text", "our id of the call, unique over sessions; its `span_id`, too"),
    _c("session_id", "text", "the kernel session it was made in"),
    _c("notebook", "text", "the notebook's file name, where the front end tells it"),
    _c("started_at", "time", "when the first attempt was sent", unit="UTC"),
    _c("status", "text", "ok, error, cancelled or partial"),
    _c("operation", "text", "what was asked for", otel="gen_ai.operation.name"),
    _c("provider", "text", "who answered", otel="gen_ai.provider.name"),
    _c("model", "text", "the model asked for, else the one that answered"),
    _c("request_model", "text", "the model asked for", otel="gen_ai.request.model"),
    _c("response_model", "text", "the model that answered", otel="gen_ai.response.model"),
    _c("service_tier", "text", "the tier that served it", otel="openai.response.service_tier"),
    _c("stream", "flag", "whether the answer came as a stream", otel="gen_ai.request.stream"),
    _c(
        "latency_s",
        "number",
        "first send to last byte, retries included",
        unit="s",
        otel="gen_ai.client.operation.duration",
    ),
    _c(
        "ttft_s",
        "number",
        "first send to the first chunk with content (streams)",
        unit="s",
        otel="gen_ai.response.time_to_first_chunk",
    ),
    _c("chunks", "count", "SSE data events before [DONE] (streams)", unit="1"),
    _c(
        "input_tokens",
        "count",
        "tokens sent, cached ones included",
        unit="1",
        otel="gen_ai.usage.input_tokens",
    ),
    _c(
        "output_tokens",
        "count",
        "tokens received, reasoning included",
        unit="1",
        otel="gen_ai.usage.output_tokens",
    ),
    _c(
        "cached_input_tokens",
        "count",
        "the part of the input read from a cache",
        unit="1",
        otel="gen_ai.usage.cache_read.input_tokens",
    ),
    _c(
        "cache_write_tokens",
        "count",
        "the part of the input written to a cache",
        unit="1",
        otel="gen_ai.usage.cache_creation.input_tokens",
    ),
    _c(
        "reasoning_tokens",
        "count",
        "the part of the output spent on reasoning",
        unit="1",
        otel="gen_ai.usage.reasoning.output_tokens",
    ),
    _c("input_audio_tokens", "count", "the part of the input that is audio", unit="1"),
    _c("output_audio_tokens", "count", "the part of the output that is audio", unit="1"),
    _c("usage_source", "text", "reported (by the provider), counted (by hand), or missing"),
    _c("estimated_input_tokens", "count", _ESTIMATE, unit="1"),
    _c("estimated_output_tokens", "count", _ESTIMATE, unit="1"),
    _c("cost_usd", "number", "what it cost", unit="USD", late=True),
    _c("cost_source", "text", "price list, user, or missing", late=True),
    _c("estimated_cost_usd", "number", "the price of the estimated tokens", unit="USD", late=True),
    _c(
        "finish_reason",
        "text",
        "the provider's word, of the first choice",
        otel="gen_ai.response.finish_reasons",
    ),
    _c("tool_calls", "count", "tool calls in the answer", unit="1"),
    _c("attempts", "count", "requests sent for it, retries included", unit="1"),
    _c("retry_wait_s", "number", "time lost to failed attempts and the waits after them", unit="s"),
    _c("http_status", "count", "status of the last attempt", otel="http.response.status_code"),
    _c("error_type", "text", "the class name the SDK raises for it", otel="error.type"),
    _c("error_code", "text", "the provider's own code"),
    _c("error_message", "text", "the provider's message, credentials removed"),
    _c("response_id", "text", "the answer's id", otel="gen_ai.response.id"),
    _c("provider_request_id", "text", "the provider's id of the request, for its support"),
    _c("tag", "text", "the innermost tag around the call"),
    _c("user", "text", "the innermost user around the call"),
    _c("feature", "text", "the innermost feature around the call"),
    _c("labels", "text", "the labels around the call, as one JSON object"),
    _c("cell_id", "text", "the notebook cell it was made in"),
    _c("execution_count", "count", "the In[n] of that cell"),
    _c("cell_run_id", "text", "that one run of the cell"),
    _c("process", "text", "the process that made it"),
    _c("trace_id", "text", "W3C trace id: of the spans around it, else its own"),
    _c("span_id", "text", "W3C span id"),
    _c("parent_span_id", "text", "W3C span id of the span around it"),
    _c("score", "number", "the last rating, -1 to 1", late=True),
    _c(
        "feedback",
        "text",
        "all ratings in order, a JSON list of score, comment and time",
        late=True,
    ),
    _c("request_preview", "text", "what was asked, as far as `content` keeps it"),
    _c("response_preview", "text", "what was answered, as far as `content` keeps it"),
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)

_OF_CALLS = {column.name: column for column in COLUMNS}

SPAN_COLUMNS: tuple[Column, ...] = (
    _c("name", "text", "what was done; of a call its operation and model"),
    _c("kind", "text", "span (put there by the person) or llm (a call)"),
    _c("status", "text", "ok, error, cancelled, partial, or open; of a call as in its table"),
    _c("started_at", "time", "when it began", unit="UTC"),
    _c("ended_at", "time", "when it was over; missing while it is open", unit="UTC"),
    _c("duration_s", "number", "from start to end", unit="s"),
    _c("trace_id", "text", "W3C trace id"),
    _c("span_id", "text", "W3C span id"),
    _c("parent_span_id", "text", "W3C span id of what it is part of"),
    _c("calls", "count", "calls in a span, and in spans in it, that were over when it ended"),
    _c("attributes", "text", "what was told of a span, as one JSON object"),
    *(
        _OF_CALLS[name]
        for name in (
            "error_type", "error_message", "call_id", "model", "ttft_s", "retry_wait_s",
            "input_tokens", "output_tokens", "cost_usd", "tag", "user", "feature", "labels",
            "cell_id", "execution_count", "cell_run_id", "notebook", "process", "session_id",
        )
    ),
)  # fmt: skip
"""The columns of `.spans`, calls among them."""

FIGURES: tuple[str, ...] = (
    "requests", "active", "oldest_active_s", "cancelled", "partial", "qps",
    "success_rate", "error_rate",
    "latency_mean_s", "latency_p50_s", "latency_p95_s", "latency_p99_s",
    "ttft_p50_s", "ttft_p95_s", "output_tokens_per_s",
    "input_tokens", "output_tokens", "tokens",
    "cost_usd", "unpriced", "unmeasured", "estimated_tokens", "estimated_cost_usd",
    "attempts", "satisfaction", "errors",
)  # fmt: skip
