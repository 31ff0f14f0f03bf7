"""Calls for the tests of the store: some columns known, or all."""

from __future__ import annotations

from llmwatch.records import Call
from llmwatch.semconv import COLUMNS
from llmwatch.store import Store

START = 1_790_000_000_000_000_000


def make(n: int, **values) -> Call:
    """Call number `n`: a few columns known, the rest unknown."""
    known = {
        "call_id": f"id-{n}", "session_id": "s", "started_at": START + n, "status": "ok",
        "model": "gpt-5-mini", "latency_s": float(n), "input_tokens": n,
    }  # fmt: skip
    return Call(**(known | values))


def filled(n: int, **options) -> Store:
    store = Store(**options)
    store.append([make(i) for i in range(n)])
    return store


def full() -> Call:
    """A call in which every column is known."""
    values = {"text": "t", "time": START, "count": 7, "number": 1.5, "flag": True}
    return Call(**({c.name: values[c.kind] for c in COLUMNS} | {"status": "error"}))
