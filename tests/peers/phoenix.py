"""A real Arize Phoenix: what its server makes of the spans we send. For `make test-peers`.

It lives in an environment of its own, since its dependencies are many; nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from urllib.error import URLError
from urllib.request import urlopen

import openai
import pytest

import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_client
from tests.notebook import ROOT

PHOENIX = ROOT / ".venv-phoenix" / "bin" / "phoenix"
HANG_S = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition):
    deadline = time.monotonic() + HANG_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.2)
    return found


class Phoenix:
    """The server, and what its REST interface says of the spans it has."""

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = (folder / "log").open("w")
        told = {
            "PHOENIX_WORKING_DIR": str(folder), "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": self.url.rpartition(":")[2], "PHOENIX_GRPC_PORT": str(free_port()),
            "PHOENIX_TELEMETRY_ENABLED": "false",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [PHOENIX, "serve"], cwd=folder, env={**os.environ, **told},
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        until(self.is_up)

    def is_up(self):
        assert self._process.poll() is None, "Phoenix has ended"
        try:
            return self.get("/healthz") is not None
        except URLError:
            return False

    def get(self, path):
        with urlopen(self.url + path, timeout=30) as answer:
            return answer.read()

    def spans(self, name, count):
        """The spans of the trace that begins with `name`, once there are so many."""

        def there():
            try:
                found = json.loads(self.get("/v1/projects/default/spans?limit=1000"))["data"]
            except URLError:  # the project is made with the first span
                return None
            roots = {s["context"]["trace_id"] for s in found if s["name"] == name}
            spans = [span for span in found if span["context"]["trace_id"] in roots]
            return spans if len(spans) == count else None

        return until(there)

    def stop(self):
        self._process.terminate()
        self._process.wait(HANG_S)
        self._log.close()


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory):
    phoenix = Phoenix(tmp_path_factory.mktemp("phoenix"))
    yield phoenix
    phoenix.stop()


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


def ask(server, text):
    client = offline_client(server, max_retries=0)
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model="gpt-5-mini", messages=messages)


def test_calls_are_shown_with_model_tokens_and_text(server, phoenix):
    """An LLM span under the person's own, in its words for what is in it."""
    with llmwatch.watch(user="ana") as w, llmwatch.span("answering", k=5):
        ask(server, "What is the capital of France?")
    sent = w.to_otlp(phoenix.url, content=True)
    assert (sent.spans, sent.metrics) == (2, False)
    call, around = sorted(
        phoenix.spans("answering", 2), key=lambda span: span["name"], reverse=True
    )
    (row,) = w.calls.to_dict("records")
    found = call["attributes"]
    assert (call["span_kind"], call["name"]) == ("LLM", "chat gpt-5-mini")
    assert call["parent_id"] == around["context"]["span_id"]
    assert call["context"] == {"trace_id": row["trace_id"], "span_id": row["span_id"]}
    assert found["llm.model_name"] == "gpt-5-mini"
    assert found["llm.token_count.prompt"] == row["input_tokens"]
    assert found["llm.token_count.completion"] == row["output_tokens"]
    assert found["llm.input_messages.0.message.content"] == "What is the capital of France?"
    assert found["llm.output_messages.0.message.content"] == row["response_preview"]
    assert (found["user.id"], found["session.id"]) == ("ana", row["session_id"])
    assert around["attributes"]["k"] == 5


def test_a_failure_is_shown_as_one(server, phoenix):
    """With its words, and as an exception."""
    server.script(Reply.server_error())
    with llmwatch.watch() as w, pytest.raises(openai.InternalServerError), llmwatch.span("failing"):
        ask(server, "Hello!")
    w.to_otlp(phoenix.url, content=True)
    (call,) = [span for span in phoenix.spans("failing", 2) if span["span_kind"] == "LLM"]
    assert call["status_code"] == "ERROR"
    assert call["status_message"] == w.calls.error_message[0]
    assert call["events"][0]["attributes"]["exception.type"] == "InternalServerError"


def test_what_is_streamed_adds_up(server, phoenix):
    """50 calls as they come: each is there once, and the tokens are those of `.calls`."""
    with llmwatch.watch() as w, llmwatch.stream_otlp(phoenix.url) as stream:
        with llmwatch.span("counting"):
            for n in range(50):
                ask(server, f"Count to {n}!")
        assert stream.flush(HANG_S)
    calls = [span for span in phoenix.spans("counting", 51) if span["span_kind"] == "LLM"]
    ids = [span["context"]["span_id"] for span in calls]
    assert sorted(ids) == sorted(w.calls.span_id)
    for kind, column in {"prompt": "input_tokens", "completion": "output_tokens"}.items():
        shown = sum(span["attributes"][f"llm.token_count.{kind}"] for span in calls)
        assert shown == w.calls[column].sum()
