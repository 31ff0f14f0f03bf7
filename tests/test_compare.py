"""Groups against each other: who is compared, what is claimed, and what is not."""

from __future__ import annotations

import math
import re
import statistics
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmwatch.compare import Comparison
from llmwatch.exceptions import UsageError
from llmwatch.reading import Reading
from llmwatch.records import Call
from llmwatch.store import Store

NOW = time.time_ns()
FIGURES = [
    "latency_p50_s", "latency_p95_s", "ttft_p50_s", "input_tokens_per_call",
    "output_tokens_per_call", "cost_usd_per_call", "error_rate", "satisfaction",
]  # fmt: skip
TESTED = ["lower", "higher", "maybe chance", "no evidence"]


class Source(Reading):
    def __init__(self, *groups: list[Call], max_calls: int = 100_000) -> None:
        self.store = Store(max_calls)
        self.store.append([call for group in groups for call in group])

    def _view(self):
        return self.store.view()

    def _in_flight(self):
        return []

    def _settle(self):
        pass


def group(tag: str | None, n: int, **columns) -> list[Call]:
    """`n` calls; a column is a value for all, or one for each."""
    calls = []
    for i in range(n):
        known = {
            name: value[i] if isinstance(value, (list, np.ndarray)) else value
            for name, value in columns.items()
        }
        known = {name: v.item() if isinstance(v, np.generic) else v for name, v in known.items()}
        fixed = {"call_id": f"{tag}-{i}", "session_id": "s", "started_at": NOW + i, "status": "ok"}
        calls.append(Call(**(fixed | {"tag": tag} | known)))
    return calls


def lognormal(n: int, seed: int, middle: float = 1.0, spread: float = 0.4) -> np.ndarray:
    return middle * np.random.default_rng(seed).lognormal(0, spread, n)


def asked(n: int, first: int = 0) -> list[str]:
    return [f"What is {i}?" for i in range(first, first + n)]


def row(comparison: Comparison, figure: str, group: str | None = None) -> pd.Series:
    rows = comparison.differences
    chosen = rows[(rows["figure"] == figure) & (rows["group"] == (group or rows["group"][0]))]
    assert len(chosen) == 1
    return chosen.iloc[0]


def sentence(comparison: Comparison, word: str) -> str:
    """The one sentence of the verdict in which the word stands."""
    (found,) = [line for line in comparison.verdict.split("\n") if word in line]
    return found.replace("\u202f", " ")


# -- the groups -----------------------------------------------------------------------------------


def test_the_table_holds_the_figures_of_each_group():
    """Percentiles of ok calls, means of what is known, rate over ok and error, n beside each."""
    source = Source(
        group("a", 5, latency_s=[1.0, 2.0, 3.0, 4.0, 50.0], ttft_s=[0.1, 0.2, None, None, None],
              input_tokens=[10, 20, None, 40, 50], output_tokens=[1, 2, 3, 4, 5],
              cost_usd=[0.1, 0.2, None, None, 0.6], score=[1.0, None, None, None, -0.5],
              status=["ok", "ok", "ok", "ok", "error"]),
        group("b", 2, status=["cancelled", "partial"]),
    )  # fmt: skip
    table = source.compare().table
    assert table.index.name == "tag"
    assert table.index.tolist() == ["a", "b"]
    a, b = table.loc["a"], table.loc["b"]
    assert a["calls"] == 5
    assert (a["latency_p50_s"], a["latency_n"]) == (2.5, 4)
    assert a["latency_p95_s"] == pytest.approx(3.85)
    assert (a["ttft_p50_s"], a["ttft_n"]) == (pytest.approx(0.15), 2)
    assert (a["input_tokens_per_call"], a["input_tokens_n"]) == (30, 4)
    assert (a["output_tokens_per_call"], a["output_tokens_n"]) == (3, 5)
    assert (a["cost_usd_per_call"], a["cost_n"]) == (pytest.approx(0.3), 3)
    assert (a["error_rate"], a["rate_n"]) == (0.2, 5)
    assert (a["satisfaction"], a["satisfaction_n"]) == (0.25, 2)
    assert b[FIGURES].isna().all()
    assert b.drop(FIGURES).tolist() == [2, 0, 0, 0, 0, 0, 0, 0]


def test_a_row_of_differences_per_group_and_figure():
    """In the order of the groups, against the baseline, which has no rows itself."""
    rows = Source(group("a", 3), group("b", 3), group("c", 3)).compare().differences
    assert rows["group"].tolist() == ["b"] * 8 + ["c"] * 8
    assert rows["figure"].tolist() == FIGURES * 2
    assert set(rows["baseline"]) == {"a"}
    assert list(rows.columns) == [
        "group", "baseline", "figure", "value", "baseline_value", "difference", "relative", "low",
        "high", "relative_low", "relative_high", "n", "n_baseline", "needed", "paired", "p",
        "p_adjusted", "finding", "method", "seed",
    ]  # fmt: skip


def test_the_first_seen_group_is_the_baseline_unless_one_is_named():
    """Whichever has more calls; and it is said which it is."""
    source = Source(group("old", 2), group("new", 30))
    assert source.compare().baseline == "old"
    assert "'old', the first seen" in repr(source.compare())
    named = source.compare(baseline="new")
    assert named.table.index.tolist() == ["new", "old"]
    assert "against 'new'\n" in repr(named)


def test_calls_without_the_word_are_in_no_group_and_counted():
    """Untagged calls are not a group, are not the baseline, and are told of."""
    comparison = Source(group(None, 4), group("a", 2), group("b", 2)).compare()
    assert comparison.table.index.tolist() == ["a", "b"]
    assert comparison.left_out == 4
    assert "Left out: 4 calls without a tag." in repr(comparison)
    assert "Left out" not in repr(Source(group("a", 2), group("b", 2)).compare())


def test_calls_that_left_memory_are_told_of():
    """They are in no figure, and it is said how many they are."""
    comparison = Source(group("a", 4), group("b", 3), max_calls=5).compare()
    assert comparison.table["calls"].tolist() == [2, 3]
    assert comparison.older == 2
    assert "Left out: 2 calls that left memory." in repr(comparison)


def test_what_is_no_number_counts_as_unknown():
    """An infinity or 1e300, as a file may hold it, is in no mean and spoils none."""
    b = [1.0] * 10 + [math.inf, 1e300]
    table = Source(group("a", 12, cost_usd=1.0), group("b", 12, cost_usd=b)).compare().table
    assert table["cost_n"].tolist() == [12, 10]
    assert table["cost_usd_per_call"].tolist() == [1, 1]


def test_groups_by_any_word_a_label_or_several():
    """The words are those of `summary`; several make groups named by all of them."""
    calls = [
        call for n, model in enumerate(["m1", "m2"]) for call in
        group("t", 2, model=model, labels=f'{{"lang":"l{n}"}}', execution_count=n + 1,
              cell_run_id=f"r{n}")
    ]  # fmt: skip
    source = Source(calls)
    assert source.compare(by="model").table.index.tolist() == ["m1", "m2"]
    assert source.compare(by="lang").table.index.tolist() == ["l0", "l1"]
    assert source.compare(by="cell", baseline=2).table.index.tolist() == ["2", "1"]
    assert source.compare(by="cell", baseline=2, groups=1).baseline == "2"
    both = source.compare(by=iter(["tag", "model"]), baseline=("t", "m2"))
    assert both.table.index.tolist() == ["t · m2", "t · m1"]
    assert both.table.index.name == "tag · model"


def test_only_the_groups_that_are_named():
    """And the baseline, whether it is named among them or not."""
    source = Source(*(group(tag, 2) for tag in "abcd"))
    assert source.compare(groups=["d", "b"]).table.index.tolist() == ["b", "d"]
    assert source.compare(groups=["d"], baseline="c").table.index.tolist() == ["c", "d"]
    assert source.compare(groups="d", baseline="c").table.index.tolist() == ["c", "d"]
    assert source.compare(groups=iter(["a", "c"])).table.index.tolist() == ["a", "c"]


def test_only_the_calls_of_a_stretch_of_time():
    """`window`, `since` and `until` choose calls as in `summary`."""
    hour = 3600 * 1_000_000_000
    source = Source(
        group("a", 3), group("b", 3), [*group("a", 5, started_at=NOW - 2 * hour)]
    )  # fmt: skip
    assert source.compare().table["calls"].tolist() == [8, 3]
    assert source.compare(window="1h").table["calls"].tolist() == [3, 3]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"baseline": "zzz"}, "baseline='zzz' is no group by 'tag': there are ['a', 'b']."),
        ({"groups": ["a", "zzz"]}, "groups='zzz' is no group by 'tag': there are ['a', 'b']."),
        ({"groups": ["a"]}, "two are needed"),
        ({"by": "model"}, "All calls by 'model' are of one group, 'm': two are needed"),
        ({"by": "user"}, "No call has a user"),
        ({"by": "user", "baseline": "ana"}, "No call has a user"),
        ({"by": "latency_s"}, "calls are not grouped by a measure"),
        ({"by": "nothing"}, "is no group"),
        ({"by": "call_id"}, "makes 50 groups, and at most 20 are compared"),
        ({"seed": -1}, "seed=-1: give a whole number"),
        ({"seed": True}, "give a whole number"),
        ({"window": "soon"}, "is not a length of time"),
    ],
)
def test_what_cannot_be_compared_is_one_line(options, line):
    """It says what happened and what there is to choose from."""
    source = Source(group("a", 25, model="m"), group("b", 25, model="m"))
    with pytest.raises(UsageError) as raised:
        source.compare(**options)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_nothing_to_compare():
    """Without calls, with one group: a line, no table."""
    with pytest.raises(UsageError, match="no calls to compare yet"):
        Source().compare()
    with pytest.raises(UsageError, match="of one group, 'a'"):
        Source(group("a", 30)).compare()


# -- what is claimed ------------------------------------------------------------------------------


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
    told = sentence(comparison, "Unknown in one group or both")
    assert "median first token" in told
    assert "mean score" in told


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


def test_no_claim_stands_that_chance_explains_among_many():
    """An interval away from 0 is `maybe chance` where it falls among all comparisons."""
    rng = np.random.default_rng(11)
    groups = [group(f"g{n}", 20, cost_usd=rng.lognormal(0, 0.5, 20)) for n in range(15)]
    rows = Source(*groups).compare().differences
    rows = rows[rows["finding"].isin(TESTED)]
    away = (rows["low"] > 0) | (rows["high"] < 0)
    assert away.any(), "this seed has chance findings"
    assert set(rows.loc[away, "finding"]) == {"maybe chance"}
    assert set(rows.loc[~away, "finding"]) == {"no evidence"}
    told = Source(*groups).compare().verdict
    assert told.count("which may be chance among so many comparisons") == away.sum()


def test_the_same_everywhere_may_be_chance_too():
    """Ten calls with one token more, among very many comparisons: told without an interval."""
    groups = [
        group(f"g{n}", 10, latency_s=lognormal(10, n), cost_usd=lognormal(10, n + 20),
              ttft_s=lognormal(10, n + 40), output_tokens=lognormal(10, n + 60, 100).astype(int),
              input_tokens=7 if n else 8)
        for n in range(12)
    ]  # fmt: skip
    comparison = Source(*groups[1:], groups[0]).compare()
    found = row(comparison, "input_tokens_per_call", "g0")
    assert (found["finding"], found["p"]) == ("maybe chance", 2**-9)
    told = sentence(comparison, "Input tokens a call of g0")
    assert "1 higher, in every call (n = 10), which may be chance among so many" in told


def test_a_large_difference_of_ten_calls_stands_among_many():
    """How sure a claim can be is not bounded by the number of resamples."""
    groups = [group(f"g{n}", 10, cost_usd=lognormal(10, n)) for n in range(12)]
    comparison = Source(*groups, group("dear", 10, cost_usd=lognormal(10, 12, 20))).compare()
    assert row(comparison, "cost_usd_per_call", "dear")["finding"] == "higher"
    assert row(comparison, "cost_usd_per_call", "dear")["p_adjusted"] < 0.01


def test_the_adjusted_p_is_that_of_benjamini_and_hochberg():
    """The k-th smallest of m times m / k, from the largest down never growing."""
    groups = [group(f"g{n}", 15, cost_usd=lognormal(15, n, 1 + n / 4)) for n in range(5)]
    rows = Source(*groups).compare().differences.dropna(subset="p").sort_values("p")
    m = len(rows)
    raw = [p * m / k for k, p in enumerate(rows["p"], 1)]
    expected = [min(1.0, *raw[k:], raw[k]) for k in range(m)]
    assert rows["p_adjusted"].tolist() == pytest.approx(expected)
    assert m >= 4


def test_every_claim_names_its_seed():
    """The same seed gives the same intervals, another one others; it stands in rows and repr."""
    source = Source(
        group("a", 30, cost_usd=lognormal(30, 1)), group("b", 30, cost_usd=lognormal(30, 2))
    )
    one, again, other = source.compare(seed=4), source.compare(seed=4), source.compare(seed=5)
    pd.testing.assert_frame_equal(one.differences, again.differences)
    assert (one.seed, set(one.differences["seed"])) == (4, {4})
    assert repr(one).endswith("seed=4, 9,999 resamples")
    low, elsewhere = (row(c, "cost_usd_per_call")["low"] for c in (one, other))
    assert low != elsewhere
    assert low == pytest.approx(elsewhere, abs=0.05)


def test_comparing_leaves_everybodys_random_numbers_alone():
    """The bootstrap draws from a generator of its own."""
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    Source(
        group("a", 20, cost_usd=lognormal(20, 1)), group("b", 20, cost_usd=lognormal(20, 2))
    ).compare()
    assert (np.random.get_state()[1] == before).all()


# -- as it shows itself ---------------------------------------------------------------------------


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


# -- any session ----------------------------------------------------------------------------------

VALUES = st.one_of(st.none(), st.floats(0, 1e6), st.sampled_from([0.0, 1.0, 1.0]))
TOKENS = st.one_of(st.none(), st.integers(0, 2**31))
CALLS = st.fixed_dictionaries(
    {
        "tag": st.sampled_from(["a", "a", "b", "b", "c", None]),
        "status": st.sampled_from(["ok", "ok", "ok", "error", "cancelled", "partial"]),
        "latency_s": VALUES,
        "ttft_s": VALUES,
        "cost_usd": VALUES,
        "input_tokens": TOKENS,
        "output_tokens": TOKENS,
        "score": st.one_of(st.none(), st.floats(-1, 1), st.sampled_from([-1.0, 1.0])),
        "request_preview": st.one_of(st.none(), st.sampled_from(asked(30))),
    }
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(CALLS, min_size=3, max_size=80).filter(
        lambda calls: len({c["tag"] for c in calls} - {None}) > 1
    )
)
def test_any_session_can_be_compared(calls):
    """Values are those computed by hand, intervals hold the difference, claims are in order."""
    made = [
        Call(call_id=str(i), session_id="s", started_at=NOW + i, **c) for i, c in enumerate(calls)
    ]
    comparison = Source(made).compare()
    table, rows = comparison.table, comparison.differences
    for tag in table.index:
        mine = [c for c in calls if c["tag"] == tag]
        ok = [c["latency_s"] for c in mine if c["status"] == "ok" and c["latency_s"] is not None]
        costs = [c["cost_usd"] for c in mine if c["cost_usd"] is not None]
        ends = [c["status"] == "error" for c in mine if c["status"] in ("ok", "error")]
        for name, values, figure in (
            ("latency_p50_s", ok, statistics.median),
            ("cost_usd_per_call", costs, statistics.fmean),
            ("error_rate", ends, statistics.fmean),
        ):
            expected = figure(values) if values else math.nan
            assert table.loc[tag, name] == pytest.approx(expected, nan_ok=True)
    told = rows[rows["low"].notna()]
    least = 1e-9 * (told["value"].abs() + told["baseline_value"].abs())
    assert (told["low"] <= told["difference"] + least).all()
    assert (told["difference"] - least <= told["high"]).all()
    assert (told[["n", "n_baseline"]].min(axis=1) >= told["needed"]).all()
    assert repr(comparison)
    assert comparison._repr_html_()
