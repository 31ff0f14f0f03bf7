"""Ten thousand mixed calls from 24 threads and 200 tasks: every way out has the same totals."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import httpx2
import openai
import pandas as pd
import pytest

pytest.importorskip("prometheus_client")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from prometheus_client.parser import text_string_to_metric_families

import llmwatch
from llmwatch import faults, outlets
from llmwatch.exporters import _otlp_stream
from tests.fresh import fresh_session
from tests.otlp_receiver import Receiver, attributes_of
from tests.prometheus_server import get

URL, KEY = "https://api.openai.com/v1/chat/completions", "offline"
CALLS, THREADS, TASKS = 10_000, 24, 200
MODELS = [f"agree-{n}" for n in range(7)]
HANG_S = 600  # of ten thousand calls on a machine with little time


def kind_of(n: int) -> str:
    """What becomes of call number n follows from n alone."""
    if n % 10 == 3:
        return "failed"
    if n % 4 == 0:
        return "left" if n % 40 == 4 else "streamed"  # left: nobody reads it to its end
    if n % 50 == 11:
        return "retried"
    return "unmeasured" if n % 10 == 7 else "plain"


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that comes event by event, whoever reads it."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self):
        yield from self._pieces

    async def __aiter__(self):
        for piece in self._pieces:
            yield piece


def answer(request: httpx2.Request) -> httpx2.Response:
    """The model server."""
    asked = json.loads(request.content)
    n = asked["seed"]
    kind = kind_of(n)
    if kind == "retried" and request.headers["x-stainless-retry-count"] == "0":
        soon = {"retry-after-ms": "1"}
        return httpx2.Response(429, json={"error": {"message": "Slowly."}}, headers=soon)
    if kind == "failed":
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
        delta = {"delta": {"content": "Hi"}, "finish_reason": None}
        first = chunk | {"choices": [choice | delta]}
        last = chunk | {"choices": [], "usage": usage}
        lines = [f"data: {json.dumps(event)}\n\n".encode() for event in (first, last)]
        pieces = Pieces([*lines, b"data: [DONE]\n\n"])
        return httpx2.Response(200, stream=pieces, headers={"content-type": "text/event-stream"})
    said = choice | {"message": {"role": "assistant", "content": "Hi"}}
    if kind == "unmeasured":
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
        kind = kind_of(n)
        total[{"failed": "error", "left": "partial"}.get(kind, "ok")] += 1
        total["attempts"] += 2 if kind == "retried" else 1
        if kind in ("plain", "streamed", "retried"):
            total["input"] += 10 + n % 101
            total["output"] += n % 53
            total["cached_input"] += n % 11
    return found


def from_threads(numbers: list[int]) -> None:
    def ask(web: httpx2.Client, n: int) -> None:
        if kind_of(n) == "retried":  # which is for an SDK to do
            openai.OpenAI(api_key=KEY, http_client=web).chat.completions.create(**body(n))
            return
        with web.stream("POST", URL, json=body(n)) as response:
            for _ in response.iter_bytes():
                if kind_of(n) == "left":
                    break

    def work(mine: list[int]) -> None:
        with httpx2.Client(transport=httpx2.MockTransport(answer)) as web:
            for n in mine:
                ask(web, n)

    threads = [threading.Thread(target=work, args=(numbers[at::THREADS],)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
        assert not thread.is_alive()


async def from_tasks(numbers: list[int]) -> None:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as web:

        async def ask(n: int) -> None:
            if kind_of(n) == "retried":
                client = openai.AsyncOpenAI(api_key=KEY, http_client=web)
                await client.chat.completions.create(**body(n))
                return
            async with web.stream("POST", URL, json=body(n)) as response:
                async for _ in response.aiter_bytes():
                    if kind_of(n) == "left":
                        break

        async def work(mine: list[int]) -> None:
            for n in mine:
                await ask(n)

        await asyncio.gather(*(work(numbers[at::TASKS]) for at in range(TASKS)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The calls, made while Prometheus' endpoint is read all the time, and each way out."""
    with fresh_session(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlets, "_ANSWER_S", HANG_S)  # what is sent twice would be counted twice
        patch.setattr(_otlp_stream, "_CLOSE_S", HANG_S)
        return make(tmp_path_factory.mktemp("agreement"))


def make(folder: Path) -> SimpleNamespace:
    faults.clear()
    for n, model in enumerate(MODELS[:5]):  # two of them have no price
        llmwatch.price(model, input=0.3 + n, output=1.7 + n, cached_input=0.1)
    stop, numbers = threading.Event(), list(range(CALLS))

    def scrape() -> None:
        while not stop.wait(0.05):
            get(server.url)

    with (
        Receiver() as receiver,
        llmwatch.serve_prometheus(port=0) as server,
        llmwatch.log_to(folder / "llm.jsonl", max_bytes=0) as log,
        llmwatch.stream_otlp(receiver.url) as stream,
        llmwatch.watch(tag="agreement") as w,
    ):
        reader = threading.Thread(target=scrape)
        reader.start()
        tasks = threading.Thread(target=lambda: asyncio.run(from_tasks(numbers[1::2])))
        tasks.start()
        from_threads(numbers[::2])
        tasks.join(HANG_S)
        assert not tasks.is_alive()
        stop.set()
        reader.join(HANG_S)
        assert llmwatch.session.settled(HANG_S)
        w.to_csv(folder / "calls.csv")
        assert stream.flush(HANG_S)
        log.close()
        return SimpleNamespace(
            calls=w.calls, csv=folder / "calls.csv", log=folder / "llm.jsonl",
            otlp=SimpleNamespace(spans=receiver.spans, points=receiver.points),
            served=get(server.url), watch=w,
        )  # fmt: skip


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
        assert row.requests == total["ok"] + total["error"] + total["partial"]
        assert row.tokens == total["input"] + total["output"]
        assert row.error_rate == total["error"] / (total["ok"] + total["error"])


def of_spans(spans) -> dict[str, Counter[str]]:
    """By model the totals of spans as a collector gets them."""
    found: dict[str, Counter[str]] = {model: Counter() for model in MODELS}
    for span in spans:
        said = attributes_of(span)
        total = found[said["gen_ai.request.model"]]
        total[said["llmwatch.status"]] += 1
        total["attempts"] += said["llmwatch.attempts"]
        for name in ("input", "output", "cache_read.input"):
            kind = "cached_input" if "cache" in name else name
            total[kind] += said.get(f"gen_ai.usage.{name}_tokens", 0)
    return found


def of_points(points) -> dict[str, Counter[str]]:
    """By model the totals of metrics as a collector gets them: calls, and tokens by type."""
    found: dict[str, Counter[str]] = {model: Counter() for model in MODELS}
    for (name, *pairs), point in points.items():
        said = dict(pair.split("=", 1) for pair in pairs)
        total = found[said["gen_ai.request.model"]]
        if name == "gen_ai.client.operation.duration":
            total["error" if "error.type" in said else "ok"] += point.count
        elif name == "gen_ai.client.token.usage":
            total[said["gen_ai.token.type"]] += int(point.sum)
    return found


def test_the_spans_of_otlp_have_the_same_totals(made):
    """Each call is one span, whose numbers are those of its row."""
    assert len({span.span_id for span in made.otlp.spans}) == CALLS
    assert of_spans(made.otlp.spans) == truth()


def test_the_metrics_of_otlp_have_the_same_totals(made):
    """Calls and tokens to the last one, the cost to the last bit or two."""
    expected = {
        model: Counter(
            ok=t["ok"] + t["partial"], error=t["error"], input=t["input"], output=t["output"]
        )
        for model, t in truth().items()
    }
    assert of_points(made.otlp.points) == expected
    found: Counter[str] = Counter()
    for (name, *pairs), point in made.otlp.points.items():
        if name == "llmwatch.cost":
            found[dict(pair.split("=", 1) for pair in pairs)["gen_ai.request.model"]] += (
                point.as_double
            )
    assert dict(found) == pytest.approx(costs(made.calls), rel=1e-12, abs=0)


def test_the_log_has_the_same_totals(made):
    """A start and an end of each call, and the numbers of its row."""
    lines = [json.loads(line) for line in made.log.read_text().splitlines()]
    starts = [line["request_id"] for line in lines if line["event"] == "llm_request_start"]
    assert sorted(starts) == sorted(made.calls.call_id)
    found: dict[str, Counter[str]] = {model: Counter() for model in MODELS}
    for line in lines:
        if line["event"] in ("llm_response", "llm_error"):
            total = found[line["model"]]
            total[line.get("status", "error")] += 1
            total["attempts"] += line["attempts"]
            for name in ("input", "output", "cached_input"):
                total[name] += line.get(f"{name}_tokens") or 0
    assert found == truth()
