"""What `compare` costs at 1 M rows: three groups, every request sent to each of them."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from llmwatch.compare import compare, needed
from llmwatch.semconv import COLUMNS

from . import Row

__all__ = ["START", "columns", "rows"]

START = 1_790_000_000_000_000_000
GROUPS = 3


def columns(n: int, *, known: str = "") -> dict[str, np.ndarray]:
    """The columns that `compare` reads, as a store gives them; and by what requests are known."""
    rng = np.random.default_rng(7)
    kinds: dict[str, str] = {column.name: column.kind for column in COLUMNS}
    unknown = np.full(n, np.nan, object)
    empty = np.ma.MaskedArray(np.zeros(n, np.int64), np.ones(n, bool))
    made = {
        name: {"count": empty, "number": np.full(n, np.nan)}.get(kinds.get(name, ""), unknown)
        for name in needed("tag")
    }
    tags = np.array([f"prompt-v{i}" for i in range(GROUPS)], object)
    counts = {"input_tokens": 2000, "output_tokens": 800}
    made |= {
        name: np.ma.MaskedArray(rng.integers(1, most, n), np.zeros(n, bool))
        for name, most in counts.items()
    }
    made |= {name: rng.lognormal(0, 0.5, n) for name in ("latency_s", "ttft_s", "cost_usd")}
    made |= {
        "started_at": START + np.arange(n), "tag": tags[np.arange(n) % GROUPS],
        "status_code": (rng.random(n) < 0.02).astype(np.uint8),
        "score": np.where(rng.random(n) < 0.1, rng.choice([-1.0, 1.0], n), np.nan),
        "request_digest": np.zeros(n, np.int64),
    }  # fmt: skip
    if known:
        made["request_preview"] = np.array([f"Question {i // GROUPS}" for i in range(n)], object)
    if known == "digest":
        digests = rng.integers(-(2**62), 2**62, n // GROUPS + 1)
        made["request_digest"] = digests[np.arange(n) // GROUPS]
    return made


def _ms(columns: dict[str, Any], times: int = 3) -> float:
    """CPU time: all of it is on the caller's thread, and other processes are in none of it."""
    took = []
    for _ in range(times):
        start = time.process_time()
        compare(columns, "tag", now_ns=START * 2)
        took.append((time.process_time() - start) * 1000)
    return statistics.median(took)


def rows() -> list[Row]:
    """The lines of the speed table that concern `compare`."""
    small, large, loaded, captured = (
        _ms(columns(n, known=known))
        for n, known in ((120, "text"), (1_000_000, ""), (1_000_000, "text"), (1_000_000, "digest"))
    )
    return [
        Row(".compare() of 3 groups of 40 calls, paired", small, "ms", 500),
        Row(".compare() of 3 groups, 1 M rows", large, "ms", 2000),
        Row(".compare() of 3 groups, 1 M rows, paired by text", loaded, "ms", 3000),
        Row(".compare() of 3 groups, 1 M rows, paired", captured, "ms", 3000),
    ]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:50} {row.value:10.2f} {row.unit:3} (at most {row.limit:g})")
