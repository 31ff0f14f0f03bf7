"""Calls in flight: each is told once, and each refusal, however often and whenever one looks."""

from __future__ import annotations

import json

import httpx2
import pytest

from llmwatch import faults
from llmwatch.capture import Invocation, read_messages
from llmwatch.capture._endpoints import match
from llmwatch.flights import Flights
from llmwatch.redaction import Redactor

PATH = b"/v1/chat/completions"
KEY = "s3cr3t-of-this-request-only"


class Ear:
    def __init__(self):
        self.calls, self.refusals, self.looks = [], [], 0

    def begun(self, call):
        self.calls.append(call)

    def refused(self, attempt):
        self.refusals.append(attempt)

    def looked(self):
        self.looks += 1


def request(body=None, path=PATH):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]} | (body or {})
    url = f"https://api.example.com{path.decode()}"
    return httpx2.Request("POST", url, json=body, headers={"authorization": f"Bearer {KEY}"})


def flying(body=None, path=PATH):
    endpoint = match("POST", "api.example.com", path)
    sent = request(body, path)
    return Invocation(endpoint, sent.url, path, sent, "httpx2", None)


def answered(invocation, status):
    invocation.answered(httpx2.Response(status, content=b"{}"), status, is_whole=True)


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def flights(ear):
    flights = Flights(Redactor)
    flights.subscribe(ear)
    return flights


def test_a_call_is_told_once(flights, ear):
    """However often one looks, and when it is over."""
    invocation = flying()
    for _ in range(3):
        flights.look([invocation])
    answered(invocation, 200)
    flights.over(invocation)
    (call,) = ear.calls
    assert (call.model, call.operation, call.messages) == ("gpt-5", "chat", 1)
    assert call.started_at == invocation.started_wall_ns
    assert call.call_id == invocation.ids["call_id"]
    assert (ear.refusals, ear.looks) == ([], 3)


def test_what_names_no_model_is_no_call(flights, ear):
    """Where other services have the same path, too."""
    invocation = flying({"model": None}, b"/v1/messages")
    assert invocation.endpoint.ambiguous
    flights.look([invocation])
    answered(invocation, 429)
    flights.over(invocation)
    assert (ear.calls, ear.refusals) == ([], [])


def test_each_refusal_is_told_once(flights, ear):
    """When it came; those in between that nobody looked at, with the next look."""
    invocation = flying()
    answered(invocation, 429)
    came = invocation.headers_ns - invocation.started_ns
    flights.look([invocation])
    flights.look([invocation])
    invocation.again(request())
    flights.look([invocation])
    for status in (429, 500, 429):
        answered(invocation, status)
        invocation.again(request())
    answered(invocation, 200)
    flights.over(invocation)
    assert [told.attempt for told in ear.refusals] == [1, 2, 4]
    assert ear.refusals[0].at == invocation.started_wall_ns + came
    assert {told.call_id for told in ear.refusals} == {ear.calls[0].call_id}


def test_a_retry_that_is_about_to_be_sent_is_no_second_refusal(flights, ear):
    """The person's thread goes from one attempt to the next line by line, while we look."""
    invocation = flying()
    answered(invocation, 429)
    flights.look([invocation])
    for step in (
        lambda: setattr(invocation, "retry_statuses", (429,)),
        lambda: setattr(invocation, "sent_ns", invocation.headers_ns + 1),
        lambda: setattr(invocation, "attempts", 2),
        invocation._forget_answer,
    ):
        step()
        flights.look([invocation])
    assert [told.attempt for told in ear.refusals] == [1]


def test_a_broken_listener_silences_nobody(flights, ear):
    """What it raises is counted."""

    class Broken(Ear):
        def begun(self, call):
            raise RuntimeError("not today")

    faults.clear()
    other = Ear()
    flights.subscribe(Broken())
    flights.subscribe(other)
    flights.look([flying()])
    assert (len(ear.calls), len(other.calls), other.looks) == (1, 1, 1)
    assert [fault.message for fault in faults.table()] == ["RuntimeError: not today"]


def test_whoever_leaves_is_told_nothing(ear):
    """And nothing is read as long as nobody listens."""
    flights = Flights(Redactor)
    stop = flights.subscribe(ear)
    stop()
    invocation = flying()
    flights.look([invocation])
    flights.over(invocation)
    assert (ear.calls, ear.looks) == ([], 0)
    assert not hasattr(invocation, "ids")


def test_texts_are_cleaned_and_cut(flights, ear):
    """Of the newest fifty messages, without what the request carries as a key."""
    messages = [{"role": "user", "content": f"{n} {KEY} " + "x" * 300} for n in range(60)]
    flights.look([flying({"messages": messages})])
    (call,) = ear.calls
    texts = call.texts(20)
    assert (call.messages, len(texts)) == (60, 50)
    assert texts[0] == ("user", "10 [redacted] xxxxxx…")


SHAPES = {
    "chat": ({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]},
             [("system", "s"), ("user", "u")]),
    "parts": ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"},
                                                         {"type": "image_url", "image_url": "u"}]}]},
              [("user", "a")]),
    "responses": ({"input": "q", "instructions": "i"}, [("system", "i"), (None, "q")]),
    "responses, a list": ({"input": [{"role": "user", "content": "q"}]}, [("user", "q")]),
    "anthropic": ({"system": [{"type": "text", "text": "s"}],
                   "messages": [{"role": "user", "content": "u"}]},
                  [("system", "s"), ("user", "u")]),
    "gemini": ({"systemInstruction": {"parts": [{"text": "s"}]},
                "contents": [{"role": "user", "parts": [{"text": "u"}]}]},
               [("system", "s"), ("user", "u")]),
    "completion": ({"prompt": ["a", "b"]}, [(None, "a"), (None, "b")]),
    "embeddings": ({"input": ["a", "b", "c"]}, [(None, "a"), (None, "b"), (None, "c")]),
    "tokens": ({"input": [1, 2, 3]}, [(None, "")]),
    "nothing": ({"model": "m"}, []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), SHAPES.values(), ids=SHAPES)
def test_the_messages_of_every_shape_are_read(body, expected):
    """Instructions first, then each message, prompt or text to embed."""
    assert read_messages(json.dumps(body).encode()) == expected


def test_what_cannot_be_told_is_unknown():
    """A body that is not in memory, or is too large to parse; one that is no JSON has none."""
    assert read_messages(None) is None
    assert read_messages(b'{"input": "' + b"x" * (1 << 20) + b'"}') is None
    assert read_messages(b"no json") == []
