"""The figures: exact values for small sets of calls, and NaN where there is nothing to say."""

from __future__ import annotations

import math
import os
import time
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import openai
import pandas as pd
import pytest

import llmwatch
from llmwatch import faults
from llmwatch.exceptions import UsageError
from llmwatch.records import Call
from llmwatch.semconv import FIGURES
from llmwatch.store import Store
from llmwatch.summary import NEEDED, summarize
from llmwatch.testing import OfflineServer, Reply, offline_client
from llmwatch.totals import Totals

S = 1_000_000_000
NOW = 1_790_000_000 * S
LOCAL = datetime.fromtimestamp(NOW // S).astimezone().tzinfo
BESIDE = {"rate_n", "latency_n", "ttft_n", "output_tokens_per_s_n", "satisfaction_n"}


def make(ago: float, **values) -> Call:
    """A call that started `ago` seconds before now."""
    known = {"call_id": "c", "session_id": "s", "status": "ok", "started_at": NOW - round(ago * S)}
    return Call(**(known | values))


def stored(*calls: Call, max_calls: int = 10_000) -> Store:
    store = Store(max_calls)
    store.append(calls)
    return store


def figures(*calls: Call, max_calls: int = 10_000, **options) -> dict:
    view = stored(*calls, max_calls=max_calls).view()
    return summarize(view.arrays(*NEEDED), now_ns=NOW, past=view.past, **options)


def is_nan(value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def test_the_names_are_those_of_the_table():
    """Exactly the figures of the table, in its order, with the four counts beside them."""
    names = list(figures(make(1)))
    assert [name for name in names if name not in BESIDE] == list(FIGURES)
    assert set(names) - set(FIGURES) == BESIDE
    assert names[names.index("latency_p99_s") + 1] == "latency_n"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(chunks=["word " * 20] * 50, error={"message": "overloaded"}), "APIError"),
        (Reply(chunks=["word " * 20] * 50, cut_after=49), "APIConnectionError"),
    ],
    ids=["an error event", "a cut"],
)
def test_what_came_before_a_stream_failed_was_paid(reply, words):
    """Tokens and cost of an answer that breaks are unknown and estimated: they are no 0."""
    with OfflineServer() as server, llmwatch.watch() as w:
        server.script(reply)
        stream = offline_client(server, max_retries=0).chat.completions.create(
            model="gpt-5-mini", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        with pytest.raises(openai.APIError):
            list(stream)
    found = w.summary()
    assert found.errors == {words: 1}
    assert (found.unmeasured, found.unpriced) == (1, 1)
    assert is_nan(found.tokens)
    assert is_nan(found.cost_usd)
    assert found.estimated_tokens > 1_200
    assert found.estimated_cost_usd > 0.002
    assert "~" in repr(w)
    assert w.by_cell()["unpriced"].tolist() == [1]


@pytest.mark.parametrize(
    ("said", "unknown"),
    [({"http_status": 200}, 1), ({"chunks": 3}, 1), ({}, 0), ({"http_status": 429}, 0),
     ({"http_status": 503, "chunks": 0}, 0)],
)  # fmt: skip
def test_a_refused_call_costs_nothing_a_broken_one_is_unknown(said, unknown):
    """In memory, in groups, and in the sums of what has left memory."""
    failed = make(9, status="error", **said)
    later = make(1, input_tokens=1, output_tokens=1, cost_usd=1.0)
    for found in (figures(failed, later), figures(failed, later, max_calls=1)):
        assert (found["unmeasured"], found["unpriced"]) == (unknown, unknown)
        assert found["errors"] == {"unknown": 1}


def test_nothing_is_no_zero_latency():
    """Without calls: counts and sums are 0, rates, means and percentiles have nothing to say."""
    empty = figures()
    zero = {name for name, value in empty.items() if value == 0}
    assert zero == {
        "requests", "active", "cancelled", "partial", "rate_n", "latency_n", "ttft_n",
        "input_tokens", "output_tokens", "tokens", "cost_usd", "unpriced", "unmeasured",
        "estimated_tokens", "estimated_cost_usd", "attempts", "output_tokens_per_s_n",
        "satisfaction_n",
    }  # fmt: skip
    assert empty["errors"] == {}
    assert all(is_nan(empty[name]) for name in set(empty) - zero - {"errors"})


def test_rates_are_over_ok_and_error():
    """Cancelled and partial calls are counted, and are in neither rate."""
    words = ["ok"] * 3 + ["error"] + ["cancelled"] * 2 + ["partial"] * 5
    found = figures(*(make(i, status=word) for i, word in enumerate(words)))
    assert (found["requests"], found["cancelled"], found["partial"]) == (11, 2, 5)
    assert (found["success_rate"], found["error_rate"], found["rate_n"]) == (0.75, 0.25, 4)


def test_errors_by_type():
    """The break-down counts failed calls by type, the most frequent first, untyped ones too."""
    kinds = ["RateLimitError", None, "APITimeoutError", "RateLimitError"]
    found = figures(
        *(make(i, status="error", error_type=kind) for i, kind in enumerate(kinds)),
        make(9, error_type="ignored"),
    )
    assert next(iter(found["errors"].items())) == ("RateLimitError", 2)
    assert found["errors"] == {"RateLimitError": 2, "unknown": 1, "APITimeoutError": 1}


def test_percentiles_are_linear_over_ok_calls():
    """The figures are those of pandas over the ok calls of known latency, with their n."""
    latencies = [0.3, 9.1, 2.2, 0.7, 5.0, 1.1]
    found = figures(
        *(make(i, latency_s=value, ttft_s=value / 10) for i, value in enumerate(latencies)),
        make(7, latency_s=None),
        make(8, latency_s=100.0, ttft_s=50.0, status="error"),
        make(9, latency_s=100.0, ttft_s=50.0, status="partial"),
    )
    series = pd.Series(latencies)
    for percent in (50, 95, 99):
        assert found[f"latency_p{percent}_s"] == pytest.approx(series.quantile(percent / 100))
    assert found["ttft_p95_s"] == pytest.approx(series.quantile(0.95) / 10)
    assert found["ttft_p50_s"] == pytest.approx(series.quantile(0.50) / 10)
    assert found["latency_mean_s"] == pytest.approx(series.mean())
    assert (found["latency_n"], found["ttft_n"]) == (6, 6)


def test_one_call_is_its_own_percentile():
    """With n = 1 every percentile is that call's latency, and n says so."""
    found = figures(make(1, latency_s=2.5))
    assert {found[f"latency_p{p}_s"] for p in (50, 95, 99)} == {2.5}
    assert (found["latency_n"], found["ttft_n"], is_nan(found["ttft_p50_s"])) == (1, 0, True)


def test_sums_leave_out_what_is_unknown_and_say_so():
    """Tokens and cost add up over known values; the rest is counted, failed calls excepted."""
    found = figures(
        make(1, input_tokens=10, output_tokens=5, cost_usd=0.5, attempts=1),
        make(2, input_tokens=20, output_tokens=None, cost_usd=None, attempts=3),
        make(3, estimated_input_tokens=7, estimated_output_tokens=2, estimated_cost_usd=0.1),
        make(4, status="error", attempts=2),
    )
    assert (found["input_tokens"], found["output_tokens"], found["tokens"]) == (30, 5, 35)
    assert (found["cost_usd"], found["unpriced"], found["unmeasured"]) == (0.5, 2, 1)
    assert (found["estimated_tokens"], found["estimated_cost_usd"]) == (9, 0.1)
    assert found["attempts"] == 6


def test_a_sum_of_nothing_known_is_unknown():
    """One call without tokens or price: NaN, not 0; one failed call: 0, nothing is missing."""
    names = ("input_tokens", "output_tokens", "tokens", "cost_usd", "estimated_tokens")
    embedding = figures(make(1, input_tokens=3))
    assert (is_nan(embedding["output_tokens"]), embedding["tokens"]) == (True, 3)
    assert all(is_nan(figures(make(1))[name]) for name in names)
    assert all(figures(make(1, status="error"))[name] == 0 for name in names)


def test_output_speed_is_sum_over_sum():
    """Output tokens a second: sums over the calls where both are known."""
    found = figures(
        make(1, output_tokens=100, latency_s=1.0),
        make(2, output_tokens=20, latency_s=3.0),
        make(3, output_tokens=500),
        make(4, latency_s=50.0),
    )
    assert found["output_tokens_per_s"] == 120 / 4.0


def test_satisfaction_is_the_mean_of_the_rated():
    """The mean score of rated calls, negative ones included, with their n."""
    found = figures(make(1, score=1.0), make(2, score=-0.5), make(3))
    assert (found["satisfaction"], found["satisfaction_n"]) == (0.25, 2)


def test_calls_in_flight():
    """Their number and the age of the oldest."""
    found = figures(in_flight=[3.0, 12.5, 0.1])
    assert (found["active"], found["oldest_active_s"]) == (3, 12.5)


# -- spans of time --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "window",
    ["5min", "5 minutes", "300s", "300", 300, 300.0, "0.5min 270s", timedelta(minutes=5),
     pd.Timedelta("5min"), pd.offsets.Minute(5), np.timedelta64(5, "m"), "4min60s", "5Min",
     np.int64(300), np.float32(300), pd.DateOffset(minutes=5), pd.DateOffset(2, seconds=150)],
)  # fmt: skip
def test_a_window_looks_back_from_now(window):
    """Calls that started within the window count, the one on its edge included."""
    if window == "300":
        with pytest.raises(UsageError, match='window="5min"'):
            figures(make(1), window=window)
        return
    found = figures(make(301), make(300), make(299), make(1), window=window)
    assert found["requests"] == 3


@pytest.mark.parametrize(
    "window",
    ["", "x", "5 parsecs", "-5min", 0, -1, True, math.nan, math.inf, [], "5min!", "1M", "1MS"],
)
def test_a_window_that_is_none(window):
    """One clear line that shows what to give."""
    with pytest.raises(UsageError) as caught:
        figures(make(1), window=window)
    assert "\n" not in str(caught.value)
    assert '"5min"' in str(caught.value)


def naive64(moment):
    """A moment as numpy has it: local, since it knows no zone."""
    return np.datetime64(moment.astimezone().replace(tzinfo=None))


def test_a_time_is_taken_to_the_nanosecond():
    """The start of a call, as `.calls` has it, is since then, and not before."""
    calls = [make(1), make(1 - 123e-9), make(1 - 999e-9)]
    times = [pd.Timestamp(call.started_at, tz="UTC") for call in calls]
    assert [figures(*calls, since=moment)["requests"] for moment in times] == [3, 2, 1]
    assert [figures(*calls, until=moment)["requests"] for moment in times] == [0, 1, 2]
    exact = [np.datetime64(t.tz_convert(LOCAL).tz_localize(None).to_datetime64()) for t in times]
    assert [figures(*calls, since=moment)["requests"] for moment in exact] == [3, 2, 1]


def test_since_is_in_and_until_is_out():
    """Calls from `since` on and before `until`, in every spelling of a time."""
    calls = [make(ago) for ago in (400, 300, 200, 100)]
    start, end = (datetime.fromtimestamp((NOW // S) - ago, UTC) for ago in (300, 100))
    for since, until in [
        (start, end),
        (start.isoformat(), end.isoformat()),
        (start.astimezone(timezone(timedelta(hours=8))), end),
        (pd.Timestamp(start), pd.Timestamp(end)),
        (start.astimezone().replace(tzinfo=None), end.astimezone().replace(tzinfo=None)),
        (f"{start:%Y-%m-%dT%H:%M:%S}Z", f"{end:%Y%m%dT%H%M%S}+00"),
        *((local(start), local(end)) for local in (naive64, str, pd.Timestamp)),
    ]:
        assert figures(*calls, since=since, until=until)["requests"] == 2
    assert figures(*calls, since=date(1999, 1, 1))["requests"] == 4
    assert figures(*calls, until=end, window="150s")["requests"] == 1


@pytest.mark.parametrize(
    "options",
    [{"since": "yesterday"}, {"until": 5}, {"since": ""}, {"since": datetime.min},
     {"since": pd.NaT}, {"since": datetime(2030, 1, 2), "until": datetime(2030, 1, 1)},
     {"window": "5min", "since": datetime(2030, 1, 1)}],
)  # fmt: skip
def test_times_that_are_none(options):
    """What cannot be read, or contradicts itself, is one clear line."""
    with pytest.raises(UsageError) as caught:
        figures(make(1), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot switch time zones")
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_naive_times_are_local(zone):
    """A time without a zone is local time; the hour that comes twice is told apart by `fold`."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        for moment in (datetime(2026, 6, 1, 12), datetime(2026, 11, 1, 1, 30),
                       datetime(2026, 11, 1, 1, 30, fold=1)):  # fmt: skip
            at = round(moment.timestamp()) * S
            calls = [Call(call_id="c", session_id="s", status="ok", started_at=at + d) for d in
                     (-1, 0, 1)]  # fmt: skip
            assert figures(*calls, since=moment)["requests"] == 2
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


def test_qps_is_over_the_elapsed_part():
    """A window that began before the first call counts from that call on, an older one whole."""
    young = [make(10), make(5)]
    assert figures(*young, window="5min")["qps"] == pytest.approx(2 / 10)
    assert figures(make(9999), *young, window="5min")["qps"] == pytest.approx(2 / 300)
    assert figures(make(9999), window="5min")["qps"] == 0
    later = datetime.fromtimestamp(NOW // S + 3600, UTC)
    assert figures(*young, until=later)["qps"] == pytest.approx(2 / 10)
    assert is_nan(figures(window="5min")["qps"])


def test_qps_without_a_window_ends_with_the_last_call():
    """The whole runs from the first start to the last end, or to now while calls are in flight."""
    calls = [make(100, latency_s=10.0), make(60, latency_s=20.0)]
    assert figures(*calls)["qps"] == pytest.approx(2 / 60)
    assert figures(*calls, in_flight=[1.0])["qps"] == pytest.approx(2 / 100)
    assert is_nan(figures(make(5))["qps"])
    gone = Totals.of(stored(make(100), make(90)).view().arrays(*NEEDED))
    nothing = Store().view().arrays(*NEEDED)
    assert summarize(nothing, now_ns=NOW, past=gone)["qps"] == pytest.approx(2 / 10)


# -- what left memory -----------------------------------------------------------------------------


def test_totals_are_exact_beyond_memory():
    """Sums, rates and errors contain the calls that left memory; percentiles have their own n."""
    calls = [
        make(1000 - i, input_tokens=1, output_tokens=2, cost_usd=0.25, latency_s=1.0, attempts=1,
             score=1.0 if i < 50 else -1.0, status="error" if i < 100 else "ok")
        for i in range(1000)
    ]  # fmt: skip
    whole, kept = figures(*calls), figures(*calls, max_calls=10)
    percentiles = {name for name in whole if name.startswith(("latency_", "ttft_"))}
    for name in set(whole) - percentiles:
        assert whole[name] == kept[name] or (is_nan(whole[name]) and is_nan(kept[name])), name
    assert (kept["requests"], kept["errors"], kept["latency_n"]) == (1000, {"unknown": 100}, 10)


def test_a_span_takes_what_left_memory_only_when_it_holds_it_all():
    """A window over the last calls knows nothing of older ones; one over everything does."""
    calls = [make(1000 - i, input_tokens=1) for i in range(1000)]
    assert figures(*calls, max_calls=10, window="5s")["requests"] == 5
    assert figures(*calls, max_calls=10, window="1h")["requests"] == 1000
    assert figures(*calls, max_calls=10, window="1h")["input_tokens"] == 1000


def test_a_span_that_cuts_what_left_memory_says_so():
    """Its rate is over the time of the calls that it counts, and diagnostics name the rest."""
    faults.clear()
    calls = [make(1000 - i, input_tokens=1) for i in range(1000)]
    partly = figures(*calls, max_calls=10, window="500s")
    assert partly["requests"] == 10
    assert partly["qps"] == pytest.approx(1.0)
    assert [fault.step for fault in faults.table()] == ["summary"]
    faults.clear()
    figures(*calls, max_calls=10, window="5s")
    figures(*calls, max_calls=10, window="1h")
    assert faults.table() == []


def test_statuses_by_word_do_as_well_as_codes():
    """Columns from elsewhere, with the status as text and counts as floats, give the same."""
    calls = [make(i, status=word, latency_s=1.0, input_tokens=3) for i, word in
             enumerate(["ok", "error", "partial", "lost", "odd"])]  # fmt: skip
    store = Store()
    store.append(calls)
    arrays = store.view().arrays(*NEEDED, "status")
    foreign = {
        name: column.astype(float).filled(np.nan) if np.ma.isMaskedArray(column) else column
        for name, column in arrays.items()
        if name != "status_code"
    }
    ours, theirs = (summarize(columns, now_ns=NOW) for columns in (arrays, foreign))
    for name, value in ours.items():
        assert value == theirs[name] or (is_nan(value) and is_nan(theirs[name])), name
    assert (ours["requests"], ours["input_tokens"], ours["error_rate"]) == (5, 15, 0.5)
