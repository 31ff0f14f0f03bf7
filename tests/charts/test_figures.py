"""Latency, tokens, cost, errors and the timeline are those of the calls, and say what they omit."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from llmwatch.charts import draw
from tests.charts.plain import START, calls, keys, rows, words


def test_errors_have_a_shape_of_their_own():
    """An error is told by its cross, not by its colour alone, and by its type under the pointer."""
    chart = draw("latency", calls(3, status=["ok", "error", "ok"], error_type=[None, "E", None]))
    (error,) = (row for row in rows(chart) if row["key"] == "error")
    assert error["state"] == "E"
    shapes = [layer["encoding"]["shape"]["scale"] for layer in chart.to_dict()["layer"]]
    assert [s["range"][s["domain"].index("error")] != "circle" for s in shapes] == [True]


def test_a_call_that_was_stopped_is_hollow():
    """Partial and cancelled calls are drawn unfilled, and the subtitle says what that means."""
    chart = draw("latency", calls(4, status=["ok", "partial", "cancelled", "ok"]))
    assert "hollow: stopped before the end" in words(chart)
    marks = [layer["mark"]["filled"] for layer in chart.to_dict()["layer"]]
    assert marks == [True, False]


def test_what_is_estimated_is_told_as_that():
    """Of a stream without usage the pointer tells the estimates, with a ~ before each."""
    frame = calls(
        3, status=["partial", "ok", "ok"], input_tokens=[None, 5, None],
        output_tokens=[None, 7, None], estimated_input_tokens=[11, None, None],
        estimated_output_tokens=[12, None, None], cost_usd=[None, 0.25, None],
        estimated_cost_usd=[0.5, None, None],
    )  # fmt: skip
    found = {(row["used"], row["cost"]) for row in rows(draw("latency", frame))}
    assert found == {("~11 → ~12", "~$0.50"), ("5 → 7", "$0.25"), ("– → –", "–")}


def test_the_threshold_is_in_the_picture():
    """A threshold far above all calls still lies within the axis."""
    chart = draw("latency", calls(20), threshold=600)
    assert {"y": 600, "words": "10\u202fmin 0\u202fs"} in rows(chart)
    rule, points = chart.to_dict()["layer"][:2]
    assert rule["mark"]["type"] == "rule"
    low, high = points["encoding"]["y"]["scale"]["domain"]
    assert low < 1 < 600 < high


@pytest.mark.parametrize("latency", [0.0, -1.0, 1e-9, 1e7])
def test_odd_latencies_have_a_place(latency):
    """Nought, less than nothing (a clock set back) and months are drawn on the log scale."""
    chart = draw("latency", calls(2, latency_s=[latency, 1.0], status=["ok", "ok"]))
    low, high = chart.to_dict()["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert 0 < low < 1 < high


def test_calls_of_unknown_latency_are_counted():
    """They have no place on the picture, and it says how many they are."""
    chart = draw("latency", calls(3, latency_s=[1.0, None, None], status=["ok"] * 3))
    assert "2 calls of unknown latency not shown" in words(chart)
    nothing = draw("latency", calls(3, latency_s=[None] * 3))
    assert {"words": "no latency is known"} in rows(nothing)


def test_tokens_add_up_and_estimates_stand_apart():
    """The bars are the sums of the columns; estimated ones are `~`, lighter, and in no other sum."""
    frame = calls(500)
    chart = draw("tokens", frame)
    told = dict.fromkeys(("in", "out", "~in", "~out"), 0.0)
    for row in rows(chart):
        told[row["key"]] += row["y2"] - row["y"]
    assert told == pytest.approx({
        "in": frame["input_tokens"].sum(), "out": frame["output_tokens"].sum(),
        "~in": frame["estimated_input_tokens"].sum(),
        "~out": frame["estimated_output_tokens"].sum(),
    })  # fmt: skip
    colours = keys(chart)
    assert len(set(colours.values())) == 4
    assert "estimated on top (lighter)" in words(chart)
    assert "~" not in "".join(keys(draw("tokens", calls(50).iloc[:0])))


def test_tokens_say_what_is_not_measured():
    """A call that was answered without usage is counted; a refused one is not."""
    unknown = {"input_tokens": [5, None, None], "output_tokens": [1, None, None]}
    nothing = dict.fromkeys(("estimated_input_tokens", "estimated_output_tokens"), [None] * 3)
    chart = draw("tokens", calls(3, status=["ok", "ok", "error"], **unknown, **nothing))
    assert "1 call not measured" in words(chart)


def test_tokens_that_nobody_reported_are_no_nought():
    """Of streams without usage, and of embeddings, which have no output: unknown, not 0."""
    silent = calls(3, status=["ok"] * 3, input_tokens=[None] * 3, output_tokens=[None] * 3,
                   estimated_input_tokens=[5] * 3, estimated_output_tokens=[6] * 3)  # fmt: skip
    assert "no tokens reported, per" in words(draw("tokens", silent))
    assert "~33 estimated on top" in words(draw("tokens", silent))
    embedded = calls(3, status=["ok"] * 3, input_tokens=[5] * 3, output_tokens=[None] * 3,
                     estimated_output_tokens=[None] * 3)  # fmt: skip
    assert "15 → – tokens, per" in words(draw("tokens", embedded))


def test_cost_is_cumulative_and_says_what_it_leaves_out():
    """The last height is the sum; estimates lie on top with `~`; unknown prices are named."""
    frame = calls(
        5, status=["ok"] * 5, model=["a", "a", "b", "b", "qwen-x"],
        cost_usd=[0.1, 0.2, 0.3, None, None],
        estimated_cost_usd=[None, None, None, 0.05, None],
    )  # fmt: skip
    chart = draw("cost", frame)
    last = max(row["t"] for row in rows(chart))
    heights = {row["key"]: row["y2"] - row["y"] for row in rows(chart)
               if row["t"] == last and "y2" in row}  # fmt: skip
    assert heights == pytest.approx({"a": 0.3, "b": 0.3})
    (dashed,) = (row for row in rows(chart) if row["t"] == last and "y2" not in row)
    assert dashed["y"] == pytest.approx(0.65)
    assert dashed["words"] == "~$0.65"
    said = words(chart)
    assert "$0.60" in said
    assert "~$0.05 estimated on top (dashed)" in said
    assert "not in it: 1 call of unknown price (qwen-x)" in said


def test_a_cost_that_is_summed_up_says_so():
    """Beyond two hundred ends of calls the sum is taken now and then, and the picture says it."""
    assert "201 calls, summed up at 200 moments" in words(draw("cost", calls(201)))
    assert "moments" not in words(draw("cost", calls(200)))


def test_cost_never_falls_and_begins_at_nothing():
    """Over time the sum of each model only grows, from 0 at the first start."""
    for name in ("gpt-5", "haiku"):
        mine = [row for row in rows(draw("cost", calls(400))) if row["key"] == name]
        grown = [row["y2"] - row["y"] for row in sorted(mine, key=lambda row: row["t"])]
        assert grown[0] == 0
        assert all(b >= a - 1e-12 for a, b in pairwise(grown))


def test_without_any_price_there_is_no_nought():
    """Unknown is unknown: a chart of calls without prices shows no $0."""
    chart = draw("cost", calls(3, cost_usd=[None] * 3, estimated_cost_usd=[None] * 3,
                               status=["ok"] * 3, model=["q"] * 3))  # fmt: skip
    assert {"words": "no cost is known"} in rows(chart)
    assert "not in it: 3 calls of unknown price (q)" in words(chart)
    assert "$" not in words(chart)


def test_errors_by_type_and_what_was_said_last():
    """Each type has its number, and the message of its last one; rates are over ok and error."""
    frame = calls(
        4, status=["error", "error", "error", "ok"], error_type=["A", "A", None, None],
        error_message=["first", "second", None, None],
    )  # fmt: skip
    chart = draw("errors", frame)
    told = {row["words"].split("  ")[0]: row for row in rows(chart) if "said" in row}
    assert (told["A"]["n"], told["A"]["said"]) == (2, "second")
    assert told["unknown type"]["n"] == 1
    assert "3 of 4 calls (75\u202f%), per" in words(chart)
    cut = draw("errors", calls(4, status=["error", "ok", "ok", "cancelled"]))
    assert "1 of 3 calls (33\u202f%), 1 more stopped before the end, per" in words(cut)
    assert {"words": "none in 1 call"} in rows(draw("errors", calls(1, status=["ok"])))


def test_timeline_has_the_figures_of_the_calls():
    """Its bars count every call, its lines are percentiles of ok calls, its rate errors of both."""
    frame = calls(400)
    chart = draw("timeline", frame)
    found = rows(chart)
    bars = [row for row in found if row["key"] in ("calls", "errors") and "y2" in row]
    assert sum(row["y2"] - row["y"] for row in bars) == 400
    failed = [row for row in bars if row["key"] == "errors"]
    assert sum(row["y2"] - row["y"] for row in failed) == (frame["status"] == "error").sum()
    titles = words(chart).split("\n")
    assert [t for t in titles if t in ("Calls", "Latency", "Error rate", "Tokens")] == [
        "Calls", "Latency", "Error rate", "Tokens",
    ]  # fmt: skip
    one = draw("timeline", calls(7, status=["ok"] * 7, started_at=[START] * 7,
                                 latency_s=[1, 2, 3, 4, 5, 6, 7.0]))  # fmt: skip
    lines = {row["key"]: row["y"] for row in rows(one) if row["key"] in ("p50", "p95") and row["y"]}
    assert lines == pytest.approx({"p50": 4.0, "p95": 6.7})


def test_calls_that_took_no_time_have_a_timeline():
    """All of them nought, which a log scale has no place for: of a fake clock, or a coarse one."""
    chart = draw("timeline", calls(20, latency_s=[0.0] * 20, status=["ok"] * 20))
    assert "20 calls that went well" in words(chart)


def test_a_pause_is_a_gap():
    """Where no call was, no line is drawn: the steps between are unknown, not nought."""
    times = [START, START + pd.Timedelta("10min")]
    found = rows(draw("timeline", calls(2, started_at=times, status=["ok", "ok"])))
    p50 = [row["y"] for row in found if row["key"] == "p50" and "n" in row]
    assert p50.count(None) > 5
