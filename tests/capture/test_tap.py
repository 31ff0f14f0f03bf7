"""The tap: it is there when it is wanted, gone when it is not, and never in the way."""

from __future__ import annotations

import concurrent.futures
import gc
import inspect
import subprocess
import sys
import threading
import traceback

import httpx2
import openai
import pytest

import llmwatch
from llmwatch import faults

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5-mini-2025-08-07",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
}
ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


def client(handler=None, **options):
    """A real client on a mock transport that answers with ANSWER, or as `handler` says."""
    handler = handler or (lambda request: httpx2.Response(200, json=ANSWER))
    transport = httpx2.MockTransport(handler)
    options = {"api_key": "sk-test-0123456789abcdef", "max_retries": 0} | options
    return openai.OpenAI(http_client=httpx2.Client(transport=transport), **options)


def surface():
    """Every attribute that the tap may touch, by identity."""
    owners = (
        httpx2.Client, httpx2.AsyncClient, threading.Thread,
        concurrent.futures.ThreadPoolExecutor, openai.OpenAI,
    )  # fmt: skip
    return {(owner, name): id(value) for owner in owners for name, value in vars(owner).items()}


def test_leaving_a_watch_leaves_the_process_as_it_was():
    """After the last watch closed and after disable, the very same methods are back."""
    before, finders = surface(), list(sys.meta_path)
    with llmwatch.watch(), llmwatch.watch():
        assert surface() != before
    assert surface() == before
    llmwatch.enable()
    llmwatch.enable()
    llmwatch.disable()
    assert surface() == before
    assert sys.meta_path == finders


def test_enabling_many_times_is_enabling_once():
    """Toggling a hundred times and enabling ten times leaves one frame of ours and one row."""
    for _ in range(100):
        llmwatch.enable()
        llmwatch.disable()
    for _ in range(10):
        llmwatch.enable()
    depth = []

    def handler(request):
        depth.append(
            sum("llmwatch" in f.filename for f in inspect.stack() if "tests" not in f.filename)
        )
        return httpx2.Response(200, json=ANSWER)

    try:
        with llmwatch.watch() as w:
            client(handler).chat.completions.create(**ASK)
    finally:
        llmwatch.disable()
    assert len(w.calls) == 1
    assert depth == [1]


def test_a_method_saved_before_is_watched():
    """A client and a bound method that were there before enabling are seen."""
    create = client().chat.completions.create
    with llmwatch.watch() as w:
        create(**ASK)
    assert w.calls.response_id.tolist() == ["chatcmpl-1"]


def test_a_form_that_was_read_before_it_is_sent_names_its_model():
    """A hook that reads each request makes bytes of a form: the model is found in them."""
    http = httpx2.Client(
        transport=httpx2.MockTransport(lambda request: httpx2.Response(200, json={"text": "Hi"})),
        event_hooks={"request": [lambda request: request.read()]},
    )
    audio = openai.OpenAI(api_key="sk-test-0123456789abcdef", http_client=http).audio
    with llmwatch.watch() as w:
        audio.transcriptions.create(model="whisper-1", file=("a.wav", b"x"))
    assert w.calls.model.tolist() == ["whisper-1"]


def test_a_library_loaded_later_is_tapped_and_not_loaded_by_us():
    """Enabling imports no HTTP library; one that is imported afterwards is tapped."""
    script = (
        "import sys, llmwatch\n"
        "llmwatch.enable()\n"
        "assert not {'httpx', 'httpx2', 'openai', 'pandas'} & set(sys.modules)\n"
        "import httpx2\n"
        "assert hasattr(httpx2.Client.send, '__wrapped__')\n"
        "assert llmwatch.session.libraries == ('httpx2',)\n"
        "llmwatch.disable()\n"
        "assert not hasattr(httpx2.Client.send, '__wrapped__')\n"
        "import importlib; importlib.reload(httpx2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("step", ["begin", "answer", "assemble", "all"])
def test_a_fault_of_ours_never_reaches_the_call(step, monkeypatch):
    """Whichever internal step fails: the same result for the caller, one line in diagnostics."""
    monkeypatch.setattr(faults, "broken", step)
    faults.clear()
    with llmwatch.watch() as w:
        answer = client().chat.completions.create(**ASK)
    assert answer.choices[0].message.content == "Hi"
    assert len(w.calls) == 0
    assert len(w.active) == 0
    told = llmwatch.diagnostics().step  # where all is broken, a look of the rules may be, too
    assert len(told[told != "alert"]) == 1
    faults.clear()


def test_our_frames_in_a_traceback_are_few_and_not_the_last():
    """An error of the SDK has at most three frames of ours, and its last frame is the SDK's."""
    failing = client(lambda request: httpx2.Response(401, json={"error": {"message": "no"}}))
    with llmwatch.watch(), pytest.raises(openai.AuthenticationError) as caught:
        failing.chat.completions.create(**ASK)
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    ours = [name for name in files if "/llmwatch/" in name]
    assert len(ours) <= 3
    assert "openai" in files[-1]


def test_nothing_is_sent_and_nothing_recorded_for_wrong_arguments():
    """A TypeError of the SDK comes through; nothing was sent, so there is no row."""
    with llmwatch.watch() as w, pytest.raises(TypeError, match=r"mesages|Missing required"):
        client().chat.completions.create(mesages=[])
    assert len(w.calls) == 0


@pytest.mark.parametrize("passed", [StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit])
def test_any_exception_goes_through_a_watch(passed):
    """What is raised inside a watch leaves it as the same object."""
    problem = passed("x")
    with pytest.raises(passed) as caught, llmwatch.watch():
        raise problem
    assert caught.value is problem


def test_an_abandoned_stream_ends_as_partial_and_nothing_stays_open():
    """Streams dropped, broken off, closed twice or read whole: one row each, none in flight."""

    def handler(request):
        def body():
            for word in ("a", "b", "c"):
                yield f'data: {{"choices":[{{"index":0,"delta":{{"content":"{word}"}}}}]}}\n\n'.encode()
            yield b"data: [DONE]\n\n"

        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body())

    ask = client(handler).chat.completions.create
    with llmwatch.watch() as w:
        for number in range(40):
            stream = ask(**ASK, stream=True)
            if number % 4 == 1:
                next(stream)
            elif number % 4 == 2:
                next(stream)
                stream.close()
                stream.close()
            elif number % 4 == 3:
                list(stream)
                stream.close()
        del stream
        gc.collect()
    assert w.calls.status.value_counts().to_dict() == {"partial": 30, "ok": 10}
    assert len(w.active) == 0
    assert not llmwatch.session._capture.traffic.open


def test_streams_ended_by_the_garbage_collector_do_not_deadlock():
    """With a collection at every allocation, mixed streams end and the figures are right."""

    def handler(request):
        body = iter([b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'])
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    ask = client(handler).chat.completions.create
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        with llmwatch.watch() as w:
            for _ in range(100):
                cycle = [ask(**ASK, stream=True)]
                cycle.append(cycle)
                del cycle
        gc.collect()
        assert len(w.calls) == 100
    finally:
        gc.set_threshold(*threshold)


def test_requests_that_are_not_understood_are_counted():
    """A POST that looks like an LLM call and is not known is counted by host and path."""
    web = httpx2.Client(transport=httpx2.MockTransport(lambda request: httpx2.Response(200)))
    before = llmwatch.session.not_understood
    with llmwatch.watch() as w:
        web.post("https://api.openai.com/v9/brand/new", json={"model": "x"})
        web.post("https://example.org/form", json={"name": "x"})
    assert len(w.calls) == 0
    assert llmwatch.session.not_understood == {**before, "api.openai.com/v9/brand/new": 1}


class PassedOn(httpx2.BaseTransport):
    """A transport that sends everything through another client, as gateways and recorders do."""

    def __init__(self, handler, before=lambda inner: None):
        self.inner = httpx2.Client(transport=httpx2.MockTransport(handler))
        self.before = before

    def handle_request(self, request):
        self.before(self.inner)
        return self.inner.request(
            request.method, request.url, content=request.content, headers=request.headers
        )


def through(transport, **options):
    """A client of the SDK on `transport`."""
    return openai.OpenAI(http_client=httpx2.Client(transport=transport), api_key="sk-x", **options)


def answered(request):
    return httpx2.Response(200, json=ANSWER)


@pytest.mark.parametrize("budget", [None, 1.0])
def test_a_call_that_is_passed_on_is_one_call(budget):
    """A client inside the transport of a client makes no second row, no charge, no refusal."""
    with llmwatch.watch(budget=budget) as w:
        through(PassedOn(answered)).chat.completions.create(**ASK)
    assert w.calls[["status", "attempts", "input_tokens"]].values.tolist() == [["ok", 1, 3]]


def test_a_call_that_is_passed_on_may_be_retried():
    """Its attempts are counted, each once."""
    answers = [httpx2.Response(500, headers={"retry-after-ms": "1"}), answered(None)]
    with llmwatch.watch() as w:
        through(PassedOn(lambda request: answers.pop(0))).chat.completions.create(**ASK)
    assert w.calls[["status", "attempts"]].values.tolist() == [["ok", 2]]


def test_another_call_inside_a_transport_is_a_call():
    """What a transport asks on its own account (a guard) has its own row."""

    def guard(inner):
        inner.post("https://api.openai.com/v1/moderations", json={"model": "m", "input": "x"})

    with llmwatch.watch() as w:
        through(PassedOn(answered, guard)).chat.completions.create(**ASK)
    assert sorted(w.calls.operation) == ["chat", "moderation"]


def test_the_same_question_at_once_in_two_threads_is_two_calls():
    """Equal bytes make no call part of another."""
    together = threading.Barrier(2, timeout=60)

    def handler(request):
        together.wait()
        return answered(request)

    with llmwatch.watch() as w, concurrent.futures.ThreadPoolExecutor(2) as pool:
        ask = client(handler).chat.completions.create
        for made in [pool.submit(ask, **ASK) for _ in range(2)]:
            made.result()
    assert len(w.calls) == 2


def test_another_tool_may_patch_on_top_and_be_removed_in_any_order():
    """A patch of somebody else on top of ours works, and survives our going."""
    original = httpx2.Client.send
    with llmwatch.watch() as w:
        ours = httpx2.Client.send

        def theirs(self, *args, **kwargs):
            return ours(self, *args, **kwargs)

        httpx2.Client.send = theirs
        client().chat.completions.create(**ASK)
    try:
        assert len(w.calls) == 1
        assert httpx2.Client.send is theirs
        client().chat.completions.create(**ASK)
        assert len(w.calls) == 1
        with llmwatch.watch() as again:
            client().chat.completions.create(**ASK)
        assert len(again.calls) == 1
    finally:
        httpx2.Client.send = original


@pytest.mark.parametrize("stream", [False, True])
def test_an_interrupt_before_our_first_line_leaves_nothing_in_flight(stream):
    """Ctrl-C may fall where the answer has come and what takes it has not begun."""

    def interrupt(frame, event, _):
        if event == "call" and frame.f_code.co_name == "_returned":
            sys.settrace(None)
            raise KeyboardInterrupt

    before = sys.gettrace()
    with llmwatch.watch() as w:
        try:
            sys.settrace(interrupt)
            with pytest.raises(KeyboardInterrupt):
                client().chat.completions.create(**ASK, stream=stream)
        finally:
            sys.settrace(before)
        assert len(w.active) == 0
    assert w.calls.status.tolist() == ["cancelled"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "gpu-box"])
def test_ollama_is_known_by_its_port(host):
    """Through OpenAI's SDK no path names it; another server on the same machine is `local`."""
    with llmwatch.watch() as w:
        client(base_url=f"http://{host}:11434/v1").chat.completions.create(**ASK)
        client(base_url=f"http://{host}:8000/v1").chat.completions.create(**ASK)
    assert w.calls.provider.tolist() == ["ollama", "local"]
    assert w.calls.cost_usd.isna().all()
