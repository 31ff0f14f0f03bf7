"""A comparison shows itself in text and HTML alike; names are data in both."""

from __future__ import annotations

from tests.charts.plain import keys, words
from tests.compare.plain import group, lognormal, row
from tests.source import Source


def test_names_are_text_and_never_markup():
    """A tag is data: escaped in HTML, one line in text, and braces mean nothing."""
    evil = '<script>alert(1)</script>{group}{0}$x$\n"\u202e'
    comparison = Source(
        group("a", 20, cost_usd=lognormal(20, 1)), group(evil, 20, cost_usd=lognormal(20, 2, 9))
    ).compare()
    page = comparison._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{group}{0}$x$" in page
    assert 'class="llmwatch-compare tex2jax_ignore mathjax_ignore"' in page
    assert "\u202e" not in page
    assert len(repr(comparison).split("\n")) == len(comparison.verdict.split("\n")) + 3
    assert row(comparison, "cost_usd_per_call")["group"] == evil


def test_long_names_that_begin_alike_are_told_apart():
    """By model and tag it is the tag that differs, at the end: in sentences, table and chart."""
    model = "claude-sonnet-4-5-20250929"
    source = Source(
        group("thorough-with-examples", 20, model=model, cost_usd=lognormal(20, 1)),
        group("thorough-with-steps", 20, model=model, cost_usd=lognormal(20, 2, 9)),
        group("thorough-with-sources", 20, model=model, cost_usd=lognormal(20, 3, 9)),
    )
    comparison = source.compare(by=["model", "tag"])
    (claim,) = [line for line in comparison.verdict.split("\n") if "steps costs" in line]
    assert "more a call than claude-sonnet-4-5-20…rough-with-examples (" in claim
    page = comparison._repr_html_()
    assert "<th>claude-sonne…th-examples</th><th>claude-sonne…-with-steps</th>" in page
    chart = source.chart("compare", by=["model", "tag"])
    assert len(keys(chart)) == 2
    assert "against claude-sonnet-4-…h-with-examples" in words(chart)


def test_half_a_character_is_a_name_like_any_other():
    """A lone surrogate, which Arrow cannot hold, is in the tables as it came, and draws."""
    half = "v\ud83d"
    source = Source(
        group("a", 20, cost_usd=lognormal(20, 1)), group(half, 20, cost_usd=lognormal(20, 2, 9))
    )
    comparison = source.compare()
    assert comparison.table.index.tolist() == ["a", half]
    assert comparison.differences["group"].unique().tolist() == [half]
    assert half not in repr(comparison)
    assert source.chart("compare").to_dict()["datasets"]


def test_html_and_text_say_the_same():
    """The verdict and the seed stand in both; every compared figure has a row."""
    source = Source(
        group("a", 20, cost_usd=lognormal(20, 1), latency_s=lognormal(20, 3)),
        group("b", 20, cost_usd=lognormal(20, 2, 9), latency_s=lognormal(20, 4)),
        group(None, 1),
    )
    comparison = source.compare()
    page = comparison._repr_html_().replace("&#x27;", "'")
    for line in [*comparison.verdict.split("\n"), *repr(comparison).split("\n")[-3:]]:
        assert line in page
        assert line in repr(comparison)
    assert page.count("<b>b costs") == 1
    for label in ("median latency", "p95 latency", "cost a call", "error rate"):
        assert f"{label}<" in page


def test_what_is_done_to_the_tables_changes_nothing():
    """They are made anew each time."""
    comparison = Source(group("a", 3), group("b", 3)).compare()
    table, differences = comparison.table, comparison.differences
    table.loc[:, "calls"] = 99
    differences.loc[:, "group"] = "x"
    assert comparison.table["calls"].tolist() == [3, 3]
    assert set(comparison.differences["group"]) == {"b"}
