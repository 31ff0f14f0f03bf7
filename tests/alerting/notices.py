"""Notices for the tests of what delivers and shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from llmwatch.alerting import Alert
from llmwatch.context import Cell

HOSTILE = "<!channel> *bold* _it_ `code` ~x~ <https://evil.example|click> & @here\r\nBcc: x@y.z"


def alert(**fields: Any) -> Alert:
    """The first notice of the drawing, with `fields` instead."""
    known: dict[str, Any] = {
        "name": "high_latency", "severity": "critical", "state": "firing",
        "figure": "latency_p95_s", "value": 12.4, "threshold": 10.0, "comparison": ">",
        "labels": {}, "since": datetime(2026, 11, 24, 12, 4, 10, tzinfo=UTC),
        "at": datetime(2026, 11, 24, 12, 4, 12, tzinfo=UTC), "n": 41, "window_s": 300.0,
        "message": "p95 12.4\u202fs, over 10\u202fs",
        "detail": "41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12]",
        "hint": "llmwatch.session.slowest(5)", "worst": 14.0, "notified": 1,
        "key": "high_latency", "cell": Cell("c-12", 12, "run-12", "work.ipynb"),
        "call_ids": ("id-1", "id-2"),
    }  # fmt: skip
    return Alert(**{**known, **fields})


def resolved(**fields: Any) -> Alert:
    """The second notice of the drawing: the same, over."""
    known = {
        "state": "resolved", "value": 1.2, "message": "resolved after 2 min 10 s", "hint": "",
        "detail": "worst p95 14.0 s · 38 calls over 10 s, all gpt-5 · notified 1 time",
        "at": datetime(2026, 11, 24, 12, 6, 20, tzinfo=UTC),
    }  # fmt: skip
    return alert(**{**known, **fields})
