"""Ten thousand mixed calls from 24 threads and 200 tasks: every way out has the same totals."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections import Counter
from types import SimpleNamespace

import httpx2
import pandas as pd
import pytest

pytest.importorskip("prometheus_client")

from prometheus_client.parser import text_string_to_metric_families

import llmwatch
from llmwatch import faults
from tests.prometheus_server import get

URL = "https://api.openai.com/v1/chat/completions"
CALLS, THREADS, TASKS = 10_000, 24, 200
MODELS = [f"agree-{n}" for n in range(7)]
HANG_S = 120


def answer(request: httpx2.Request) -> httpx2.Response:
    """What call number n gets follows from n alone."""
    asked = json.loads(request.content)
    n = asked["seed"]
    if n % 10 == 3:
        return httpx2.Response(500, json={"error": {"message": "broken", "type": "server_error"}})
    usage = {
        "prompt_tokens": 10 + n % 101, "completion_tokens": n % 53,
        "total_tokens": 10 + n % 101 + n % 53,
        "prompt_tokens_details": {"cached_tokens": n % 11},
    }  # fmt: skip
    choice = {"index": 0, "finish_reason": "stop"}
    head = {"id": f"agree-{n}", "created": 1, "model": asked["model"]}
    if asked.get("stream"):
        chunk = head | {"object": "chat.completion.chunk"}
        first = chunk | {"choices": [choice | {"delta": {"content": "Hi"}}]}
        last = chunk | {"choices": [], "usage": usage}
        lines = [f"data: {json.dumps(event)}\n\n" for event in (first, last)]
        body = "".join([*lines, "data: [DONE]\n\n"]).encode()
        return httpx2.Response(200, content=body, headers={"content-type": "text/event-stream"})
    said = choice | {"message": {"role": "assistant", "content": "Hi"}}
    if n % 10 == 7:
        return httpx2.Response(200, json=head | {"object": "chat.completion", "choices": [said]})
    return httpx2.Response(
        200, json=head | {"object": "chat.completion", "choices": [said], "usage": usage}
    )


def body(n: int) -> dict:
    return {
        "model": MODELS[n % len(MODELS)], "seed": n, "stream": n % 4 == 0,
        "messages": [{"role": "user", "content": "hi"}],
    }  # fmt: skip


def truth() -> dict[str, Counter[str]]:
    """By model what must come out, reckoned without a call."""
    found: dict[str, Counter[str]] = {model: Counter() for model in MODELS}
    for n in range(CALLS):
        total = found[MODELS[n % len(MODELS)]]
        failed, measured = n % 10 == 3, n % 10 not in (3, 7) or (n % 4 == 0 and n % 10 != 3)
        total["error" if failed else "ok"] += 1
        total["attempts"] += 1
        if measured:
            total["input"] += 10 + n % 101
            total["output"] += n % 53
            total["cached_input"] += n % 11
    return found


def from_threads(numbers: list[int]) -> None:
    def work(mine: list[int]) -> None:
        with httpx2.Client(transport=httpx2.MockTransport(answer)) as web:
            for n in mine:
                web.post(URL, json=body(n))

    threads = [threading.Thread(target=work, args=(numbers[at::THREADS],)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
        assert not thread.is_alive()


async def from_tasks(numbers: list[int]) -> None:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as web:

        async def work(mine: list[int]) -> None:
            for n in mine:
                await web.post(URL, json=body(n))

        await asyncio.gather(*(work(numbers[at::TASKS]) for at in range(TASKS)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The calls, made while Prometheus' endpoint is read all the time, and each way out."""
    faults.clear()
    for n, model in enumerate(MODELS[:5]):  # two of them have no price
        llmwatch.price(model, input=0.3 + n, output=1.7 + n, cached_input=0.1)
    stop, numbers = threading.Event(), list(range(CALLS))

    def scrape() -> None:
        while not stop.wait(0.05):
            get(server.url)

    with llmwatch.serve_prometheus(port=0) as server, llmwatch.watch(tag="agreement") as w:
        reader = threading.Thread(target=scrape)
        reader.start()
        tasks = threading.Thread(target=lambda: asyncio.run(from_tasks(numbers[1::2])))
        tasks.start()
        from_threads(numbers[::2])
        tasks.join(HANG_S)
        stop.set()
        reader.join(HANG_S)
        path = tmp_path_factory.mktemp("agreement") / "calls.csv"
        w.to_csv(path)
        return SimpleNamespace(calls=w.calls, csv=path, served=get(server.url), watch=w)


def sums(frame: pd.DataFrame) -> dict[str, Counter[str]]:
    """By model the totals of a table of calls; a figure that no row has is in none."""
    found = {}
    for model, rows in frame.groupby("model"):
        total = Counter(rows.status.value_counts().to_dict())
        for name in ("input", "output", "cached_input"):
            total[name] = int(rows[f"{name}_tokens"].sum())
        total["attempts"] = int(rows.attempts.sum())
        found[str(model)] = total
    return found


def samples(text: str) -> dict[str, Counter[str]]:
    """By model the totals of what was served."""
    found: dict[str, Counter[str]] = {model: Counter() for model in MODELS}
    names = {"llm_requests_total": "status", "llm_tokens_total": "type"}
    for family in text_string_to_metric_families(text):
        for s in family.samples:
            total = found.get(s.labels.get("model", ""), Counter())
            if s.name in names:
                total[s.labels[names[s.name]]] += s.value
            elif s.name == "llm_request_attempts_total":
                total["attempts"] += s.value
    return {model: +total for model, total in found.items()}


def costs(frame: pd.DataFrame) -> dict[str, float]:
    """By model the exact sum of what is priced."""
    priced = frame[frame.cost_usd.notna()]
    return {str(model): math.fsum(rows.cost_usd) for model, rows in priced.groupby("model")}


def test_no_call_is_lost(made):
    """Every call is one row, and nothing went wrong inside."""
    assert len(made.calls) == CALLS
    assert sums(made.calls) == truth()
    assert [(f.step, f.message) for f in faults.table()] == []


def test_the_csv_has_the_same_totals(made):
    """Read back by pandas, it is what `.calls` is."""
    read = pd.read_csv(made.csv)
    assert sums(read) == truth()
    assert costs(read) == costs(made.calls)


def test_prometheus_has_the_same_totals(made):
    """Calls, tokens and attempts by model to the last one, the cost to the last bit or two."""
    assert samples(made.served) == truth()
    found = {
        s.labels["model"]: s.value
        for family in text_string_to_metric_families(made.served)
        for s in family.samples
        if s.name == "llm_cost_usd_total" and s.labels["model"] in MODELS
    }
    expected = costs(made.calls)
    assert set(found) == set(expected) == set(MODELS[:5])
    assert found == pytest.approx(expected, rel=1e-14, abs=0)


def test_the_summary_has_the_same_totals(made):
    """The figures that alerts and the dashboard show are these, too."""
    figures = made.watch.summary(by="model")
    for model, total in truth().items():
        row = figures.loc[model]
        assert row.requests == total["ok"] + total["error"]
        assert row.tokens == total["input"] + total["output"]
        assert row.error_rate == total["error"] / row.requests
