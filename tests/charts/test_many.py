"""Many calls make a bounded chart that says so; names of any text, and many, are told apart."""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from llmwatch.charts import draw
from tests.charts.plain import HOSTILE, OF_CALLS, calls, expressions, keys, rows, words


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


def test_models_of_one_host_are_told_by_their_ends():
    """Names with a long path before them are cut in the middle, not all to the same path."""
    path = "accounts/fireworks/models/llama-v3p1-"
    models = [f"{path}{size}b-instruct" for size in (405, 70, 8)]
    found = keys(draw("latency", calls(30, models=models, status=["ok"] * 30)))
    ends = sorted(name.partition("…")[2] for name in found)
    assert ends == ["1-405b-instruct", "3p1-8b-instruct", "p1-70b-instruct"]


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


@pytest.mark.parametrize("kind", ["latency", "cost", "errors"])
@pytest.mark.parametrize("number", [5, 6, 7])
def test_as_many_names_as_colours_and_one_more(kind, number):
    """Each of five or six has a name and a colour of its own; of seven, two are `other`."""
    names = [f"name-{at % number}" for at in range(42)]
    status = ["error"] * 42 if kind == "errors" else ["ok"] * 42
    chart = draw(kind, calls(42, model=names, error_type=names, status=status, cost_usd=[1.0] * 42))
    found = keys(chart)
    assert len(found) == len(set(found.values())) == min(number, 6)
    assert ("other" in found) == (number > 6)


def test_a_model_has_its_colour_in_each_chart():
    """Also where another one has no price, so is not among the costs."""
    names = ["free"] * 30 + ["paid"] * 10
    frame = calls(40, model=names, status=["ok"] * 40, cost_usd=[np.nan] * 30 + [1.0] * 10,
                  estimated_cost_usd=[np.nan] * 40)  # fmt: skip
    assert keys(draw("cost", frame)) == {"paid": keys(draw("latency", frame))["paid"]}


def test_latency_can_be_coloured_by_other_words():
    """`by` takes a column, and `cell` is the number people see."""
    assert set(keys(draw("latency", calls(60), by="tag"))) - {"error"} == {"v1", "v2"}
    assert set(keys(draw("latency", calls(60), by="cell"))) - {"error"} == {"[1]", "[2]"}
    labelled = calls(2, labels=['{"k": "v"}', '{"k": 7}'], status=["ok", "ok"])
    assert set(keys(draw("latency", labelled, by="k"))) == {"v", "7"}
    untagged = calls(10, tag=[None] * 10, status=["ok"] * 10)
    assert list(keys(draw("latency", untagged, by="tag"))) == ["no tag"]
