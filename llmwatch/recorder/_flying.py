"""Calls in flight, as rows: whose they are, their age, what came so far."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

from ..assemble import request_of, where
from ..capture import Invocation, provider_of, read_what_came
from ..context import Scope, resolve

__all__ = ["in_brief", "is_apart", "is_in", "so_far"]


def is_in(scope: Scope | None, watch: Any) -> bool:
    """Whether `watch` is around; None is around everything."""
    levels = scope.chain() if scope is not None else ()
    return watch is None or any(level.watch is watch for level in levels)


def is_apart(scope: Scope | None) -> bool:
    """Whether an alert handler makes this call."""
    from ..alerting import HANDLER

    levels = scope.chain() if scope is not None else ()
    return any(HANDLER.items() <= level.labels.items() for level in levels)


def in_brief(invocation: Invocation) -> dict[str, Any]:
    """Age and labels of a call in flight; its answer so far is not read."""
    return {
        "age_s": invocation.age_s(),
        "operation": invocation.endpoint.operation,
        "provider": provider_of(invocation.host, invocation.path.decode("latin-1")),
        "model": request_of(invocation, "none").model,
        **where(resolve(invocation.scope)),
    }


def so_far(invocation: Invocation, content: str) -> dict[str, Any]:
    """One row: age, and what came so far. For the worker, where the rest will be read."""
    asked = request_of(invocation, "none")
    answer = read_what_came(invocation, content)
    last = invocation.read_ns
    return {
        "started_at": invocation.started_wall_ns,
        "age_s": invocation.age_s(),
        "operation": invocation.endpoint.operation,
        "provider": provider_of(invocation.host, invocation.path.decode("latin-1")),
        "model": asked.model,
        "stream": asked.stream,
        "attempts": invocation.attempts,
        "chunks": answer.chunks if answer is not None else None,
        "output_tokens": answer.output_tokens if answer is not None else None,
        "estimated_output_tokens": (
            -(-answer.output_bytes // 4) if answer is not None and answer.output_bytes else None
        ),
        "since_last_chunk_s": (perf_counter_ns() - last) / 1e9 if last else None,
        **where(resolve(invocation.scope)),
    }
