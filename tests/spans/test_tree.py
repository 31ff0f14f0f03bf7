"""A trace is a tree of what was done and of the calls in it, each a row of one table."""

from __future__ import annotations

import re

import nbformat
import pandas as pd

import llmwatch
from llmwatch.semconv import SPAN_COLUMNS
from tests.notebook import run, text_of
from tests.spans.plain import ASK, ask, tree


def test_spans_nest_and_calls_stand_under_the_innermost():
    """Each has its parent, all have one trace; what has no span around it is a trace of its own."""
    with llmwatch.watch() as w:
        with llmwatch.span("answer"):
            with llmwatch.span("retrieve"):
                ask()
            ask()
        ask()
    assert tree(w) == [
        ("answer", None), ("retrieve", "answer"), ("chat gpt-5-mini", "retrieve"),
        ("chat gpt-5-mini", "answer"), ("chat gpt-5-mini", None),
    ]  # fmt: skip
    traces = w.spans.trace_id
    assert traces[:4].nunique() == 1
    assert traces[4] != traces[0]


def test_ids_are_those_of_w3c_and_the_same_everywhere():
    """32 and 16 lower-case digits, not all zero; handle, calls and spans agree."""
    with llmwatch.watch() as w, llmwatch.span("answer") as s:
        ask()
    calls, spans = w.calls.iloc[0], w.spans
    assert spans.trace_id.map(lambda text: bool(re.fullmatch("[0-9a-f]{32}", text))).all()
    assert spans.span_id.map(lambda text: bool(re.fullmatch("[0-9a-f]{16}", text))).all()
    assert not {"0" * 32, "0" * 16} & {*spans.trace_id, *spans.span_id}
    assert (calls.trace_id, calls.parent_span_id) == (s.trace_id, s.span_id)
    assert (spans.trace_id[0], spans.span_id[0]) == (s.trace_id, s.span_id)
    assert spans.span_id[1] == calls.span_id


def test_the_table_has_the_columns_that_are_promised():
    """Empty, with spans alone or with calls alone: the same columns of the same kinds."""
    with llmwatch.watch() as empty:
        pass
    with llmwatch.watch() as spans, llmwatch.span("x"):
        pass
    with llmwatch.watch() as calls:
        ask()
    for reading, rows in ((empty, 0), (spans, 1), (calls, 1)):
        frame = reading.spans
        assert list(frame.columns) == [column.name for column in SPAN_COLUMNS]
        assert len(frame) == rows
        for column in SPAN_COLUMNS:
            dtype = frame[column.name].dtype
            if column.kind == "text":
                assert pd.api.types.is_string_dtype(dtype), column.name
            else:
                assert dtype == column.dtype, column.name


def test_a_call_is_a_row_with_its_own_figures():
    """Its kind, name, times, status, tokens and id; a span has none of a call's."""
    with llmwatch.watch(tag="v1") as w, llmwatch.span("answer"):
        ask()
    span, call = (row for _, row in w.spans.iterrows())
    mine = w.calls.iloc[0]
    assert (span.kind, call.kind) == ("span", "llm")
    assert (call.call_id, call.model, call.tag) == (mine.call_id, "gpt-5-mini", "v1")
    assert call.duration_s == mine.latency_s
    assert (call.ended_at - call.started_at).value == round(mine.latency_s * 1e9)
    assert (call.input_tokens, call.cost_usd) == (mine.input_tokens, mine.cost_usd)
    assert pd.isna([span.call_id, span.model, span.input_tokens, span.cost_usd]).all()
    assert span.tag == "v1"


def test_times_hold_what_is_inside():
    """A span begins before what is in it and ends after it, and lasts from start to end."""
    with llmwatch.watch() as w, llmwatch.span("answer"):
        ask()
    span, call = (row for _, row in w.spans.iterrows())
    assert span.started_at <= call.started_at
    assert span.duration_s > call.duration_s
    assert (span.ended_at - span.started_at).value == round(span.duration_s * 1e9)


def test_an_open_span_is_open():
    """Before it ends it has no end, no length and no verdict; afterwards it has, and is one row."""
    with llmwatch.watch() as w:
        with llmwatch.span("answer", k=1) as s:
            s.set(found=2)
            (row,) = w.spans.itertuples()
            assert (row.status, row.attributes) == ("open", '{"k": 1, "found": 2}')
            assert pd.isna([row.ended_at, row.duration_s]).all()
            assert (llmwatch.session.spans.status == "open").sum() == 1
        assert w.spans.status.tolist() == ["ok"]
    assert not (llmwatch.session.spans.status == "open").any()


def test_a_watch_has_the_spans_inside_it():
    """Not those around it, nor those before and after; the session has all."""
    before = (llmwatch.session.spans.kind == "span").sum()
    with llmwatch.watch() as outer, llmwatch.span("around"):
        with llmwatch.watch() as w, llmwatch.span("inside"):
            ask()
        with llmwatch.span("after"):
            pass
    assert tree(w) == [("inside", None), ("chat gpt-5-mini", "inside")]
    assert outer.spans.name.tolist() == ["around", "inside", "chat gpt-5-mini", "after"]
    assert (llmwatch.session.spans.kind == "span").sum() - before == 3


def test_a_call_by_hand_stands_in_the_trace_too():
    """`llmwatch.call` has ids as others have."""
    with (
        llmwatch.watch() as w,
        llmwatch.span("answer"),
        llmwatch.call(model="my-llama", operation="chat"),
    ):
        pass
    assert tree(w) == [("answer", None), ("chat my-llama", "answer")]


def test_calls_that_were_loaded_are_spans(tmp_path):
    """From calls alone: the same rows, and their trace ids survive the file."""
    with llmwatch.watch() as w, llmwatch.span("answer"):
        ask()
        ask()
    w.to_csv(tmp_path / "calls.csv")
    loaded = llmwatch.load(tmp_path / "calls.csv").spans
    mine = w.spans[w.spans.kind == "llm"]
    for name in ("name", "trace_id", "span_id", "parent_span_id", "started_at"):
        assert loaded[name].tolist() == mine[name].tolist()


def test_a_span_closed_in_a_later_cell_is_over_there(tmp_path):
    """While it is open it goes on in the cells below; what comes after its end is not in it."""
    begin = (
        "%load_ext llmwatch\nimport llmwatch\nfrom llmwatch.testing import offline_client\n"
        f"ask = lambda: offline_client().chat.completions.create(**{ASK!r})\n"
        's = llmwatch.span("by hand"); s.__enter__(); ask();'
    )
    cells = [
        begin,
        "ask();",
        "s.__exit__(None, None, None)",
        "ask();",
        "llmwatch.session.calls.parent_span_id.eq(s.span_id).tolist()",
    ]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    assert text_of(run(notebook, tmp_path).cells[-1]).strip() == "[True, True, False]"
