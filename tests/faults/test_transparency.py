"""The guest changes nothing: what the caller gives, gets, catches and owns is as without us."""

from __future__ import annotations

import asyncio
import copy
import importlib
import threading
import warnings
from collections.abc import Mapping

import httpx
import httpx2
import openai
import pydantic
import pytest

import llmwatch
from llmwatch import faults
from llmwatch.recorder import session
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client
from llmwatch.worker import Worker

from .plain import ANSWER, BODY, HANG_S, MESSAGES, URL, ask, plain, python

# -- plain clients --------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_stream_by_hand_is_a_call(library):
    """`Client.stream` with no SDK: one row, ok when read whole, partial when left early."""

    def handler(request):
        words = [b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'] * 3
        body = iter([*words, b"data: [DONE]\n\n"])
        return library.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    with llmwatch.watch() as w, library.Client(transport=library.MockTransport(handler)) as web:
        with web.stream("POST", URL, json=BODY) as response:
            whole = list(response.iter_lines())
        with web.stream("POST", URL, json=BODY) as response:
            next(response.iter_raw())
    assert whole[-2:] == ["data: [DONE]", ""]
    assert w.calls[["status", "chunks", "stream"]].values.tolist() == [
        ["ok", 3, True],
        ["partial", 1, True],
    ]


def test_redirects_hooks_and_auth_are_parts_of_one_call():
    """A 307, a second request of an auth flow and hooks that read make one row, as sent."""
    seen = []

    class Challenge(httpx2.Auth):
        def auth_flow(self, request):
            response = yield request
            if response.status_code == 401:
                request.headers["authorization"] = "Bearer again"
                yield request

    def handler(request):
        seen.append((request.url.path, request.headers.get("authorization")))
        if request.url.path == "/v1/chat/completions":
            return httpx2.Response(307, headers={"location": "/v1/elsewhere"})
        if "authorization" not in request.headers:
            return httpx2.Response(401, json={"error": {"message": "who?"}})
        return httpx2.Response(200, json=ANSWER)

    read = []
    web = plain(
        handler, auth=Challenge(), follow_redirects=True,
        event_hooks={"response": [lambda response: read.append(len(response.read()))]},
    )  # fmt: skip
    with llmwatch.watch() as w:
        response = web.post(URL, json=BODY)
    assert response.json() == ANSWER
    assert [path for path, _ in seen][:2] == ["/v1/chat/completions", "/v1/elsewhere"]
    assert len(read) == len(seen)
    row = w.calls.iloc[0]
    assert (len(w.calls), row.status, row.http_status, row.output_tokens) == (1, "ok", 200, 5)


def test_a_hook_that_raises_is_the_callers_to_catch():
    """The very exception of an event hook comes through, and the call is one error."""
    problem = LookupError("hook")

    def hook(response):
        raise problem

    with llmwatch.watch() as w, pytest.raises(LookupError) as caught:
        plain(event_hooks={"response": [hook]}).post(URL, json=BODY)
    assert caught.value is problem
    assert w.calls["status"].tolist() == ["error"]


def test_a_subclass_that_overrides_send_is_one_call():
    """A client whose own `send` adds a header and calls the original makes one row."""

    class Signed(httpx2.Client):
        def send(self, request, **options):
            request.headers["x-signed"] = "yes"
            return super().send(request, **options)

    seen = []

    def handler(request):
        seen.append(request.headers["x-signed"])
        return httpx2.Response(200, json=ANSWER)

    web = Signed(transport=httpx2.MockTransport(handler))
    with llmwatch.watch() as w:
        ask(openai.OpenAI(api_key="sk-x", http_client=web))
    assert (len(w.calls), seen) == (1, ["yes"])


def test_a_closed_client_says_what_it_says_unwatched():
    """The library's own error on a closed client, within the caller's SDK, and one error row."""
    web = plain()
    web.close()
    with pytest.raises(RuntimeError) as bare:
        web.post(URL, json=BODY)
    with llmwatch.watch() as w, pytest.raises(RuntimeError) as watched:
        web.post(URL, json=BODY)
    assert watched.value.args == bare.value.args
    assert w.calls["status"].tolist() == ["error"]


def test_a_client_closed_under_a_stream_ends_the_call():
    """Closing the client between two chunks leaves one row and nothing in flight."""
    with llmwatch.watch() as w, OfflineServer() as server:
        client = offline_client(server, script=[Reply(chunks=4)])
        stream = ask(client, stream=True)
        next(stream)
        client.close()
        stream.close()
        assert len(w.active) == 0
    assert w.calls["status"].tolist() == ["partial"]


# -- what belongs to the caller -------------------------------------------------------------------


def test_clients_can_be_copied_and_bear_no_mark():
    """`copy.copy` works, a copy's calls are seen, and no attribute is added to a client."""
    with offline_client() as client:
        ask(client)  # the SDK itself remembers `client.chat` from the first call on
        before = set(vars(client)), set(vars(client._client))
        with llmwatch.watch() as w:
            ask(copy.copy(client))
            ask(client.copy(timeout=5))
            ask(client)
        assert (set(vars(client)), set(vars(client._client))) == before
    assert len(w.calls) == 3


def test_what_is_done_to_messages_and_answers_later_changes_no_row():
    """The row is what was sent and received, whatever the caller does to the objects."""
    messages = [{"role": "user", "content": "asked"}]
    with llmwatch.watch() as w, offline_client(script=[Reply("answered")]) as client:
        answer = client.chat.completions.create(model="gpt-5-mini", messages=messages)
        messages[0]["content"] = "changed"
        answer.choices[0].message.content = "changed"
        answer.usage.completion_tokens = 10**6
    row = w.calls.iloc[0]
    assert (row.request_preview, row.response_preview) == ("asked", "answered")
    assert row.output_tokens < 100


def test_inputs_that_cannot_be_copied_are_not_copied():
    """A mapping of the caller's own that holds a lock goes through as it does unwatched."""

    class Message(Mapping):
        def __init__(self):
            self.lock = threading.Lock()
            self.data = MESSAGES[0]

        def __getitem__(self, name):
            return self.data[name]

        def __iter__(self):
            return iter(self.data)

        def __len__(self):
            return len(self.data)

    def make(client):
        try:
            return client.chat.completions.create(model="m", messages=[Message()]).object
        except Exception as problem:
            return type(problem), problem.args

    with offline_client() as client:
        bare = make(client)
        with llmwatch.watch():
            assert make(client) == bare


def test_parsed_answers_give_no_warning():
    """With warnings as errors, `.parse()` into a model of the caller's works when watched."""

    class City(pydantic.BaseModel):
        name: str

    with llmwatch.watch() as w, warnings.catch_warnings():
        warnings.simplefilter("error")
        client = offline_client(script=[Reply('{"name": "Oslo"}')])
        parsed = client.chat.completions.parse(
            model="gpt-5-mini", messages=MESSAGES, response_format=City
        )
        assert w.calls["status"].tolist() == ["ok"]
        client.close()
    assert parsed.choices[0].message.parsed == City(name="Oslo")


def test_coroutines_and_context_managers_keep_their_nature():
    """`create` of the async client gives a coroutine, `.stream` an async context manager."""

    async def main(client):
        made = ask(client)
        assert asyncio.iscoroutine(made)
        await made
        async with client.chat.completions.stream(model="m", messages=MESSAGES) as events:
            return [event.type async for event in events]

    with llmwatch.watch() as w:
        assert "chunk" in asyncio.run(main(offline_async_client()))
    assert w.calls["status"].tolist() == ["ok", "ok"]


def test_reloading_us_keeps_the_session_and_one_tap():
    """`importlib.reload` (what %autoreload does) keeps the rows, the switch and one row a call."""
    before = session()
    with llmwatch.watch() as w, offline_client() as client:
        ask(client)
        importlib.reload(llmwatch)
        ask(client)
    assert llmwatch.session is before
    assert len(w.calls) == 2


# -- what fails inside us -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step", ["begin", "answer", "read", "assemble", "store", "subscriber", "all"]
)
def test_the_fault_switch_breaks_us_and_not_the_call(step):
    """With each step broken by the environment, plain and streamed calls are as without us."""
    code = """
import llmwatch
from llmwatch.testing import offline_client
client = offline_client()
def ask(**options):
    asked = [dict(role="user", content="hi")]
    return client.chat.completions.create(model="m", messages=asked, **options)
def both():
    return ask().choices, [chunk.choices for chunk in ask(stream=True)]
bare = both()
with llmwatch.watch() as w:
    llmwatch.session.store.subscribe(lambda calls, first: None)
    assert both() == bare
    w.calls, w.active, w.summary()
from llmwatch import faults
assert any("LLMWATCH_FAULT" in fault.message for fault in faults.table())
"""
    done = python(code, LLMWATCH_FAULT=step)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_requests_are_built_by_the_library_alone_until_there_is_a_budget():
    """Who sets none has nothing of ours where requests are built; one set later holds at once."""
    code = """if True:
        import httpx2
        import llmwatch
        from llmwatch.testing import offline_client

        plain = httpx2.Client.build_request
        llmwatch.enable()
        said = [httpx2.Client.build_request is plain]
        messages = [{"role": "user", "content": "hi"}]
        with offline_client() as client, llmwatch.watch(budget=0.0):
            said.append(httpx2.Client.build_request is plain)
            try:
                client.chat.completions.create(model="gpt-4o-mini", messages=messages)
            except llmwatch.BudgetExceeded:
                said.append("refused")
        llmwatch.disable()
        said.append(httpx2.Client.build_request is plain)
        print(said)
    """
    done = python(code)
    assert (done.stdout.strip(), done.stderr) == ("[True, False, 'refused', True]", "")


def test_a_process_that_can_have_no_thread_still_calls(monkeypatch):
    """Where no thread can be started the put goes through; with room again all is handled."""
    faults.clear()
    seen = []
    worker = Worker(seen.extend)
    start = threading.Thread.start

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    worker.put(1)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert [fault.step for fault in faults.table()] == ["worker"]
    worker.put(2)
    assert worker.drain(HANG_S)
    assert seen == [1, 2]
    faults.clear()


# -- calls recorded by hand -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "status", "error_type"),
    [
        (None, "ok", None),
        (ValueError("bad"), "error", "ValueError"),
        (StopIteration("x"), "error", "StopIteration"),
        (KeyboardInterrupt(), "cancelled", None),
        (asyncio.CancelledError(), "cancelled", None),
        (GeneratorExit(), "cancelled", None),
        (SystemExit(1), "cancelled", None),
        (BaseExceptionGroup("g", [KeyboardInterrupt()]), "cancelled", None),
    ],
)
def test_a_call_by_hand_ends_as_its_block_does(problem, status, error_type):
    """Every way out of the block is one row, and what is raised is the same object outside."""
    caught = None
    with llmwatch.watch() as w:
        try:
            with llmwatch.call(model="my-llama") as c:
                c.usage(input=11, output=5)
                if problem is not None:
                    raise problem
        except BaseException as found:
            caught = found
    assert caught is problem
    row = w.calls.iloc[0]
    assert (len(w.calls), row.status, row.input_tokens) == (1, status, 11)
    assert row.error_type == error_type or (error_type is None and row.isna().error_type)


def test_an_exception_that_cannot_say_itself_goes_through_a_call_by_hand():
    """A broken `__str__` of the caller's exception is not replaced by one of ours."""

    class Mute(Exception):
        def __str__(self):
            raise TypeError("no words")

    with llmwatch.watch() as w, pytest.raises(Mute), llmwatch.call(model="m"):
        raise Mute
    assert w.calls["error_type"].tolist() == ["Mute"]
    faults.clear()


def test_a_call_by_hand_is_refused_once_the_budget_is_spent():
    """A spent budget refuses the next call by hand too, before its block runs; one row is left."""
    llmwatch.price("by-hand", input=1.0, output=1.0)
    ran = []
    with llmwatch.watch(budget=0.5) as w:
        with llmwatch.call(model="by-hand") as c:
            c.usage(input=10**6, output=0)
        with pytest.raises(llmwatch.BudgetExceeded), llmwatch.call(model="by-hand"):
            ran.append(True)
    assert (len(w.calls), ran) == (1, [])
