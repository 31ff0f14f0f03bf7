"""What chance may explain is no claim, each claim can be had again, and any session is compared."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmwatch.records import Call
from tests.compare.plain import NOW, TESTED, asked, group, lognormal, row, sentence
from tests.source import Source


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
    pd.testing.assert_frame_equal(source.compare(seed=np.int64(4)).differences, one.differences)
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
