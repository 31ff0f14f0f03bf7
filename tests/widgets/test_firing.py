"""How the strip tells alerts apart that are alike."""

from __future__ import annotations

import time

from llmwatch.alerting import rule_of
from llmwatch.widgets._firing import firing_of
from tests.widgets.make import call
from tests.widgets.panel import Made


def messages(*rules, **models):
    """What the strip says, sorted, of calls of these models at these latencies."""
    known = {"started_at": time.time_ns()}
    session = Made(
        *[call(model=m, latency_s=s, **known) for m, s in models.items() for _ in "1" * 40]
    )
    session.alerts.remove("high_latency")
    for rule in rules:
        session.alerts.add(rule)
    session.alerts.evaluate()
    return sorted(alert["message"] for alert in firing_of(session).told())


def test_groups_of_a_rule():
    """Each says which it is, also where their figures differ."""
    rule = rule_of("slow", "latency_p95_s > 5", by="model")
    assert messages(rule, quick=8.0, slow=12.0) == [
        "slow (model=quick): p95 8.00\u202fs, over 5\u202fs",
        "slow (model=slow): p95 12.0\u202fs, over 5\u202fs",
    ]


def test_two_rules_that_say_the_same():
    """They have their names; one that says what no other does has none."""
    rules = (rule_of(name, "requests > 10") for name in ("many", "more"))
    other = rule_of("slow", "latency_p95_s > 5")
    assert messages(*rules, other, m=12.0) == [
        "many: 40 calls, over 10", "more: 40 calls, over 10", "p95 12.0\u202fs, over 5\u202fs",
    ]  # fmt: skip
