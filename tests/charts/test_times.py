"""Axes and bars follow the person's clock, also where it is set forward, back, or by a day."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from llmwatch.charts import draw
from tests.charts.plain import OF_CALLS, START, calls, rows


@pytest.fixture
def local_zone(monkeypatch):
    """Puts the kernel into a zone by its name."""

    def put(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def kolkata(local_zone):
    """The kernel stands in India: UTC+05:30."""
    local_zone("Asia/Kolkata")


def test_times_are_local(kolkata):
    """Axis and pointer speak the kernel's wall clock."""
    chart = draw("latency", calls(1, started_at=[START]))
    assert rows(chart)[0]["when"] == "5 Mar 17:30:00"
    axis = chart.to_dict()["layer"][0]["encoding"]["x"]["axis"]
    assert "5 Mar 17:29:59" in axis["labelExpr"]
    assert "17:30:00" in axis["labelExpr"]


def test_days_begin_at_local_midnight(kolkata):
    """Bars of a day are cut where the person's day ends."""
    times = [START + pd.Timedelta(days=day) for day in range(30)]
    bars = [row for row in rows(draw("timeline", calls(30, started_at=times)))
            if row["key"] in ("calls", "errors") and "y2" in row]  # fmt: skip
    assert {row["when"].split()[-1] for row in bars} == {"00:00:00"}


def first_lines(frame):
    """When the bars of calls begin, as they say it, and how long each is in hours."""
    bars = [row for row in rows(draw("timeline", frame)) if row["key"] == "calls" and "y2" in row]
    return [row["when"] for row in bars], [(row["t2"] - row["t"]) / 0.84 / 3.6e6 for row in bars]


@pytest.mark.parametrize(
    ("day", "days", "hours"),
    [("2026-03-27", 30, 23), ("2026-10-23", 30, 25), ("2026-03-28", 3, 1), ("2026-10-24", 3, 3)],
)
def test_setting_the_clocks_shifts_no_bar(day, days, hours, local_zone):
    """In spring and autumn, by the day and by two hours: bars begin at round times of the clock."""
    local_zone("Europe/Berlin")
    begin = pd.Timestamp(day, tz="Europe/Berlin")
    end = begin + pd.DateOffset(days=days)
    times = pd.date_range(begin, end, freq="30min", inclusive="left")
    starts, length = first_lines(calls(len(times), started_at=times, status="ok"))
    assert sum(when.endswith("00:00:00") for when in starts) == days
    assert len(starts) == days * (1 if days == 30 else 12)
    whole = 24 if days == 30 else 2
    assert sorted(map(round, length)) == sorted([hours, *[whole] * (len(starts) - 1)])


def test_weeks_of_a_chart_begin_on_monday(local_zone):
    """As those of `.timeline("1W")` do."""
    local_zone("Europe/Berlin")
    times = [pd.Timestamp("2026-01-07", tz="UTC") + pd.Timedelta(days=n) for n in range(300)]
    starts, _ = first_lines(calls(300, started_at=times, status="ok"))
    assert {pd.Timestamp(f"{when} 2026").day_name() for when in starts} == {"Monday"}


def test_a_skipped_day_has_no_bar(local_zone):
    """Samoa had no 30 December 2011; no call is lost."""
    local_zone("Pacific/Apia")
    times = [pd.Timestamp("2011-12-20", tz="UTC") + pd.Timedelta(hours=n) for n in range(480)]
    starts, _ = first_lines(calls(480, started_at=times, status="ok"))
    assert [when for when in starts if when.startswith("30 Dec")] == []
    assert "31 Dec 00:00:00" in starts


def test_identical_times_are_no_trouble():
    """All calls in one nanosecond make every chart."""
    frame = calls(30, started_at=[START] * 30, latency_s=[0.5] * 30)
    for kind in OF_CALLS:
        draw(kind, frame).to_dict()
