"""Figures over time: each bucket's are those of its calls alone, and days are local days."""

from __future__ import annotations

import math
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmwatch import faults
from llmwatch.exceptions import UsageError
from llmwatch.records import Call
from llmwatch.store import Store
from llmwatch.summary import NEEDED, Stretch, summarize, timeline
from tests.reckoned import BEGIN, S, agrees, end_of, is_missing, reckoned, sessions
from tests.test_reading import Source

NOW = BEGIN + 8000 * S
FREQS = ["10s", "90s", "7min", "1h", "1D", 3600]


def at(moment: datetime, **values) -> Call:
    ns = round(moment.timestamp()) * S
    return Call(**({"call_id": "c", "session_id": "s", "started_at": ns, "status": "ok"} | values))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starts(table) -> list[str]:
    """When the buckets begin, in UTC."""
    return [f"{moment:%m-%d %H:%M}" for moment in table.index]


def over_time(calls, freq, now_ns=NOW, since=None, until=None, window=None):
    store = Store()
    store.append(calls)
    span = Stretch.of(now_ns, window, since, until)
    return timeline(store.view().arrays(*NEEDED), freq, now_ns=now_ns, span=span)


@contextmanager
def zone(name: str):
    """The local time of somewhere."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot switch time zones")
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield ZoneInfo(name)
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


# -- against an independent computation ----------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(sessions, st.sampled_from(FREQS))
@example([], "10s")
def test_each_bucket_has_the_figures_of_its_calls(calls, freq):
    """All figures of every bucket, counted call by call; no call is in none or in two."""
    table = Source(*calls).timeline(freq)
    begins = table.index.as_unit("ns").asi8.tolist()
    length = int(pd.Timedelta(freq if isinstance(freq, str) else f"{freq}s").value)
    first = min((c.started_at for c in calls), default=0)
    last = max(map(end_of, calls), default=0)
    for begin, (_, figures) in zip(begins, table.iterrows(), strict=True):
        some = [c for c in calls if begin <= c.started_at < begin + length]
        seconds = (min(begin + length, last) - max(begin, first)) / 1e9
        plain = {name: math.nan if v is pd.NA else v for name, v in figures.items()}
        assert agrees(plain, reckoned(some, seconds)) == {}
    assert sum(table["requests"]) == len(calls)
    assert set(np.diff(begins)) <= {length}
    if calls:
        assert begins[0] <= first < begins[0] + length
        assert begins[-1] <= max(c.started_at for c in calls)


@settings(max_examples=40, deadline=None)
@given(sessions, st.sampled_from(["90s", "1h"]), st.sampled_from(["model", "tag", "status"]))
def test_groups_in_a_bucket_add_up_to_it(calls, freq, by):
    """Every bucket has every group; counts and known sums of them are those of the bucket."""
    source = Source(*calls)
    whole, parts = source.timeline(freq), source.timeline(freq, by=by)
    groups = {getattr(call, by) for call in calls}
    assert len(parts) == len(whole) * len(groups)
    assert parts.index.names == ["bucket", by]
    for name in ("requests", "rate_n", "latency_n", "unpriced", "input_tokens", "cost_usd"):
        summed = parts[name].fillna(0).groupby(level="bucket").sum()
        assert summed.tolist() == pytest.approx(whole[name].fillna(0).tolist())


@settings(max_examples=40, deadline=None)
@given(sessions, st.sampled_from(FREQS))
def test_buckets_add_up_to_the_whole(calls, freq):
    """Counts and known sums over all buckets are those of the summary."""
    source = Source(*calls)
    whole, buckets = source.summary(), source.timeline(freq)
    for name in ("requests", "rate_n", "latency_n", "unpriced", "tokens", "cost_usd", "attempts"):
        known = 0 if is_missing(whole[name]) else whole[name]
        assert buckets[name].fillna(0).sum() == pytest.approx(known)


# -- where buckets begin -------------------------------------------------------------------------


def test_empty_buckets_are_shown_as_empty():
    """Between two calls: no requests, nothing spent, nothing to say of rates and latency."""
    calls = [at(utc("2026-03-01 10:00:05"), cost_usd=1.0), at(utc("2026-03-01 10:00:35"))]
    table = Source(*calls).timeline()
    assert table["requests"].tolist() == [1, 0, 0, 1]
    assert table["cost_usd"].tolist()[:3] == [1.0, 0.0, 0.0]
    empty = table.iloc[1]
    assert empty[["success_rate", "latency_p50_s", "satisfaction"]].isna().all()
    assert (empty["tokens"], empty["errors"], empty["qps"]) == (0, {}, 0.0)
    assert table["qps"].tolist() == [0.2, 0.0, 0.0, 0.2]  # of five seconds, ten, ten and five
    assert (table.index.name, str(table.index.dtype)) == ("bucket", "datetime64[ns, UTC]")


def test_a_timeline_of_nothing():
    """Without calls there are no buckets, and the columns are there."""
    for table in (
        Source().timeline(),
        Source().timeline(by="model"),
        Source().timeline("1D", since="2026-01-01"),
    ):
        assert (len(table), list(table.columns)) == (0, list(Source().summary().index))


@pytest.mark.parametrize("stretch", [{"until": "1600-01-01"}, {"since": datetime.max}])
@pytest.mark.parametrize("by", [None, "model"])
def test_a_stretch_of_other_centuries(stretch, by):
    """Before or after all that nanoseconds reach: no bucket, and no error of numpy's."""
    table = Source(at(utc("2026-03-05 14:10"), model="m")).timeline("1h", by=by, **stretch)
    assert len(table) == 0


def test_buckets_begin_at_round_times():
    """Counted from local midnight, also where a zone is half an hour off."""
    with zone("Asia/Kolkata"):
        table = Source(at(utc("2026-03-01 10:07:00")), at(utc("2026-03-01 11:31:00"))).timeline(
            "1h"
        )
        assert starts(table) == ["03-01 09:30", "03-01 10:30", "03-01 11:30"]
        table = Source(at(utc("2026-03-01 10:07:00"))).timeline("7min")
        assert starts(table) == ["03-01 10:01"]  # 15:31 there, 133 times seven minutes


def test_a_stretch_sets_where_it_begins_and_ends():
    """From its start, or the first call, to its end, or now; empty buckets before and after."""
    calls = [
        at(utc("2026-03-01 10:00:00")),
        at(utc("2026-03-01 10:09:00")),
        at(utc("2026-03-01 10:20:00")),
    ]
    now_ns = round(utc("2026-03-01 10:31:00").timestamp()) * S
    some = {"since": utc("2026-03-01 10:05"), "until": utc("2026-03-01 10:15")}
    for freq, options, counts in [
        ("5min", {}, [1, 1, 0, 0, 1]),
        ("5min", some, [1, 0]),
        ("5min", {"since": utc("2026-03-01 10:05")}, [1, 0, 0, 1, 0, 0]),
        ("5min", {"since": utc("2026-01-01 10:05")}, [1, 1, 0, 0, 1, 0, 0]),
        ("5min", {"until": utc("2026-03-01 10:20")}, [1, 1, 0, 0]),
        ("5min", {"until": utc("2027-03-01 10:20")}, [1, 1, 0, 0, 1, 0, 0]),
        ("5min", {"window": "12min"}, [0, 1, 0, 0]),
        ("10min", {"window": "5min"}, [0, 0]),
        ("5min", {"until": utc("2026-01-01 10:20")}, []),
    ]:
        found = over_time(calls, freq, now_ns, **options)
        assert found.grouped.figures["requests"].tolist() == counts, options


def test_the_rate_of_a_bucket_is_over_what_has_passed_of_it():
    """The first bucket counts from the first call, the last one to now."""
    calls = [at(utc("2026-03-01 10:00:20")), at(utc("2026-03-01 10:01:30"))]
    now_ns = round(utc("2026-03-01 10:01:40").timestamp()) * S
    found = over_time(calls, "1min", now_ns, since=utc("2026-03-01 10:00:00"))
    assert found.grouped.figures["qps"].tolist() == pytest.approx([1 / 40, 1 / 40])


def test_calls_in_flight_are_where_they_started():
    """A call that runs is `active` in its bucket, with its age, also where no other call is."""
    first = at(utc("2026-03-01 10:00:00"), model="a")
    running = {"started_at": first.started_at + 25 * S, "age_s": 7.5, "model": "b"}
    table = Source(first, in_flight=(running,)).timeline("10s")
    assert table["active"].tolist() == [0, 0, 1]
    assert table["oldest_active_s"].tolist()[2] == 7.5
    assert table["requests"].tolist() == [1, 0, 0]
    by = Source(first, in_flight=(running,)).timeline("10s", by="model")
    assert by.loc[(by.index[-1][0], "b"), "active"] == 1
    until = pd.Timestamp(first.started_at + 20 * S, tz="UTC")
    assert Source(first, in_flight=(running,)).timeline("10s", until=until)["active"].sum() == 0
    alone = Source(in_flight=({"age_s": 3.0, "model": "b"},)).timeline("1h")
    assert alone["active"].sum() == 1


# -- days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "days", "hours"),
    [
        ("Europe/Berlin", ["2026-03-28", "2026-03-29", "2026-03-30"], [24, 23, 24]),
        ("Europe/Berlin", ["2026-10-24", "2026-10-25", "2026-10-26"], [24, 25, 24]),
        ("America/New_York", ["2026-03-07", "2026-03-08", "2026-03-09"], [24, 23, 24]),
        ("America/Havana", ["2026-03-07", "2026-03-08", "2026-03-09"], [24, 23, 24]),
        ("America/Havana", ["2026-10-31", "2026-11-01", "2026-11-02"], [24, 25, 24]),
        ("Australia/Lord_Howe", ["2026-04-04", "2026-04-05", "2026-04-06"], [24, 24.5, 24]),
        ("Asia/Shanghai", ["2026-03-28", "2026-03-29", "2026-03-30"], [24, 24, 24]),
    ],
)
def test_days_are_local_days(name, days, hours):
    """From midnight to midnight, of 23 or 25 hours where clocks are set; one call each hour."""
    with zone(name) as local:
        first = datetime.fromisoformat(days[0]).replace(tzinfo=local).astimezone(UTC)
        end = first + timedelta(hours=sum(hours))
        calls = []
        while first + timedelta(minutes=30) * len(calls) < end:
            calls.append(at(first + timedelta(minutes=30) * len(calls)))
        table = Source(*calls).timeline("1D")
        assert [f"{moment:%Y-%m-%d}" for moment in table.index.tz_convert(local)] == days
        assert table["requests"].tolist() == [n * 2 for n in hours]
        assert table.equals(Source(*calls).timeline(timedelta(days=1)))


def test_weeks_begin_on_monday():
    """Seven days are a calendar week; other numbers of days are counted on from any first call."""
    with zone("Europe/Berlin"):
        calls = [at(utc("2026-03-25 12:00")), at(utc("2026-03-30 12:00"))]
        assert starts(Source(*calls).timeline("1W")) == ["03-22 23:00", "03-29 22:00"]
        assert starts(Source(*calls).timeline("7D")) == ["03-22 23:00", "03-29 22:00"]
        two = Source(*calls).timeline("2D").index.tz_convert("Europe/Berlin")
        assert {moment.hour for moment in two} == {0}
        later = Source(calls[1]).timeline("2D").index[0]
        assert later in Source(*calls).timeline("2D").index


def test_a_day_that_a_country_skipped():
    """Samoa had no 30 December 2011: its bucket is not there, and no call is lost."""
    with zone("Pacific/Apia"):
        calls = [at(utc("2011-12-30 09:00")), at(utc("2011-12-30 11:00"))]
        table = Source(*calls).timeline("1D")
        assert table["requests"].tolist() == [1, 1]
        assert starts(table) == ["12-29 10:00", "12-30 10:00"]


# -- what is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "freq", ["1min", "min", 60, 60.0, timedelta(minutes=1), pd.Timedelta("1min"),
             pd.offsets.Minute(1), np.timedelta64(1, "m"), np.timedelta64(60_000, "ms"), "60 seconds",
             np.int64(60), np.float32(60), pd.DateOffset(minutes=1)]
)  # fmt: skip
def test_every_spelling_of_a_length(freq):
    """Text, seconds, and the lengths of datetime, numpy and pandas are one."""
    calls = [at(utc("2026-03-01 10:00:05")), at(utc("2026-03-01 10:02:35"))]
    assert Source(*calls).timeline(freq)["requests"].tolist() == [1, 0, 1]
    later = Source(*calls)._view().arrays(*NEEDED)
    now_ns = calls[1].started_at + 30 * S
    assert summarize(later, now_ns=now_ns, window=freq)["requests"] == 1


@pytest.mark.parametrize(
    "freq", ["", "x", "1M", "1MS", "1ME", "0s", "-1s", 0, -5, float("nan"), float("inf"), True,
             None, [], "1..5s", pd.offsets.MonthBegin(1), pd.NaT,
             pd.DateOffset(months=1), pd.DateOffset(minute=5), np.True_, np.timedelta64("NaT"), 1e300]
)  # fmt: skip
def test_a_length_that_is_none(freq):
    """One line says what to give; a month is no length, since none is like another."""
    with pytest.raises(UsageError, match=r"freq=.*is not a length of time") as caught:
        Source(at(utc("2026-03-01 10:00"))).timeline(freq)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("freq", "by", "better"),
    [("1s", None, "15min"), ("1s", "model", "15min"), ("1us", None, "15min")],
)
def test_too_many_buckets_are_refused(freq, by, better):
    """The line names a length that fits, and with it the figures come."""
    calls = [at(utc("2026-03-01 00:00"), model="a"), at(utc("2026-03-05 00:00"), model="b")]
    source = Source(*calls)
    with pytest.raises(UsageError, match=rf'more than 100,000.*freq="{better}"'):
        source.timeline(freq, by=by)
    assert 10 < len(source.timeline(better, by=by)) <= 1000


def test_the_line_for_years_names_weeks():
    """Even for the longest time there is a length that fits."""
    calls = [at(utc("1971-03-01 00:00")), at(utc("2026-03-05 00:00"))]
    with pytest.raises(UsageError, match='freq="1W"'):
        Source(*calls).timeline()
    assert Source(*calls).timeline("1W")["requests"].sum() == 2


def test_a_timeline_knows_what_is_in_memory():
    """It begins with the first call in memory, and diagnostics say that older ones are gone."""
    source = Source()
    source.store.max_calls = 10
    source.store.append([at(utc("2026-03-01 00:00") + timedelta(seconds=n)) for n in range(500)])
    faults.clear()
    assert source.timeline("10s")["requests"].tolist() == [10]
    assert [fault.step for fault in faults.table()] == ["summary"]
    faults.clear()
