"""What charts say: a DataFrame of calls in, an Altair chart out."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd
import pytest

import llmwatch
from llmwatch.charts import KINDS, draw
from llmwatch.exceptions import UsageError
from llmwatch.reading import Reading
from llmwatch.store import Store
from tests import charts
from tests.charts import OF_CALLS, START, calls, expressions, keys, rows, words

HOSTILE = (
    "<script>alert(1)</script>", "'); alert(1); ('", "{{7*7}}", "datum['model']", "a.b[0]\\'\"",
    "\u202emoc.live", "\x00nul\ud800", "模型-通义千问", "نموذج", "x" * 500, "", "error", "other",
    'data("source_0")', "toString", "__proto__", "constructor",
)  # fmt: skip
DIFFERENCE = {
    "group": "v2", "baseline": "v1", "figure": "cost_usd_per_call", "value": 0.0021,
    "baseline_value": 0.0034, "difference": -0.0013, "relative": -0.38, "low": -0.0014,
    "high": -0.0012, "relative_low": -0.41, "relative_high": -0.35, "n": 40, "n_baseline": 41,
    "paired": True,
}  # fmt: skip


class Read(Reading):
    """A source of no calls."""

    def __init__(self):
        self.store = Store()

    def _view(self):
        return self.store.view()

    def _in_flight(self):
        return []

    def _settle(self):
        pass


@pytest.fixture
def kolkata(monkeypatch):
    """The kernel stands in India: UTC+05:30."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# -- all kinds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 10, 300])
@pytest.mark.parametrize("kind", OF_CALLS)
def test_every_kind_is_a_valid_altair_chart(kind, n):
    """From no calls up, each is a chart that Altair accepts and that any strict JSON reader reads."""
    chart = draw(kind, calls(n))
    assert isinstance(chart, alt.LayerChart | alt.VConcatChart)
    spec = chart.to_dict()  # validates against the schema of Vega-Lite
    json.loads(json.dumps(spec, allow_nan=False))


@pytest.mark.parametrize("kind", KINDS)
def test_without_calls_it_says_so(kind):
    """An empty session has empty pictures, not errors."""
    chart = Read().chart(kind)
    assert {"words": "no calls yet"} in rows(chart)


def test_an_unknown_kind_is_told_the_kinds():
    """One line, with the nearest one."""
    with pytest.raises(UsageError) as told:
        Read().chart("latncy")
    assert 'Did you mean "latency"?' in str(told.value)
    assert all(kind in str(told.value) for kind in KINDS)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "options", "hint"),
    [
        ("tokens", {"by": "tag"}, "latency, cost, compare"),
        ("cost", {"threshold": 3}, "latency"),
        ("latency", {"baseline": "v1"}, "compare"),
        ("latency", {"threshold": 0}, "seconds"),
        ("latency", {"threshold": float("nan")}, "seconds"),
        ("latency", {"theme": "blue"}, '"light", "dark"'),
        ("latency", {"width": 3}, "40"),
        ("latency", {"height": "tall"}, "pixels"),
    ],
)
def test_an_option_that_cannot_be_meant_is_told(kind, options, hint):
    """Nothing that was typed is passed over in silence."""
    with pytest.raises(UsageError) as told:
        Read().chart(kind, **options)
    assert hint in str(told.value)


def test_a_word_that_groups_nothing_is_told():
    """One line names one that does."""
    with pytest.raises(UsageError, match='by="model"'):
        draw("cost", calls(3), by="colour")


def test_any_frame_with_our_columns_will_do():
    """Two columns are enough, whatever else stands beside them; text of times is read."""
    frame = pd.DataFrame({
        "started_at": ["2026-03-05T12:00:00Z", "2026-03-05T12:00:01Z", None],
        "status": ["ok", "error", "ok"], "a.b[0]": [1, 2, 3], "latency_s": [1.0, np.inf, 2.0],
    })  # fmt: skip
    for kind in OF_CALLS:
        draw(kind, frame).to_dict()
    assert [row["took"] for row in rows(draw("latency", frame))] == ["1.00\u202fs"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_of_something_else_is_told(kind):
    """One line says which column is missing."""
    with pytest.raises(UsageError, match="column"):
        draw(kind, pd.DataFrame({"x": [1]}))


def test_what_is_done_to_a_chart_does_not_reach_the_calls():
    """Drawing changes no value and no order of the frame it draws."""
    frame = calls(50).sample(frac=1, random_state=1)
    before = frame.copy()
    for kind in OF_CALLS:
        draw(kind, frame)
    pd.testing.assert_frame_equal(frame, before)


# -- many calls ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many():
    return calls(100_000)


@pytest.mark.parametrize("kind", OF_CALLS)
def test_many_calls_are_bounded(kind, many):
    """100,000 calls make a chart of at most some thousand rows, and less than half a megabyte."""
    chart = draw(kind, many)
    assert len(rows(chart)) <= 5_000
    assert len(json.dumps(chart.to_dict())) < 500_000


def test_summed_up_latency_says_so(many):
    """Beyond 5,000 calls the subtitle tells what the lines are; up to there each is a point."""
    assert "100,000 calls in steps of 15 s: median, middle 90 %" in words(draw("latency", many))
    few = draw("latency", calls(5_000))
    assert "steps" not in words(few)
    assert len(rows(few)) == 5_000


def test_summed_up_latency_is_that_of_the_calls(many):
    """Each step's figures are numpy's own of the ok calls in it."""
    chart = draw("latency", many)
    step = next(row for row in rows(chart) if row.get("name") == "gpt-5" and row["y"])
    mine = many[(many["model"] == "gpt-5") & (many["status"] == "ok")]
    ms = (mine["started_at"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1ms")
    there = mine.loc[(ms - step["t"]).abs() <= 7_500, "latency_s"]
    assert step["n"] == f"{len(there):,}"
    low, middle, high = np.percentile(there, [5, 50, 95])
    told = (step["low"], step["y"], step["high"], step["slowest"])
    assert told == pytest.approx((low, middle, high, there.max()), rel=1e-3)


def test_errors_are_kept_one_by_one():
    """Among many calls, each of a few errors is a cross; of a great many none is lost in count."""
    frame = calls(6_000, status=["error" if at % 100 == 0 else "ok" for at in range(6_000)])
    crosses = [row for row in rows(draw("latency", frame)) if row["key"] == "error"]
    assert len(crosses) == 60
    frame = calls(6_000, status=["error" if at % 2 == 0 else "ok" for at in range(6_000)])
    crosses = [row for row in rows(draw("latency", frame)) if row["key"] == "error"]
    assert len(crosses) < 2_000
    assert sum(int(row["state"].split()[0]) for row in crosses) == 3_000


def test_a_limit_on_rows_that_the_person_set_is_no_trouble():
    """The data is inline: no MaxRowsError, and Altair's settings are as they were."""
    before = (alt.data_transformers.active, alt.theme.active, alt.renderers.active)
    with alt.data_transformers.enable("default", max_rows=2):
        draw("latency", calls(3_000)).to_dict()
    assert (alt.data_transformers.active, alt.theme.active, alt.renderers.active) == before


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OF_CALLS)
def test_text_of_calls_is_never_an_expression(kind):
    """Whatever a model is called, what Vega computes is the same as for a plain name."""
    names = [HOSTILE[at % len(HOSTILE)] for at in range(60)]
    plain = [f"m{at % len(HOSTILE)}" for at in range(60)]
    hostile = {"model": names, "tag": names, "error_type": names, "error_message": names}
    harmless = {"model": plain, "tag": plain, "error_type": plain, "error_message": plain}
    found = expressions(draw(kind, calls(60, **hostile)))
    assert found == expressions(draw(kind, calls(60, **harmless)))


def test_names_are_short_clean_and_apart():
    """Two long names that begin alike stay two, and one called like our own word is told apart."""
    names = ["x" * 100 + "a", "x" * 100 + "b", "error", "\u202eevil"]
    found = list(keys(draw("latency", calls(40, models=names, status=["ok"] * 40))))
    assert len(found) == 4
    assert max(map(len, found)) <= 36
    assert "error (name)" in found
    assert not any("\u202e" in name for name in found)


def test_sixty_models_are_five_and_other():
    """The most frequent have colours of their own; together they are all calls."""
    frame = calls(2_000, models=[f"model-{at}" for at in range(60)])
    chart = draw("latency", frame)
    names = [name for name in keys(chart) if name != "error"]
    assert len(names) == 6
    assert names[-1] == "other"
    assert len(rows(chart)) == 2_000
    top = frame["model"].value_counts().head(5)
    assert len([row for row in rows(chart) if row["name"] in names[:5]]) == top.sum()


def test_latency_can_be_coloured_by_other_words():
    """`by` takes a column, and `cell` is the number people see."""
    assert set(keys(draw("latency", calls(60), by="tag"))) - {"error"} == {"v1", "v2"}
    assert set(keys(draw("latency", calls(60), by="cell"))) - {"error"} == {"[1]", "[2]"}
    labelled = calls(2, labels=['{"k": "v"}', '{"k": 7}'], status=["ok", "ok"])
    assert set(keys(draw("latency", labelled, by="k"))) == {"v", "7"}
    untagged = calls(10, tag=[None] * 10, status=["ok"] * 10)
    assert list(keys(draw("latency", untagged, by="tag"))) == ["no tag"]


# -- each kind -------------------------------------------------------------------------------------


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
    assert "3 of 4 calls (75\u202f%)" in words(chart)
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


def test_a_pause_is_a_gap():
    """Where no call was, no line is drawn: the steps between are unknown, not nought."""
    times = [START, START + pd.Timedelta("10min")]
    found = rows(draw("timeline", calls(2, started_at=times, status=["ok", "ok"])))
    p50 = [row["y"] for row in found if row["key"] == "p50" and "n" in row]
    assert p50.count(None) > 5


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
    assert "the last 50 of 300 calls" in words(chart)
    assert len({row["row"] for row in rows(chart)}) == 50
    times = [START, START + pd.Timedelta("1h"), START + pd.Timedelta("1h1s")]
    assert "the last 2 of 3 calls" in words(draw("waterfall", calls(3, started_at=times)))


SPANS = pd.DataFrame({
    "span_id": ["a", "c", "b"], "parent_span_id": [None, "b", "a"],
    "name": ["answer", "embed", "retrieve"],
    "start": [START, START + pd.Timedelta("2s"), START + pd.Timedelta("1s")],
    "end": [START + pd.Timedelta("5s"), START + pd.Timedelta("3s"), START + pd.Timedelta("4s")],
    "status": ["ok", "error", "ok"],
})  # fmt: skip


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
    circle = SPANS.assign(parent_span_id=["b", "b", "c"])
    assert len({row["row"] for row in rows(draw("waterfall", circle))}) == 3


def test_compare_draws_each_difference_with_its_interval():
    """Relative differences in per cent; rates in points of their own; claims are filled."""
    rate = DIFFERENCE | {"figure": "error_rate", "value": 0.05, "baseline_value": 0.0,
                         "difference": 0.05, "relative": np.nan, "low": -0.02, "high": 0.12,
                         "relative_low": np.nan, "relative_high": np.nan}  # fmt: skip
    chart = draw("compare", pd.DataFrame([DIFFERENCE, rate]))
    told = {row["label"]: row for row in rows(chart) if "label" in row}
    cost, errors = told["cost a call"], told["error rate"]
    assert (cost["t"], cost["low"], cost["high"], cost["clear"]) == (-0.38, -0.41, -0.35, True)
    assert cost["words"] == "$0.0034 → $0.0021"
    assert cost["change"] == "−38\u202f%"
    assert cost["n"] == "40 against 41, paired"
    assert (errors["t"], errors["low"], errors["high"], errors["clear"]) == (
        0.05,
        -0.02,
        0.12,
        False,
    )
    assert "against v1" in words(chart)
    assert "In points" in words(chart)


def test_compare_claims_what_the_comparison_claims():
    """An interval away from 0 that was found to be maybe chance is not filled."""
    chance = DIFFERENCE | {"finding": "maybe chance"}
    thin = DIFFERENCE | {"finding": "too few calls", "relative_low": None, "relative_high": None}
    for difference in (chance, thin):
        chart = draw("compare", pd.DataFrame([difference]))
        assert [row["clear"] for row in rows(chart) if "clear" in row] == [False]
    assert "1 figure without an interval" in words(chart)


def test_compare_is_that_of_the_reading():
    """`.chart("compare", by=...)` draws `.compare(by=...)` of the same calls."""
    source = llmwatch.load(calls(120))
    found = {(row["label"], row["key"]) for row in rows(source.chart("compare", by="model"))
             if "label" in row}  # fmt: skip
    differences = source.compare(by="model").differences
    assert {group for _, group in found} == set(differences["group"])
    assert "against haiku" in words(source.chart("compare", by="model", baseline="haiku"))


# -- time ------------------------------------------------------------------------------------------


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


def test_identical_times_are_no_trouble():
    """All calls in one nanosecond make every chart."""
    frame = calls(30, started_at=[START] * 30, latency_s=[0.5] * 30)
    for kind in OF_CALLS:
        draw(kind, frame).to_dict()


# -- how it shows ----------------------------------------------------------------------------------


def test_it_shows_without_a_network():
    """The bundle has the chart for front ends with a Vega of their own, and a picture for others."""
    bundle = draw("timeline", calls(20))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.vegalite.v5+json", "image/svg+xml"}
    assert bundle["text/plain"].startswith("Calls\n20 calls")
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "cdn" not in json.dumps(bundle).lower()


def test_a_renderer_that_the_person_chose_goes_first():
    """Whoever enabled one of Altair's renderers gets that, also after changing the chart."""
    with alt.renderers.enable("mimetype"):
        bundle = draw("latency", calls(5))._repr_mimebundle_()
    assert "application/vnd.vegalite.v6.json" in (
        bundle[0] if isinstance(bundle, tuple) else bundle
    )
    wider = draw("latency", calls(5)).properties(width=900)
    assert "image/svg+xml" in wider._repr_mimebundle_()


def test_altair_goes_on_making_its_own_charts():
    """A person's own chart is Altair's, and shows as it did."""
    draw("latency", calls(3))
    plain = alt.layer(alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_point())
    assert type(plain) is alt.LayerChart
    again = alt.LayerChart.from_dict(plain.to_dict())
    assert "text/html" in again._repr_mimebundle_()


def test_the_kinds_are_those_of_the_readme():
    """Every kind is named where people look for it."""
    from tests import readme

    page = readme.text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
    assert charts.KINDS == KINDS
