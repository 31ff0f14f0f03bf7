"""What figures by group and over time cost, and loading what was exported."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from llmwatch.loaded import load
from llmwatch.reading import Reading
from llmwatch.store import Store, View
from llmwatch.summary import by_group, needed_by

from . import Row
from .bench_store import START
from .bench_store import _filled as filled
from .bench_store import _ms as milliseconds


class _Recorded(Reading):
    """A store that is read like a session."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _view(self) -> View:
        return self._store.view()

    def _in_flight(self) -> list[dict[str, Any]]:
        return []

    def _settle(self) -> None:
        pass


def _pandas_ms(source: Reading) -> float:
    """What pandas takes for one percentile and two sums by model, its codes made each time."""
    frame = source.calls[["model", "latency_s", "cost_usd", "input_tokens"]]

    def ask() -> Any:
        groups = frame.groupby("model")
        return groups["latency_s"].quantile(0.95), groups[["cost_usd", "input_tokens"]].sum()

    return milliseconds(ask, times=5)


def _loaded_s() -> tuple[float, float]:
    """Seconds to load a CSV of 100 k calls, and pandas reading it."""
    import pandas as pd

    source = _Recorded(filled(100_000, previews=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        source.to_csv(path)
        ours = milliseconds(lambda: load(path), times=3)
        bare = milliseconds(lambda: pd.read_csv(path, low_memory=False), times=3)
    return ours / 1000, bare / 1000


def rows() -> list[Row]:
    """The lines of the speed table that concern groups, buckets and files."""
    store = filled(1_000_000)
    source = _Recorded(store)
    bare, now_ns = _pandas_ms(source), START + 1_000 * 10**9  # a call a millisecond until then

    def on_the_worker() -> Any:
        columns = store.view().arrays(*needed_by("model"))
        return by_group(columns, "model", now_ns=now_ns, window="5min", at="ended")

    asked: tuple[tuple[str, Any, float], ...] = (
        ('.summary(by="model") of 1 M rows', lambda: source.summary(by="model"), 150),
        (
            '.summary(by=["tag", "cell"]) of 1 M rows',
            lambda: source.summary(by=["tag", "cell"]),
            400,
        ),
        ('.timeline("1s") of 1 M rows', lambda: source.timeline("1s"), 250),
        ('.timeline("10s", by="tag") of 1 M rows', lambda: source.timeline("10s", by="tag"), 400),
        ('.savings("gpt-5-nano") of 1 M rows', lambda: source.savings("gpt-5-nano"), 2000),
        ("an alert's figures by model, 1 M rows", on_the_worker, 50),
    )
    found = [Row(name, milliseconds(run, times=5), "ms", limit, bare) for name, run, limit in asked]
    ours, theirs = _loaded_s()
    return [*found, Row("load of a CSV of 100 k rows over pandas", ours / theirs, "x", 10, theirs)]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:45} {row.value:10.2f} {row.unit:3} (at most {row.limit:g})", row.floor)
