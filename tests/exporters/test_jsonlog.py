"""The JSON log: what stands in it of each call, and in which words."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from datetime import datetime

import httpx2
import openai
import pytest

import llmwatch
from llmwatch.testing import Reply, offline_async_client, offline_client
from tests.exporters.outlet import HANG_S, events, lines
from tests.exporters.outlet import ask as chat

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture(autouse=True)
def _content_as_it_was():
    before = llmwatch.session.settings.content
    yield
    llmwatch.configure(content=before)


def ask(server, text="Hello!", **options):
    return chat(server, text, system="Be brief.", **options)


def quoting(text):
    """A refusal as of a provider that validates: it repeats what it was sent."""
    sent = {"messages": [{"role": "user", "content": text}]}
    words = f"1 validation error: messages.0: field required, 'input': {sent}"
    return Reply(status=400, error={"message": words, "code": "invalid_request"})


def fails(server, **options):
    with pytest.raises(Exception, match=r".") as caught:
        ask(server, **options)
    return caught.value


def only(path, event):
    (found,) = [line for line in lines(path) if line["event"] == event]
    return found


def until(condition):
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        threading.Event().wait(0.01)


# -- what is written ------------------------------------------------------------------------------


def test_a_call_is_its_start_and_its_response(server, path):
    """At INFO: who was asked, with how many messages, then what came of it, as in `.calls`."""
    marks = {"tag": "v2", "user": "ana", "labels": {"lang": "en"}}
    with llmwatch.watch(**marks) as w, llmwatch.log_to(path):
        ask(server)
    start, response = lines(path)
    (row,) = w.calls.to_dict("records")
    assert (start["event"], start["level"]) == ("llm_request_start", "INFO")
    assert (start["model"], start["provider"], start["operation"]) == (
        "gpt-5-mini", "openai", "chat",
    )  # fmt: skip
    assert (start["message_count"], start["stream"]) == (2, False)
    assert (response["event"], response["level"]) == ("llm_response", "INFO")
    for name in ("latency_s", "input_tokens", "output_tokens", "cost_usd", "finish_reason",
                 "status", "response_id", "attempts"):  # fmt: skip
        assert response[name] == row[name], name
    for line in (start, response):
        assert {name: line[name] for name in marks} == marks
        assert (line["request_id"], line["trace_id"]) == (row["call_id"], row["trace_id"])


def test_times_are_those_of_the_call(server, path):
    """Stamps are ISO 8601 in UTC, of when it began and ended, not of when it was written."""
    with llmwatch.watch() as w, llmwatch.log_to(path):
        ask(server)
    start, response = lines(path)
    (row,) = w.calls.to_dict("records")
    began, ended = (datetime.fromisoformat(line["timestamp"]) for line in (start, response))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", start["timestamp"])
    assert began == row["started_at"].floor("us")
    assert (ended - began).total_seconds() == pytest.approx(row["latency_s"], abs=2e-6)


SECRET = "a secret question, which nobody else is to read"


def fail_in_every_way(server):
    """Errors that quote what was sent: of a call, a stream, one by hand, a span, a 429 as well."""
    refusal = Reply(status=429, error={"message": f"not now: {SECRET}", "code": "slow_down"})
    server.script(refusal, quoting(SECRET), quoting(SECRET))
    with llmwatch.watch():
        fails(server, text=SECRET, retries=1)
        with pytest.raises(openai.BadRequestError), llmwatch.span("work"):
            ask(server, SECRET, stream=True)
        with pytest.raises(ValueError, match="secret"), llmwatch.call(model="mine") as c:
            c.answer("-", request=SECRET)
            raise ValueError(SECRET)


def test_no_text_of_the_request_above_debug(server, path):
    """INFO, WARNING and ERROR have neither question nor answer."""
    server.script(Reply.rate_limited(), Reply("a secret answer"), Reply.server_error())
    with llmwatch.watch(), llmwatch.log_to(path):
        ask(server, "a secret question", retries=1)
        fails(server, text="a secret question")
    assert len(lines(path)) == 5
    assert "secret" not in path.read_text()


def test_an_error_that_quotes_the_request_keeps_its_kind_alone(server, path):
    """By default type, code and status stand, of calls and of traces; no word of the question."""
    with llmwatch.log_to(path):
        fail_in_every_way(server)
    assert "secret" not in path.read_text()
    assert sorted({*events(path)}) == [
        "llm_error", "llm_rate_limit", "llm_request_start", "trace_complete",
    ]  # fmt: skip
    errors = [line for line in lines(path) if line["event"] == "llm_error"]
    assert [(e["error_type"], e["error_code"], e["http_status"]) for e in errors] == [
        ("BadRequestError", "invalid_request", 400), ("BadRequestError", "invalid_request", 400),
        ("ValueError", None, None),
    ]  # fmt: skip
    assert {e["error_message"] for e in (*errors, only(path, "trace_complete"))} == {None}
    assert only(path, "trace_complete")["error_type"] == "BadRequestError"


@pytest.mark.parametrize(
    ("level", "content"), [("DEBUG", None), ("INFO", "preview"), ("ERROR", "full")]
)
def test_who_asks_for_text_is_told_what_an_error_says(server, path, level, content):
    """At DEBUG, which has the question anyway, and wherever `content` says so."""
    with llmwatch.log_to(path, level, content):
        fail_in_every_way(server)
    errors = [line for line in lines(path) if line["event"] in ("llm_error", "trace_complete")]
    assert len(errors) == (3 if level == "ERROR" else 4)
    assert all("secret" in line["error_message"] for line in errors)


def test_asked_again_without_content_a_log_is_as_by_default(server, path):
    """The same file with other options: the last ones hold."""
    with llmwatch.log_to(path, "DEBUG", "full"), llmwatch.log_to(path):
        fail_in_every_way(server)
    assert "secret" not in path.read_text()


def test_no_text_at_all_where_none_is_asked_for(server, path):
    """An error keeps type, code and status, not the words that quote the question; nor its trace."""
    server.script(quoting("a secret question"))
    with llmwatch.watch(), llmwatch.log_to(path, "DEBUG", "none"), llmwatch.span("work"):
        fails(server, text="a secret question")
        with pytest.raises(ValueError, match="secret"), llmwatch.call(model="mine"):
            raise ValueError("a secret question")
    with (
        llmwatch.watch(),
        llmwatch.log_to(path, "DEBUG", "none"),
        pytest.raises(ValueError, match="secret"),
        llmwatch.span("fail"),
    ):
        raise ValueError("a secret question")
    assert "secret" not in path.read_text()
    error = next(line for line in lines(path) if line["event"] == "llm_error")
    assert (error["error_type"], error["error_code"], error["http_status"]) == (
        "BadRequestError", "invalid_request", 400,
    )  # fmt: skip
    assert error["error_message"] is None
    assert lines(path)[-1]["error_type"] == "ValueError"


def test_debug_has_the_messages_cut_at_200_characters(server, path):
    """Each message with its role; credentials are gone, whatever the level."""
    with llmwatch.watch(), llmwatch.log_to(path, level="DEBUG"):
        ask(server, f"My key is {KEY}. " + "x" * 300)
    request = only(path, "llm_request")
    assert (request["level"], request["message_count"]) == ("DEBUG", 2)
    system, user = request["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"].startswith("My key is [redacted]. xxx")
    assert len(user["content"]) == 201
    assert user["content"].endswith("…")


@pytest.mark.parametrize(
    ("setting", "asked", "text"),
    [
        ("preview", None, "q" * 200 + "…"),
        ("preview", "full", "q" * 300),
        ("full", None, "q" * 300),
        ("full", "preview", "q" * 200 + "…"),
        ("full", "none", None),
        ("none", "full", None),
        ("none", None, None),
    ],
)
def test_content_is_obeyed(server, path, setting, asked, text):
    """`content` says how much is written, and where the session keeps none there is none."""
    llmwatch.configure(content=setting)
    with llmwatch.watch(), llmwatch.log_to(path, "DEBUG", asked):
        ask(server, "q" * 300)
    request = only(path, "llm_request")
    assert request["message_count"] == 2
    assert [m["content"] for m in request.get("messages", [])][1:] == ([text] if text else [])


def test_messages_of_a_large_request_are_unknown(server, path):
    """A picture of megabytes is not looked into: null, rather than no messages."""
    with llmwatch.watch(), llmwatch.log_to(path, "DEBUG"):
        ask(server, "x" * 1_100_000)
    request = only(path, "llm_request")
    assert (request["model"], request["message_count"]) == ("gpt-5-mini", None)
    assert request["messages"] is None


def test_refusals_are_warnings_also_of_calls_that_succeed(server, path):
    """Each attempt that is answered with 429 is told, under the call's id; other retries not."""
    server.script(Reply.rate_limited(), Reply.server_error(), Reply.rate_limited(), Reply("Paris."))
    with llmwatch.watch() as w, llmwatch.log_to(path):
        ask(server, retries=3)
    limits = [line for line in lines(path) if line["event"] == "llm_rate_limit"]
    assert [(line["level"], line["attempt"]) for line in limits] == [("WARNING", 1), ("WARNING", 3)]
    assert {line["request_id"] for line in limits} == set(w.calls.call_id)
    assert events(path)[-1] == "llm_response"
    assert only(path, "llm_response")["attempts"] == 4


def test_a_failure_is_an_error(server, path):
    """The kind, the code and the words of the provider, credentials removed."""
    server.script(Reply(status=429, error={"message": f"no {KEY}", "code": "insufficient_quota"}))
    with llmwatch.watch(), llmwatch.log_to(path, content="preview"):
        fails(server)
    assert events(path) == ["llm_request_start", "llm_rate_limit", "llm_error"]
    error = only(path, "llm_error")
    assert (error["level"], error["error_type"], error["http_status"]) == (
        "ERROR", "RateLimitError", 429,
    )  # fmt: skip
    assert (error["error_code"], error["error_message"]) == ("insufficient_quota", "no [redacted]")


def test_a_trace_is_complete_when_its_outermost_span_ends(server, path):
    """One event for each trace, with duration, calls and how it ended, after those of its calls."""
    with llmwatch.watch(), llmwatch.log_to(path):
        with llmwatch.span("answer") as outer, llmwatch.span("ask"):
            ask(server)
        with pytest.raises(ZeroDivisionError), llmwatch.span("fail"):
            _ = 1 / 0
    assert events(path)[-3:] == ["llm_response", "trace_complete", "trace_complete"]
    complete, failed = lines(path)[-2:]
    assert (complete["span_name"], complete["status"], complete["calls"]) == ("answer", "ok", 1)
    assert complete["trace_id"] == outer.trace_id == only(path, "llm_response")["trace_id"]
    assert complete["duration_s"] >= only(path, "llm_response")["latency_s"]
    assert (failed["status"], failed["error_type"]) == ("error", "ZeroDivisionError")


@pytest.mark.parametrize(
    ("level", "kept"),
    [
        ("warning", ["llm_rate_limit", "llm_error"]),
        ("ERROR", ["llm_error"]),
        (logging.ERROR, ["llm_error"]),
    ],
)
def test_lower_levels_are_left_out(server, path, level, kept):
    """From `level` on, by name or by number of `logging`."""
    server.script(Reply.rate_limited(), Reply("ok"), Reply.server_error())
    with llmwatch.watch(), llmwatch.log_to(path, level):
        ask(server, retries=1)
        fails(server)
    assert events(path) == kept


def test_a_call_in_flight_has_its_start_in_the_log(server, path):
    """Who looks into the file while a call hangs sees which one it is."""
    server.script(Reply(stall_after=0))
    with llmwatch.watch(), llmwatch.log_to(path) as log:

        async def hang():
            client = offline_async_client(server, max_retries=0)
            task = asyncio.ensure_future(
                client.chat.completions.create(
                    model="gpt-5-mini", messages=[{"role": "user", "content": "Hi"}]
                )
            )
            await asyncio.to_thread(until, lambda: path.stat().st_size)
            assert events(path) == ["llm_request_start"]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(hang())
        log.close()
    start, response = lines(path)
    assert (response["event"], response["status"]) == ("llm_response", "cancelled")
    assert start["request_id"] == response["request_id"]


def test_a_call_in_flight_before_the_log_is_in_it(path):
    """Its start has the time when it began, before the log did."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        assert go_on.wait(HANG_S)
        return httpx2.Response(200, json={"object": "chat.completion", "choices": []})

    web = httpx2.Client(transport=httpx2.MockTransport(answer))
    with llmwatch.watch(), openai.OpenAI(api_key="sk-x", http_client=web) as client:
        asking = threading.Thread(
            target=client.chat.completions.create, kwargs={"model": "gpt-5-mini", "messages": []}
        )
        asking.start()
        assert asked.wait(HANG_S)
        opened = time.time()
        with llmwatch.log_to(path):
            go_on.set()
            asking.join()
    start = only(path, "llm_request_start")
    assert datetime.fromisoformat(start["timestamp"]).timestamp() < opened
    assert only(path, "llm_response")["request_id"] == start["request_id"]


def test_a_refusal_is_told_while_the_sdk_waits(server, path, monkeypatch):
    """A call that waits for its next attempt has its 429 in the log already."""
    go_on = threading.Event()
    monkeypatch.setattr(time, "sleep", lambda _: go_on.wait(HANG_S))  # so the SDK waits as we say
    server.script(Reply.rate_limited(retry_after=3), Reply("at last"))
    with llmwatch.watch(), llmwatch.log_to(path):
        asking = threading.Thread(target=ask, args=[server], kwargs={"retries": 1})
        asking.start()
        until(lambda: path.stat().st_size and "llm_rate_limit" in events(path))
        assert len(server.requests) == 1
        assert "llm_response" not in events(path)
        go_on.set()
        asking.join()
    assert events(path) == ["llm_request_start", "llm_rate_limit", "llm_response"]


def test_calls_by_hand_are_logged_too(path):
    """Their start is written with their end; their text only at DEBUG."""
    with llmwatch.watch(), llmwatch.log_to(path, "DEBUG"), llmwatch.call(model="my-llama") as c:
        c.usage(input=3, output=4)
        c.answer("Paris.", request="The capital of France?")
    start, request, response = lines(path)
    assert (start["model"], start["message_count"]) == ("my-llama", None)
    assert request["messages"] == [{"role": None, "content": "The capital of France?"}]
    assert (response["input_tokens"], response["cost_usd"]) == (3, None)


@pytest.mark.parametrize("ascii", [True, False])
def test_a_line_is_one_line_whatever_is_said(server, path, ascii):
    """Line ends of every kind, controls and half surrogates break neither line nor parser."""
    nasty = "a\nb\r\nc\u2028d\u2029e\x85f\x0bg\x1ch\ud800i\0j é 😀"
    with llmwatch.watch(tag="é\u2028"), llmwatch.log_to(path, "DEBUG", ascii=ascii):
        ask(server, nasty.replace("\ud800", "\ufffd"), model="mo\ndel é")
        with llmwatch.call(model="half \ud800") as c:
            c.answer("-", request=nasty)
    assert len(lines(path)) == 6
    raw = path.read_bytes()
    assert raw.count(b"\n") == 6
    assert raw.isascii() == ascii
    said = [line["messages"][-1]["content"] for line in lines(path) if "messages" in line]
    assert all("😀" in text and "\nb\r\nc\u2028d" in text for text in said)


# -- many -----------------------------------------------------------------------------------------


def test_each_of_many_calls_is_in_the_log_once(server, path):
    """200 from 8 threads: one start and one end each, under one id, none torn."""

    def some():
        client = offline_client(server)
        for n in range(25):
            client.embeddings.create(model=f"model-{n % 3}", input="a")

    with llmwatch.watch() as w, llmwatch.log_to(path):
        threads = [threading.Thread(target=some) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = lines(path)
    for event in ("llm_request_start", "llm_response"):
        ids = [line["request_id"] for line in found if line["event"] == event]
        assert sorted(ids) == sorted(w.calls.call_id)
    tokens = sum(line["input_tokens"] for line in found if line["event"] == "llm_response")
    assert tokens == w.calls.input_tokens.sum()
