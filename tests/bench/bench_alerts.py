"""What looking at the rules costs the worker, which it does twice a second at most."""

from __future__ import annotations

import statistics
import time

from llmwatch.alerting import Alerts, rule_of
from llmwatch.records import Call
from llmwatch.store import Store

from . import Row

ROUNDS = 15
NOW = 1_790_000_000_000_000_000


def _call(n: int, of: int) -> Call:
    """A call of the last five minutes, one in 50 of them failed."""
    failed = n % 50 == 0
    return Call(
        call_id=f"c{n}", session_id="s", started_at=NOW - 290_000_000_000 * (of - n) // of,
        status="error" if failed else "ok", model=f"model-{n % 5}", latency_s=0.4 + n % 977 / 400,
        error_type="RateLimitError" if failed else None, input_tokens=5, output_tokens=3,
        cost_usd=0.0004, attempts=1, http_status=429 if failed else 200,
    )  # fmt: skip


def _look_ms(n: int, *, by: str | None = None) -> float:
    store = Store(2 * n)
    calls = [_call(number, n) for number in range(n)]
    for first in range(0, n, 500):
        store.append(calls[first : first + 500])
    alerts = Alerts(store, now_ns=lambda: NOW)
    if by is not None:
        alerts.add(rule_of("slow", "latency_p95_s > 10s", by=by))
    alerts.evaluate()
    times = []
    for _ in range(ROUNDS):
        store.append(calls[-1:])
        start = time.perf_counter()
        alerts.evaluate()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def rows() -> list[Row]:
    """One look at the built-in rules after one new call, and at one with `by=`."""
    return [
        Row("a look at the rules, 100 calls in 5 min", _look_ms(100), "ms", 1.0),
        Row("a look at the rules, 100 k calls in 5 min", _look_ms(100_000), "ms", 10.0),
        Row("  with a rule by model", _look_ms(100_000, by="model"), "ms", 30.0),
    ]
