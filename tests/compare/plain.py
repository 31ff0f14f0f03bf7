"""What the tests here compare, and how they find what was said of it."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from llmwatch.compare import Comparison
from llmwatch.records import Call

NOW = time.time_ns()
FIGURES = [
    "latency_p50_s", "latency_p95_s", "ttft_p50_s", "input_tokens_per_call",
    "output_tokens_per_call", "cost_usd_per_call", "error_rate", "satisfaction",
]  # fmt: skip
TESTED = ["lower", "higher", "maybe chance", "no evidence"]


def group(tag: str | None, n: int, **columns) -> list[Call]:
    """`n` calls; a column is a value for all, or one for each."""
    calls = []
    for i in range(n):
        known = {
            name: value[i] if isinstance(value, (list, np.ndarray)) else value
            for name, value in columns.items()
        }
        known = {name: v.item() if isinstance(v, np.generic) else v for name, v in known.items()}
        fixed = {"call_id": f"{tag}-{i}", "session_id": "s", "started_at": NOW + i, "status": "ok"}
        calls.append(Call(**(fixed | {"tag": tag} | known)))
    return calls


def lognormal(n: int, seed: int, middle: float = 1.0, spread: float = 0.4) -> np.ndarray:
    return middle * np.random.default_rng(seed).lognormal(0, spread, n)


def asked(n: int, first: int = 0) -> list[str]:
    return [f"What is {i}?" for i in range(first, first + n)]


def row(comparison: Comparison, figure: str, group: str | None = None) -> pd.Series:
    rows = comparison.differences
    chosen = rows[(rows["figure"] == figure) & (rows["group"] == (group or rows["group"][0]))]
    assert len(chosen) == 1
    return chosen.iloc[0]


def sentence(comparison: Comparison, word: str) -> str:
    """The one sentence of the verdict in which the word stands."""
    (found,) = [line for line in comparison.verdict.split("\n") if word in line]
    return found.replace("\u202f", " ")
