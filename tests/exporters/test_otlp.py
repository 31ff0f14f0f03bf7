"""OTLP: what a collector gets of calls and spans, and what becomes of both when it is away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

import requests
from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Proto
from opentelemetry.proto.trace.v1.trace_pb2 import Status

import llmwatch
from llmwatch import faults
from llmwatch.exceptions import ExportError, UsageError
from llmwatch.exporters import OtlpStream, Wire, to_otlp
from llmwatch.records import Call
from llmwatch.testing import OfflineServer, Reply, offline_client
from tests.notebook import ROOT
from tests.otlp_receiver import Receiver, attributes_of

START = 1_790_000_000_000_000_000
NAN = float("nan")
HANG_S = 60


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _nothing_told_before():
    faults.clear()
    yield
    faults.clear()


def ask(server, text="Hello!", **options):
    client = offline_client(server, max_retries=0)
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model="gpt-5-mini", messages=messages, **options)


def call(n=0, **values):
    known = {"session_id": "s", "status": "ok", "model": "gpt-5", "request_model": "gpt-5",
             "operation": "chat", "provider": "openai", "latency_s": 1.0}  # fmt: skip
    return Call(**(known | {"call_id": f"c{n:015x}", "started_at": START + n} | values))


def calls(n, **values):
    return [call(at, **values) for at in range(n)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def told():
    return [fault.message for fault in faults.table() if fault.step == "otlp"]


def stream_to(url, timeout=5.0):
    """A stream that nobody but the test tells of calls."""
    return OtlpStream(Wire(url, None, timeout), "s")


# -- spans ----------------------------------------------------------------------------------------


def test_a_call_is_a_client_span(server, receiver):
    """Its name, kind, times and ids; its columns as attributes, in the words of the conventions."""
    with llmwatch.watch(tag="v2", user="ana", feature="qa", labels={"lang": "en"}) as w:
        for _ in ask(server, stream=True, stream_options={"include_usage": True}):
            pass
    w.to_otlp(receiver.url)
    (span,), (row,) = receiver.spans, w.calls.to_dict("records")
    assert (span.name, span.kind) == ("chat gpt-5-mini", Proto.SPAN_KIND_CLIENT)
    assert (span.trace_id.hex(), span.span_id.hex()) == (row["trace_id"], row["span_id"])
    assert span.start_time_unix_nano == row["started_at"].value
    assert span.end_time_unix_nano - span.start_time_unix_nano == round(row["latency_s"] * 1e9)
    assert (span.status.code, len(span.events)) == (Status.STATUS_CODE_UNSET, 0)
    found = attributes_of(span)
    expected = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini", "gen_ai.response.model": "gpt-5-mini",
        "gen_ai.request.stream": True, "gen_ai.usage.input_tokens": row["input_tokens"],
        "gen_ai.usage.output_tokens": row["output_tokens"],
        "gen_ai.usage.cache_read.input_tokens": 0, "gen_ai.usage.reasoning.output_tokens": 0,
        "gen_ai.response.finish_reasons": ["stop"], "gen_ai.response.id": row["response_id"],
        "gen_ai.response.time_to_first_chunk": row["ttft_s"],
        "http.response.status_code": 200, "session.id": row["session_id"], "user.id": "ana",
        "llmwatch.call_id": row["call_id"], "llmwatch.cost_usd": row["cost_usd"],
        "llmwatch.status": "ok", "llmwatch.tag": "v2", "llmwatch.feature": "qa",
        "llmwatch.label.lang": "en",
    }  # fmt: skip
    assert {name: found.get(name) for name in expected} == expected
    assert "error.type" not in found


def test_who_sends_is_said_by_the_person(server, receiver, monkeypatch):
    """`OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` hold; llmwatch where there is none."""
    with llmwatch.watch() as w:
        ask(server)
    w.to_otlp(receiver.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "my-app")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=seven,team=search")
    w.to_otlp(receiver.url)
    first, second = (
        attributes_of(body.resource_spans[0].resource) for body in receiver.of("/v1/traces")
    )
    assert (first["service.name"], first["service.instance.id"]) == (
        "llmwatch", llmwatch.session.session_id,
    )  # fmt: skip
    assert (second["service.name"], second["service.instance.id"], second["team"]) == (
        "my-app", "seven", "search",
    )  # fmt: skip
    scope = receiver.of("/v1/traces")[0].resource_spans[0].scope_spans[0].scope
    assert scope.name == "llmwatch"


def test_spans_of_the_person_are_around_their_calls(server, receiver):
    """One trace: what was named, its attributes, and the call under it."""
    with (
        llmwatch.watch() as w,
        llmwatch.span("answer", k=5, exact=True, p=0.5) as outer,
        llmwatch.span("ask") as inner,
    ):
        ask(server)
    w.to_otlp(receiver.url)
    by_name = {span.name: span for span in receiver.spans}
    assert {span.trace_id.hex() for span in by_name.values()} == {outer.trace_id}
    answer, asked, llm = (by_name[name] for name in ("answer", "ask", "chat gpt-5-mini"))
    assert answer.parent_span_id == b""
    assert asked.parent_span_id == answer.span_id
    assert llm.parent_span_id.hex() == inner.span_id
    assert (answer.kind, llm.kind) == (Proto.SPAN_KIND_INTERNAL, Proto.SPAN_KIND_CLIENT)
    found = attributes_of(answer)
    assert (found["k"], found["exact"], found["p"]) == (5, True, 0.5)


def test_open_spans_are_not_sent(server, receiver):
    """What is not over has no end to tell of."""
    with llmwatch.watch() as w, llmwatch.span("open"):
        ask(server)
        sent = w.to_otlp(receiver.url)
    assert [span.name for span in receiver.spans] == ["chat gpt-5-mini"]
    assert sent.spans == 1


def test_failures_are_errors(server, receiver):
    """Kind and words of the failure, as status, as attribute and as event; of a span, too."""
    server.script(Reply.server_error())
    with llmwatch.watch() as w, pytest.raises(Exception, match="error"), llmwatch.span("work"):
        ask(server)
    w.to_otlp(receiver.url)
    (message,) = w.calls.error_message
    work, failed = sorted(receiver.spans, key=lambda span: span.kind)
    for span in (failed, work):
        assert span.status.code == Status.STATUS_CODE_ERROR
        assert attributes_of(span)["error.type"] == "InternalServerError"
        (event,) = span.events
        assert (event.name, event.time_unix_nano) == ("exception", span.end_time_unix_nano)
        assert attributes_of(event)["exception.type"] == "InternalServerError"
    assert failed.status.message == message
    assert attributes_of(failed.events[0])["exception.message"] == message


@pytest.mark.parametrize("status", ["cancelled", "partial", "lost"])
def test_what_was_stopped_is_no_error(receiver, status):
    """Neither ok nor error for OpenTelemetry; the attribute says what it was."""
    to_otlp([call(status=status)], [], receiver.url)
    (span,) = receiver.spans
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert attributes_of(span)["llmwatch.status"] == status


def test_text_of_calls_is_sent_only_when_asked_for(server, receiver):
    """Neither prompt nor answer by default; with `content=True` as the conventions write them."""
    server.script(Reply("the answer"))
    with llmwatch.watch() as w:
        ask(server, "the question")
    w.to_otlp(receiver.url)
    (bare,) = receiver.of("/v1/traces")
    assert b"the question" not in bare.SerializeToString()
    assert b"the answer" not in bare.SerializeToString()
    w.to_otlp(receiver.url, content=True)
    found = attributes_of(receiver.spans[-1])
    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "the question"}]}
    ]
    assert json.loads(found["gen_ai.output.messages"]) == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "the answer"}],
            "finish_reason": "stop",
        }
    ]


def test_a_call_without_ids_gets_the_same_ones_each_time(receiver, tmp_path):
    """So that what is sent twice is there once; calls of old files have none."""
    to_otlp(calls(2), [], receiver.url)
    to_otlp(calls(2), [], receiver.url)
    ids = [(span.trace_id, span.span_id) for span in receiver.spans]
    assert ids[:2] == ids[2:]
    assert len({*ids}) == 2
    assert all(any(trace_id) and any(span_id) for trace_id, span_id in ids)


def test_what_was_exported_can_be_sent(server, receiver, tmp_path):
    """A loaded file is sent like a session, with the ids that its calls had."""
    with llmwatch.watch() as w:
        ask(server)
    w.to_csv(tmp_path / "calls.csv")
    sent = llmwatch.load(tmp_path / "calls.csv").to_otlp(receiver.url)
    assert sent.spans == 1
    assert [span.span_id.hex() for span in receiver.spans] == w.calls.span_id.tolist()


def test_no_value_breaks_a_batch(receiver):
    """NaN, numbers beyond 64 bits, half surrogates, odd ids and labels: the others are sent whole."""
    odd = [
        call(1, cost_usd=NAN, latency_s=None, input_tokens=10**30, output_tokens=-1),
        call(2, model="half \ud800", request_model="half \ud800", labels='{"a": null, "": 1}'),
        call(3, labels="no json", trace_id="xyz", span_id="0" * 16, parent_span_id="ff"),
        call(4, latency_s=NAN, error_message="\ud800", status="error"),
        call(5, operation=None, model=None, request_model=None),
    ]
    sent = to_otlp(odd, [], receiver.url)
    names = [span.name for span in receiver.spans]
    assert names == ["chat gpt-5", "chat half ?", "chat gpt-5", "chat gpt-5", "call"]
    assert sent.spans == 5
    assert all(len(span.trace_id) == 16 and any(span.span_id) for span in receiver.spans)
    first = attributes_of(receiver.spans[0])
    assert "gen_ai.usage.input_tokens" not in first
    assert "llmwatch.cost_usd" not in first


# -- metrics --------------------------------------------------------------------------------------


def test_metrics_are_those_of_the_conventions(receiver):
    """Duration, first chunk, tokens by type, and what it cost, by operation, provider and model."""
    to_otlp(
        [
            call(1, latency_s=3.0, ttft_s=0.5, input_tokens=100, output_tokens=20, cost_usd=0.25,
                 response_model="gpt-5-2026"),
            call(2, status="error", error_type="RateLimitError", latency_s=0.3),
        ],
        [], receiver.url,
    )  # fmt: skip
    asked = ("gen_ai.operation.name=chat", "gen_ai.provider.name=openai",
             "gen_ai.request.model=gpt-5")  # fmt: skip
    answered = (*asked, "gen_ai.response.model=gpt-5-2026")
    points = receiver.points
    ok = points["gen_ai.client.operation.duration", *answered]
    failed = points["gen_ai.client.operation.duration", "error.type=RateLimitError", *asked]
    first = points["gen_ai.client.operation.time_to_first_chunk", *answered]
    sent = points["gen_ai.client.token.usage", *answered, "gen_ai.token.type=input"]
    came = points["gen_ai.client.token.usage", *answered, "gen_ai.token.type=output"]
    assert [(p.count, p.sum) for p in (ok, failed, first, sent, came)] == [
        (1, 3.0), (1, 0.3), (1, 0.5), (1, 100), (1, 20),
    ]  # fmt: skip
    assert points["llmwatch.cost", *answered].as_double == 0.25
    assert len(points) == 6
    assert list(ok.explicit_bounds)[:3] == [0.01, 0.02, 0.04]
    assert list(sent.explicit_bounds)[-1] == 67108864
    assert list(sent.bucket_counts).index(1) == 4  # 64 < 100 <= 256


def test_what_is_unknown_is_not_measured(receiver):
    """NaN and negative usage poison no metric, and a call without usage is no 0."""
    to_otlp(
        [
            call(1, input_tokens=-5, output_tokens=None, cost_usd=NAN, latency_s=NAN),
            call(2, input_tokens=7, cost_usd=-1.0, latency_s=-1.0),
            call(3, input_tokens=10**30),
        ],
        [], receiver.url,
    )  # fmt: skip
    assert receiver.total("gen_ai.client.token.usage") == (1, 7)
    assert receiver.total("gen_ai.client.operation.duration") == (1, 1.0)
    assert receiver.total("llmwatch.cost") == (0, 0)


def test_metrics_do_not_grow_with_names_without_end(receiver):
    """3,000 models: the totals are exact, the series are bounded."""
    named = [call(n, request_model=f"model-{n}\n", input_tokens=1) for n in range(3000)]
    to_otlp(named, [], receiver.url)
    assert receiver.total("gen_ai.client.token.usage") == (3000, 3000)
    assert receiver.total("gen_ai.client.operation.duration") == (3000, 3000.0)
    assert len(receiver.points) == 2 * (1000 + 1)


# -- how it is sent -------------------------------------------------------------------------------


def test_requests_are_compressed_and_carry_the_headers(receiver):
    """Protobuf, gzip, and the person's headers, on both paths."""
    to_otlp(calls(3), [], receiver.url, {"X-Key": "k1"})
    assert [path for path, _, _ in receiver.requests] == ["/v1/traces", "/v1/metrics"]
    for _, headers, _ in receiver.requests:
        assert headers["content-encoding"] == "gzip"
        assert headers["content-type"] == "application/x-protobuf"
        assert headers["x-key"] == "k1"


@pytest.mark.parametrize("path", ["", "/", "/v1/traces", "/v1/metrics/"])
def test_the_address_may_be_given_with_or_without_its_path(receiver, path):
    """Both kinds find their way."""
    to_otlp(calls(1), [], receiver.url + path)
    assert [path for path, _, _ in receiver.requests] == ["/v1/traces", "/v1/metrics"]


def test_ten_thousand_calls_are_sent_once_each(receiver):
    """In requests of bounded size; metrics are of all of them."""
    sent = to_otlp(calls(10_000, input_tokens=3), [], receiver.url)
    ids = [attributes_of(span)["llmwatch.call_id"] for span in receiver.spans]
    assert ids == [each.call_id for each in calls(10_000)]
    assert len(receiver.of("/v1/traces")) == 20
    assert receiver.total("gen_ai.client.token.usage") == (10_000, 30_000)
    assert str(sent) == f"10,000 spans and metrics to {receiver.url}"


def test_an_endpoint_that_takes_no_metrics_is_one(server):
    """Phoenix and others take spans alone: that is said, and is no failure."""
    with Receiver(paths=("/v1/traces",)) as receiver:
        sent = to_otlp(calls(2), [], receiver.url)
        assert (sent.spans, sent.metrics) == (2, False)
        assert str(sent) == f"2 spans (it takes no metrics) to {receiver.url}"
        with stream_to(receiver.url) as stream:
            stream.over(calls(2), 0)
            assert stream.flush(HANG_S)
            assert "takes no metrics" in repr(stream)
    assert told() == []


def test_without_calls_nothing_is_sent(receiver):
    """An empty session is no trouble."""
    assert to_otlp([], [], receiver.url).spans == 0
    assert receiver.requests == []


@pytest.mark.parametrize(
    "endpoint",
    ["", None, 4318, "localhost:4318", "ftp://host", "http://", "http://host:99999999",
     "http://ho st", "grpc://localhost:4317"],
)  # fmt: skip
def test_what_can_be_no_endpoint_is_one_line(endpoint):
    """It says what one looks like."""
    for send in (llmwatch.session.to_otlp, llmwatch.stream_otlp):
        with pytest.raises(UsageError, match=r'^[^\n]+"http://localhost:4318"\.$'):
            send(endpoint)


@pytest.mark.parametrize("headers", ["Bearer sk-1", {"a": 1}, {"a": "sk-1\nb: c"}, {"": "sk-1"}])
def test_headers_that_can_be_none_are_one_line_without_them(headers):
    """They carry keys, so they are not shown."""
    with pytest.raises(UsageError, match=r"^headers: [^\n]+$") as caught:
        llmwatch.session.to_otlp("http://localhost:4318", headers)
    assert "sk-1" not in str(caught.value)


def test_an_endpoint_that_is_not_there_is_one_line(server):
    """What the system said, and what to look at; a password in the address is not shown."""
    url = f"http://me:secret@127.0.0.1:{free_port()}"
    with llmwatch.watch() as w:
        ask(server)
    with pytest.raises(ExportError, match=r"^[^\n]+$") as caught:
        w.to_otlp(url)
    assert "Connection refused. Is a collector there" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "it answered 401 Unauthorized. Give its key in headers=."),
        (404, "it answered 404 Not Found. Is that the address without /v1/traces?"),
        (503, "it answered 503 Service Unavailable."),
        (302, "it answered 302 Found."),
        (None, "no answer in time."),
    ],
)
def test_a_refusal_is_one_line(receiver, status, said):
    """Also a silent endpoint, and one that sends elsewhere, which an exporter takes for a success."""
    receiver.answers.append((status, b""))
    with pytest.raises(ExportError, match=r"^[^\n]+$") as caught:
        to_otlp(calls(1), [], receiver.url, timeout=0.3 if status is None else HANG_S)
    assert said in str(caught.value)


def test_how_much_had_been_sent_is_said(receiver):
    """Where a later request fails."""
    receiver.answers.extend([(200, b""), (500, b"")])
    with pytest.raises(ExportError, match=r"\(512 of 600 spans had been sent\)"):
        to_otlp(calls(600), [], receiver.url)


def test_what_is_taken_but_in_part_is_told(receiver):
    """A collector may say 200 and reject some."""
    part = ExportTracePartialSuccess(rejected_spans=2, error_message="too old")
    receiver.answers.append(
        (200, ExportTraceServiceResponse(partial_success=part).SerializeToString())
    )
    with pytest.raises(ExportError, match="2 rejected: too old"):
        to_otlp(calls(3), [], receiver.url)


BLOCKED = """
import sys
sys.modules["opentelemetry.exporter.otlp.proto.http"] = None
import llmwatch
for send in (llmwatch.session.to_otlp, llmwatch.stream_otlp):
    try:
        send("http://localhost:4318")
    except llmwatch.ExportError as problem:
        print(problem)
"""


def test_a_missing_extra_is_one_line(tmp_path):
    """With the command that installs it."""
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], cwd=tmp_path, capture_output=True, text=True,
        timeout=HANG_S, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    line = 'OTLP needs OpenTelemetry\'s exporter: pip install "jupyter-llmwatch[otlp]".\n'
    assert (done.stdout, done.stderr) == (line * 2, "")


# -- as they come ---------------------------------------------------------------------------------


def test_calls_and_spans_are_sent_as_they_come(server, receiver):
    """From when the stream began on, without anybody asking; metrics with the flush."""
    with llmwatch.watch() as w:
        ask(server, "before")
        with llmwatch.stream_otlp(receiver.url) as stream:
            with llmwatch.span("work"):
                ask(server)
            receiver.wait_for(lambda: len(receiver.spans) == 2)
            assert stream.flush(HANG_S)
            assert stream.sent == 2
    assert {span.name for span in receiver.spans} == {"work", "chat gpt-5-mini"}
    assert receiver.spans[0].span_id.hex() == w.calls.span_id.iloc[1]
    assert receiver.total("gen_ai.client.operation.duration")[0] == 1


def test_closing_sends_what_is_left_and_ends_it(server, receiver):
    """Twice is once, and later calls are not sent."""
    with llmwatch.watch():
        stream = llmwatch.stream_otlp(receiver.url)
        ask(server)
        stream.close()
        stream.close()
        ask(server)
        llmwatch.session.calls  # noqa: B018  # waits until what is over is recorded
    assert stream.closed
    assert stream.flush(0)
    assert "1 span sent; closed" in repr(stream)
    assert len(receiver.spans) == 1
    assert receiver.total("gen_ai.client.operation.duration")[0] == 1


def test_the_same_endpoint_gives_the_same_stream(server, receiver):
    """No call is sent twice; other options take the place of those before."""
    with llmwatch.watch():
        stream = llmwatch.stream_otlp(receiver.url, {"a": "b"})
        assert llmwatch.stream_otlp(receiver.url + "/", {"a": "b"}) is stream
        other = llmwatch.stream_otlp(receiver.url, content=True)
        assert (stream.closed, other.closed) == (True, False)
        ask(server)
        other.close()
    assert len(receiver.spans) == 1
    assert "gen_ai.input.messages" in attributes_of(receiver.spans[0])


def test_a_dead_collector_costs_the_calls_nothing(server, capfd):
    """They go on, nothing is said on the screen, a line in diagnostics is."""
    url = f"http://127.0.0.1:{free_port()}"
    with llmwatch.watch() as w, llmwatch.stream_otlp(url) as stream:
        for _ in range(3):
            assert ask(server).choices
        assert not stream.flush(HANG_S)
        assert "3 waiting" in repr(stream)
        assert len(w.calls) == 3
    found = llmwatch.diagnostics()
    assert f"could not send to {url}: Connection refused" in found.message.to_list()
    lost = found[found.message.str.contains("were not sent before the stream")]
    assert lost["count"].to_list() == [3]
    assert capfd.readouterr() == ("", "")


def test_it_goes_on_when_the_collector_is_back():
    """10,000 calls while it was away: each is sent once, in order, and the metrics are whole."""
    port = free_port()
    stream = stream_to(f"http://127.0.0.1:{port}")
    made = calls(10_000, input_tokens=2)
    for start in range(0, len(made), 100):
        stream.over(made[start : start + 100], start)
    assert not stream.flush(HANG_S)
    with Receiver(port) as receiver:
        assert stream.flush(HANG_S)
        stream.close()
        assert [attributes_of(span)["llmwatch.call_id"] for span in receiver.spans] == [
            each.call_id for each in made
        ]
        assert receiver.total("gen_ai.client.token.usage") == (10_000, 20_000)
    assert told() == [f"could not send to {stream.endpoint}: Connection refused"]


def test_it_tries_again_by_itself(receiver):
    """Nobody has to ask: after a pause the same spans are sent again."""
    receiver.answers.append((503, b""))
    with stream_to(receiver.url) as stream:
        stream.over(calls(2), 0)
        receiver.wait_for(lambda: len(receiver.spans) == 2)
    assert told() == [f"could not send to {receiver.url}: it answered 503 Service Unavailable"]


def test_what_waits_is_bounded(receiver):
    """Of more than 20,000 the oldest are given up, which is told; the metrics know them all."""
    receiver.answers.append((503, b""))
    with stream_to(receiver.url) as stream:
        stream.over(calls(1), 0)
        assert not stream.flush(HANG_S)
        stream.over(calls(20_100, input_tokens=1), 1)
        assert stream.flush(HANG_S)
    assert stream.sent == len(receiver.spans) == 20_000
    assert receiver.total("gen_ai.client.token.usage") == (20_100, 20_100)
    lost = [fault for fault in faults.table() if "oldest spans are lost" in fault.message]
    assert [fault.count for fault in lost] == [101]


def test_what_is_refused_for_good_holds_nothing_up(receiver):
    """A batch that the collector calls bad is given up, and told; the next ones are sent."""
    receiver.answers.append((400, b""))
    with stream_to(receiver.url) as stream:
        stream.over(calls(600), 0)
        assert stream.flush(HANG_S)
        assert stream.sent == 88
    assert told() == [f"could not send to {receiver.url}: it answered 400 Bad Request"]


def test_what_is_too_large_is_sent_in_parts(receiver):
    """Half as many at once, until they are taken."""
    receiver.answers.extend([(413, b""), (413, b"")])
    with stream_to(receiver.url) as stream:
        stream.over(calls(400), 0)
        assert stream.flush(HANG_S)
        assert stream.sent == 400
    sizes = [len(body.resource_spans[0].scope_spans[0].spans) for body in receiver.of("/v1/traces")]
    assert sizes == [100] * 4


def test_a_collector_that_never_answers_holds_nobody_up(receiver):
    """Closing waits for it for two seconds, whatever its time-out; here ten times as long."""
    receiver.answers.extend([(None, b"")] * 4)
    stream = stream_to(receiver.url, timeout=HANG_S)
    stream.over(calls(2), 0)
    closing = threading.Thread(target=stream.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


# -- guest manners --------------------------------------------------------------------------------


def test_what_we_send_is_no_call(server, receiver):
    """Our own requests are neither recorded nor listed as not understood."""
    before = llmwatch.session.not_understood
    with llmwatch.watch() as w:
        ask(server)
        w.to_otlp(receiver.url)
    assert len(w.calls) == 1
    assert llmwatch.session.not_understood == before


def test_the_applications_opentelemetry_is_not_touched(server, receiver, monkeypatch):
    """No provider is set, no logger keeps a filter; instrumented libraries are told to look away."""
    tracers, meters = trace._TRACER_PROVIDER, metrics.get_meter_provider()
    suppressed = []
    send = requests.adapters.HTTPAdapter.send

    def seen(self, *args, **options):
        key = otel_context._SUPPRESS_INSTRUMENTATION_KEY
        suppressed.append(otel_context.get_value(key))
        return send(self, *args, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", seen)
    current = otel_context.get_current()
    to_otlp(calls(1), [], receiver.url)
    assert suppressed == [True, True]
    assert otel_context.get_current() == current
    assert (trace._TRACER_PROVIDER, metrics.get_meter_provider()) == (tracers, meters)


LAST = """
import sys
import llmwatch
from llmwatch.testing import OfflineServer, offline_client
server = OfflineServer().start()
llmwatch.enable()
llmwatch.stream_otlp(sys.argv[1])
offline_client(server).embeddings.create(model="the-last", input="a")
"""

FORKED = (
    LAST
    + """
import os
child = os.fork()
if child == 0:
    offline_client(server).embeddings.create(model="of-the-child", input="a")
    assert "of-the-child" in set(llmwatch.session.calls.model)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
offline_client(server).embeddings.create(model="of-the-parent", input="a")
"""
)


INSTRUMENTED = """
import sys
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
import llmwatch
from llmwatch.testing import offline_client
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(sys.argv[1] + "/v1/traces")))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("app")
llmwatch.enable()
llmwatch.stream_otlp(sys.argv[1])
with tracer.start_as_current_span("request"), llmwatch.span("answer"):
    with tracer.start_as_current_span("look up"):
        pass
    offline_client().embeddings.create(model="m", input="a")
"""


def run(script, folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=HANG_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_last_call_of_a_script_is_sent(receiver, tmp_path):
    """Nothing is to be closed for that."""
    run(LAST, tmp_path, receiver.url)
    assert [span.name for span in receiver.spans] == ["embeddings the-last"]


def test_a_script_ends_also_where_nobody_listens(tmp_path):
    """And says nothing of it."""
    run(LAST, tmp_path, f"http://127.0.0.1:{free_port()}")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_sends_nothing_by_itself(receiver, tmp_path):
    """Its calls are its own; the parent goes on sending."""
    run(FORKED, tmp_path, receiver.url)
    names = [span.name for span in receiver.spans]
    assert names == ["embeddings the-last", "embeddings of-the-parent"]


def test_the_applications_trace_and_ours_are_one(receiver, tmp_path):
    """Sent by two exporters, they fit together: each span stands under what was around it."""
    run(INSTRUMENTED, tmp_path, receiver.url)
    spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {"request", "answer", "look up", "embeddings m"}
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["request"].parent_span_id == b""
    assert spans["answer"].parent_span_id == spans["request"].span_id
    assert spans["look up"].parent_span_id == spans["answer"].span_id
    assert spans["embeddings m"].parent_span_id == spans["answer"].span_id
