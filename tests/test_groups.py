"""Figures by group: each group's are those of its calls alone, and no call is lost."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import llmwatch
from llmwatch import faults
from llmwatch.exceptions import UsageError
from llmwatch.frames import text_dtype
from llmwatch.records import Call
from llmwatch.store import Store
from llmwatch.summary import by_group, needed_by, summarize
from llmwatch.testing import offline_client
from tests.reckoned import BEGIN, S, agrees, elapsed_s, reckoned, sessions
from tests.test_reading import Source

NOW = BEGIN + 8000 * S
WORDS = ("model", "tag", "cell", "status", "error_type", "stream", "http_status", "k")


def make(ago: float, **values) -> Call:
    known = {"call_id": "c", "session_id": "s", "status": "ok", "started_at": NOW - round(ago * S)}
    return Call(**(known | values))


def grouped(calls, by, **options):
    store = Store()
    store.append(calls)
    return by_group(store.view().arrays(*needed_by(by)), by, **({"now_ns": NOW} | options))


def requests(groups):
    return {key: figures["requests"] for key, figures in groups.items()}


def value_of(call: Call, word: str):
    """What tells a call's group apart, and what the group is called."""
    if word == "cell":
        known = (call.cell_run_id, call.execution_count)
        return None if known == (None, None) else known, known[1] or known[0]
    if word == "k":
        value = {'{"k": "1"}': "1", '{"k": "2"}': "2"}.get(call.labels)
        return value, value
    return getattr(call, word), getattr(call, word)


# -- against an independent computation ----------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(sessions, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True))
@example([], ["model"])
@example([make(5, status="error", error_type="E")] * 3, ["error_type", "model"])
@example([make(5)] * 3, ["k"])
def test_each_group_has_the_figures_of_its_calls(calls, by):
    """All figures of every group, counted call by call; the biggest first, then the first seen."""
    members: dict = {}
    for call in calls:
        members.setdefault(tuple(value_of(call, word)[0] for word in by), []).append(call)
    expected = sorted(members.values(), key=len, reverse=True)  # stable: first seen stays first
    found = grouped(calls, by, strict=False)
    names = [
        tuple(None if (v := value_of(some[0], word)[1]) is None else str(v) for word in by)
        for some in expected
    ]
    assert [tuple(t.rstrip("'") if t else t for t in key) for key in found] == names
    for figures, some in zip(found.values(), expected, strict=True):
        assert agrees(figures, reckoned(some, elapsed_s(calls))) == {}
        assert (figures["active"], math.isnan(figures["oldest_active_s"])) == (0, True)


@settings(max_examples=50, deadline=None)
@given(sessions)
def test_the_whole_has_the_figures_of_all_calls(calls):
    """The figures without groups, against the same computation by hand."""
    store = Store()
    store.append(calls)
    view = store.view()
    assert agrees(summarize(view.arrays(*needed_by("model")), now_ns=NOW), reckoned(calls)) == {}


@settings(max_examples=50, deadline=None)
@given(sessions, st.sampled_from(WORDS))
def test_groups_add_up_to_the_whole(calls, by):
    """Counts, rates of calls and the break-down of errors sum up to those of the whole."""
    store = Store()
    store.append(calls)
    columns = store.view().arrays(*needed_by(by))
    whole, groups = summarize(columns, now_ns=NOW), grouped(calls, by, strict=False)
    for name in ("requests", "cancelled", "partial", "rate_n", "latency_n", "unpriced"):
        assert sum(figures[name] for figures in groups.values()) == whole[name]
    if not math.isnan(whole["qps"]):
        assert sum(f["qps"] for f in groups.values()) == pytest.approx(whole["qps"])
    errors = sum((Counter(figures["errors"]) for figures in groups.values()), Counter())
    assert errors == whole["errors"]


def test_percentiles_of_large_groups():
    """Groups large enough to be partitioned have numpy's percentiles, to the last bit."""
    random = np.random.default_rng(111)  # whose 99th percentile has a last bit to get wrong
    latencies = random.lognormal(0, 1, 1000)
    calls = [
        make(1000 - n, latency_s=float(s), model="ab"[n % 3 == 0])
        for n, s in enumerate(latencies)
    ]  # fmt: skip
    found = grouped(calls, "model")
    for name, values in (("a", latencies[np.arange(1000) % 3 > 0]), ("b", latencies[::3])):
        of = [found[name,][f"latency_p{p}_s"] for p in (50, 95, 99)]
        assert of == np.percentile(values, [50, 95, 99]).tolist()


def test_many_combinations_of_few_calls():
    """Words whose values could combine in more ways than there are calls."""
    calls = [make(n, model=f"m{n % 300}", tag=f"t{n % 300}", user=f"u{n}") for n in range(600)]
    assert set(requests(grouped(calls, ["model", "tag"])).values()) == {2}
    found = requests(grouped(calls, ["tag", "user", "model"]))
    assert found == {(f"t{n % 300}", f"u{n}", f"m{n % 300}"): 1 for n in range(600)}


# -- the words -------------------------------------------------------------------------------------


def test_a_label_is_a_group():
    """A key of the labels groups like a column; text that is no JSON object has no labels."""
    calls = [
        make(6, labels='{"team": "x", "n": "1"}'), make(5, labels='{"team": "x"}'),
        make(4, labels='{"n": "1"}'), make(3, labels="broken"), make(2, labels="[1]"), make(1),
    ]  # fmt: skip
    assert requests(grouped(calls, "team")) == {(None,): 4, ("x",): 2}
    assert requests(grouped(calls, ["team", "n"])) == {
        (None, None): 3, ("x", "1"): 1, ("x", None): 1, (None, "1"): 1,
    }  # fmt: skip
    odd = [make(1, labels='{"n": 1}'), make(2, labels='{"n": null}'), make(3, labels='{"n": [1]}')]
    assert requests(grouped(odd, "n")) == {("1",): 1, (None,): 1, ("[1]",): 1}


def test_a_run_of_a_cell_is_a_group():
    """Two runs of a cell are two groups, called by their execution counts, like other kernels'."""
    calls = [
        make(5, cell_run_id="r1", execution_count=3), make(4, cell_run_id="r1", execution_count=3),
        make(3, cell_run_id="r2", execution_count=9), make(2, cell_run_id="other", execution_count=3),
        make(1),
    ]  # fmt: skip
    assert requests(grouped(calls, "cell")) == {("3",): 2, ("9",): 1, ("3'",): 1, (None,): 1}
    table = Source(*calls).summary(by="cell")
    assert table.index.tolist() == [3, 9, 3, pd.NA]
    assert table["requests"].tolist() == [2, 1, 1, 1]
    assert Source(*calls, make(9, cell_run_id="r")).summary(by="cell").index[-1] == "r"


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("modle", "by='modle' is no group. Did you mean model? There are model, provider, "),
        ("langs", "Did you mean lang? "),
        ("nonsense", "or a label (lang)."),
        ("latency_s", "calls are not grouped by a measure"),
        (["model", "started_at"], "calls are not grouped by a measure"),
        (["model", "model"], "names a group twice"),
        ([], 'give e.g. by="model"'),
        ("", 'give e.g. by="model"'),
        (5, 'give e.g. by="model"'),
        ([None], 'give e.g. by="model"'),
    ],
)
def test_a_word_that_is_no_group(by, words):
    """One line names the nearest word, the groups there are, and the labels that were seen."""
    with pytest.raises(UsageError) as caught:
        Source(make(1, labels='{"lang": "en"}')).summary(by=by)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_label_of_other_calls_is_no_mistake():
    """A label that no call of the window has is one all the same; so is one that comes later."""
    calls = [make(500, labels='{"lang": "en"}'), make(1)]
    assert requests(grouped(calls, "lang", window="5s")) == {(None,): 1}
    assert requests(grouped([make(1)], "team", strict=False)) == {(None,): 1}
    assert grouped([], "team", strict=False) == {}
    with pytest.raises(UsageError, match="or a label"):
        grouped([], "team")


def test_equal_texts_that_are_not_one_object():
    """Texts are compared, whether or not they are shared in memory."""
    a, b = "a", "b"
    texts = np.array([f"{a}b", f"a{b}", np.nan, float("nan")], object)
    store = Store()
    store.append([make(n) for n in range(4)])
    columns = dict(store.view().arrays(*needed_by("model"))) | {"model": texts}
    assert texts[0] is not texts[1]
    assert requests(by_group(columns, "model", now_ns=NOW)) == {("ab",): 2, (None,): 2}


# -- stretches of time, and calls in flight --------------------------------------------------------


def test_a_window_looks_at_starts_or_at_ends():
    """A call that failed after ten minutes is in the last five by its end, not by its start."""
    calls = [
        make(630, latency_s=600.0, status="error", model="slow"), make(400, model="old"),
        make(250, model="new", latency_s=1.0), make(200, latency_s=900.0, model="odd"),
    ]  # fmt: skip
    started = grouped(calls, "model", window="5min")
    ended = grouped(calls, "model", window="5min", at="ended")
    assert requests(started) == {("new",): 1, ("odd",): 1}
    assert requests(ended) == {("slow",): 1, ("new",): 1, ("odd",): 1}
    store = Store()
    store.append(calls)
    columns = store.view().arrays(*needed_by("model"))
    whole = summarize(columns, now_ns=NOW, window="5min", at="ended")
    assert (whole["requests"], whole["errors"]) == (3, {"unknown": 1})


def test_a_call_of_unknown_latency_ends_when_it_starts():
    """It is in the window it started in."""
    assert requests(grouped([make(10), make(400)], "model", window="5min", at="ended")) == {
        (None,): 1
    }


def test_calls_in_flight_are_in_their_groups():
    """Also in a group that no finished call is in; one without a value is in that of none."""
    flying = [
        {"age_s": 3.0, "model": "a", "labels": '{"k": "1"}', "cell_run_id": "r", "execution_count": 4},
        {"age_s": 9.0, "model": "a"}, {"age_s": 1.0, "model": "new"}, {"age_s": 2.0, "model": None},
    ]  # fmt: skip
    calls = [make(5, model="a"), make(4, cell_run_id="r", execution_count=4)]
    found = grouped(calls, "model", in_flight=flying)
    told = {key: (f["requests"], f["active"], f["oldest_active_s"]) for key, f in found.items()}
    assert told == {("a",): (1, 2, 9.0), (None,): (1, 1, 2.0), ("new",): (0, 1, 1.0)}
    assert {key: f["active"] for key, f in grouped(calls, "cell", in_flight=flying).items()} == {
        (None,): 3, ("4",): 1,
    }  # fmt: skip
    assert grouped([], "k", in_flight=flying)["1",]["active"] == 1
    table = Source(*calls, in_flight=tuple(flying)).summary(by="model")
    assert table["active"].tolist() == [2, 1, 1]


def test_the_time_of_rates_goes_on_while_calls_are_in_flight():
    """`qps` of a group is over the time of all groups, up to now while one is in flight."""
    calls = [make(100, model="a", latency_s=1.0), make(50, model="b", latency_s=10.0)]
    assert grouped(calls, "model")["a",]["qps"] == pytest.approx(1 / 60)
    running = grouped(calls, "model", in_flight=[{"age_s": 1.0}])
    assert running["a",]["qps"] == pytest.approx(1 / 100)
    assert grouped(calls, "model", window="1min")["b",]["qps"] == pytest.approx(1 / 60)


def test_an_open_stream_is_in_the_group_of_its_label():
    """A real call that is being read is active under its label, model and tag."""
    client = offline_client()
    with llmwatch.watch(tag="v1", labels={"team": "x"}) as w:
        question = [{"role": "user", "content": "hello"}]
        with client.chat.completions.create(
            model="gpt-5-mini", messages=question, stream=True
        ) as stream:
            next(iter(stream))
            for by, value in (("team", "x"), ("tag", "v1"), ("model", "gpt-5-mini")):
                table = w.summary(by=by)
                assert table.loc[value, ["requests", "active"]].tolist() == [0, 1]
            assert w.timeline("1h", by="team")["active"].sum() == 1
        assert w.summary(by="team").loc["x", ["requests", "active"]].tolist() == [1, 0]


# -- as a frame ------------------------------------------------------------------------------------


def test_a_frame_has_a_row_a_group():
    """The index is named by the word and typed as its column; calls without a value are NaN."""
    calls = [
        make(4, model="b", input_tokens=5, http_status=200), make(3, model="b", http_status=200),
        make(2, http_status=429), make(1, model="a", status="error", stream=True),
    ]  # fmt: skip
    source = Source(*calls)
    table = source.summary(by="model")
    assert (table.index.name, table.index.dtype) == ("model", text_dtype())
    assert table.index.isna().tolist() == [False, True, False]
    assert table.index[[0, 2]].tolist() == ["b", "a"]
    assert table.loc["b", "requests"] == 2
    assert table["input_tokens"].tolist() == [5, pd.NA, 0]
    assert table["input_tokens"].dtype == "Int64"
    assert table["cost_usd"].isna().tolist() == [True, True, False]
    assert table["errors"].tolist() == [{}, {}, {"unknown": 1}]
    assert list(table.columns) == list(source.summary().index)
    by_status = source.summary(by="http_status").index
    assert (by_status.tolist(), by_status.dtype) == ([200, 429, pd.NA], "Int64")
    assert source.summary(by="stream").index.tolist() == [False, True]


@pytest.mark.parametrize("word", ["model", "user", "k"])
def test_half_a_character_is_a_group(word):
    """A lone surrogate, which Arrow cannot hold, is called as it came: whole, and over time."""
    half = "\ud83d"
    values = {"labels": '{"k": "\ud83d"}'} if word == "k" else {word: half}
    source = Source(make(1, **values), in_flight=({"age_s": 1.0, "model": half},))
    assert half in source.summary(by=word).index
    assert half in source.timeline("1h", by=word).index.get_level_values(word)
    assert source.active["model"].tolist() == [half]


def test_several_words_make_a_multi_index():
    """One level a word, named by it; a list of one word is that word."""
    source = Source(make(2, model="a", tag="x"), make(1, model="a"))
    table = source.summary(by=["model", "tag"])
    assert table.index.names == ["model", "tag"]
    assert table.loc[("a", "x"), "requests"] == 1
    assert source.summary(by=("tag",)).index.name == "tag"
    assert source.summary(since="2026-01-01", by="tag").loc["x", "requests"] == 1
    assert len(source.summary("1s", by="tag")) == 0


@pytest.mark.parametrize("read", ["summary", "timeline", "compare"])
def test_words_that_can_be_read_but_once(read):
    """A generator is as good as a list."""
    words = ["model", "tag"]
    source = Source(make(1, tag="a", model="m"), make(1, tag="b", model="m"))
    found = getattr(source, read)(by=(word for word in words))
    told = getattr(source, read)(by=words)
    assert str(found) == str(told)


def test_a_frame_of_nothing():
    """Without calls there is no group, and the columns are there."""
    table = Source().summary(by=["model", "cell"])
    assert (len(table), list(table.columns)) == (0, list(Source().summary().index))


def test_groups_know_what_is_in_memory():
    """Calls that left memory are in no group, and diagnostics say so, where they could be."""
    source = Source()
    source.store.max_calls = 10
    source.store.append([make(1000 - n, model="a") for n in range(1000)])
    faults.clear()
    assert source.summary(by="model").loc["a", "requests"] == 10
    assert [fault.step for fault in faults.table()] == ["summary"]
    faults.clear()
    assert source.summary(by="model", since=pd.Timestamp(NOW - 5 * S, tz="UTC")).requests.sum() == 5
    assert faults.table() == []


def test_grouping_needs_no_pandas():
    """The worker groups calls, and loads no pandas for it."""
    code = (
        "import sys\n"
        "from llmwatch.records import Call\n"
        "from llmwatch.store import Store\n"
        "from llmwatch.summary import by_group, needed_by\n"
        "store = Store()\n"
        "store.append([Call(call_id='c', session_id='s', status='ok', started_at=1, model='m')])\n"
        "by = ['model', 'cell', 'k']\n"
        "columns = store.view().arrays(*needed_by(by))\n"
        "found = by_group(columns, by, now_ns=2, window='5min', at='ended', strict=False)\n"
        "assert list(found) == [('m', None, None)], found\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
