"""Metrics asked for late: calls that have left memory by then count as if they were there."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

pytest.importorskip("prometheus_client")

import llmwatch
from llmwatch.exporters import Meter
from llmwatch.store import Store
from llmwatch.testing import OfflineServer, Reply, offline_client
from tests.exporters.test_prometheus import NAN, call, calls, samples, total
from tests.fresh import fresh_session
from tests.prometheus_server import get

MODELS = ["gpt-5", "claude", None, "unknown", "m" * 300, "m" * 400, "other", "漢字"]
STATUSES = ["ok", "ok", "ok", "error", "cancelled", "partial", "strange"]


def mixed(n: int, dice: random.Random, models: list[str | None] = MODELS):
    """A call of any kind: much of it unknown at times, some of it nonsense."""

    def maybe(*values):
        return dice.choice([None, *values])

    return call(
        n, model=dice.choice(models), status=dice.choice(STATUSES), feature=maybe("search"),
        latency_s=maybe(0.5, 1, dice.expovariate(0.1), NAN), ttft_s=maybe(dice.random(), -1.0),
        attempts=maybe(1, 2, 3), input_tokens=maybe(0, dice.randint(1, 9_000), -5),
        output_tokens=maybe(dice.randint(0, 900)), cached_input_tokens=maybe(dice.randint(0, 99)),
        reasoning_tokens=maybe(7), cost_usd=maybe(dice.random() / 100, 1e3, NAN),
        score=maybe(-1.0, 0.5, 1.0, 3.0),
    )  # fmt: skip


def agree(late: Meter, early: Meter):
    """Counts are the same to the last one; sums of floats to the last bits."""
    found, expected = samples(late), samples(early)
    assert found.keys() == expected.keys()
    floats = {key for key in expected if key[0].endswith(("_seconds_sum", "_usd_total", "_score"))}
    assert {key: found[key] for key in expected if key not in floats} == {
        key: expected[key] for key in expected if key not in floats
    }
    for key in floats:
        assert found[key] == pytest.approx(expected[key], rel=1e-12), key


@pytest.mark.parametrize("max_calls", [1, 100, 700, 5000])
def test_a_late_meter_counts_what_an_early_one_counted(max_calls):
    """A thousand mixed calls, read at any moment; prices and ratings come while they can."""
    store, dice = Store(max_calls), random.Random(max_calls)
    early, made = Meter(store, follow=True), 0
    while made < 1000:
        n = dice.randint(1, 40)
        batch = [mixed(made + at, dice) for at in range(n)]
        first = store.append([replace(batch[0], cost_usd=None), *batch[1:]])
        made += n
        store.amend({first: {"cost_usd": 0.25, "score": dice.choice([-1.0, 1.0, None])}})
        if dice.random() < 0.2:
            agree(Meter(store), early)
    agree(Meter(store), early)
    assert total(early, "llm_requests_total") == made
    assert store.evicted == max(0, made - max_calls)


def test_room_that_is_taken_back_loses_no_call():
    """Fewer calls in memory from one moment on, then more again."""
    store, dice = Store(2000), random.Random(3)
    early = Meter(store, follow=True)
    for n, room in enumerate((2000, 2000, 50, 10, 3000)):
        store.append([mixed(n * 600 + at, dice) for at in range(600)])
        store.max_calls = room
        agree(Meter(store), early)


def test_the_first_hundred_models_are_the_same():
    """Of 300 those that came first have a name, whether their calls are in memory or not."""
    store, dice = Store(100), random.Random(5)
    early = Meter(store, follow=True)
    store.append([call(n, model=f"m{n}", input_tokens=n) for n in range(300)])
    store.append([mixed(n, dice, [f"m{m}" for m in range(300)]) for n in range(700)])
    agree(Meter(store), early)
    assert total(Meter(store), "llm_requests_total", "model=m99") >= 1
    assert total(Meter(store), "llm_requests_total", "model=m100") == 0
    assert total(Meter(store), "llm_requests_total") == 1000


def test_further_labels_of_what_has_left_are_other():
    """Its model is known, and of the rest nothing is claimed."""
    store = Store(10)
    store.append([*calls(600, model="gpt-5", feature="search", score=1.0), *calls(10)])
    meter = Meter(store, ("feature",), follow=True)
    store.append(calls(1, model="gpt-5", feature="search"))
    assert total(meter, "llm_requests_total", "model=gpt-5", "feature=other") == 600
    assert total(meter, "llm_requests_total", "model=gpt-5", "feature=search") == 1
    assert total(meter, "llm_requests_total") == 611
    assert total(meter, "llm_feedback_score", "feature=other") == 1.0


def test_a_meter_goes_on_from_what_had_left():
    """And one meter's counting on changes nothing for the next."""
    store = Store(10)
    store.append(calls(700, input_tokens=2))
    for n in (1, 2):
        meter = Meter(store, follow=True)
        store.append(calls(5, input_tokens=2))
        assert total(meter, "llm_tokens_total") == 1400 + n * 10
        meter.close()


def test_the_text_of_a_session_is_what_a_server_served_all_along():
    """A thousand real calls with room for a hundred: answers, streams, refusals, cached tokens."""
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25,
             "prompt_tokens_details": {"cached_tokens": 8}}  # fmt: skip
    kinds = [Reply("a"), Reply("b", usage=usage), Reply(status=400), Reply("c d")]
    with (
        fresh_session(), OfflineServer() as server, offline_client(server, max_retries=0) as client,
        llmwatch.serve_prometheus(port=0) as served, llmwatch.watch(),
    ):  # fmt: skip
        llmwatch.configure(max_calls=100)
        for n in range(1000):
            server.script(kinds[n % 4])
            options = {"model": f"m{n % 3}", "stream": n % 4 == 3}
            try:
                answer = client.chat.completions.create(
                    messages=[{"role": "user", "content": "hi"}], **options
                )
                list(answer) if n % 4 == 3 else None
            except Exception:
                assert n % 4 == 2
        assert len(llmwatch.session.calls) == 100
        found, expected = llmwatch.prometheus_text(), get(served.url)
    assert sorted(found.splitlines()) == sorted(expected.splitlines())
    assert 'llm_requests_total{model="m0",status="error"} 83.0' in found
    assert "cached_input" in found
