"""A real Prometheus scrapes a live kernel: every panel and every rule has something to say."""

from __future__ import annotations

import json
import math
import time

import pytest

pytest.importorskip("prometheus_client")
pytest.importorskip("grafana_foundation_sdk")

from llmwatch.exporters import Meter, PrometheusServer, Scrape, registry_of, text_of
from llmwatch.store import Store
from tests.exporters.test_prometheus import NASTY, call
from tests.magic.kernel import kernel
from tests.prometheus_server import prometheus, promtool, tool, wait_for

# Calls of every kind, until told to stop: the kernel goes on answering meanwhile.
CALLS = """
import itertools, threading, llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_client
llmwatch.enable()
served, stop = OfflineServer().start(), threading.Event()
client = offline_client(served, max_retries=1)
asked = [{"role": "user", "content": "hi"}]

def one(n, model):
    options = {"model": model, "messages": asked}
    if n % 5 == 0:
        answer = client.chat.completions.create(
            stream=True, stream_options={"include_usage": True}, **options)
        list(answer)
    elif n % 5 == 1:
        served.script(Reply(status=400))
        try:
            client.chat.completions.create(**options)
        except Exception:
            pass
    else:
        if n % 5 == 2:
            served.script(Reply.rate_limited())
        answer = client.chat.completions.create(**options)
        llmwatch.session.feedback(answer, n % 3 < 2)

def work():
    for n, model in zip(itertools.count(), itertools.cycle(["gpt-5", 'my "own"\\n🙂'])):
        if stop.wait(0.02):
            return
        one(n, model)

llmwatch.alert("many errors", "error_rate > 10%", severity="critical", by="model")
llmwatch.alert("cost_usd > $1000")
llmwatch.price('my "own"\\n🙂', input=1, output=2)
server = llmwatch.serve_prometheus(port=0)
board = llmwatch.grafana_dashboard("llm.json")
rules = llmwatch.prometheus_rules("llm.yml")
worker = threading.Thread(target=work)
worker.start()
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A kernel that makes calls, and a Prometheus that has scraped it a few times."""
    tool("prometheus")
    folder = tmp_path_factory.mktemp("live")
    with kernel(folder) as k:
        started = k.run(CALLS)
        assert started.status == "ok", started.error
        work = folder / "work"
        target = f"127.0.0.1:{k.ask('server.port')}"
        with prometheus(folder, [target], rules=[work / "llm.yml"]) as p:
            p.wait_for('count(increase(llm_requests_total{status="error"}[5s]) > 0) == 2')
            p.wait_for("count_over_time(up[5s]) > 8")
            yield k, p, json.loads((work / "llm.json").read_text("utf-8"))
            k.run("stop.set(); worker.join(); server.close(); served.stop()")


def asked(expression, board, **chosen):
    """An expression as Grafana sends it; of what is not `chosen`, all is."""
    for variable in board["templating"]["list"]:
        name = variable["name"]
        expression = expression.replace(f"${name}", chosen.get(name, variable.get("allValue", "")))
    return expression.replace("$__rate_interval", "5s")


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [({}, {"gpt-5", 'my "own"\n🙂'}), ({"model": "gpt-5"}, {"gpt-5"})],
    ids=["all", "one model"],
)
def test_every_panel_has_data(scene, chosen, shown):
    """Each query of the dashboard gives finite numbers, by model where it says so."""
    _, p, board = scene
    for panel in board["panels"]:
        for target in panel["targets"]:
            found = p.query(asked(target["expr"], board, **chosen))
            assert found, (panel["title"], target["expr"])
            values = [float(series["value"][1]) for series in found]
            assert all(map(math.isfinite, values)), (panel["title"], values)
            if "{{model}}" in target["legendFormat"]:
                models = {series["metric"]["model"] for series in found}
                assert models == shown, panel["title"]


def test_the_variables_have_values(scene):
    """What Grafana asks for the kernels and models to choose from is there."""
    _, p, _ = scene
    match = {"match[]": "llm_requests_total"}
    assert sorted(p.api("label/model/values", **match)) == ["gpt-5", 'my "own"\n🙂']
    assert len(p.api("label/instance/values", **match)) == 1


def test_rules_run_and_the_right_ones_fire(scene):
    """Every rule is evaluated without an error; a quarter of failures fires, the cost does not."""
    _, p, _ = scene

    def firing():
        (group,) = p.api("rules")["groups"]
        assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
        alerts = [rule for rule in group["rules"] if rule["type"] == "alerting"]
        states = {rule["name"]: rule["state"] for rule in alerts}
        told = [a for a in p.api("alerts")["alerts"] if a["labels"]["alertname"] == "many errors"]
        both = [alert["state"] for alert in told] == ["firing", "firing"]
        return (states, told) if both else None

    states, told = wait_for(firing, "an alert for each model")
    assert states["cost_usd > $1000"] == "inactive"
    assert {a["labels"]["model"] for a in told} == {"gpt-5", 'my "own"\n🙂'}
    assert {a["labels"]["severity"] for a in told} == {"critical"}
    assert all(a["annotations"]["message"].startswith("error_rate > 10%: ") for a in told)
    assert {a["annotations"]["hint"] for a in told} == {"llmwatch.session.errors()"}


BUSY = """
import os
open("busy", "w").close()
while not os.path.exists("seen"):
    for _ in range(100_000):
        pass
"""


def test_a_busy_kernel_is_scraped(scene):
    """While a cell blocks the kernel, Prometheus goes on reading it."""
    k, p, _ = scene
    sent = k.send(BUSY)
    wait_for((k.place / "work" / "busy").exists, "the cell to block the kernel")
    try:
        # One of the scrapes; each has a quarter of a second, which a busy machine may miss.
        p.wait_for(f"up == 1 and timestamp(up) > {time.time() + 0.5}")
    finally:
        (k.place / "work" / "seen").touch()
    assert k.collect(sent).status == "ok"


def test_what_prometheus_has_is_what_the_kernel_has(scene):
    """Once the calls end, counts, tokens and attempts are the same number for number."""
    k, p, _ = scene
    k.run("stop.set(); worker.join(); calls = llmwatch.session.calls")
    expected = {
        "sum(llm_requests_total)": "len(calls)",
        'sum(llm_requests_total{status="error"})': "int((calls.status == 'error').sum())",
        'sum(llm_requests_total{model="gpt-5"})': "int((calls.model == 'gpt-5').sum())",
        'sum(llm_tokens_total{type="input"})': "int(calls.input_tokens.sum())",
        'sum(llm_tokens_total{type="output"})': "int(calls.output_tokens.sum())",
        "sum(llm_request_attempts_total)": "int(calls.attempts.sum())",
        "sum(llm_time_to_first_token_seconds_count)": "int(calls.ttft_s.notna().sum())",
    }
    for expression, code in expected.items():
        here = int(k.ask(code))
        assert here > 0
        wait_for(lambda e=expression, n=here: p.query(f"{e} == {n}"), f"{expression} == {here}")
    cost = float(k.ask("float(calls.cost_usd.sum())"))
    found = float(p.query("sum(llm_cost_usd_total)")[0]["value"][1])
    assert found == pytest.approx(cost, rel=1e-12)


def test_prometheus_takes_a_bomb_of_labels(tmp_path):
    """3,000 models with quotes, newlines and emoji, and every nasty name: one healthy target."""
    store = Store()
    store.append([call(n, model=name) for n, name in enumerate(NASTY)])
    store.append([call(n, model=f'm"{n}\n\\🙂', user=f"{n}") for n in range(3000)])
    registry = registry_of(Scrape(Meter(store, ("user",)), lambda: 0))
    with (
        PrometheusServer(registry, 0, "127.0.0.1") as server,
        prometheus(tmp_path, [f"127.0.0.1:{server.port}"]) as p,
    ):
        p.wait_for("up == 1")
        ok = 'llm_requests_total{status="ok"}'
        assert p.query(f"sum({ok})")[0]["value"][1] == str(3000 + len(NASTY))
        models = {series["metric"]["model"] for series in p.query(ok)}
        assert {'a"b', "a\\b", "a\nb", "🙂" * 3, "unknown", "other", "漢字"} <= models
        assert len(models) <= 101
        assert p.api("targets")["activeTargets"][0]["lastError"] == ""


def test_promtool_finds_nothing_to_mend():
    """Names, types and helps of the metrics are as Prometheus wants them."""
    store = Store()
    full = {"latency_s": 1.0, "ttft_s": 0.5, "input_tokens": 3, "cost_usd": 0.1, "score": 1.0}
    store.append([call(0, **full)])
    text = text_of(registry_of(Scrape(Meter(store), lambda: 1)))
    done = promtool("check", "metrics", told=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
