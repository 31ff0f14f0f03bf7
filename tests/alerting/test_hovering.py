"""How often is told what hovers at its threshold, however long 100,000 calls take."""

from __future__ import annotations

import numpy as np
import pytest

from llmwatch.alerting import Flight, rule_of
from llmwatch.alerting._conditions import nothing
from llmwatch.alerting._desk import Desk
from llmwatch.alerting._look import Look
from llmwatch.alerting._watcher import Watcher
from llmwatch.store import Store

CALLS = 100_000
LOOKS = 1000


def failing_by_chance(chance):
    """One call in ten fails."""
    return "error_rate > 10%", chance.random(CALLS) < 0.1


def failing_by_chance_a_little_more(chance):
    """The share of failures is over the threshold, and by too little to stay there."""
    return "error_rate > 10%", chance.random(CALLS) < 0.115


def failing_in_turn(chance):
    """More calls than one in ten fail, then fewer: about a window each, and not by the clock."""
    lengths = chance.integers(1, 20, LOOKS) * (CALLS // LOOKS)
    shares = np.repeat(np.tile([0.14, 0.06], LOOKS // 2), lengths)[:CALLS]
    return "error_rate > 10%", chance.random(CALLS) < shares


def within_a_tenth(chance):
    """Each call takes ten seconds, give or take one."""
    return "latency_p50_s > 10s", chance.uniform(9, 11, CALLS)


def in_turn(chance):
    """A call of eleven seconds after each of nine."""
    return "latency_p50_s > 10s", np.tile([9.0, 11.0], CALLS // 2)


def half_or_twice(chance):
    """The median is the threshold, and what a call takes lies far from it on either side."""
    return "latency_p50_s > 10s", 10 * chance.lognormal(0, 0.7, CALLS)


def the_slowest_are_slow(chance):
    """The 95th percentile is the threshold."""
    return "latency_p95_s > 10s", 10 * chance.lognormal(0, 0.5, CALLS) / np.exp(0.5 * 1.645)


def figures_of(condition, window):
    """What a summary says of the calls in a window."""
    n = len(window)
    if condition.startswith("error_rate"):
        figures = {"error_rate": float(window.mean()), "rate_n": n}
    else:
        share = 50 if "p50" in condition else 95
        figures = {f"latency_p{share}_s": float(np.percentile(window, share)), "latency_n": n}
    return nothing() | figures | {"requests": n}


def told_of(condition, calls, spread_s, window_s):
    """How often it fires, and what handlers are told, when the calls come evenly."""
    watcher, desk, told, fired = (
        Watcher(rule_of("r", condition, window=window_s), ()),
        Desk(),
        [],
        0,
    )
    desk.deliver = lambda handler, alert: handler(alert)
    desk.add_handler(told.append, None)
    nobody = Store().view()
    looks = min(LOOKS, int(spread_s * 2))  # twice a second at most
    reach = round(CALLS * window_s / spread_s)
    for turn in range(1, looks + 1):
        until = CALLS * turn // looks
        now_ns = round(turn * spread_s / looks * 1e9)
        figures = figures_of(condition, calls[max(0, until - reach) : until])
        change = watcher.look(Look(nobody, 0, now_ns, Flight()), figures)
        fired += change == "fired"
        if change or watcher.fires:
            desk.tell(watcher, change, now_ns)
    return fired, [alert.state for alert in told]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("spread_s", "window_s"),
    [(60, 10), (3600, 60), (3 * 3600, 60), (8 * 3600, 300), (28 * 3600, 300)],
    ids=["1min", "1h", "3h", "8h", "28h"],
)
@pytest.mark.parametrize(
    "pattern",
    [failing_by_chance, failing_by_chance_a_little_more, failing_in_turn, within_a_tenth, in_turn,
     half_or_twice, the_slowest_are_slow],
)  # fmt: skip
def test_four_notices_at_most(pattern, spread_s, window_s, seed):
    """By chance or in turn, within a minute or a day; and some, where it fires at all."""
    condition, calls = pattern(np.random.default_rng(seed))
    assert len(calls) == CALLS
    fired, states = told_of(condition, calls, spread_s, window_s)
    assert len(states) <= 4
    assert bool(fired) is bool(states)


def test_it_does_come_and_go():
    """What is told four times at most fires far more often."""
    condition, calls = failing_in_turn(np.random.default_rng(1))
    fired, states = told_of(condition, calls, 8 * 3600, 300)
    assert fired > 20
    assert states == ["firing", "resolved"] * 2


def test_what_rises_and_falls_within_hours_is_told_each_time():
    """A share of failures from nothing to 30 % and back is no hovering: four waves, four ends."""
    chance = np.random.default_rng(1)
    share = 0.15 - 0.15 * np.cos(np.linspace(0, 4 * 2 * np.pi, CALLS))
    _, states = told_of("error_rate > 10%", chance.random(CALLS) < share, 28 * 3600, 300)
    told = [state for n, state in enumerate(states) if states[n - 1 : n] != [state]]
    assert told == ["firing", "resolved"] * 4
