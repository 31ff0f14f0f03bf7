"""A comparison is drawn as it was found: each difference, its interval, and what is claimed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llmwatch
from llmwatch.charts import draw
from llmwatch.exceptions import UsageError
from tests.charts.plain import DIFFERENCE, calls, rows, words


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


def test_what_is_beyond_the_edge_is_told():
    """A difference of more than 400 % stands at the edge, and a line says so."""
    far = DIFFERENCE | {"relative": 9.0, "relative_low": 8.0, "relative_high": 10.0}
    assert "at the edge: beyond 400 %" in words(draw("compare", pd.DataFrame([far])))
    assert "edge" not in words(draw("compare", pd.DataFrame([DIFFERENCE])))


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


@pytest.mark.parametrize(
    ("tags", "why"),
    [(["v1"], "All calls by 'tag' are of one group, 'v1'"), (["v1"] * 30, "are of one group"),
     ([None], "No call has a tag")],
)  # fmt: skip
def test_one_group_is_an_empty_picture_that_says_why(tags, why):
    """As no calls are; what cannot be meant is still told as an error."""
    source = llmwatch.load(calls(len(tags), tag=tags))
    chart = source.chart("compare", theme="dark", width=300)
    assert {"words": "nothing to compare"} in rows(chart)
    assert why in words(chart).replace("\n", " ")
    assert chart.to_dict()["width"] == 300
    with pytest.raises(UsageError, match=r"is no group|No call has"):
        source.compare(baseline="v9")


def test_groups_of_a_comparison_can_be_chosen():
    """Of more than can be compared, those that are named."""
    source = llmwatch.load(calls(120, tag=[f"v{n % 30}" for n in range(120)]))
    with pytest.raises(UsageError, match=r"\.compare\(groups=\['v0', 'v1', \.\.\.\]\)"):
        source.chart("compare")
    chart = source.chart("compare", groups=["v3", "v7"], baseline="v7")
    assert {row["key"] for row in rows(chart) if "label" in row} == {"v3"}
    assert "against v7" in words(chart)
