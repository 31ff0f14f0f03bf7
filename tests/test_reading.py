"""The reading interface over any source of rows."""

from __future__ import annotations

import math
import time

import pandas as pd
import pytest

from llmwatch.exceptions import UsageError
from llmwatch.reading import Reading
from llmwatch.records import Call
from llmwatch.semconv import FIGURES, NAMES
from llmwatch.store import Store

NOW = time.time_ns()


class Source(Reading):
    """Some calls in a store, some in flight; counts how often it had to settle."""

    def __init__(self, *calls: Call, in_flight: tuple[dict, ...] = (), queued: tuple = ()) -> None:
        self.store = Store()
        self.store.append(calls)
        self.rows_in_flight = list(in_flight)
        self.queued = list(queued)

    def _view(self):
        return self.store.view()

    def _in_flight(self):
        return self.rows_in_flight

    def _settle(self):
        self.store.append(self.queued)
        self.queued = []


def make(n: int, **values) -> Call:
    known = {"call_id": f"id-{n}", "session_id": "s", "started_at": NOW + n, "status": "ok"}
    return Call(**(known | values))


def test_calls_waits_for_what_is_queued():
    """A call that ended before `.calls` was asked for is in it, also through `len` and repr."""
    source = Source(make(0), queued=(make(1),))
    assert source.calls["call_id"].tolist() == ["id-0", "id-1"]
    assert len(Source(queued=(make(1),))) == 1
    assert "1 call" in repr(Source(queued=(make(1),)))
    assert Source(queued=(make(1),)).summary().requests == 1


def test_a_source_without_calls_is_still_one():
    """Empty tables have their columns; an empty source is true."""
    source = Source()
    assert source
    assert len(source) == 0
    for table in (source.calls, source.errors(), source.slowest(), source.by_cell(), source.active):
        assert len(table) == 0
        assert len(table.columns) > 5
    assert source.summary().requests == 0


def test_active_has_one_row_a_call_in_flight():
    """Age, model and what came so far, typed; what a source does not say is missing."""
    row = {
        "started_at": NOW, "age_s": 2.5, "model": "gpt-5-mini", "stream": True, "chunks": 3,
        "execution_count": 7,
    }  # fmt: skip
    active = Source(in_flight=(row, {"age_s": 1.0})).active
    assert active["age_s"].tolist() == [2.5, 1.0]
    assert active["started_at"][0] == pd.Timestamp(NOW, tz="UTC")
    assert (active["chunks"][0], active["stream"][0]) == (3, True)
    assert active.loc[1].drop("age_s").isna().all()
    assert {str(kind) for kind in Source().active.dtypes} == {str(kind) for kind in active.dtypes}


def test_slowest_comes_slowest_first():
    """The n of greatest latency, with the index of `.calls`; unknown latency is never slow."""
    source = Source(*(make(i, latency_s=s) for i, s in enumerate([1.0, None, 5.0, 3.0])))
    slowest = source.slowest(2)
    assert slowest["latency_s"].tolist() == [5.0, 3.0]
    assert source.calls.loc[slowest.index]["call_id"].tolist() == slowest["call_id"].tolist()
    assert set(slowest.columns) == set(NAMES)
    assert len(source.slowest()) == 3


@pytest.mark.parametrize("n", [0, -1, 1.5, "3", True, None])
def test_slowest_of_no_number(n):
    """One line that shows what to type."""
    with pytest.raises(UsageError, match=r"slowest\(5\)"):
        Source(make(1)).slowest(n)


def test_errors_are_the_failed_calls():
    """Calls of status error alone, what they say in front, with the index of `.calls`."""
    words = ["ok", "error", "cancelled", "error", "partial"]
    source = Source(*(make(i, status=word, error_type="E") for i, word in enumerate(words)))
    errors = source.errors()
    assert errors["call_id"].tolist() == ["id-1", "id-3"]
    assert errors.index.tolist() == [1, 3]
    assert list(errors.columns[:3]) == ["started_at", "model", "error_type"]
    assert set(errors.columns) == set(NAMES)


def test_by_cell_has_one_row_a_run():
    """Two runs of one cell are two rows, calls outside cells one; unknown sums are missing."""
    first = {"cell_id": "a", "cell_run_id": "r9", "execution_count": 1}
    again = {"cell_id": "a", "cell_run_id": "r2", "execution_count": 5}
    table = Source(
        make(0, **first, input_tokens=10, output_tokens=1, cost_usd=0.5, latency_s=2.0),
        make(1, **first, input_tokens=20, status="error", latency_s=9.0),
        make(2, **again),
        make(3, input_tokens=7, latency_s=1.0),
        make(4, **first, input_tokens=30, output_tokens=2, cost_usd=0.25),
    ).by_cell()
    assert table["execution_count"].tolist() == [1, 5, pd.NA]
    assert table["cell_id"].tolist()[:2] == ["a", "a"]
    assert table["calls"].tolist() == [3, 1, 1]
    assert table["errors"].tolist() == [1, 0, 0]
    assert table["input_tokens"].tolist() == [60, pd.NA, 7]
    assert table["output_tokens"].tolist() == [3, pd.NA, pd.NA]
    assert table["cost_usd"].tolist()[0] == 0.75
    assert table["cost_usd"].isna().tolist() == [False, True, True]
    assert table["unpriced"].tolist() == [0, 1, 1]
    assert table["latency_max_s"].tolist()[0] == 9.0
    assert table["started_at"].is_monotonic_increasing


def test_summary_is_a_series_of_the_figures():
    """Indexed by the names of the figures, with the calls in flight, a window and times."""
    source = Source(
        make(-int(172_800e9), input_tokens=5), make(-int(1e9), input_tokens=7),
        in_flight=({"age_s": 4.0},),
    )  # fmt: skip
    whole = source.summary()
    assert isinstance(whole, pd.Series)
    assert set(FIGURES) <= set(whole.index)
    assert (whole.requests, whole.input_tokens) == (2, 12)
    assert (whole.active, whole.oldest_active_s) == (1, 4.0)
    assert math.isnan(whole.latency_p95_s)
    assert source.summary(window="1d").input_tokens == 7
    assert source.summary("1d").input_tokens == 7
    assert source.summary(until=pd.Timestamp(NOW - int(60e9), tz="UTC")).input_tokens == 5
    with pytest.raises(UsageError):
        source.summary(window="soon")


def test_it_shows_itself_in_one_line():
    """Both representations name totals, say what is unknown, and hold no raw text."""
    source = Source(
        make(0, input_tokens=1240, output_tokens=312, cost_usd=0.0041),
        make(1, status="error", error_type="<script>"),
        make(2),
        in_flight=({"age_s": 1.0},),
    )
    text = repr(source)
    assert text == (
        "<Source: 3 calls · 1 in flight · 1,240 → 312 tokens (1 call unmeasured)"
        " · $0.0041 + 1 call of unknown price · 1 error>"
    )
    assert repr(Source()) == "<Source: 0 calls>"
    assert "cost unknown" in repr(Source(make(1)))
    assert "tokens unknown" in repr(Source(make(1)))
    html = source._repr_html_()
    assert "1,240" in html
    assert "script" not in html
    assert "\n" not in text + html
    assert 'class="tex2jax_ignore mathjax_ignore"' in html  # or MathJax eats the dollars


LINES = {
    "estimates beside what was reported": (
        [make(0, model="a", input_tokens=1000, output_tokens=200, cost_usd=0.5),
         make(1, model="a", estimated_input_tokens=240, estimated_output_tokens=112,
              estimated_cost_usd=0.25)],
        "2 calls · ~1,240 → ~312 tokens · ~$0.75 · 0 errors"),
    "what has no price is named, with what to type": (
        [make(0, model="a", input_tokens=9, output_tokens=9, cost_usd=0.42),
         *(make(n, model="qwen-x", input_tokens=1, output_tokens=1) for n in (1, 2)),
         make(3, model="bge", operation="embeddings", input_tokens=1),
         make(4, model="refused", status="error")],
        ("5 calls · 12 → 11 tokens · $0.42 + 3 calls of unknown price (qwen-x, bge) · 1 error"
        ' · qwen-x, bge have no price: llmwatch.price("qwen-x", input=…, output=…)')),
    "a price would not help where the tokens are unknown": (
        [make(0, model="qwen-x"), make(1, model="qwen-x", input_tokens=5)],
        "2 calls · 5 → – tokens (1 call unmeasured) · cost unknown · 0 errors"),
    "nothing but a price that is missing": (
        [make(0, model="qwen-x", input_tokens=1, output_tokens=1)],
        ("1 call · 1 → 1 tokens · cost unknown (qwen-x) · 0 errors"
        ' · qwen-x has no price: llmwatch.price("qwen-x", input=…, output=…)')),
    "refusals cost nothing that is known": (
        [make(0, status="error"), make(1, status="error")], "2 calls · 2 errors"),
    "a model with a price lacks something else": (
        [make(0, model="a", input_tokens=1, output_tokens=1, cost_usd=1.0),
         make(1, model="a", input_tokens=1, output_tokens=1, service_tier="scale")],
        "2 calls · 2 → 2 tokens · $1.00 + 1 call of unknown price · 0 errors"),
    "many models": (
        [make(n, model=f"m{n}", input_tokens=1, output_tokens=1) for n in range(5)],
        ("5 calls · 5 → 5 tokens · cost unknown (m0, m1, m2 and 2 more) · 0 errors"
        ' · m0, m1, m2 and 2 more have no price: llmwatch.price("m0", input=…, output=…)')),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_its_line_says_what_the_totals_do_not_contain(case):
    """Estimates carry ~, calls without a price are counted and named, and nothing is made up."""
    calls, words = LINES[case]
    assert repr(Source(*calls)) == f"<Source: {words}>"


def test_its_line_counts_what_left_memory():
    """Sums stay whole, and how much of them can no longer be read is said."""
    source = Source(*(make(n, input_tokens=1, output_tokens=2, cost_usd=0.5) for n in range(5)))
    source.store.max_calls = 2
    assert repr(source) == (
        "<Source: 5 calls · 5 → 10 tokens · $2.50 · 0 errors · 3 of them have left memory>"
    )


def test_a_class_name_is_escaped():
    """The HTML shows the name of the class as text."""
    strange = type("A<b>", (Source,), {})
    assert "A&lt;b&gt;" in strange()._repr_html_()


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_files_hold_the_calls(tmp_path, suffix):
    """Each `to_` writes what `.calls` shows, what was queued included, and says how much."""
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    source = Source(make(0), queued=(make(1),))
    path = tmp_path / f"calls.{suffix}"
    written = getattr(source, f"to_{suffix}")(path)
    assert (written.path, written.rows, written.older) == (path, 2, 0)
    assert written.bytes == path.stat().st_size > 0
    assert str(written).startswith("2 rows in ")
    with pytest.raises(OSError, match="overwrite=True"):
        getattr(source, f"to_{suffix}")(path)
    assert getattr(source, f"to_{suffix}")(path, overwrite=True).rows == 2
