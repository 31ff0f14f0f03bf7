"""A difference is claimed in a person's words where the calls show one, and nowhere else."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from tests.compare.plain import asked, group, lognormal, row, sentence
from tests.source import Source


def test_a_clear_difference_is_claimed_in_words():
    """By how much, the interval, n: as a person would say it."""
    cost = lognormal(40, 1, 0.004, 0.1)
    comparison = Source(
        group("v1", 40, cost_usd=cost), group("v2", 40, cost_usd=0.6 * lognormal(40, 2, 0.004, 0.1))
    ).compare()
    found = row(comparison, "cost_usd_per_call")
    assert found["finding"] == "lower"
    told = sentence(comparison, "costs")
    pattern = r"v2 costs (\d+) % less a call than v1 \(95 % CI (\d+)–(\d+) %, n = 40\)\."
    much, near, far = map(int, re.fullmatch(pattern, told).groups())
    assert much == round(-100 * found["relative"])
    assert (near, far) == (
        round(-100 * found["relative_high"]),
        round(-100 * found["relative_low"]),
    )
    assert near < much < far


@pytest.mark.parametrize(
    ("column", "lower", "higher"),
    [
        ("latency_s", "b's median latency is {} lower than a's", "b's median latency is {} higher"),
        (
            "ttft_s",
            "b's median time to first token is {} lower",
            "first token is {} higher than a's",
        ),
        ("input_tokens", "b reads {} fewer tokens a call than a", "b reads {} more tokens a call"),
        (
            "output_tokens",
            "b writes {} fewer tokens a call than a",
            "b writes {} more tokens a call",
        ),
        ("cost_usd", "b costs {} less a call than a", "b costs {} more a call than a"),
    ],
)
def test_each_figure_has_its_words_for_both_ways(column, lower, higher):
    """What is lower is never told as higher."""
    few, many = lognormal(30, 1, 100), lognormal(30, 2, 400)
    if column.endswith("tokens"):
        few, many = few.astype(int), many.astype(int)
    for a, b, words in ((many, few, lower), (few, many, higher)):
        verdict = (
            Source(group("a", 30, **{column: a}), group("b", 30, **{column: b})).compare().verdict
        )
        assert re.search(words.format(r"\d+\s?%"), verdict), verdict


def test_rates_differ_in_points():
    """A share has no share: 5 % against 50 % is 45 points."""
    states = ["error"] * 20 + ["ok"] * 20
    comparison = Source(
        group("a", 40, status=["error"] * 2 + ["ok"] * 38), group("b", 40, status=states)
    ).compare()
    assert "b's error rate is 45 points higher than a's (95 % CI" in sentence(comparison, "error")
    assert math.isnan(row(comparison, "error_rate")["relative_low"])


def test_no_evidence_is_no_claim():
    """Groups drawn alike: the sentence says so, with what the difference may still be."""
    same = lognormal(40, 5)
    comparison = Source(
        group("a", 40, latency_s=same), group("b", 40, latency_s=same[::-1] * 1.001)
    ).compare()
    assert row(comparison, "latency_p50_s")["finding"] == "no evidence"
    told = sentence(comparison, "Median latency of b")
    assert re.search(
        r"no evidence of a difference at n = 40 \(95 % CI .* lower to .* higher\)", told
    )


@pytest.mark.parametrize(
    ("figure", "column", "least", "word"),
    [
        ("latency_p50_s", "latency_s", 10, "median latency"),
        ("latency_p95_s", "latency_s", 40, "p95 latency"),
        ("cost_usd_per_call", "cost_usd", 10, "cost a call"),
    ],
)
def test_nothing_is_claimed_of_too_few_calls(figure, column, least, word):
    """One call less than the least: no interval, no claim, and how many there must be."""
    low, high = lognormal(45, 1, 1, 0.1), lognormal(45, 2, 9, 0.1)
    few = Source(
        group("a", 45, **{column: low}), group("b", least - 1, **{column: high[: least - 1]})
    ).compare()
    found = row(few, figure)
    assert found["finding"] == "too few calls"
    assert found[["low", "high", "relative_low", "relative_high", "p"]].isna().all()
    told = sentence(few, f"{word} ({least - 1})")
    assert f"of b: {least} in each group are needed." in told
    enough = Source(
        group("a", least, **{column: low[:least]}), group("b", least, **{column: high[:least]})
    ).compare()
    assert row(enough, figure)["finding"] == "higher"


def test_a_small_group_beside_a_much_larger_one_needs_more():
    """Its errors no longer make up for each other: 73 for a p95, 50 for a mean."""
    large = lognormal(400, 1)
    for n, finding in ((72, "too few calls"), (73, "higher")):
        small = lognormal(n, 2, 9)
        comparison = Source(
            group("a", 400, latency_s=large), group("b", n, latency_s=small)
        ).compare()
        assert row(comparison, "latency_p95_s")["finding"] == finding
    for n, finding in ((49, "too few calls"), (50, "higher")):
        small = lognormal(n, 2, 9)
        comparison = Source(
            group("a", 400, cost_usd=large), group("b", n, cost_usd=small)
        ).compare()
        assert row(comparison, "cost_usd_per_call")["finding"] == finding


def test_what_is_not_known_is_said_to_be_so():
    """No streams, no ratings: no zero, no claim; the figures share a sentence."""
    comparison = Source(group("a", 12, latency_s=1.0), group("b", 12, latency_s=1.0)).compare()
    assert row(comparison, "ttft_p50_s")["finding"] == "unknown"
    assert math.isnan(row(comparison, "satisfaction")["value"])
    told = sentence(comparison, "Not known of b or a, so not compared:")
    assert "median first token" in told
    assert "mean score" in told


def test_none_in_one_group_is_too_few():
    """Only one group was rated: the sentence says how many ratings there must be."""
    for one, other in ((1.0, None), (None, 1.0)):
        comparison = Source(group("a", 12, score=one), group("b", 12, score=other)).compare()
        assert row(comparison, "satisfaction")["finding"] == "too few calls"
        told = sentence(comparison, "mean score (0)")
        assert told.endswith("of b: 10 in each group are needed.")
        assert "nan" not in comparison._repr_html_()


def test_the_same_difference_in_every_pair_needs_no_interval():
    """A system prompt of 30 tokens more: claimed, with no made-up interval."""
    tokens = np.arange(100, 140)
    comparison = Source(
        group("a", 40, input_tokens=tokens, request_preview=asked(40)),
        group("b", 40, input_tokens=tokens + 30, request_preview=asked(40)),
    ).compare()
    found = row(comparison, "input_tokens_per_call")
    assert (found["finding"], found["difference"], found["paired"]) == ("higher", 30, True)
    assert math.isnan(found["low"])
    told = sentence(comparison, "reads")
    assert told == "b reads 30 more tokens a call than a, in every call (n = 40 paired requests)."


def test_the_same_value_everywhere_is_no_difference():
    """Nothing varies and nothing differs: neither a claim nor an interval."""
    comparison = Source(group("a", 12, input_tokens=7), group("b", 12, input_tokens=7)).compare()
    assert row(comparison, "input_tokens_per_call")["finding"] == "no difference"
    assert "no difference to a in any call (n = 12)" in sentence(comparison, "Input tokens")


def test_a_median_of_equal_values_has_no_interval():
    """Most calls take the same time: the bootstrap has no width, so nothing is claimed."""
    comparison = Source(
        group("a", 20, latency_s=[1.0] * 19 + [2.0]), group("b", 20, latency_s=[3.0] * 19 + [4.0])
    ).compare()
    assert row(comparison, "latency_p50_s")["finding"] == "no spread"
    assert "with too little spread for an interval" in sentence(comparison, "Median latency")
