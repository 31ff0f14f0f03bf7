"""What a span costs on the person's thread: recorded, switched off, and beside OpenTelemetry's."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

from . import Row

TIMES, BLOCKS = 2000, 9


def _us(run: Callable[[], object]) -> float:
    """CPU microseconds of one run on this thread, in the best block."""
    best = float("inf")
    for _ in range(BLOCKS):
        start = time.thread_time_ns()
        for _ in range(TIMES):
            run()
        best = min(best, (time.thread_time_ns() - start) / TIMES / 1000)
    return best


def child() -> None:
    """Print the figures: switched off, recorded, where OpenTelemetry runs, and its own span."""
    import llmwatch

    def ours() -> None:
        with llmwatch.span("retrieve", k=5):
            pass

    figures = [_us(ours)]
    llmwatch.enable()
    figures.append(_us(ours))

    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    trace.set_tracer_provider(TracerProvider())
    tracer = trace.get_tracer("bench")

    def theirs() -> None:
        with tracer.start_as_current_span("retrieve", attributes={"k": 5}):
            pass

    figures += [_us(ours), _us(theirs)]
    print(json.dumps(figures))


def rows() -> list[Row]:
    """The lines of the speed table that concern spans."""
    command = [sys.executable, "-m", __spec__.name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    off, on, within, theirs = json.loads(done.stdout)
    return [
        Row("a span that is not recorded", off, "us", 5),
        Row("a span", on, "us", 15, theirs),
        Row("a span where OpenTelemetry runs", within, "us", 25, theirs),
    ]


if __name__ == "__main__":
    child()
