"""A waterfall shows where the time of calls and spans went, as a tree, the last ones first."""

from __future__ import annotations

import pandas as pd
import pytest

import llmwatch
from llmwatch.charts import draw
from llmwatch.testing import Reply, offline_client
from tests.charts.plain import SPANS, START, calls, rows, words
from tests.spans.plain import ASK, ask


def test_waterfall_of_calls_shows_where_the_time_went():
    """Retries and the wait for the first token are parts of the bar, in their order."""
    frame = calls(1, status=["ok"], latency_s=[4.0], ttft_s=[2.0], retry_wait_s=[1.5],
                  model=["gpt-5"])  # fmt: skip
    parts = [(row["part"], row["t"], row["t2"]) for row in rows(draw("waterfall", frame))
             if "part" in row]  # fmt: skip
    assert parts == [
        ("retries and waits", 0.0, 1.5), ("until the first token", 1.5, 2.0), ("call", 2.0, 4.0),
    ]  # fmt: skip


def test_waterfall_shows_the_last_ones_and_says_so():
    """Fifty bars at most, the newest; and only those after a long pause."""
    chart = draw("waterfall", calls(300))
    assert "the last 50 of 300 calls in" in words(chart)
    assert len({row["row"] for row in rows(chart)}) == 50
    times = [START, START + pd.Timedelta("1h"), START + pd.Timedelta("1h1s")]
    assert "the last 2 of 3 calls, after a pause, in" in words(
        draw("waterfall", calls(3, started_at=times))
    )


def test_waterfall_of_spans_is_a_tree():
    """Children stand below their parent and further in; a failed one is marked."""
    chart = draw("waterfall", SPANS)
    labels = sorted((row["row"], row["label"], row["left"]) for row in rows(chart)
                    if "label" in row)  # fmt: skip
    assert [label for _, label, _ in labels] == ["answer", "retrieve", "× embed"]
    left = [left for _, _, left in labels]
    assert left[0] < left[1] < left[2]
    assert "3 spans in 5.00\u202fs" in words(chart)


def test_spans_may_say_their_depth_and_go_round_in_a_circle():
    """Depth and plain seconds are taken as they are; ids that lead back to themselves do no harm."""
    plain = pd.DataFrame({"name": ["a", "b"], "start": [0.0, 1.0], "end": [3.0, 2.0],
                          "depth": [0, 1]})  # fmt: skip
    assert "2 spans in 3.00\u202fs" in words(draw("waterfall", plain))
    odd = plain.assign(depth=["deep", float("inf")])
    assert "2 spans in 3.00\u202fs" in words(draw("waterfall", odd))
    circle = SPANS.assign(parent_span_id=["b", "b", "c"])
    assert len({row["row"] for row in rows(draw("waterfall", circle))}) == 3


def bars(chart):
    """The names in a waterfall, from the top, each with how far it stands in."""
    rows = [row for data in chart.to_dict()["datasets"].values() for row in data]
    labels = sorted((row["row"], row["label"], row["left"]) for row in rows if "label" in row)
    edge = min(left for _, _, left in labels)
    return [(label, (left - edge) // 12) for _, label, left in labels]


def test_the_waterfall_draws_the_tree():
    """Spans and calls, children below and further in; one that failed has a mark."""
    with llmwatch.watch() as w:
        with pytest.raises(ValueError), llmwatch.span("answer"):
            with llmwatch.span("retrieve"):
                ask()
            raise ValueError("bad")
        ask()
    assert bars(w.chart("waterfall")) == [
        ("× answer", 0), ("retrieve", 1), ("chat gpt-5-mini", 2), ("chat gpt-5-mini", 0),
    ]  # fmt: skip


def test_the_waterfall_draws_what_is_open_and_the_waits_of_calls():
    """An open span reaches to the last that is seen; a call's retries are a part of its bar."""
    client = offline_client(script=[Reply.rate_limited(0.05), Reply("Hi")])
    with llmwatch.watch() as w, llmwatch.span("open"):
        client.chat.completions.create(**ASK)
        chart = w.chart("waterfall")
    rows = [row for data in chart.to_dict()["datasets"].values() for row in data]
    parts = [row["part"] for row in rows if "part" in row]
    assert parts == ["other work", "retries and waits", "call"]
    assert bars(chart) == [("open", 0), ("chat gpt-5-mini", 1)]
    assert {row["state"] for row in rows if "part" in row} == {"open", "ok"}


def test_without_spans_the_waterfall_is_one_of_calls():
    """As before there were any."""
    with llmwatch.watch() as w:
        ask()
    assert bars(w.chart("waterfall")) == [("gpt-5-mini", 0)]
