"""The panel in a Chromium without a kernel, where nobody answers what it asks: calls and news."""

from __future__ import annotations

import time

from llmwatch.alerting import rule_of
from tests.widgets.make import call
from tests.widgets.panel import Made, drawn, now_ms


def calls(n=60, **columns):
    """Calls of the last ten minutes: three models, two tags, every state."""
    now = time.time_ns()
    found = []
    for i in range(n):
        known = {
            "call_id": f"c{i}", "started_at": now - (n - i) * 600_000_000_000 // (n + 1),
            "latency_s": 0.4 + i % 11 / 4, "ttft_s": 0.2, "input_tokens": 400 + 7 * i,
            "output_tokens": 50 + i, "cost_usd": 0.0001 * (1 + i % 5), "finish_reason": "stop",
            "model": ("gpt-5-mini", "gpt-5", "claude-haiku-4.5-20251001")[i % 3],
            "tag": ("prompt-v2", "baseline")[i % 2], "execution_count": 10 + i % 3,
            "request_preview": f"Question {i}", "response_preview": f"Answer {i}",
        }  # fmt: skip
        if i % 10 == 4:
            known |= {"status": "error", "error_type": "RateLimitError", "http_status": 429,
                      "input_tokens": None, "output_tokens": None, "cost_usd": None}  # fmt: skip
        if i % 10 == 7:
            known |= {"status": "partial", "output_tokens": None, "cost_usd": None,
                      "estimated_output_tokens": 75}  # fmt: skip
        found.append(call(**{**known, **columns}))
    return found


def flying(age_s=4.2, **more):
    return {"started_at": time.time_ns() - int(age_s * 1e9), "age_s": age_s, "model": "gpt-5",
            "operation": "chat", "tag": "prompt-v2", "execution_count": 12, **more}  # fmt: skip


def full():
    """Everything there is to see: alerts, calls in flight, a rating, a budget."""
    session = Made(*calls())
    session.alerts.add(rule_of("slow", "latency_p95_s > 2", severity="critical", min_calls=2))
    session.alerts.evaluate()
    session.flying = [flying(estimated_output_tokens=87)]
    session.store.amend({58: {"score": 1.0}})
    return session


def news(root, state, seq, base, **more):
    """Tell the panel something new, and wait until it is drawn."""
    told = {**state, "seq": seq, "base": base, "now_ms": now_ms(), "rows": [], **more}
    del told["fields"]
    root.page.evaluate("news => model.set('news', news)", told)
    drawn(root.page)


def tile(root, name):
    return root.locator(f"[data-tile={name}] .lw-value").inner_text()


def order(root):
    return root.locator(".lw-row .lw-time").all_inner_texts()


def sent(page):
    return page.evaluate("sent.filter(message => message.do !== 'vega')")
