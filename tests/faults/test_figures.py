"""Figures that must not mislead: unknown prices, odd clocks, time zones, few samples."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import llmwatch
from llmwatch.testing import Reply, offline_client
from llmwatch.widgets import Receipt

PRICED = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
USD = 0.15  # what a million input tokens of gpt-4o-mini cost


def ask(client, model="gpt-4o-mini", **options):
    messages = [{"role": "user", "content": "hi"}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def watched(*models, usage=PRICED, **marks):
    script = [Reply("a", usage=usage) for _ in models]
    with llmwatch.watch(**marks) as w, offline_client(script=script) as client:
        for model in models:
            ask(client, model)
    return w


def receipt_of(w):
    return Receipt(w._now().calls())


# -- cost -----------------------------------------------------------------------------------------


def test_an_unknown_model_beside_a_known_one_marks_every_total():
    """The sum holds the known part, and repr, HTML, summary and receipt say that one is missing."""
    w = watched("gpt-4o-mini", "nobody-knows")
    figures = w.summary()
    assert w.calls["cost_usd"].isna().tolist() == [False, True]
    assert (figures.cost_usd, figures.unpriced) == (pytest.approx(USD), 1)
    receipt = receipt_of(w)
    for shown in (repr(w), w._repr_html_(), receipt.text(), receipt.html()):
        assert "$0.15" in shown
        assert "1 call of unknown price" in shown
    assert 'llmwatch.price("nobody-knows"' in receipt.text()


def test_nothing_but_unknown_models_costs_no_dollar_sum():
    """Where no price is known, no total is shown, least of all $0."""
    w = watched("nobody-knows", "nobody-either")
    assert np.isnan(w.summary().cost_usd)
    for shown in (repr(w), w._repr_html_(), receipt_of(w).text()):
        assert "cost unknown" in shown
        assert "$" not in shown.replace("llmwatch.price", "")


def test_small_sums_are_read_without_powers_of_ten():
    """A cost far below a cent is written out, as in the receipt."""
    w = watched("gpt-4o-mini", usage={"prompt_tokens": 5, "completion_tokens": 0})
    assert "$0.00000075" in repr(w)
    assert "$0.00000075" in receipt_of(w).text()


def test_cached_tokens_are_charged_once():
    """They are a part of the input at their own price, and reasoning is a part of the output."""
    usage = {
        "prompt_tokens": 1_000_000, "completion_tokens": 1_000_000,
        "prompt_tokens_details": {"cached_tokens": 400_000},
        "completion_tokens_details": {"reasoning_tokens": 900_000},
    }  # fmt: skip
    row = watched("gpt-4o-mini", usage=usage).calls.iloc[0]
    assert row["cost_usd"] == pytest.approx(0.6 * 0.15 + 0.4 * 0.075 + 0.6)
    assert (row["cached_input_tokens"], row["reasoning_tokens"]) == (400_000, 900_000)


def test_more_cached_than_sent_has_no_price():
    """Figures that contradict each other give no cost."""
    usage = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 20},
             "completion_tokens": 1}  # fmt: skip
    w = watched("gpt-4o-mini", usage=usage)
    assert w.calls["cost_usd"].isna().all()
    assert w.summary().unpriced == 1


def test_a_refused_call_is_missing_from_no_total():
    """A call that the provider refused costs nothing, so a total beside it is complete."""
    script = [Reply("a", usage=PRICED), Reply.unauthorized()]
    with llmwatch.watch() as w, offline_client(script=script, max_retries=0) as client:
        ask(client)
        with pytest.raises(Exception, match="401"):
            ask(client)
    assert w.summary().unpriced == 0
    assert "unknown" not in repr(w)
    assert "1 error" in repr(w)


# -- few samples, no samples ----------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 19, 20])
def test_percentiles_bear_their_n(n):
    """n stands beside them, nothing is made of nothing, and below 20 the receipt says max."""
    w = watched(*["gpt-4o-mini"] * n)
    figures = w.summary()
    names = ["latency_mean_s", "latency_p50_s", "latency_p95_s", "latency_p99_s"]
    assert figures.latency_n == n
    assert [np.isnan(figures[name]) for name in names] == [n == 0] * 4
    text = receipt_of(w).text()
    assert ("max " in text, "p95 " in text) == (0 < n < 20, n >= 20)


def test_rates_of_nothing_are_unknown():
    """Without calls there is no rate of any kind, and counts and sums are 0."""
    with llmwatch.watch() as w:
        pass
    figures = w.summary()
    for name in ("qps", "error_rate", "success_rate", "output_tokens_per_s", "satisfaction"):
        assert np.isnan(figures[name])
    assert (figures.requests, figures.tokens, figures.cost_usd) == (0, 0, 0)
    assert (len(w.errors()), len(w.by_cell()), len(w.slowest())) == (0, 0, 0)


def test_tables_one_asks_for_first():
    """Failed calls, the slowest and the cells, each of the calls of this watch alone."""
    watched("gpt-4o-mini", tag="another")
    script = [Reply("a", usage=PRICED), Reply.server_error(503), Reply("b", usage=PRICED)]
    with llmwatch.watch(tag="t") as w, offline_client(script=script, max_retries=0) as client:
        ask(client)
        with pytest.raises(Exception, match="503"):
            ask(client)
        ask(client, "nobody-knows")
    assert w.errors()[["http_status", "tag"]].values.tolist() == [[503, "t"]]
    latency = w.calls["latency_s"]
    assert w.slowest(2).index.tolist() == latency.nlargest(2).index.tolist()
    cell = w.by_cell().iloc[0]
    assert (cell["calls"], cell["errors"], cell["unpriced"]) == (3, 1, 1)
    assert cell["cost_usd"] == pytest.approx(USD)
    assert cell["latency_max_s"] == latency.max()


# -- clocks ---------------------------------------------------------------------------------------


def test_a_wall_clock_that_runs_backwards_makes_nothing_negative(monkeypatch):
    """Durations come from a clock that cannot be set: no time and no rate is below zero."""
    real, steps = time.time_ns, iter(range(10**9))

    def backwards():
        return real() - next(steps) * 10**11

    monkeypatch.setattr(time, "time_ns", backwards)
    monkeypatch.setattr(time, "time", lambda: backwards() / 1e9)
    with llmwatch.watch() as w, offline_client(script=[Reply("a"), Reply("b c d")]) as client:
        ask(client)
        for _ in ask(client, stream=True):
            assert (w.active["age_s"] >= 0).all()
        with llmwatch.call(model="m", provider="local") as c:
            c.usage(input=1, output=1)
        figures = w.summary(), w.summary(window="5min")
    times = w.calls[["latency_s", "ttft_s", "retry_wait_s"]]
    assert (times.fillna(0) >= 0).all(axis=None)
    assert (times["latency_s"] < 100).all()
    for one in figures:
        assert not one["qps"] < 0
        assert not one["oldest_active_s"] < 0


@pytest.fixture(params=["Asia/Shanghai", "America/Phoenix", "UTC"])
def zone(request):
    """The machine stands in another time zone, in which no hour of today comes twice."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system sets its zone elsewhere")
def test_naive_times_are_local_everywhere(zone):
    """`started_at` is UTC wherever we are; since and until without a zone are the person's own."""
    before = datetime.now(UTC)
    w = watched("gpt-4o-mini")
    after = datetime.now(UTC)
    started = w.calls["started_at"][0]
    assert before <= started <= after
    assert str(started.tz) == "UTC"
    here, minute = datetime.now(), timedelta(minutes=1)
    for spelled in (here, str(here), here.isoformat(), pd.Timestamp(here)):
        assert w.summary(since=spelled).requests == 0
        assert w.summary(until=spelled).requests == 1
    assert w.summary(since=here - minute, until=here + minute).requests == 1
    assert w.summary(since=before, until=after + minute).requests == 1
    assert w.summary(since=after.isoformat()).requests == 0
    assert w.summary(window="1min").requests == 1


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system sets its zone elsewhere")
@pytest.mark.parametrize("zone", ["America/New_York"], indirect=True)
def test_an_hour_that_comes_twice_is_told_apart(zone):
    """When clocks go back, 01:30 is two moments, by `fold`, an hour apart."""
    w = watched("gpt-4o-mini")
    first = datetime(2026, 11, 1, 1, 30)
    second = first.replace(fold=1)
    hour = timedelta(hours=1).total_seconds()
    assert second.timestamp() - first.timestamp() == hour
    # A stretch from the one to the other is none when both are taken for the same moment.
    assert w.summary(since=first, until=second).requests == 0
    with pytest.raises(llmwatch.UsageError, match="not before"):
        w.summary(since=second, until=first)


@pytest.mark.parametrize("window", ["1h", "2h 30min", timedelta(days=1), 900])
def test_a_rate_is_over_what_has_passed_of_a_window(window):
    """A window that began before the first call counts from that call on."""
    w = watched("gpt-4o-mini", "gpt-4o-mini")
    first = w.calls["started_at"].min().timestamp()
    least = time.time() - first
    qps = w.summary(window=window).qps
    assert least * 0.999 <= 2 / qps <= (time.time() - first) * 1.001


# -- reading --------------------------------------------------------------------------------------


def test_what_is_done_to_a_table_reaches_no_other():
    """Rows, columns and values that a person changes are theirs alone."""
    w = watched("gpt-4o-mini", "nobody-knows")
    mine = w.calls
    mine.loc[0, "model"] = "changed"
    mine["cost_usd"] = 0.0
    del mine["tag"]
    assert w.calls["model"].tolist() == ["gpt-4o-mini", "nobody-knows"]
    assert w.calls["cost_usd"].isna().tolist() == [False, True]
    assert "tag" in w.calls


def test_asking_again_copies_nothing():
    """Two tables of one watch stand on the same memory, so asking again is cheap."""
    w = watched("gpt-4o-mini", "nobody-knows")
    first, second = w.calls, w.calls
    for name in ("latency_s", "cost_usd"):
        assert np.shares_memory(first[name].to_numpy(), second[name].to_numpy())


def test_a_price_given_later_reaches_every_figure():
    """The unpriced calls of the session are priced at once, the others stay as they are."""
    w = watched("gpt-4o-mini", "priced-later")
    llmwatch.price("priced-later", input=2.0, output=1.0)
    assert w.calls["cost_source"].tolist() == ["price list", "user"]
    assert w.summary().cost_usd == pytest.approx(USD + 2.0)
    assert "unknown price" not in repr(w)
