"""Calls and spans as the browser gets them: lists of JSON values, in the order of `FIELDS`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..records import Call, Span

__all__ = ["FIELDS", "RUNNING", "SPAN_FIELDS", "row", "running", "span_row"]

_PREVIEW = 200  # characters: also where the whole text is kept, a row stays small
_NAME = 120

_SAME = (
    "status", "operation", "provider", "model", "tag", "user", "feature", "execution_count",
    "input_tokens", "output_tokens", "cached_input_tokens", "estimated_input_tokens",
    "estimated_output_tokens", "reasoning_tokens", "attempts", "finish_reason", "http_status",
    "error_type", "error_code", "call_id",
)  # fmt: skip
_ROUNDED = {
    "latency_s": 4, "ttft_s": 4, "retry_wait_s": 4, "cost_usd": 7, "estimated_cost_usd": 7, "score": 4,
}  # fmt: skip
"""To how many digits: of dollars all are shown, however many there are."""
_LONG = ("error_message", "request_preview", "response_preview")

_TRACE = ("parent_span_id", "trace_id")

FIELDS: tuple[str, ...] = ("number", "started_ms", *_SAME, *_ROUNDED, "tries", *_LONG, *_TRACE)
"""What each place of a row holds; columns of `semconv.COLUMNS` but for number, start and tries."""

SPAN_FIELDS: tuple[str, ...] = (
    "span_id", "trace_id", "parent_span_id", "name", "started_ms", "duration_s", "status",
    "error_type",
)  # fmt: skip
"""What each place of a span's row holds."""

RUNNING: tuple[str, ...] = (
    "model", "operation", "tag", "execution_count", "attempts", "output_tokens",
    "estimated_output_tokens",
)  # fmt: skip
"""What is told of a call in flight, beside its key and its start."""


def row(number: int, call: Call, tries: Sequence[int | None] = ()) -> list[Any]:
    """One finished call, at most some 800 bytes of it; what is unknown at the end is left out.

    `tries` is what each attempt was answered with: "429, no answer, 200".
    """
    values: list[Any] = [number, call.started_at // 1_000_000]
    values += [_short(getattr(call, name), _NAME) for name in _SAME]
    values += [rounded(getattr(call, name), digits) for name, digits in _ROUNDED.items()]
    values.append(", ".join(str(status or "no answer") for status in tries) or None)
    values += [_short(getattr(call, name), _PREVIEW) for name in _LONG]
    if call.parent_span_id is not None:  # one alone in its trace has nothing to show of it
        values += [getattr(call, name) for name in _TRACE]
    while values[-1] is None:
        values.pop()
    return values


def span_row(span: Span) -> list[Any]:
    """One span, over or open; what is unknown at the end is left out."""
    values: list[Any] = [span.span_id, span.trace_id, span.parent_span_id, _short(span.name, _NAME)]
    values += [span.started_at / 1_000_000, rounded(span.duration_s), span.status]
    values.append(_short(span.error_type, _NAME))
    while values[-1] is None:
        values.pop()
    return values


def running(found: Mapping[str, Any]) -> dict[str, Any]:
    """One call in flight. It has no age: the browser counts that by its own clock."""
    told = {name: _short(found.get(name), _NAME) for name in RUNNING}
    known = {name: value for name, value in told.items() if value is not None}
    return {
        "key": str(found["started_at"]),
        "started_ms": found["started_at"] // 1_000_000,
        **known,
    }


def rounded(value: float | None, digits: int = 4) -> float | None:
    """To four significant digits, one more than is shown; None where there is no number."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def _short(value: Any, limit: int) -> Any:
    if isinstance(value, str) and len(value) > limit:
        return value[: limit - 1] + "…"
    return value
