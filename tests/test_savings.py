"""What caching saved, and what another model would have cost, against sums done by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pandas as pd
import pytest

import llmwatch
from llmwatch.exceptions import UsageError
from llmwatch.pricing import PriceBook
from llmwatch.recorder import Session
from llmwatch.records import Call
from llmwatch.testing import OfflineServer, Reply, offline_client

NOON = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()) * 10**9
MICRO = 1e-6


def make(model: str, provider: str = "openai", /, **values) -> Call:
    """A chat call of `model`, priced as the list says unless `cost_usd` is given."""
    known = {
        "call_id": f"id-{make.number}", "session_id": "s", "started_at": NOON, "status": "ok",
        "operation": "chat", "provider": provider, "model": model, "request_model": model,
    }  # fmt: skip
    make.number += 1
    known |= values
    if "cost_usd" not in known and known.get("input_tokens") is not None:
        names = (
            "response_model", "request_model", "provider", "operation", "service_tier",
            "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens",
            "reasoning_tokens", "input_audio_tokens", "output_audio_tokens",
        )  # fmt: skip
        at = datetime.fromtimestamp(NOON / 1e9, UTC)
        used = {name: known.get(name) for name in names}
        known["cost_usd"], known["cost_source"] = PriceBook().cost(**used, url="", at=at)
    return Call(**known)


make.number = 0


def held(*calls: Call, prices: dict[str, dict] | None = None) -> Session:
    session = Session()
    for model, price in (prices or {}).items():
        session.prices.set(model, **price)
    session.store.append(calls)
    return session


def close(micro_usd: float):
    return pytest.approx(micro_usd * MICRO, rel=1e-9)


# -- caching --------------------------------------------------------------------------------------


def test_cached_tokens_at_the_uncached_price_minus_what_was_paid():
    """Two calls of gpt-5: 9,000 and 1,000 cached tokens at $1.25 instead of $0.125 a million."""
    table = (
        held(
            make("gpt-5", input_tokens=12_000, output_tokens=100, cached_input_tokens=9000),
            make("gpt-5", input_tokens=2000, output_tokens=100, cached_input_tokens=1000),
            make("gpt-5", input_tokens=500, output_tokens=100),
        )
        .savings()
        .table
    )
    assert table.index.tolist() == ["gpt-5"]
    row = table.loc["gpt-5"]
    assert (row.n, row.input_tokens, row.cached_input_tokens) == (3, 14_500, 10_000)
    assert row.saved_usd == close(10_000 * (1.25 - 0.125))
    assert row.cost_usd == close(4500 * 1.25 + 10_000 * 0.125 + 300 * 10)
    assert row.uncached_cost_usd == close(14_500 * 1.25 + 300 * 10)


def test_what_writing_cost_more_counts_against_it():
    """Writing is $2.5 instead of $2: what was never read again is a loss, and is called so."""
    session = held(
        make("claude-sonnet-5", "anthropic", input_tokens=10_000, output_tokens=10,
             cache_write_tokens=8000),
    )  # fmt: skip
    assert session.savings().total.saved_usd == close(-8000 * 0.5)
    assert session.savings().verdict.startswith(
        "claude-sonnet-5: caching cost $0.004 more than it saved: 8,000 tokens written, 0 read"
    )
    session.store.append([
        make("claude-sonnet-5", "anthropic", input_tokens=10_000, output_tokens=10,
             cached_input_tokens=8000),
    ])  # fmt: skip
    assert session.savings().total.saved_usd == close(8000 * (2 - 0.2) - 8000 * 0.5)


def test_writing_for_an_hour_is_taken_as_it_was_paid():
    """What was written for an hour cost $4 instead of $2, though no column says how long."""
    paid = (2000 * 2 + 8000 * 4 + 10 * 10) * MICRO
    total = held(
        make("claude-sonnet-5", "anthropic", input_tokens=10_000, output_tokens=10,
             cache_write_tokens=8000, cost_usd=paid, cost_source="price list"),
    ).savings().total  # fmt: skip
    assert total.saved_usd == close(-8000 * 2)


def test_the_tier_of_the_call_is_that_of_the_saving():
    """At flex the cache saves half as much."""
    total = held(
        make("gpt-5", input_tokens=2000, output_tokens=0, cached_input_tokens=1000,
             service_tier="flex"),
    ).savings().total  # fmt: skip
    assert total.saved_usd == close(1000 * (0.625 - 0.0625))


def test_what_is_left_out_is_said():
    """Calls without a price, with estimates alone, or priced otherwise are in no sum."""
    session = held(
        make("gpt-5", input_tokens=2000, output_tokens=0, cached_input_tokens=1000),
        make("gpt-5", input_tokens=2000, output_tokens=0, cached_input_tokens=1000, cost_usd=5.0),
        make("gpt-5", estimated_input_tokens=10, estimated_output_tokens=10),
        make("gpt-5", estimated_output_tokens=10, estimated_cost_usd=0.1),
        make("gpt-5"),
        make("gpt-5", status="error"),
        make("qwen-x", input_tokens=10, output_tokens=10),
    )
    saved = session.savings()
    row = saved.table.loc["gpt-5"]
    assert (row.n, row.untraced, row.estimated, row.unpriced) == (1, 1, 2, 1)
    assert row.saved_usd == close(1000 * 1.125)
    assert "Left out: 1 call of unknown price, 2 calls with estimated tokens, 1 call priced" in (
        saved.verdict
    )
    unknown = saved.table.loc["qwen-x"]
    assert (unknown.n, unknown.unpriced) == (0, 1)
    assert unknown[["cost_usd", "uncached_cost_usd", "saved_usd"]].isna().all()
    assert "qwen-x: no call with a known price. Left out: 1 call" in saved.verdict


def test_the_total_is_the_sum_of_the_models():
    """Every figure of the table adds up to that of the total, which words say last."""
    saved = held(
        make("gpt-5", input_tokens=2000, output_tokens=7, cached_input_tokens=1000),
        make("gpt-5-mini", input_tokens=900, output_tokens=7),
        make("qwen-x", input_tokens=10, output_tokens=10),
    ).savings(model="gpt-5-nano")
    for name, value in saved.total.items():
        assert value == pytest.approx(saved.table[name].sum()), name
    assert saved.verdict.splitlines()[-1].startswith("in all: caching saved $0.00113,")
    assert saved.verdict.splitlines()[1].startswith("gpt-5-mini: nothing came from a cache (n = 1)")


def test_without_calls_there_is_nothing_to_save():
    """An empty reading has an empty table and one line."""
    saved = held().savings()
    assert len(saved.table) == 0
    assert "saved_usd" in saved.table.columns
    assert repr(saved) == "no calls: nothing to save."
    assert math.isnan(saved.total.saved_usd)


# -- another model --------------------------------------------------------------------------------


def test_the_same_tokens_on_another_model():
    """Plain, cached and answered tokens of gpt-5 at the prices of gpt-5-nano."""
    saved = held(
        make("gpt-5", input_tokens=12_000, output_tokens=1500, cached_input_tokens=9000),
    ).savings(model="gpt-5-nano")
    there = 3000 * 0.05 + 9000 * 0.005 + 1500 * 0.4
    here = 3000 * 1.25 + 9000 * 0.125 + 1500 * 10
    assert saved.total.other_cost_usd == close(there)
    assert saved.total.compared_cost_usd == close(here)
    assert saved.total.other_saved_usd == close(here - there)
    assert (
        "On gpt-5-nano the same tokens would have cost $0.000795 instead of $0.0199: 96\u202f% less"
        " (n = 1)." in saved.verdict
    )
    dearer = held(make("gpt-5-nano", input_tokens=1000, output_tokens=0)).savings("gpt-5").verdict
    assert "instead of $0.00005: 2,400\u202f% more" in dearer
    same = held(make("gpt-5", input_tokens=1000, output_tokens=0)).savings("gpt-5").verdict
    assert "would have cost the same, $0.00125 (n = 1)" in same


def test_a_model_without_a_cache_takes_all_tokens_as_plain():
    """Mistral lists no price of cached input: nothing is cached there."""
    total = (
        held(
            make("gpt-5", input_tokens=1000, output_tokens=0, cached_input_tokens=600),
        )
        .savings("mistral-large-latest")
        .total
    )
    assert total.other_cost_usd == close(1000 * 2)


SELLERS = {
    "by its maker": ("claude-haiku-4-5", 1.0),
    "by who is named in front": ("groq/openai/gpt-oss-120b", 0.15),
    "by who answered the calls": ("text-embedding-3-small", None),
}


@pytest.mark.parametrize("case", SELLERS)
def test_a_model_is_found(case):
    """At its maker's price, or at that of who is named in front of it."""
    model, rate = SELLERS[case]
    total = held(make("gpt-5", input_tokens=1000, output_tokens=0)).savings(model).total
    if rate is None:
        assert (total.compared, total.uncompared) == (0, 1)  # it answers nothing, so it is no match
    else:
        assert total.other_cost_usd == close(1000 * rate)


def test_embeddings_are_compared_with_embeddings():
    """A model that answers is no other model for them."""
    session = held(make("text-embedding-3-large", input_tokens=1000, operation="embeddings"))
    assert session.savings("text-embedding-3-small").total.other_cost_usd == close(1000 * 0.02)
    assert session.savings("gpt-5-nano").total.uncompared == 1


def test_ones_own_price_counts():
    """A model that the person priced is another model like those of the list."""
    session = held(
        make("gpt-5", input_tokens=1000, output_tokens=500),
        make("gpt-5", input_tokens=1000, output_tokens=500, cached_input_tokens=10),
        prices={"my-llama": {"input": 1, "output": 2}},
    )
    total = session.savings("my-llama").total
    assert total.other_cost_usd == close(1000 * 1 + 500 * 2)
    assert (total.compared, total.uncompared) == (1, 1)  # what caching costs there nobody said


@pytest.mark.parametrize("model", ["no-such-model", "groq/no-such-model", "x/"])
def test_a_model_without_a_price_is_one_line(model):
    """It says how to give one."""
    with pytest.raises(UsageError, match=r"no known price: llmwatch\.price\(") as caught:
        held(make("gpt-5", input_tokens=1, output_tokens=1)).savings(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", ["", " ", 5, ["gpt-5"]])
def test_a_name_that_is_none_is_one_line(model):
    """One line that shows what to type."""
    with pytest.raises(UsageError, match='model="gpt-5-nano"'):
        held().savings(model)


def test_a_tier_that_is_not_sold_there_is_left_out():
    """gpt-5-nano has no priority: such a call is compared with nothing."""
    saved = held(
        make("gpt-5", input_tokens=1000, output_tokens=0, service_tier="priority"),
    ).savings("gpt-5-nano")
    assert (saved.total.compared, saved.total.uncompared) == (0, 1)
    assert "On gpt-5-nano: no call to compare. Left out: 1 call without a price there." in (
        saved.verdict
    )


# -- where it can be asked, and how it shows itself -----------------------------------------------


def test_a_watch_and_the_session_can_be_asked():
    """The calls inside, recorded from the wire, with the prices of the session."""
    usage = {
        "prompt_tokens": 2000, "completion_tokens": 100, "total_tokens": 2100,
        "prompt_tokens_details": {"cached_tokens": 1000},
    }  # fmt: skip
    ask = {"messages": [{"role": "user", "content": "hi"}]}
    with OfflineServer() as server, llmwatch.watch() as w:
        server.script(Reply(usage=usage), Reply(usage=usage))
        client = offline_client(server)
        client.chat.completions.create(model="gpt-5", **ask)
        client.chat.completions.create(model="my-cached-model", **ask)
    assert w.savings().total.saved_usd == close(1000 * 1.125)
    llmwatch.price("my-cached-model", input=3, output=1, cached_input=1)
    assert w.savings().total.saved_usd == close(1000 * 1.125 + 1000 * 2)
    assert w.savings("my-cached-model").total.other_cost_usd == close(2 * (4000 + 100))
    assert "my-cached-model" in llmwatch.session.savings().table.index


def test_a_loaded_file_can_be_asked(tmp_path):
    """What was exported says the same, also on a model that the person priced here."""
    session = held(
        make("gpt-5", input_tokens=12_000, output_tokens=100, cached_input_tokens=9000),
        make("claude-sonnet-5", "anthropic", input_tokens=900, output_tokens=1,
             cache_write_tokens=800),
        make("gpt-5", estimated_input_tokens=10, estimated_output_tokens=10),
    )  # fmt: skip
    session.to_csv(tmp_path / "calls.csv")
    loaded = llmwatch.load(tmp_path / "calls.csv")
    assert loaded.savings("gpt-5-nano").verdict == session.savings("gpt-5-nano").verdict
    llmwatch.price("my-shelf-model", input=1, output=1, cached_input=1)
    assert loaded.savings("my-shelf-model").total.other_cost_usd == close(12_100 + 901)


def test_half_a_character_is_a_model():
    """A lone surrogate, which Arrow cannot hold, is in the table as it came."""
    assert held(make("m\ud83d", input_tokens=1)).savings().table.index.tolist() == ["m\ud83d"]


def test_long_names_that_begin_alike_are_told_apart():
    """Models of one host: the lines, and the rows of the table, are called by their ends, too."""
    path = "accounts/fireworks/models/llama-v3p1-instruct-"
    saved = held(*(make(path + end, cost_usd=1.0) for end in ("first", "second"))).savings()
    names = [line.partition(":")[0] for line in saved.verdict.split("\n")]
    assert names == ["accounts/fireworks/m…v3p1-instruct-first",
                     "accounts/fireworks/m…3p1-instruct-second", "in all"]  # fmt: skip
    assert all(f">{name}</th>" in saved._repr_html_() for name in names)


def test_older_calls_are_named():
    """Calls that left memory are in no figure, and the words say how many."""
    session = held(*(make("gpt-5", input_tokens=10, output_tokens=1) for _ in range(5)))
    session.store.max_calls = 2
    saved = session.savings()
    assert saved.total.n == 2
    assert saved.verdict.endswith("3 calls that left memory: in no figure here.")


def test_it_shows_itself_twice():
    """HTML with the same lines and the table, dollars kept from MathJax, names as text."""
    saved = held(
        make("gpt-5", input_tokens=2000, output_tokens=7, cached_input_tokens=1000),
        make("<b>x\u202e", input_tokens=1, output_tokens=1),
        make("gpt-5", "openai", model=None, input_tokens=1000, output_tokens=1),
    ).savings("gpt-5-nano")
    html, text = saved._repr_html_(), repr(saved)
    assert text == saved.verdict.replace("\u202f", " ")
    assert html.startswith('<div class="tex2jax_ignore mathjax_ignore">')
    assert "&lt;b&gt;x" in html
    assert [bad for bad in ("<b>x", "\u202e", ">nan<") if bad in html] == []
    assert html.count("<tr>") == 5
    assert "(no model): nothing came from a cache" in text
    assert isinstance(saved.table, pd.DataFrame)
