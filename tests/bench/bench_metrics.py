"""What being scraped costs: one scrape, counting a call, and what is counted at the start."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest

from llmwatch.exporters import Meter, Scrape, registry_of, text_of
from llmwatch.store import Store

from . import Row
from .bench_store import _call, _filled

ROUNDS = 7
MODELS = 100


def _ms(run: Callable[[], Any]) -> float:
    """The median of some runs, in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def _bare_ms(series: int) -> float:
    """prometheus_client writing as many series of its own counters."""
    registry = CollectorRegistry()
    counter = Counter("bare", "Bare.", ["model"], registry=registry)
    for n in range(series):
        counter.labels(f"model-{n}").inc(n)
    return _ms(lambda: generate_latest(registry))


def _scrape(models: int) -> tuple[float, float]:
    """A scrape with so many models, and bare counters of as many lines."""
    store = Store()
    store.append([replace(_call(n), model=f"model-{n % models}") for n in range(models * 3)])
    registry = registry_of(Scrape(Meter(store), lambda: 0))
    lines = sum(not line.startswith("#") for line in text_of(registry).splitlines())
    return _ms(lambda: text_of(registry)), _bare_ms(lines)


def _count_us(store: Store) -> float:
    """Counting one finished call, on the worker's thread."""
    meter = Meter(store, follow=True)
    batch = [_call(n) for n in range(2000)]
    took = _ms(lambda: meter._on_calls(batch, meter._next))
    meter.close()
    return took * 1000 / len(batch)


def rows() -> list[Row]:
    """The lines of the speed table that concern Prometheus."""
    store = _filled(100_000)
    registry = registry_of(Scrape(Meter(store), lambda: 0))
    scrape, bare = _scrape(MODELS)
    return [
        Row("a scrape at 100 k calls, one model", _ms(lambda: text_of(registry)), "ms", 5),
        Row("a scrape with a hundred models", scrape, "ms", 100, bare),
        Row("serving at 100 k calls: counting them", _ms(lambda: Meter(store)), "ms", 1500),
        Row("counting a call while it is served", _count_us(store), "us", 20),
    ]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:45} {row.value:10.2f} {row.unit:3} (at most {row.limit:g})", row.floor)
