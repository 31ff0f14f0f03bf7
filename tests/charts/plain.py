"""Calls for the tests of charts and reports, and what can be read off a chart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from llmwatch.frames import text_dtype
from llmwatch.semconv import COLUMNS

# As the store keeps text: whatever came, also what no file can hold.
_KINDS: dict[str, Any] = {"text": text_dtype(), "flag": "boolean"}
START = pd.Timestamp("2026-03-05 12:00", tz="UTC")
KINDS = ("latency", "tokens", "cost", "errors", "timeline", "waterfall", "compare")
OF_CALLS = KINDS[:-1]
HOSTILE = (
    "<script>alert(1)</script>", "'); alert(1); ('", "{{7*7}}", "datum['model']", "a.b[0]\\'\"",
    "\u202emoc.live", "\x00nul\ud800", "模型-通义千问", "نموذج", "x" * 500, "", "error", "other",
    'data("source_0")', "toString", "__proto__", "constructor",
)  # fmt: skip
DIFFERENCE = {
    "group": "v2", "baseline": "v1", "figure": "cost_usd_per_call", "value": 0.0021,
    "baseline_value": 0.0034, "difference": -0.0013, "relative": -0.38, "low": -0.0014,
    "high": -0.0012, "relative_low": -0.41, "relative_high": -0.35, "n": 40, "n_baseline": 41,
    "paired": True,
}  # fmt: skip
SPANS = pd.DataFrame({
    "span_id": ["a", "c", "b"], "parent_span_id": [None, "b", "a"],
    "name": ["answer", "embed", "retrieve"],
    "start": [START, START + pd.Timedelta("2s"), START + pd.Timedelta("1s")],
    "end": [START + pd.Timedelta("5s"), START + pd.Timedelta("3s"), START + pd.Timedelta("4s")],
    "status": ["ok", "error", "ok"],
})  # fmt: skip


def calls(n: int, *, seed: int = 0, models=("gpt-5-mini", "gpt-5", "haiku"), **columns: Any):
    """`n` calls over a quarter of an hour: three models, some errors, partials and estimates."""
    rng = np.random.default_rng(seed)
    status = rng.choice(["ok", "error", "partial", "cancelled"], n, p=[0.9, 0.05, 0.03, 0.02])
    failed, silent = status == "error", rng.random(n) < 0.15
    into, out = rng.integers(200, 2500, n), rng.integers(20, 700, n)
    cost = into * 2.5e-7 + out * 2e-6
    told = ~failed & ~silent
    made: dict[str, Any] = {
        "call_id": [f"c{at}" for at in range(n)],
        "started_at": START + pd.to_timedelta(np.sort(rng.uniform(0, 900, n)), unit="s"),
        "status": status,
        "operation": "chat",
        "model": [models[at] for at in rng.integers(0, len(models), n)],
        "latency_s": np.exp(rng.normal(0, 0.7, n)),
        "input_tokens": counts(into, told),
        "output_tokens": counts(out, told),
        "estimated_input_tokens": counts(into, ~told & ~failed),
        "estimated_output_tokens": counts(out, ~told & ~failed),
        "cost_usd": np.where(told, cost, np.nan),
        "estimated_cost_usd": np.where(~told & ~failed, cost, np.nan),
        "error_type": np.where(failed, "RateLimitError", None),
        "error_message": np.where(failed, "Rate limit reached: try again in 2 s", None),
        "tag": rng.choice(["v1", "v2"], n),
        "attempts": counts(np.ones(n), np.ones(n, bool)),
        "execution_count": counts(np.arange(n) // 40 + 1, np.ones(n, bool)),
        "cell_run_id": [f"r{at // 40}" for at in range(n)],
    }
    return typed({**made, **columns}, n)


def counts(values, known):
    """Whole numbers, unknown where not `known`."""
    return pd.Series(values, dtype="Int64").mask(~known).array


def typed(columns: dict[str, Any], n: int) -> pd.DataFrame:
    """All columns of `.calls`, those not given unknown."""
    index = pd.RangeIndex(n)
    frame = {}
    for column in COLUMNS:
        values = columns.get(column.name)
        kind = _KINDS.get(column.kind, column.dtype)
        frame[column.name] = pd.Series(values, index=index, dtype=kind)
    return pd.DataFrame(frame)


def rows(chart: Any) -> list[dict[str, Any]]:
    """Every row of data in a chart."""
    return [row for data in chart.to_dict()["datasets"].values() for row in data]


def words(chart: Any) -> str:
    """Its headings and the lines below them."""
    return "\n".join(_titles(chart.to_dict()))


def _titles(spec: Any) -> list[str]:
    found = []
    if isinstance(spec, dict):
        title = spec.get("title")
        if isinstance(title, dict) and "text" in title:
            found += [title["text"], *title.get("subtitle", [])]
        for name, value in spec.items():
            if name != "datasets":
                found += _titles(value)
    elif isinstance(spec, list):
        for value in spec:
            found += _titles(value)
    return found


def keys(chart: Any) -> dict[str, str]:
    """What the colours stand for, by name."""
    found: dict[str, str] = {}

    def walk(spec: Any) -> None:
        if isinstance(spec, dict):
            scale = spec.get("color", {}).get("scale") if isinstance(spec.get("color"), dict) else 0
            if scale:
                found.update(zip(scale["domain"], scale["range"], strict=True))
            for name, value in spec.items():
                if name != "datasets":
                    walk(value)
        elif isinstance(spec, list):
            for value in spec:
                walk(value)

    walk(chart.to_dict())
    return found


def expressions(chart: Any) -> list[str]:
    """Everything in a chart that Vega computes."""
    found: list[str] = []

    def walk(spec: Any) -> None:
        if isinstance(spec, dict):
            for name, value in spec.items():
                if name in {"labelExpr", "expr", "signal", "calculate", "filter", "test"}:
                    found.append(str(value))
                elif name != "datasets":
                    walk(value)
        elif isinstance(spec, list):
            for value in spec:
                walk(value)

    walk(chart.to_dict())
    return found
