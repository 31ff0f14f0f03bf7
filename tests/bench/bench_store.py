"""What holding and reading many calls costs: `.calls`, memory, `.summary()`, `to_csv`."""

from __future__ import annotations

import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llmwatch.exporters import to_csv
from llmwatch.records import Call
from llmwatch.store import Store
from llmwatch.summary import NEEDED, summarize

from . import Row

START = 1_790_000_000_000_000_000
BATCH = 1000


def _call(n: int, previews: bool = False) -> Call:
    """A chat call as the wire gives it: ids that differ, names that repeat as new objects."""
    model = f"gpt-{5}-mini"
    call_id = f"c{n:015x}"
    return Call(
        call_id=call_id, span_id=call_id, trace_id=f"{n + 1:032x}", session_id=f"{7:032x}", notebook="bench.ipynb",
        started_at=START + n * 1_000_000, status="error" if n % 50 == 0 else "ok",
        operation="chat", provider="openai", model=model, request_model=model,
        response_model=f"{model}-2025-08-07", service_tier="default", stream=n % 2 == 0,
        latency_s=0.4 + n % 977 / 400, ttft_s=0.2 + n % 97 / 400 if n % 2 == 0 else None,
        chunks=n % 200 if n % 2 == 0 else None, input_tokens=1000 + n % 613,
        output_tokens=n % 331, cached_input_tokens=n % 17, reasoning_tokens=0,
        usage_source="reported", cost_usd=0.0004 + n % 100 / 1e6, cost_source="price list",
        finish_reason="stop", attempts=1, http_status=200,
        error_type="RateLimitError" if n % 50 == 0 else None,
        response_id=f"chatcmpl-{n:029d}", provider_request_id=f"req_{n:032x}",
        tag=f"prompt-v{n % 3}", user="ana", feature="search", labels='{"k":"v"}',
        cell_id="a1b2c3d4", execution_count=n % 40, cell_run_id=f"run-{n % 40}",
        process="4711",
        request_preview=f"{n} What is the capital of " + "x" * 175 if previews else None,
        response_preview=f"{n} The capital is " + "y" * 183 if previews else None,
    )  # fmt: skip


def _filled(n: int, previews: bool = False) -> Store:
    store = Store(n * 2)
    for first in range(0, n, BATCH):
        store.append([_call(i, previews) for i in range(first, min(n, first + BATCH))])
    return store


def _ms(run: Callable[[], Any], before: Callable[[], Any] = lambda: None, times: int = 9) -> float:
    """The median of some runs, each after `before`, in milliseconds."""
    took = []
    for _ in range(times):
        before()
        start = time.perf_counter()
        run()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def _held(previews: bool, n: int = 50_000) -> float:
    """Bytes that the store holds for each of `n` finished calls."""
    _filled(1)  # numpy itself is not held by a call
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        store = _filled(n, previews)
        held = tracemalloc.get_traced_memory()[0] - before
        return held / len(store.view())
    finally:
        tracemalloc.stop()


def _calls_ms(store: Store) -> float:
    """`.calls` after one new call."""
    store.view().frame()
    return _ms(lambda: store.view().frame(), lambda: store.append([_call(1)]))


def _summary_ms(store: Store) -> float:
    def ask() -> Any:
        view = store.view()
        return summarize(view.arrays(*NEEDED), now_ns=time.time_ns(), past=view.past)

    return _ms(ask)


def _csv(store: Store) -> tuple[float, float]:
    """Seconds of `to_csv`, and of pandas writing the same frame, in turn."""
    frame, pairs = store.view().frame(), []
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.csv", Path(folder) / "theirs.csv"
        for _ in range(5):
            bare = _ms(lambda: frame.to_csv(theirs, index=False), times=1)
            pairs.append((_ms(lambda: to_csv(store.view(), ours, overwrite=True), times=1), bare))
    middle = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
    return middle[0] / 1000, middle[1] / 1000


def rows() -> list[Row]:
    """The lines of the speed table that concern the store."""
    found = [
        Row("held by a finished call, without previews", _held(False), "B", 800),
        Row("held by a finished call, with previews", _held(True), "B", 1600),
    ]
    small = _filled(100_000, previews=True)
    ours, bare = _csv(small)
    found += [
        Row(".calls after one new call, 100 k rows", _calls_ms(small), "ms", 5),
        Row("to_csv of 100 k rows over pandas", ours / bare, "x", 1.3, bare),
    ]
    del small
    large = _filled(1_000_000)
    found += [
        Row(".calls after one new call, 1 M rows", _calls_ms(large), "ms", 20),
        Row(".summary() of 1 M rows", _summary_ms(large), "ms", 50),
    ]
    return found


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:45} {row.value:10.2f} {row.unit:3} (at most {row.limit:g})", row.floor)
