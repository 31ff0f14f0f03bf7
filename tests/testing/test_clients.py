"""The offline clients are the SDKs' own, with the person's options."""

from __future__ import annotations

import gc
import subprocess
import sys

import openai
import pytest

import llmwatch
from llmwatch import UsageError
from llmwatch.testing import (
    OfflineServer,
    Reply,
    offline_anthropic,
    offline_async_client,
    offline_client,
)

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello there"}]}


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


def test_they_are_the_real_ones(server):
    """The clients are the SDK's own classes, with a server and without."""
    for where in (server, None):
        assert type(offline_client(where)) is openai.OpenAI
        assert type(offline_async_client(where)) is openai.AsyncOpenAI


@pytest.mark.parametrize("where", ["server", "in process"])
def test_a_watched_call_has_provider_and_price(server, where):
    """A call that never left is recorded as one to the provider, with its cost."""
    with (
        llmwatch.watch() as w,
        offline_client(server if where == "server" else None) as client,
    ):
        client.chat.completions.create(**ASK)
    row = w.calls.iloc[0]
    assert (row.provider, row.status) == ("openai", "ok")
    assert row.cost_usd > 0


def test_another_address_still_leads_to_the_server(server):
    """With a `base_url` of one's own the server is asked for that host and path."""
    with offline_client(server, base_url="https://gateway.example/llm/v1") as client:
        client.chat.completions.create(**ASK)
    assert server.requests[0].headers["host"] == "gateway.example"
    assert server.requests[0].path == "/llm/v1/chat/completions"


def test_a_stopped_server_is_a_connection_error(server):
    """Once the server is gone a call fails as on a broken network, and does not go out."""
    with offline_client(server, max_retries=0) as client:
        server.stop()
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(**ASK)


def test_options_pass_through(server):
    """Whatever the SDK's client takes, ours takes and hands on."""
    client = offline_client(server, max_retries=7, timeout=3.5, api_key="sk-mine")
    assert (client.max_retries, client.timeout, client.api_key) == (7, 3.5, "sk-mine")
    inside = offline_client(max_retries=7, timeout=3.5, api_key="sk-mine")
    assert (inside.max_retries, inside.timeout, inside.api_key) == (7, 3.5, "sk-mine")


@pytest.mark.parametrize("where", ["server", "in process"])
def test_the_sdks_own_time_out_stays(server, where):
    """A client without options has the time-out that the SDK gives it by default."""
    client = offline_client(server if where == "server" else None)
    assert client.timeout == openai.OpenAI(api_key="sk-x").timeout


def test_the_environment_does_not_lead_it_astray(server, monkeypatch):
    """Neither a proxy nor an address in the environment takes a client off the server."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    for where in (server, None):
        with offline_client(where, max_retries=0) as client:
            assert client.chat.completions.create(**ASK).choices


def test_a_copy_of_a_client_is_offline_too():
    """`with_options` keeps the answers inside the process, also when the original is gone."""
    copy = offline_client(script=[Reply("one")]).with_options(max_retries=0)
    assert copy.chat.completions.create(**ASK).choices[0].message.content == "one"


def test_a_client_of_ones_own_needs_a_server(server):
    """A `http_client` is used with a server and refused without one, where it would go out."""
    with openai.DefaultHttpxClient() as own:
        assert offline_client(server, http_client=own).chat.completions.create(**ASK).choices
        with pytest.raises(UsageError, match=r"offline_client\(server, http_client"):
            offline_client(http_client=own)


def test_a_client_left_open_closes_itself(server, recwarn):
    """A client that nobody closed leaves no open socket behind."""
    offline_client(server).chat.completions.create(**ASK)
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_without_anthropic_it_says_what_to_type(monkeypatch):
    """Where anthropic is missing, one line names the command that installs it."""
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(UsageError, match="%pip install anthropic"):
        offline_anthropic()


def test_importing_it_is_light():
    """`llmwatch.testing` loads no SDK, no HTTP library and no pytest by itself."""
    code = "import sys, llmwatch.testing; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"openai", "anthropic", "httpx", "httpx2", "pytest", "anyio", "pandas", "numpy"}
    assert not heavy & set(loaded.stdout.split())
