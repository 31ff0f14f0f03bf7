"""Prometheus and Grafana, as a person asks for them: serve, text, push, dashboard, rules."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

pytest.importorskip("prometheus_client")

import llmwatch
from llmwatch.testing import OfflineServer, offline_client
from tests.fresh import fresh_session
from tests.ports import deaf_port, free_port
from tests.prometheus_server import HANG_S, get, pushgateway

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def session():
    """One of our own: `other` stands for a model beyond a hundred, and others make many."""
    with fresh_session() as session:
        yield session


@pytest.fixture
def ask():
    """Calls with a model of our own, recorded by the session."""
    with OfflineServer() as server, llmwatch.watch(), offline_client(server) as client:
        yield lambda model: client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}]
        )


def line(text, model, name="llm_requests_total", more='status="ok"'):
    """The value of one sample, None where there is none."""
    wanted = {f'model="{model}"', *filter(None, [more])}
    for row in text.splitlines():
        where, _, value = row.rpartition(" ")
        if where.startswith(f"{name}{{") and wanted <= {*where[len(name) + 1 : -1].split(",")}:
            return float(value)
    return None


def scraped(server):
    """What Prometheus would read, once what ended is recorded."""
    assert llmwatch.session.calls is not None
    return get(server.url)


# -- served ---------------------------------------------------------------------------------------


def test_calls_before_and_after_are_served(ask):
    """What was called before it was served counts, and what is called then, at once."""
    ask("served-1")
    with llmwatch.serve_prometheus(port=0) as server:
        assert line(scraped(server), "served-1") == 1
        ask("served-1")
        assert line(scraped(server), "served-1") == 2


def test_asked_for_again_the_same_server_answers():
    """A cell that runs again gets what runs; with other labels one in its place, on its port."""
    port = free_port()
    first = llmwatch.serve_prometheus(port=port)
    assert llmwatch.serve_prometheus(port=port) is first
    second = llmwatch.serve_prometheus(port=port, labels="feature")
    assert first.closed
    assert (second.port, second.labels) == (port, ("feature",))
    assert llmwatch.serve_prometheus(port=port, labels=["feature"]) is second
    second.close()
    third = llmwatch.serve_prometheus(port=port, labels="feature")
    assert third is not second
    assert "llm_requests_total" in get(third.url)
    third.stop()


def test_a_server_is_known_by_where_it_listens():
    """Whether its port was picked or typed, by whatever name of the address."""
    with llmwatch.serve_prometheus(port=0) as server:
        for same in ({"port": 0}, {"port": server.port}, {"port": 0, "addr": "localhost"},
                     {"port": server.port, "addr": "localhost"}):  # fmt: skip
            assert llmwatch.serve_prometheus(**same) is server
    with (
        llmwatch.serve_prometheus(port=0) as other,
        llmwatch.serve_prometheus(port=free_port()) as typed,
    ):
        assert typed is not other
        assert llmwatch.serve_prometheus(port=0) is other


def test_other_labels_keep_the_port_that_was_picked():
    """So that Prometheus finds what takes the place of the one before."""
    first = llmwatch.serve_prometheus(port=0)
    second = llmwatch.serve_prometheus(port=0, labels="feature")
    third = llmwatch.serve_prometheus(port=first.port, labels="user")
    with third:
        assert (first.closed, second.closed) == (True, True)
        assert first.port == second.port == third.port
        assert llmwatch.serve_prometheus(port=0, labels="user") is third


def test_text_of_calls_is_served_by_nobody(tmp_path):
    """Neither served nor as text nor pushed nor ruled."""
    refused = pytest.raises(llmwatch.UsageError, match="is text of calls")
    with refused:
        llmwatch.serve_prometheus(port=0, labels="request_preview")
    with refused:
        llmwatch.prometheus_text(labels="response_preview")
    with refused:
        llmwatch.push_prometheus("localhost:9091", labels="feedback")
    with refused:
        llmwatch.prometheus_rules(tmp_path / "rules.yml", labels="error_message")


def test_two_ports_are_two_servers():
    """One for each way of breaking the metrics down."""
    one = llmwatch.serve_prometheus(port=0)
    with one, llmwatch.serve_prometheus(port=free_port(), labels="user") as two:
        assert {one.closed, two.closed} == {False}
        assert one.port != two.port


def test_it_serves_this_machine_alone():
    """Unless another address is asked for."""
    with llmwatch.serve_prometheus(port=0) as server:
        assert server.addr == "127.0.0.1"


def test_features_and_users_are_broken_down_by_choice(ask):
    """Labels are on what is served then, and on the text."""
    with llmwatch.watch(feature="search", user="ana"):
        ask("labelled")
    text = llmwatch.prometheus_text(labels=("feature", "user"))
    assert line(text, "labelled", more='feature="search"') == 1
    assert line(text, "labelled", more='user="ana"') == 1
    assert 'feature="' not in llmwatch.prometheus_text()


def test_ratings_and_prices_given_later_are_served(ask):
    """Thumbs and `llmwatch.price` change what the next scrape reads."""
    with llmwatch.serve_prometheus(port=0) as server:
        ask("priced-later")
        first = llmwatch.session.calls.iloc[-1]
        ask("priced-later")
        before = scraped(server)
        assert line(before, "priced-later", "llm_cost_usd_total", "") is None
        assert line(before, "priced-later", "llm_feedback_score", "") is None
        llmwatch.session.feedback(first, 5, scale=(1, 5))
        llmwatch.price("priced-later", input=1e6, output=0)
        after = scraped(server)
        sent = llmwatch.session.calls.query("model == 'priced-later'").input_tokens.sum()
        assert line(after, "priced-later", "llm_cost_usd_total", "") == sent
        assert line(after, "priced-later", "llm_feedback_score", "") == 1.0


def test_calls_in_flight_are_served():
    """A stream that is open is one of them until it ends."""
    with OfflineServer() as server, llmwatch.watch(), offline_client(server) as client:
        stream = client.chat.completions.create(
            model="flying", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        assert "\nllm_active_requests 1.0\n" in llmwatch.prometheus_text()
        list(stream)
        assert "\nllm_active_requests 0.0\n" in llmwatch.prometheus_text()


def test_a_server_that_could_not_start_leaves_nothing(ask):
    """A busy port is told, and the same line works once the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(llmwatch.UsageError, match="is in use"):
            llmwatch.serve_prometheus(port=port, labels="user")
    with llmwatch.serve_prometheus(port=port, labels="user") as server:
        assert "llm_requests_total" in get(server.url)


# -- as text, and pushed --------------------------------------------------------------------------


def test_the_text_is_what_is_served(ask):
    """With or without a server, byte for byte."""
    ask("as-text")
    alone = llmwatch.prometheus_text()
    with llmwatch.serve_prometheus(port=0) as server:
        assert get(server.url) == llmwatch.prometheus_text() == alone
    assert line(alone, "as-text") == 1


def test_a_pushgateway_takes_them_and_counts_nothing_twice(ask, tmp_path):
    """Pushed twice, under a job and an instance with odd names, the last push is what it has."""
    job, instance = 'night/ly "1"', "lab 7"
    with pushgateway(tmp_path) as gateway:
        for n in (1, 2):
            ask("pushed")
            llmwatch.push_prometheus(gateway, job, instance=instance, labels="feature")
            groups = json.loads(get(f"http://{gateway}/api/v1/metrics"))["data"]
            assert len(groups) == 1, groups
            (group,) = groups
            assert group["labels"] == {"job": job, "instance": instance}
            metrics = group["llm_requests_total"]["metrics"]
            seen = {(m["labels"]["model"], m["labels"]["status"]): m["value"] for m in metrics}
            assert float(seen["pushed", "ok"]) == n
        llmwatch.push_prometheus(f"http://{gateway}/", quote("other job"))
        assert len(json.loads(get(f"http://{gateway}/api/v1/metrics"))["data"]) == 2


def test_a_gateway_that_is_not_there_is_told_without_its_password():
    """One line with the host and the reason."""
    for scheme in ("http://", "https://", "http://ana:geheim@"):
        with deaf_port() as port, pytest.raises(llmwatch.ExportError) as told:
            llmwatch.push_prometheus(f"{scheme}127.0.0.1:{port}/push")
        assert str(told.value).startswith("could not push to 127.0.0.1:")
        assert "Is a Pushgateway there?" in str(told.value)
        assert "geheim" not in str(told.value)
        assert "\n" not in str(told.value)


@pytest.mark.parametrize("status", [200, 401])
def test_a_password_in_the_address_is_sent_as_one(status):
    """As basic authentication, percent signs decoded; a refusal is told."""
    with gateway_of(status) as (address, seen):
        if status == 200:
            llmwatch.push_prometheus(f"http://ana:ge%40heim@{address}/base/")
        else:
            with pytest.raises(llmwatch.ExportError, match=r"could not push to .*: No such user"):
                llmwatch.push_prometheus(f"http://ana:ge%40heim@{address}/base/")
    assert seen == [("/base/metrics/job/llmwatch", "Basic " + b64encode(b"ana:ge@heim").decode())]


@contextmanager
def gateway_of(status):
    """A gateway that asks who one is."""
    seen = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers["Authorization"]))
            self.send_response(status, "No such user")
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join(HANG_S)


@pytest.mark.parametrize("gateway", ["", " ", "ftp://x", "http://", "http://x:y", 7, None, "x?q=1"])
def test_what_is_no_gateway_is_told(gateway):
    """In one line with one that is."""
    with pytest.raises(llmwatch.UsageError, match="localhost:9091"):
        llmwatch.push_prometheus(gateway)


@pytest.mark.parametrize("job", ["", " ", None])
def test_a_job_has_a_name(job):
    """In one line, before anything is sent."""
    with pytest.raises(llmwatch.UsageError, match="job="):
        llmwatch.push_prometheus("localhost:9091", job)


# -- the files ------------------------------------------------------------------------------------


def test_the_session_s_own_rules_are_written(tmp_path):
    """Built-in ones and those of the person; those by a label only where it is served."""
    rule = llmwatch.alert("dear users", "cost_usd > $2", by="user")
    try:
        alone = llmwatch.prometheus_rules(tmp_path / "llm.yml")
        assert "high_error_rate" in alone.rules
        assert "dear users" in alone.left_out
        with llmwatch.serve_prometheus(port=0, labels="user"):
            served = llmwatch.prometheus_rules(tmp_path / "llm.yml", overwrite=True)
        assert "dear users" in served.rules
        told = llmwatch.prometheus_rules(tmp_path / "l.yml", labels=["user"])
        assert told.rules == served.rules
    finally:
        rule.remove()


def test_the_dashboard_is_written(tmp_path):
    """As the file that Grafana imports."""
    pytest.importorskip("grafana_foundation_sdk")
    path = llmwatch.grafana_dashboard(tmp_path / "llm.json")
    assert json.loads(path.read_text("utf-8"))["uid"] == "llmwatch"
    with pytest.raises(llmwatch.ExportError, match="overwrite=True"):
        llmwatch.grafana_dashboard(path)


# -- without the extra ----------------------------------------------------------------------------

MISSING = """
import sys
sys.modules.update(dict.fromkeys(["prometheus_client", "grafana_foundation_sdk"]))
import llmwatch
for call in (
    llmwatch.serve_prometheus, llmwatch.prometheus_text,
    lambda: llmwatch.push_prometheus("localhost:9091"),
    lambda: llmwatch.grafana_dashboard("llm.json"),
):
    try:
        call()
    except llmwatch.ExportError as told:
        print(told)
print(llmwatch.prometheus_rules("llm.yml").rules)
"""


def run(code, folder):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=HANG_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_a_missing_extra_is_told_with_what_installs_it(tmp_path):
    """Each function says the one command; the rules need nothing, and nothing is left behind."""
    done = run(MISSING, tmp_path)
    assert done.stderr == ""
    *told, rules = done.stdout.splitlines()
    assert len(told) == 4
    assert all('pip install "jupyter-llmwatch[prometheus]"' in said for said in told)
    assert "high_error_rate" in rules
    assert [path.name for path in tmp_path.iterdir()] == ["llm.yml"]


def test_nothing_of_it_is_loaded_before_it_is_asked_for(tmp_path):
    """Recording needs neither prometheus-client nor Grafana's SDK, nor has it a server open."""
    code = (
        "import sys, threading, llmwatch; llmwatch.enable(); llmwatch.session.summary()\n"
        "print({'prometheus_client', 'grafana_foundation_sdk', 'http.server'} & set(sys.modules))\n"
        "print([t.name for t in threading.enumerate() if 'prometheus' in t.name])"
    )
    done = run(code, tmp_path)
    assert (done.stdout.splitlines(), done.stderr) == (["set()", "[]"], "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_serves_for_itself(tmp_path):
    """The parent's server is not the child's; it can have one of its own, with its own counts."""
    code = """
import os, llmwatch
from urllib.request import urlopen
llmwatch.enable()
server = llmwatch.serve_prometheus(port=0)
child = os.fork()
mine = llmwatch.serve_prometheus(port=0)
assert (mine is server) == (child != 0), "the child was given the parent's"
with llmwatch.call(model="of " + ("parent" if child else "child")):
    pass
assert len(llmwatch.session.calls)
said = urlopen(mine.url, timeout=60).read().decode()
assert ('"of parent"' in said, '"of child"' in said) == (bool(child), not child), said
mine.close()
os._exit(0) if not child else None
assert os.waitpid(child, 0)[1] == 0
"""
    done = run(code, tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_closed_port_answers_no_more():
    """Nobody can connect after `.close()`."""
    server = llmwatch.serve_prometheus(port=free_port())
    server.close()
    with pytest.raises(URLError):
        urlopen(server.url, timeout=HANG_S)
