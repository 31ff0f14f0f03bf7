"""The API as people type it: checked by mypy, never run."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import openai
import pandas as pd

import llmwatch
from llmwatch import (
    BudgetExceeded,
    ExportError,
    LLMWatchError,
    UsageError,
    call,
    run,
    session,
    watch,
)
from llmwatch.exporters import Written
from llmwatch.testing import (
    FakeClock,
    OfflineServer,
    Reply,
    offline_async_client,
    offline_client,
)


def as_a_context_manager() -> None:
    with llmwatch.watch(
        tag="prompt-v2", user="ana", feature="search", budget=0.50, labels={"k": "v", "n": 1}
    ) as w:
        assert_type(w.calls, pd.DataFrame)
        assert_type(w.active, pd.DataFrame)
        assert_type(w.errors(), pd.DataFrame)
        assert_type(w.slowest(3), pd.DataFrame)
        assert_type(w.by_cell(), pd.DataFrame)
        assert_type(len(w), int)
    assert_type(w.summary(window="5min"), pd.Series[Any])
    w.summary(window=timedelta(hours=1), until=datetime.now(UTC))
    w.summary(since="2026-01-01")
    assert_type(w.summary(by="model"), pd.DataFrame)
    assert_type(w.summary("5min", by=["user", "feature"]), pd.DataFrame)
    assert_type(w.compare(by="tag", baseline="v1").verdict, str)
    both = w.compare(["tag", "model"], ("v1", "m"), groups=[("v2", "m")], window="1h", seed=3)
    assert_type(both.table, pd.DataFrame)
    assert_type(both.differences, pd.DataFrame)
    assert_type(w.timeline(), pd.DataFrame)
    assert_type(w.timeline("1min", by="model", since=datetime.now(UTC)), pd.DataFrame)
    assert_type(llmwatch.load("calls.csv").summary(window=pd.Timedelta("5min")), pd.Series[Any])
    assert_type(llmwatch.load(w.calls).calls, pd.DataFrame)
    assert_type(w.to_csv("calls.csv").rows, int)
    w.to_jsonl(Path("calls.jsonl"), overwrite=True)
    w.to_parquet(Path("calls.parquet"))


async def as_an_async_context_manager() -> int:
    async with watch(tag="v2") as w:
        await asyncio.sleep(0)
    return len(w)


@watch(tag="a")
def function(a: int, *, b: str = "") -> list[str]:
    return [b] * a


@watch(tag="b")
async def coroutine(a: int) -> str:
    return str(a)


@watch()
def generator() -> Iterator[int]:
    yield 1


@watch()
async def async_generator() -> AsyncIterator[int]:
    yield 1


def a_decorated_function_keeps_its_type() -> None:
    assert_type(function(1, b="x"), list[str])
    assert_type(generator(), Iterator[int])
    assert_type(async_generator(), AsyncIterator[int])
    keeps: Callable[[int], Awaitable[str]] = coroutine
    assert_type(run(keeps(1)), str)


def the_switch_and_the_settings() -> None:
    llmwatch.enable()
    llmwatch.disable()
    llmwatch.configure(
        content="none", redact=["ACME-[0-9]+", re.compile("x+"), str.lower], receipts="all"
    )
    llmwatch.configure(max_calls=1_000)
    llmwatch.price("my-model", input=0.5, output=1.5)
    llmwatch.price("my-model", input=0.5, output=1.5, cached_input=0.05)
    assert_type(llmwatch.diagnostics(), pd.DataFrame)


def the_session_reads_like_a_watch() -> None:
    assert_type(session.calls, pd.DataFrame)
    assert_type(session.enabled, bool)
    assert_type(llmwatch.session.slowest(), pd.DataFrame)


def ratings_and_money() -> None:
    given = session.feedback(session.calls.iloc[-1], 4, "kind", scale=(1, 5))
    assert_type(given.score, float)
    session.feedback("c0ffee", True)
    session.feedback(object(), -0.5, comment=None)
    assert_type(session.savings().table, pd.DataFrame)
    assert_type(session.savings(model="gpt-5-nano").verdict, str)


@llmwatch.span("step", k=5)
async def step(n: int) -> str:
    return str(n)


async def spans_keep_types() -> None:
    with llmwatch.span("retrieve", k=5, query="x") as s:
        s.set(found=3, name="any")
        assert_type(s.trace_id, str | None)
    async with llmwatch.span("rank"):
        assert_type(await step(1), str)
    assert_type(session.spans, pd.DataFrame)
    stop = session.subscribe_spans(lambda spans: print([span.name for span in spans]))
    stop()


def by_hand() -> None:
    with call(model="my-llama", provider="local", operation="chat") as c:
        c.first_token()
        c.usage(input=11, output=5, cached_input=3)
        c.answer("Paris.", request="Where?", finish_reason="stop")


def alerts_are_rules_and_notices() -> None:
    rule = llmwatch.alert("error_rate > 10%")
    rule.remove()
    llmwatch.alert(
        "slow", "latency_p95_s > 10s", window="10min", severity="critical", for_=30,
        min_calls=3, by=["model", "user"], notify=[print],
    )  # fmt: skip
    llmwatch.alert("chatty", lambda f: f.output_tokens > 2 * f["input_tokens"], by="model")
    assert_type(llmwatch.alerts.firing, list[llmwatch.Alert])
    assert_type(llmwatch.alerts.history, pd.DataFrame)
    assert_type([rule.name for rule in llmwatch.alerts], list[str])
    llmwatch.alerts.mute("slow", for_="10min")
    llmwatch.alerts.unmute("slow")
    llmwatch.alerts.remove("slow")
    llmwatch.alerts.off()
    llmwatch.alerts.on()

    async def tell(alert: llmwatch.Alert) -> None:
        assert_type(alert.value, float)
        assert_type(alert.since, datetime)
        assert_type(alert.message, str)

    mail = llmwatch.email("smtp.example.com", 587, "bot@example.com", ["ana@example.com"])
    llmwatch.alert("dear", "cost_usd > $2", notify=[llmwatch.slack("https://example.com/x"), mail])
    llmwatch.alerts.add_handler(llmwatch.webhook("https://example.com/x", {"Authorization": "k"}))
    llmwatch.alerts.add_handler(llmwatch.notify("tgram://token/chat"), severity="critical")
    stop = llmwatch.alerts.add_handler(tell, severity=["critical", "warning"])
    stop()


def pictures_and_a_page() -> None:
    chart = session.chart("latency", by="tag", threshold=10, theme="dark", width=400, height=200)
    chart.save("latency.png")
    with watch() as w:
        w.chart("compare", by="model", baseline="gpt-5")
    assert_type(session.report("session.html", overwrite=True), Written)


def the_dashboard() -> None:
    board = llmwatch.dashboard()
    if board is not None:
        board.close()
    llmwatch.dashboard(where="inline")


def streams_out() -> None:
    with llmwatch.log_to("llm.jsonl", level="DEBUG", content="none", ascii=False) as log:
        assert_type(log.closed, bool)
    llmwatch.log_to(logging.getLogger("app.llm")).close()
    with llmwatch.stream_otlp("http://localhost:4318", {"authorization": "k"}) as stream:
        assert_type(stream.flush(timeout=1.0), bool)
    assert_type(session.to_otlp("http://localhost:4318", content=True).spans, int)


def metrics_out(tmp: Path) -> None:
    with llmwatch.serve_prometheus(port=0, labels=("feature", "user")) as server:
        assert_type(server.port, int)
        assert_type(server.url, str)
    llmwatch.serve_prometheus(9465, addr="::1", labels="tag").stop()
    assert_type(llmwatch.prometheus_text(labels=["user"]), str)
    llmwatch.push_prometheus("localhost:9091", job="nightly", instance="lab", labels="user")
    assert_type(llmwatch.grafana_dashboard(tmp / "llm.json", overwrite=True), Path)
    written = llmwatch.prometheus_rules(tmp / "llm.yml", labels="user", overwrite=True)
    assert_type(written.rules, tuple[str, ...])
    print(written.left_out["mine"])


def errors_have_a_family() -> None:
    try:
        session.to_csv("calls.csv")
    except (UsageError, ExportError) as problem:
        family: LLMWatchError = problem
        print(family)
    except BudgetExceeded as refused:
        assert_type(refused.limit, float)
        assert_type(refused.spent, float)
        assert_type(refused.unpriced, int)


def offline() -> None:
    with OfflineServer(latency=0.1, jitter=0.3, seed=1) as server:
        server.script(Reply.rate_limited(), Reply("Paris.", chunks=3, usage=False), Reply.timeout())
        assert_type(offline_client(server, max_retries=1), openai.OpenAI)
        assert_type(offline_async_client(script=[Reply("Hi")]), openai.AsyncOpenAI)
        assert_type(server.url, str)
        assert_type(server.requests[0].method, str)
    clock = FakeClock()
    clock.advance(2.5)
    assert_type(clock.time_ns(), int)
