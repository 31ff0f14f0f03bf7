"""A budget stops the next call, as itself, with nothing sent; calls in flight finish."""

from __future__ import annotations

import asyncio
import importlib
import pickle

import openai
import pytest

import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client

# httpx2 or httpx, whichever this openai sends through.
web = importlib.import_module(openai.DefaultHttpxClient.__base__.__module__.partition(".")[0])
ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
DEAR = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000, "total_tokens": 2_000_000}


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


def dear(server, times=1):
    server.script(*[Reply(text="dear", usage=DEAR) for _ in range(times)])


def test_the_next_call_is_refused_with_nothing_sent(server):
    """The call that spends the budget is answered; the next raises and never reaches the wire."""
    dear(server)
    client = offline_client(server)
    with llmwatch.watch(budget=0.5) as w:
        client.chat.completions.create(**ASK)
        with pytest.raises(llmwatch.BudgetExceeded, match=r"budget of \$0\.50 is spent") as caught:
            client.chat.completions.create(**ASK)
    assert len(server.requests) == 1
    assert len(w.calls) == 1
    assert caught.value.limit == 0.5
    assert caught.value.spent == w.calls.cost_usd.sum()


def test_a_budget_shows_itself(server):
    """What is spent, and of how much."""
    dear(server)
    with llmwatch.watch(budget=100) as w:
        offline_client(server).chat.completions.create(**ASK)
    assert len(w.calls) == 1
    assert repr(w.budget) == f"<Budget: ${w.calls.cost_usd.sum():.2f} of $100.00>"


def test_a_small_budget_reads_like_money(server):
    """Neither sum is written with an exponent."""
    with llmwatch.watch(budget=3e-5), pytest.raises(llmwatch.BudgetExceeded) as caught:
        for _ in range(9):
            offline_client(server).chat.completions.create(**ASK)
    assert str(caught.value).startswith("the budget of $0.00003 is spent ($0.0000")
    assert "e-" not in str(caught.value)


@pytest.mark.parametrize("surface", ["plain", "stream", "helper", "raw", "responses"])
def test_every_surface_is_refused(server, surface):
    """Plain, streamed, helper and raw calls are all refused with the same exception."""
    dear(server)
    client = offline_client(server)
    chat = client.chat.completions
    helper = chat if hasattr(chat, "stream") else client.beta.chat.completions  # its older place
    with llmwatch.watch(budget=0.01):
        chat.create(**ASK)
        with pytest.raises(llmwatch.BudgetExceeded):
            if surface == "plain":
                chat.create(**ASK)
            elif surface == "stream":
                chat.create(**ASK, stream=True)
            elif surface == "helper":
                with helper.stream(**ASK) as stream:
                    stream.get_final_completion()
            elif surface == "raw":
                chat.with_raw_response.create(**ASK)
            else:
                client.responses.create(model="gpt-5-mini", input="hello")
    assert len(server.requests) == 1


def test_async_calls_are_refused_and_those_in_flight_finish(server):
    """Ten calls at once all finish, since none was over when they started; the next is refused."""
    dear(server, 10)

    async def main():
        client = offline_async_client(server)
        with llmwatch.watch(budget=0.01) as w:
            await asyncio.gather(*(client.chat.completions.create(**ASK) for _ in range(10)))
            with pytest.raises(llmwatch.BudgetExceeded):
                await client.chat.completions.create(**ASK)
        return w

    assert len(asyncio.run(main()).calls) == 10


def test_retries_of_a_call_that_has_started_are_not_refused(server):
    """A call that started in time is sent again, though another has spent the budget by then."""
    dear(server)
    other = offline_client(server).chat.completions.create
    statuses = []

    def answer(request):
        statuses.append(200 if statuses else 429)
        if statuses == [429]:
            other(**ASK)  # spends the budget while the first call waits to be sent again
            return web.Response(429, headers={"retry-after-ms": "1"})
        return web.Response(200, json={"model": "gpt-5-mini", "choices": []})

    wire = web.Client(transport=web.MockTransport(answer))
    client = openai.OpenAI(api_key="sk-test", http_client=wire, max_retries=1)
    with llmwatch.watch(budget=0.01) as w:
        client.chat.completions.create(**ASK)
        with pytest.raises(llmwatch.BudgetExceeded):
            client.chat.completions.create(**ASK)
    assert w.calls.attempts.tolist() == [1, 2]
    assert statuses == [429, 200]


def test_every_enclosing_budget_holds(server):
    """An inner budget with room does not help where the outer one is spent."""
    dear(server)
    client = offline_client(server)
    with llmwatch.watch(budget=0.01):
        client.chat.completions.create(**ASK)
        with llmwatch.watch(budget=100), pytest.raises(llmwatch.BudgetExceeded):
            client.chat.completions.create(**ASK)


def test_calls_of_unknown_price_are_named(server):
    """The refusal says how many calls its sum does not contain, and of which model."""
    client = offline_client(server)
    with llmwatch.watch(budget=0.01):
        client.chat.completions.create(**(ASK | {"model": "no-such-model"}))
        dear(server)
        client.chat.completions.create(**ASK)
        with pytest.raises(llmwatch.BudgetExceeded, match=r"1 call.*no-such-model") as caught:
            client.chat.completions.create(**ASK)
    assert caught.value.unpriced == 1


def test_an_answer_that_broke_is_of_unknown_price(server):
    """It was paid for, who knows how much; one that was refused costs nothing."""
    server.script(Reply(text="a long story " * 20, cut_after=3), Reply.unauthorized())
    client = offline_client(server, max_retries=0)
    with llmwatch.watch(budget=0.5) as w:
        with pytest.raises(Exception, match=r"incomplete|closed|Connection"):
            list(client.chat.completions.create(**ASK, stream=True))
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(**ASK)
    assert list(w.calls.status) == ["error", "error"]
    assert (w.budget.spent, w.budget.unpriced) == (0, 1)


def test_a_price_given_later_is_charged(server):
    """Every budget around the calls grows by what they cost, once; the next call is refused."""
    client = offline_client(server)
    mine = ASK | {"model": "my-late-model"}
    with llmwatch.watch(budget=1000) as outer, llmwatch.watch(budget=0.5) as w:
        dear(server, 2)
        client.chat.completions.create(**mine)
        client.chat.completions.create(**mine)
        client.chat.completions.create(**(ASK | {"model": "no-such-model"}))
        assert len(w) == 3
        assert (w.budget.spent, w.budget.unpriced) == (0, 3)
        llmwatch.price("my-late-model", input=1, output=2)
        llmwatch.price("my-late-model", input=3, output=4)
        with pytest.raises(
            llmwatch.BudgetExceeded, match=r"\(\$6\.00\), not counting 1 call .*no-su"
        ):
            client.chat.completions.create(**ASK)
    assert w.calls["cost_usd"].sum() == w.budget.spent == outer.budget.spent == 6
    assert w.budget.unpriced == outer.budget.unpriced == 1
    assert dict(w.budget.unpriced_models) == {"no-such-model": 1}


def test_a_price_given_later_charges_no_other_budget(server):
    """A budget that was not around the calls stays as it is."""
    client = offline_client(server)
    with llmwatch.watch(budget=1) as one:
        client.chat.completions.create(**(ASK | {"model": "my-other-model"}))
    with llmwatch.watch(budget=1) as two:
        client.chat.completions.create(**(ASK | {"model": "no-such-model"}))
    llmwatch.price("my-other-model", input=1, output=2)
    assert one.budget.spent == one.calls["cost_usd"].sum() > 0
    assert (two.budget.spent, two.budget.unpriced) == (0, 1)


def test_other_requests_are_not_refused(server):
    """Listing models costs nothing and goes through a spent budget."""
    dear(server)
    client = offline_client(server)
    with llmwatch.watch(budget=0.01):
        client.chat.completions.create(**ASK)
        assert client.models.list().data


def test_the_refusal_can_be_sent_to_another_process():
    """It survives pickling with its figures (process pools hand exceptions on)."""
    problem = llmwatch.BudgetExceeded("spent", limit=1.0, spent=2.0, unpriced=3)
    again = pickle.loads(pickle.dumps(problem))
    assert (str(again), again.limit, again.spent, again.unpriced) == ("spent", 1.0, 2.0, 3)
