"""Webhooks: what goes out, to whom it may go, and that no secret shows."""

from __future__ import annotations

import json
import socket
import threading
import time
import traceback

import pytest

import llmwatch
from llmwatch.alerting import Undelivered
from llmwatch.alerting import _web as web
from llmwatch.alerting._deadline import deadline
from tests.alerting.notices import HOSTILE, alert, resolved
from tests.alerting.sinks import HANG_S, http_sink
from tests.ports import deaf_port

SECRETS = ("s3cret", "t0ken", "k3y")


def test_the_payload_is_the_notice_as_json():
    """Every field, times in ISO 8601, and the headers that were given."""
    with http_sink() as sink:
        llmwatch.webhook(sink.url, {"Authorization": "Bearer k3y"})(alert())
    (posted,) = sink.posted
    assert posted.path == "/hook/s3cret?token=t0ken"
    assert posted.headers["Authorization"] == "Bearer k3y"
    assert posted.headers["Content-Type"] == "application/json"
    assert json.loads(posted.body) == {
        "source": "llmwatch",
        "name": "high_latency",
        "severity": "critical",
        "state": "firing",
        "figure": "latency_p95_s",
        "value": 12.4,
        "threshold": 10.0,
        "comparison": ">",
        "labels": {},
        "since": "2026-11-24T12:04:10+00:00",
        "at": "2026-11-24T12:04:12+00:00",
        "n": 41,
        "window_s": 300.0,
        "message": "p95 12.4\u202fs, over 10\u202fs",
        "detail": "41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12]",
        "hint": "llmwatch.session.slowest(5)",
        "worst": 14.0,
        "notified": 1,
        "key": "high_latency",
        "call_ids": ["id-1", "id-2"],
        "cell": {"cell_id": "c-12", "execution_count": 12, "notebook": "work.ipynb"},
    }


def test_what_is_unknown_is_null_and_hostile_text_is_text():
    """NaN has no place in JSON; text comes back as it was."""
    with http_sink() as sink:
        llmwatch.webhook(sink.url)(resolved(value=float("nan"), cell=None, name=HOSTILE))
    told = json.loads(sink.posted[0].body)
    assert (told["value"], told["cell"], told["name"]) == (None, None, HOSTILE)


def test_a_redirect_is_not_followed():
    """The place it points to is never asked."""
    with http_sink() as other, http_sink(302, headers={"Location": other.url}) as sink:
        with pytest.raises(Undelivered, match="answered 302: redirects are not followed") as told:
            llmwatch.webhook(sink.url)(alert())
        assert not told.value.again
    assert (len(sink.posted), other.posted) == (1, [])


def test_nobody_listening_may_pass():
    """A refused connection is tried again."""
    with (
        deaf_port() as port,
        pytest.raises(Undelivered, match="ConnectionRefusedError") as told,
    ):
        llmwatch.webhook(f"http://127.0.0.1:{port}/hook")(alert())
    assert told.value.again


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "dripping"])
def test_a_server_that_does_not_answer_is_left(drip, monkeypatch):
    """Neither silence nor a byte now and then keeps us longer than the deadline."""
    monkeypatch.setattr(web, "TIMEOUT_S", 0.5)
    with http_sink() as sink:
        sink.gate.clear()
        sink.drip = drip
        begun = time.monotonic()
        with pytest.raises(Undelivered) as told:
            llmwatch.webhook(sink.url)(alert())
        assert told.value.again
        assert time.monotonic() - begun < HANG_S  # which is when the gate opens


def test_a_connection_that_came_late_is_hung_up_too():
    """A slow name server had used up the time before there was a socket to close."""
    ours, theirs = socket.socketpair()
    answers, heard = iter([None, None]), []
    with ours, theirs:
        ours.settimeout(HANG_S)  # a hang guard: the other side never speaks
        with pytest.raises(TimeoutError), deadline(0.01, lambda: next(answers, ours)):
            heard.append(ours.recv(1))
    assert heard == [b""]


def test_the_last_notice_goes_out_without_a_thread(monkeypatch):
    """When the process ends none is to be had (Python 3.12): the notice goes nevertheless."""

    def refuse(_):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    gone = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with deadline(1.0, lambda: None):
        gone.append("the notice")
    assert gone == ["the notice"]


@pytest.mark.parametrize(
    ("answer", "wait"), [("7", 7.0), ("86400", 60.0), ("soon", None), (None, None),
                         ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_how_long_to_wait_is_heard(answer, wait):
    """`Retry-After` in seconds or as a date, never longer than a minute."""
    with http_sink(503, headers={"Retry-After": answer} if answer else {}) as sink:
        with pytest.raises(Undelivered) as told:
            llmwatch.webhook(sink.url)(alert())
        assert told.value.after_s == wait


@pytest.mark.parametrize(
    "url",
    [
        "", None, "hooks.example.com/s3cret", "ftp://example.com/s3cret", "https://", "https:///s3cret",
        "http://example.com/s3cret", "http://169.254.169.254/s3cret", "http://localhost.example.com/s3cret",
        "http://127.0.0.1.example.com/s3cret", "https://example.com:0/s3cret",
        "https://example.com:99999/s3cret", "https://u:s3cret@example.com/", "https://example.com/\ns3cret",
        "https://example.com/ s3cret", "https://exa\x00mple.com/s3cret", "https://" + "x" * 80 + ".com/s3cret",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_told_at_once(url):
    """One line, without the secret."""
    with pytest.raises(llmwatch.UsageError) as told:
        llmwatch.webhook(url)
    assert str(told.value).startswith("llmwatch.webhook(url): ")
    assert "\n" not in str(told.value)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:1/", "http://127.8.8.8/", "http://[::1]:80/x", "https://example.com",
            "https://bücher.example/ü?q=ä"],
)  # fmt: skip
def test_https_and_this_machine_are_accepted(url):
    """Plain http to loopback, https to anybody, also with letters that ASCII lacks."""
    assert "…" in repr(llmwatch.webhook(url))


@pytest.mark.parametrize(
    "headers",
    [{"X\nY": "k3y"}, {"": "k3y"}, {"X": "k3y\r\nHost: x"}, {"X": 3}, {"Host": "k3y"}, {"X": "kéy"},
     {"Content-Length": "1"}],
)  # fmt: skip
def test_headers_cannot_break_out(headers):
    """A name or a value with a line break is refused at once, without being shown."""
    with pytest.raises(llmwatch.UsageError) as told:
        llmwatch.webhook("https://example.com", headers)
    assert "k3y" not in str(told.value)


def shown(handler, problem=None):
    """Everything a curious person can print about it."""
    parts = [repr(handler), str(handler), repr(vars(handler)), f"{handler!r:>3}"]
    if problem is not None:
        told = traceback.TracebackException.from_exception(problem, capture_locals=True)
        parts += [repr(problem), str(problem), "".join(told.format())]
    return "\n".join(parts)


def test_no_secret_shows(monkeypatch):
    """Not in repr, `vars`, the error, nor in a traceback that shows variables."""
    with http_sink(404) as sink:
        handler = llmwatch.webhook(sink.url, {"Authorization": "Bearer k3y"})
        with pytest.raises(Undelivered) as told:
            handler(alert())
    seen = shown(handler, told.value)
    assert "/…" in seen
    assert [secret for secret in SECRETS if secret in seen] == []


def test_no_secret_shows_when_nobody_answers():
    """The same where the connection itself fails, whose frames know the path."""
    with deaf_port() as port, pytest.raises(Undelivered) as told:
        handler = llmwatch.slack(f"http://127.0.0.1:{port}/hook/s3cret?token=t0ken")
        handler(alert())
    assert [secret for secret in SECRETS if secret in shown(handler, told.value)] == []


def test_a_handler_is_not_pickled():
    """A pickle would carry the secret."""
    import pickle

    with pytest.raises(TypeError, match="a secret is not copied"):
        pickle.dumps(llmwatch.slack("https://example.com/s3cret"))


def test_a_proxy_is_asked_to_connect(monkeypatch):
    """https goes through the proxy of the environment, this machine never does."""
    monkeypatch.setenv("https_proxy", "http://ana:pw@127.0.0.1:8888")
    monkeypatch.setenv("no_proxy", "")
    through = web._connection(web.Address.of("https://example.com/x", "webhook"))
    assert (through.host, through.port, through._tunnel_host) == ("127.0.0.1", 8888, "example.com")
    assert through._tunnel_headers["Proxy-Authorization"] == "Basic YW5hOnB3"
    direct = web._connection(web.Address.of("https://127.0.0.1:4/x", "webhook"))
    assert (direct.host, direct.port, direct._tunnel_host) == ("127.0.0.1", 4, None)


def test_no_call_of_ours_is_recorded():
    """A notice to an address that looks like a model's is no LLM call."""
    with http_sink() as sink, llmwatch.watch() as w:
        llmwatch.webhook(sink.url.partition("/hook")[0] + "/v1/chat/completions")(alert())
    assert len(sink.posted) == 1
    assert len(w.calls) == 0
