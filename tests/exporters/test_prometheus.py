"""Metrics: what a call adds to them, what is left out of them, and how many there can be."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("prometheus_client")

from prometheus_client import openmetrics
from prometheus_client.parser import text_string_to_metric_families

from llmwatch.exceptions import UsageError
from llmwatch.exporters import Meter, Scrape, label_names, registry_of, text_of
from llmwatch.records import Call
from llmwatch.store import Store

START = 1_790_000_000_000_000_000
HANG_S = 60
NAN = float("nan")
METRICS = {
    "llm_requests": "counter", "llm_request_latency_seconds": "histogram",
    "llm_time_to_first_token_seconds": "histogram", "llm_tokens": "counter",
    "llm_cost_usd": "counter", "llm_request_attempts": "counter",
    "llm_feedback_score": "gauge", "llm_active_requests": "gauge",
}  # fmt: skip


def call(n: int = 0, **values) -> Call:
    known = {"session_id": "s", "status": "ok", "model": "gpt-5", "attempts": 1}
    return Call(**(known | {"call_id": f"id-{n}", "started_at": START + n} | values))


def calls(n: int, **values) -> list[Call]:
    return [call(at, **values) for at in range(n)]


def meter_of(*made: Call, labels: tuple[str, ...] = (), max_calls: int = 100_000) -> Meter:
    store = Store(max_calls)
    store.append(made)
    return Meter(store, labels)


def registry(meter: Meter, active: int = 0):
    return registry_of(Scrape(meter, lambda: active))


def samples(meter: Meter, active: int = 0) -> dict[tuple[str, ...], float]:
    """Every sample of the text: its name and the values of its labels, by their names."""
    families = text_string_to_metric_families(text_of(registry(meter, active)))
    return {
        (s.name, *(f"{name}={s.labels[name]}" for name in sorted(s.labels))): s.value
        for family in families
        for s in family.samples
    }


def total(meter: Meter, name: str, *labels: str) -> float:
    return sum(
        value for key, value in samples(meter).items() if key[0] == name and {*labels} <= {*key}
    )


# -- what there is --------------------------------------------------------------------------------


def test_there_are_eight_metrics_and_no_others():
    """Their names and types are those of the contract, also before the first call."""
    for meter in (meter_of(), meter_of(call(cost_usd=1.0, ttft_s=0.1, score=1.0, input_tokens=1))):
        families = text_string_to_metric_families(text_of(registry(meter)))
        assert {f.name: f.type for f in families} == METRICS


def test_a_call_is_counted_in_each():
    """Every figure of one call is found again, under its model."""
    meter = meter_of(
        call(
            latency_s=3.0, ttft_s=0.4, input_tokens=100, output_tokens=20, cached_input_tokens=60,
            cache_write_tokens=5, reasoning_tokens=8, input_audio_tokens=1, output_audio_tokens=2,
            cost_usd=0.25, attempts=3, score=0.5,
        )
    )  # fmt: skip
    seen = samples(meter, active=7)
    model = "model=gpt-5"
    for status, n in {"ok": 1, "error": 0, "cancelled": 0, "partial": 0}.items():
        assert seen["llm_requests_total", model, f"status={status}"] == n
    types = {"input": 100, "output": 20, "cached_input": 60, "cache_write": 5, "reasoning": 8,
             "input_audio": 1, "output_audio": 2}  # fmt: skip
    for kind, n in types.items():
        assert seen["llm_tokens_total", model, f"type={kind}"] == n
    assert seen["llm_request_latency_seconds_sum", model] == 3.0
    assert seen["llm_time_to_first_token_seconds_sum", model] == 0.4
    assert seen["llm_cost_usd_total", model] == 0.25
    assert seen["llm_request_attempts_total", model] == 3
    assert seen["llm_feedback_score", model] == 0.5
    assert seen["llm_active_requests",] == 7


def test_thresholds_that_people_set_are_told_apart():
    """Calls of 9, 11, 12, 40 and 250 s lie in buckets of their own; an edge belongs below it."""
    meter = meter_of(*(call(n, latency_s=s) for n, s in enumerate((9.0, 11.0, 12.0, 40.0, 250.0))))
    seen = samples(meter)
    edges = {"8.0": 0, "10.0": 1, "12.0": 3, "15.0": 3, "30.0": 3, "60.0": 4, "120.0": 4,
             "300.0": 5, "+Inf": 5}  # fmt: skip
    for edge, n in edges.items():
        assert seen["llm_request_latency_seconds_bucket", f"le={edge}", "model=gpt-5"] == n


def test_latency_is_that_of_calls_that_ended_well():
    """As in a summary, a call that failed at once makes nothing look fast."""
    meter = meter_of(
        call(0, latency_s=2.0), call(1, latency_s=0.1, ttft_s=0.1, status="error"),
        call(2, latency_s=9.0, status="cancelled"),
    )  # fmt: skip
    assert total(meter, "llm_request_latency_seconds_count") == 1
    assert total(meter, "llm_time_to_first_token_seconds_count") == 0
    assert total(meter, "llm_requests_total") == 3


def test_what_nobody_reported_is_no_sample():
    """Tokens, cost and ratings are absent until one is known: unknown is not 0."""
    names = {key[0] for key in samples(meter_of(call()))}
    assert names == {
        "llm_requests_total", "llm_request_attempts_total", "llm_active_requests",
        "llm_request_latency_seconds_bucket", "llm_request_latency_seconds_count",
        "llm_request_latency_seconds_sum",
    }  # fmt: skip


@pytest.mark.parametrize("bad", [NAN, -3, float("inf"), None])
def test_a_bad_figure_poisons_nothing(bad):
    """NaN, negative and infinite usage is left out, before and after the row is stored."""
    names = ("latency_s", "ttft_s", "cost_usd", "score")
    good = {"latency_s": 1.0, "ttft_s": 1.0, "cost_usd": 1.0, "score": 1.0, "input_tokens": 4}
    store = Store()
    meter = Meter(store, follow=True)
    store.append([call(0, **good), call(1, **dict.fromkeys(names, bad), input_tokens=4)])
    for found in (meter, Meter(store)):
        assert total(found, "llm_cost_usd_total") == 1.0
        assert total(found, "llm_request_latency_seconds_sum") == 1.0
        assert total(found, "llm_feedback_score") == 1.0
        assert total(found, "llm_tokens_total") == 8
        assert all(math.isfinite(value) for value in samples(found).values())


@pytest.mark.parametrize("bad", [NAN, -5])
def test_bad_usage_is_not_counted(bad):
    """A negative or unreadable count of tokens adds nothing."""
    store = Store()
    meter = Meter(store, follow=True)
    store.append([call(0, input_tokens=7, attempts=2), call(1, input_tokens=bad, attempts=bad)])
    assert total(meter, "llm_tokens_total") == 7
    assert total(meter, "llm_request_attempts_total") == 2


def test_sums_do_not_lose_the_small_among_the_large():
    """Ten thousand small costs behind a large one come out as exact as `math.fsum`."""
    costs = [1e6, *[1e-9] * 10_000, 0.1, 0.2]
    meter = meter_of(*(call(n, cost_usd=cost) for n, cost in enumerate(costs)))
    assert total(meter, "llm_cost_usd_total") == math.fsum(costs)


# -- what changes ---------------------------------------------------------------------------------


def test_a_price_given_later_is_counted_once():
    """The cost of a call grows from unknown to its price, and told twice it stays so."""
    store = Store()
    store.append([call(0), call(1, cost_usd=2.0)])
    meter = Meter(store, follow=True)
    store.append([call(2)])
    for _ in range(2):
        store.amend({0: {"cost_usd": 1.0}, 2: {"cost_usd": 4.0}})
    assert total(meter, "llm_cost_usd_total") == 7.0


def test_a_rating_that_changes_counts_as_it_is_now():
    """The score is the mean of the last ratings; one that is taken back counts no more."""
    store = Store()
    store.append([call(0), call(1, score=1.0)])
    meter = Meter(store, follow=True)
    store.append([call(2, score=0.0)])
    store.amend({0: {"score": -1.0}})
    assert total(meter, "llm_feedback_score") == 0.0
    store.amend({0: {"score": 0.5}})
    assert total(meter, "llm_feedback_score") == 0.5
    store.amend({1: {"score": None}, 2: {"score": None}})
    assert total(meter, "llm_feedback_score") == 0.5
    store.amend({0: {"score": None}})
    assert "llm_feedback_score" not in {key[0] for key in samples(meter)}


def test_a_closed_meter_counts_no_more():
    """What it counted can still be read."""
    store = Store()
    meter = Meter(store, follow=True)
    store.append([call()])
    meter.close()
    store.append([call(1)])
    store.amend({0: {"score": 1.0}})
    assert total(meter, "llm_requests_total") == 1
    assert total(meter, "llm_feedback_score") == 0


# -- what has left memory -------------------------------------------------------------------------


def test_counters_outlive_rows():
    """With room for ten rows, a thousand calls of two models are all counted as they are."""
    store = Store(10)
    meter = Meter(store, follow=True)
    for n in range(200):
        model = "gpt-5" if n % 2 else "claude"
        store.append(calls(5, model=model, input_tokens=3, cost_usd=0.5))
    assert store.evicted == 990
    for model in ("gpt-5", "claude"):
        assert total(meter, "llm_requests_total", f"model={model}") == 500
        assert total(meter, "llm_tokens_total", f"model={model}") == 1500
        assert total(meter, "llm_cost_usd_total", f"model={model}") == 250.0


def test_a_meter_that_is_made_amid_calls_misses_none():
    """Made while another thread records and rates, each counts every call and rating once."""
    store, done, meters = Store(5000), threading.Event(), []
    made = threading.Semaphore(0)

    def write():
        for n in range(150):
            if n in range(24, 150, 24):
                made.acquire(timeout=HANG_S)  # not through before all six are made
            first = store.append(calls(5, input_tokens=2))
            store.amend({first + at: {"cost_usd": 0.25, "score": 1.0} for at in range(5)})
            store.amend({first: {"score": -1.0 if n % 2 else 1.0}})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        if len(meters) < 6:
            meters.append(Meter(store, follow=True))
            made.release()
        Meter(store, follow=True).close()
    writer.join(HANG_S)
    assert len(meters) == 6
    for meter in meters:
        assert total(meter, "llm_requests_total") == 750
        assert total(meter, "llm_tokens_total") == 1500
        assert total(meter, "llm_cost_usd_total") == 187.5
    last = meters[0]
    assert total(last, "llm_feedback_score") == pytest.approx(0.8)


class Busy(Store):
    """A store in which a call ends just before, and another just after it is read first."""

    asked = 0

    def view(self, rows=None):
        self.asked += 1
        if self.asked > 1:
            return super().view(rows)
        self.append([call(1, input_tokens=10)])
        seen = super().view(rows)
        self.append([call(2, input_tokens=100)])
        self.amend({2: {"cost_usd": 1.0}})
        return seen


def test_what_ends_while_a_meter_is_made_counts_once():
    """Whether the first look at the store shows it already or not yet, also its price."""
    store = Busy()
    store.append([call(0, input_tokens=1)])
    meter = Meter(store, follow=True)
    assert total(meter, "llm_requests_total") == 3
    assert total(meter, "llm_tokens_total") == 111
    assert total(meter, "llm_cost_usd_total") == 1.0


class Rated(Store):
    """A store whose first call is rated just after it is read first."""

    asked = 0

    def view(self, rows=None):
        seen = super().view(rows)
        self.asked += 1
        if self.asked == 1:
            self.amend({0: {"score": 1.0}})
        return seen


def test_a_rating_while_a_meter_is_made_counts():
    """Though the call was read before it, and no other call follows."""
    store = Rated()
    store.append([call(0)])
    assert total(Meter(store, follow=True), "llm_feedback_score") == 1.0


def test_a_change_may_be_told_before_the_call():
    """Who listens first, and rates at once, is not overheard."""
    store = Store()
    store.subscribe(lambda calls, first: store.amend({first: {"score": 1.0, "cost_usd": 2.0}}))
    meter = Meter(store, follow=True)
    store.append([call(0), call(1)])
    assert total(meter, "llm_feedback_score") == 1.0
    assert total(meter, "llm_cost_usd_total") == 2.0
    store.amend({0: {"score": -1.0}})
    assert total(meter, "llm_feedback_score") == -1.0


# -- labels ---------------------------------------------------------------------------------------

NASTY = ['a"b', "a\\b", "a\nb", "\\n", "🙂" * 3, '{x="1"} 3', "", "\0\x1b[31m", "\u202egpt", "漢字",
         "a" * 500, "x\ud83d", "#", " ", "other"]  # fmt: skip


def test_any_name_of_a_model_is_read_back():
    """Quotes, newlines, emoji, control characters, half a surrogate: both official parsers agree."""
    meter = meter_of(*(call(n, model=name) for n, name in enumerate(NASTY)))
    registered = registry(meter)
    plain = text_string_to_metric_families(text_of(registered))
    new = openmetrics.exposition.generate_latest(registered).decode("utf-8")
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read

    for families in (plain, read(new)):
        found = {
            s.labels["model"]: s.value
            for family in families
            for s in family.samples
            if s.name == "llm_requests_total" and s.labels["status"] == "ok"
        }
        assert len(found) == len(NASTY)
        assert {*NASTY[:10], "#", " ", "other"} - {""} < {*found}
        assert {"unknown", "x?", "a" * 199 + "…"} < {*found}


@given(st.text(st.characters(codec=None), max_size=230))
@settings(max_examples=200, deadline=None)
def test_whatever_a_model_is_called_the_rest_is_read_as_it_is(name):
    """No text that a model may bear tears a line: its neighbours and it are both read."""
    meter = meter_of(call(0, model=name, input_tokens=3), call(1, model="gpt-5", input_tokens=4))
    read = [s for f in text_string_to_metric_families(text_of(registry(meter))) for s in f.samples]
    sent = [s for s in read if s.name == "llm_tokens_total"]
    assert sorted(s.value for s in sent) == ([7] if name == "gpt-5" else [3, 4])
    assert "gpt-5" in {s.labels["model"] for s in sent}


def test_a_bomb_of_models_is_bounded_and_exact():
    """Of 3,000 models the first hundred have a name, the others one together; no call is lost."""
    store = Store()
    meter = Meter(store, follow=True)
    for n in range(3000):
        store.append([call(n, model=f'm"{n}\n🙂', input_tokens=2, cost_usd=0.001)])
    seen = samples(meter)
    named = [key for key in seen if key[0] == "llm_requests_total" and "status=ok" in key]
    assert len(named) == 101
    assert seen["llm_requests_total", "model=other", "status=ok"] == 2900
    assert total(meter, "llm_tokens_total") == 6000
    assert total(meter, "llm_cost_usd_total") == pytest.approx(3.0, abs=1e-12)
    assert total(Meter(store), "llm_requests_total", "model=other") == 2900


def test_labels_break_the_metrics_down():
    """By a column, by a cell and by a person's own label; without a value it is empty."""
    meter = meter_of(
        call(0, feature="search", execution_count=7, labels='{"team": "red", "n": 3}'),
        call(1, feature=None, labels="not JSON"), call(2, feature="search", labels='["list"]'),
        labels=("feature", "cell", "team", "n"),
    )  # fmt: skip
    seen = {key[1:] for key in samples(meter) if key[0] == "llm_request_attempts_total"}
    assert seen == {
        ("cell=7", "feature=search", "model=gpt-5", "n=3", "team=red"),
        ("cell=", "feature=", "model=gpt-5", "n=", "team="),
        ("cell=", "feature=search", "model=gpt-5", "n=", "team="),
    }
    assert samples(meter)["llm_active_requests",] == 0


def test_labels_are_bounded_like_models():
    """A user for each call: a hundred have a name, the rest are one, and all are counted."""
    meter = meter_of(*(call(n, user=f"u{n}") for n in range(250)), labels=("user",))
    users = {key[-1] for key in samples(meter) if key[0] == "llm_request_attempts_total"}
    assert len(users) == 101
    assert total(meter, "llm_requests_total", "user=other") == 150


def test_combinations_are_bounded_too():
    """Fifty models for fifty users are a thousand groups and one for the rest."""
    pairs = [(model, user) for model in range(50) for user in range(50)]
    meter = meter_of(
        *(call(n, model=f"m{m}", user=f"u{u}") for n, (m, u) in enumerate(pairs)),
        labels=("user",),
    )
    groups = [key for key in samples(meter) if key[0] == "llm_request_attempts_total"]
    assert len(groups) == 1001
    assert total(meter, "llm_request_attempts_total") == 2500
    assert total(meter, "llm_request_attempts_total", "model=other", "user=other") == 1500


@pytest.mark.parametrize(
    "words", ["model", "status", "latency_s", ("user", "user"), ("",), ("a b",), "é", "_x", 3, "le"]
)
def test_what_can_be_no_label_is_told(words):
    """In one line that begins with what was typed."""
    with pytest.raises(UsageError, match=r"^labels[=:]") as told:
        label_names(words)
    assert "\n" not in str(told.value)
    assert 'labels="model"' not in str(told.value), "what it proposes would be refused"


@pytest.mark.parametrize(
    "word", ["request_preview", "response_preview", "error_message", "feedback"]
)
def test_text_of_calls_can_be_no_label(word):
    """A metric would show prompts to all who read it; the line lists what can be one."""
    with pytest.raises(UsageError, match=r"^labels: .* is text of calls.*\bfeature\b") as told:
        label_names(("user", word))
    offered = str(told.value).partition("such as ")[2].partition(", or")[0].split(", ")
    assert label_names(offered) == tuple(offered)


def test_labels_are_a_word_or_several():
    """One word needs no tuple."""
    assert label_names("feature") == label_names(["feature"]) == ("feature",)
    assert label_names(()) == label_names("") == ()
