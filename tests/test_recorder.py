"""The session: prices given later, settings for the process, one place for everything."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace

import pandas as pd
import pytest

import llmwatch
from llmwatch.testing import Reply, offline_client


def ask(model, **reply):
    client = offline_client(script=[Reply(**reply)] if reply else ())
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "hello there"}]
    )


USAGE = {"prompt_tokens": 2_000_000, "completion_tokens": 1_000_000, "total_tokens": 3_000_000}


def test_a_price_given_later_prices_the_calls_that_had_none():
    """The unpriced calls of that model get their cost; frames already handed out do not change."""
    with llmwatch.watch() as w:
        ask("qwen-priced-later", usage=USAGE)
        ask("qwen-other", usage=USAGE)
        ask("gpt-5-mini", usage=USAGE)
    before = w.calls
    assert before.cost_usd.isna().tolist() == [True, True, False]
    llmwatch.price("qwen-priced-later", input=0.5, output=1.5)
    after = w.calls
    assert after.cost_usd.iloc[0] == pytest.approx(2 * 0.5 + 1 * 1.5)
    assert after.cost_source.tolist()[0] == "user"
    assert after.cost_usd.isna().tolist() == [False, True, False]
    assert after.cost_usd.iloc[2] == before.cost_usd.iloc[2]
    assert before.cost_usd.isna().tolist() == [True, True, False]


def test_calls_after_a_price_have_it_at_once():
    """A model priced beforehand is priced when its call ends, source `user`."""
    llmwatch.price("qwen-before", input=1, output=2)
    with llmwatch.watch() as w:
        ask("qwen-before", usage=USAGE)
    assert w.calls.cost_usd.tolist() == [4.0]


@pytest.mark.parametrize("wrong", [-1, "dear", float("nan"), float("inf"), True])
def test_a_price_that_is_none_is_one_clear_line(wrong):
    """A price that is no amount says so in one line."""
    with pytest.raises(llmwatch.UsageError) as caught:
        llmwatch.price("m", input=wrong, output=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "kept"), [("none", None), ("preview", "hello there"), ("full", "hello there")]
)
def test_content_says_how_much_text_is_kept(content, kept):
    """With `none` no text is kept; otherwise the question is there."""
    llmwatch.configure(content=content)
    try:
        with llmwatch.watch() as w:
            ask("gpt-5-mini")
    finally:
        llmwatch.configure(content="preview")
    preview = w.calls.request_preview.iloc[0]
    assert pd.isna(preview) if kept is None else kept in preview


def test_the_settings_are_named_where_one_types_them():
    """`configure` shows its settings by name to Tab and `help`, as many as there are."""
    named = inspect.signature(llmwatch.configure).parameters
    assert [*named][:-1] == [field.name for field in fields(llmwatch.session.settings)]


def test_tab_behind_the_session_offers_what_a_person_asks_for():
    """What a watch reads with, the switch, the settings; nothing that rooms tell each other."""
    offered = {name for name in dir(llmwatch.session) if not name.startswith("_")}
    assert all(hasattr(llmwatch.session, name) for name in offered)
    assert {"calls", "active", "summary", "to_csv", "alerts", "enable", "price"} <= offered
    assert offered & {"gate", "hold", "record", "release", "store", "end_span"} == set()


def test_what_is_not_given_stays_as_it_is():
    """One setting is changed, the others are what they were."""
    before = llmwatch.session.settings
    try:
        llmwatch.configure(max_calls=77, redact=["x"])
        llmwatch.configure(receipts="all")
        assert llmwatch.session.settings == replace(
            before, max_calls=77, redact=("x",), receipts="all"
        )
    finally:
        llmwatch.configure(**{f.name: getattr(before, f.name) for f in fields(before)})
    assert llmwatch.session.settings == before


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"content": None}, "preview"),
        ({"redact": None}, "no list"),
        ({"contents": "none"}, "content"),
        ({"content": "some"}, "preview"),
        ({"max_calls": 0}, "1"),
    ],
)
def test_a_wrong_setting_is_one_clear_line_and_changes_nothing(wrong, named):
    """An unknown setting or value names what there is, and the old settings stay."""
    before = llmwatch.session.settings
    with pytest.raises(llmwatch.UsageError, match=named):
        llmwatch.configure(**wrong)
    assert llmwatch.session.settings == before


def test_the_session_holds_what_every_watch_holds():
    """A call in a watch is a call of the session, with the same id."""
    with llmwatch.watch() as w:
        ask("gpt-5-mini")
    assert w.calls.call_id.isin(llmwatch.session.calls.call_id).all()
