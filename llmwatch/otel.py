"""The OpenTelemetry of this process, where the person runs one: what is around our spans, and in.

It is never imported from here. Nobody can have opened a span of it who has not loaded it.
"""

from __future__ import annotations

from sys import modules
from typing import Any, NamedTuple

from . import faults

__all__ = ["TRACE", "Around", "Lead", "around", "lead"]

TRACE = "opentelemetry.trace"
"""The module that is there once somebody may have opened a span."""


class Around(NamedTuple):
    """The span of OpenTelemetry that was current."""

    trace_id: int
    span_id: int
    flags: int
    """Whether it is sampled, as W3C writes it."""
    state: Any


def around() -> Around | None:
    """The span of OpenTelemetry around the code that asks, or None."""
    trace = _trace()
    if trace is None:
        return None
    try:
        found = trace.get_current_span().get_span_context()
        if not found.is_valid:
            return None
        return Around(found.trace_id, found.span_id, int(found.trace_flags), found.trace_state)
    except Exception as problem:  # not what it was
        faults.note("otel", problem)
        return None


def _trace() -> Any:
    """The module, once it is whole: while another thread loads it, nobody has opened a span."""
    trace = modules.get(TRACE)
    return trace if hasattr(trace, "__all__") else None  # its last line


class Lead:
    """Makes one of our spans what is current in OpenTelemetry, step by step.

    No token of it is kept: a token can be used in the context alone that it was made in, and a
    generator may be closed in another.
    """

    def __init__(self, context: Any, inside: Any) -> None:
        self._context, self._inside = context, inside
        self._before: Any = None

    def enter(self) -> None:
        """What begins there from here on is a child of ours."""
        try:
            self._before = self._context.get_current()
            self._context.attach(self._inside)
        except Exception as problem:
            faults.note("otel", problem)

    def leave(self, *, for_now: bool) -> None:
        """Put back what was current.

        `for_now`: between two steps of a generator; what was opened in it is there again in the
        next. For good it is put back only where ours is current still.
        """
        try:
            left = self._context.get_current()
            if for_now or left is self._inside:
                self._context.attach(self._before)
                self._inside = left
        except Exception as problem:
            faults.note("otel", problem)


def lead(trace_id: int, span_id: int, outer: Around | None, name: str) -> Lead | None:
    """What lets spans of OpenTelemetry be children of ours; None where it does not run."""
    trace, context = _trace(), modules.get("opentelemetry.context")
    if trace is None or context is None:
        return None
    try:
        flags = outer.flags if outer is not None else _sampled(trace, trace_id, name)
        if flags is None:
            return None
        ours = trace.SpanContext(
            trace_id, span_id, is_remote=False, trace_flags=trace.TraceFlags(flags),
            trace_state=outer.state if outer is not None else None,
        )  # fmt: skip
        inside = trace.set_span_in_context(trace.NonRecordingSpan(ours), context.get_current())
        return Lead(context, inside)
    except Exception as problem:
        faults.note("otel", problem)
        return None


def _sampled(trace: Any, trace_id: int, name: str) -> int | None:
    """What the person's sampler says of a trace that begins with us; None where there is none.

    Children follow their parent's flag, so a flag of our own choice would undo a sampling of 1 %.
    """
    # Asked by its private name: `get_tracer_provider` may set one, and that goes only once.
    sampler = getattr(getattr(trace, "_TRACER_PROVIDER", None), "sampler", None)
    if sampler is None:
        return None
    return int(sampler.should_sample(None, trace_id, name).decision.is_sampled())
