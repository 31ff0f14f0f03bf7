"""Who is compared with whom, by which figures, and what is told of the calls left out."""

from __future__ import annotations

import math

import pytest

from llmwatch.exceptions import UsageError
from tests.compare.plain import FIGURES, NOW, group
from tests.source import Source


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
        ({"groups": ["a"]}, "groups=['a']: two are needed to compare, of ['a', 'b']."),
        ({"groups": "a"}, "groups='a': two are needed to compare, of ['a', 'b']."),
        ({"groups": []}, "groups=[]: two are needed to compare, of ['a', 'b']."),
        ({"by": "model"}, "All calls by 'model' are of one group, 'm': two are needed"),
        ({"by": "user"}, "No call has a user: make them under e.g. watch(user=...)"),
        ({"by": "provider"}, "No call has a provider: make them under e.g. watch(tag=...)"),
        ({"by": "user", "baseline": "ana"}, "No call has a user"),
        ({"by": "error_type"}, "No call has an error_type: make them under"),
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
