"""A call, a span, a rating: frozen. What happens to a call once it is over happens in the store."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Call", "Feedback", "Span"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One finished logical call: the columns of `semconv.COLUMNS`, `None` where unknown.

    Beside them `request_digest`, by which `compare` knows the same request again.
    """

    call_id: str
    session_id: str
    notebook: str | None = None
    started_at: int
    """Nanoseconds since the epoch, UTC."""
    status: str
    operation: str | None = None
    provider: str | None = None
    model: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    service_tier: str | None = None
    stream: bool = False
    latency_s: float | None = None
    ttft_s: float | None = None
    chunks: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    usage_source: str | None = None
    estimated_input_tokens: int | None = None
    estimated_output_tokens: int | None = None
    cost_usd: float | None = None
    cost_source: str | None = None
    estimated_cost_usd: float | None = None
    finish_reason: str | None = None
    tool_calls: int | None = None
    attempts: int | None = None
    retry_wait_s: float | None = None
    http_status: int | None = None
    error_type: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    response_id: str | None = None
    provider_request_id: str | None = None
    tag: str | None = None
    user: str | None = None
    feature: str | None = None
    labels: str | None = None
    cell_id: str | None = None
    execution_count: int | None = None
    cell_run_id: str | None = None
    process: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    score: float | None = None
    feedback: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_digest: int | None = None
    """Equal where the same text was sent, in this process alone; no column, never exported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of work that the person put between `with llmwatch.span(...)`; `None` is unknown."""

    name: str
    status: str
    """`ok`, `error`, `cancelled`, `partial` (a generator not read to its end), or `open`."""
    started_at: int
    """Nanoseconds since the epoch, UTC."""
    duration_s: float | None = None
    """None while it is open."""
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    """The span around it, which may be one of OpenTelemetry."""
    is_root: bool
    """Whether no span of ours was open around it: when it ends, the trace is complete."""
    calls: int
    """LLM calls in it, and in the spans in it, that were over when it ended."""
    attributes: str | None = None
    """One JSON object, credentials removed."""
    error_type: str | None = None
    error_message: str | None = None
    session_id: str
    notebook: str | None = None
    process: str | None = None
    tag: str | None = None
    user: str | None = None
    feature: str | None = None
    labels: str | None = None
    cell_id: str | None = None
    execution_count: int | None = None
    cell_run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One rating of a call, as `Reading.feedback` keeps it."""

    call_id: str
    score: float
    """From -1 (bad) to 1 (good)."""
    comment: str | None = None
    """In the person's words, credentials removed."""
    at: int
    """Nanoseconds since the epoch, UTC."""
