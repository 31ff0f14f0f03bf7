"""`llmwatch.call`: what no wire shows, recorded by hand, however it ends."""

from __future__ import annotations

import asyncio

import pytest

import llmwatch


def test_what_is_said_is_what_is_recorded():
    """Usage, answer and first token stand in the row, with the marks of the scope around it."""
    with llmwatch.watch(tag="t") as w, llmwatch.call(model="my-llama", provider="llama.cpp") as c:
        c.first_token()
        c.usage(input=11, output=5, cached_input=3, reasoning=2)
        c.answer("hello", request="say hello", finish_reason="stop", response_id="r-1")
    row = w.calls.iloc[0]
    assert (row.status, row.provider, row.operation, row.tag) == ("ok", "llama.cpp", "chat", "t")
    assert (row.input_tokens, row.output_tokens, row.cached_input_tokens) == (11, 5, 3)
    assert (row.usage_source, row.reasoning_tokens, row.stream) == ("counted", 2, True)
    assert (row.request_preview, row.response_preview) == ("say hello", "hello")
    assert 0 <= row.ttft_s <= row.latency_s


@pytest.mark.parametrize(
    ("raised", "status", "kind"),
    [(ValueError, "error", "ValueError"), (KeyboardInterrupt, "cancelled", None),
     (asyncio.CancelledError, "cancelled", None)],
)  # fmt: skip
def test_an_exception_goes_through_and_is_recorded(raised, status, kind):
    """The very same exception leaves the block; the row says how it ended."""
    problem = raised("no luck, key sk-proj-0123456789abcdefghijklmn")
    with llmwatch.watch() as w, pytest.raises(raised) as caught, llmwatch.call(model="m"):
        raise problem
    row = w.calls.iloc[0]
    assert caught.value is problem
    assert row.status == status
    assert row.error_type == kind or row.isna().error_type
    assert "sk-proj" not in str(row.error_message)


def test_nothing_said_is_nothing_known():
    """A call without usage has no tokens and no cost, rather than zero."""
    with llmwatch.watch() as w, llmwatch.call(model="m"):
        pass
    assert w.calls[["input_tokens", "output_tokens", "cost_usd", "ttft_s"]].isna().all(axis=None)


def test_outside_of_any_recording_nothing_is_recorded():
    """Without `enable` and without a watch the block runs and leaves no row."""
    before = len(llmwatch.session)
    with llmwatch.call(model="m") as c:
        c.usage(input=1)
    assert len(llmwatch.session) == before


@pytest.mark.parametrize("wrong", [-1, "many", True, float("nan"), 10**30])
def test_a_figure_that_is_none_is_one_clear_line(wrong):
    """What is no number of tokens says so; the call is recorded all the same."""
    with llmwatch.watch() as w, llmwatch.call(model="m") as c:
        with pytest.raises(llmwatch.UsageError, match="number of tokens"):
            c.usage(input=wrong)
        c.usage(output=2)
    assert w.calls.output_tokens.tolist() == [2]


@pytest.mark.parametrize("wrong", [{"model": ""}, {"model": 3}, {"model": "m", "provider": None}])
def test_a_name_that_is_none_is_one_clear_line(wrong):
    """A model or provider that is no text says so."""
    with pytest.raises(llmwatch.UsageError, match=r"give e\.g\."):
        llmwatch.call(**wrong)


def test_entering_twice_is_one_clear_line():
    """A call that was recorded cannot be entered again."""
    with llmwatch.watch() as w:
        with llmwatch.call(model="m") as c:
            pass
        with pytest.raises(llmwatch.UsageError, match="recorded already"), c:
            raise AssertionError("entered again")
    assert len(w.calls) == 1


@pytest.mark.parametrize(
    "say",
    [
        lambda c: c.usage(input=1, output=1),
        lambda c: c.answer("too late"),
        lambda c: c.first_token(),
    ],
)
def test_what_is_said_after_the_block_is_one_clear_line(say):
    """The call is recorded by then: what came later stood nowhere, and nobody was told."""
    with llmwatch.watch() as w:
        with llmwatch.call(model="m") as c:
            c.usage(input=3)
        with pytest.raises(llmwatch.UsageError, match="inside its block"):
            say(c)
    assert w.calls.input_tokens.tolist() == [3]
