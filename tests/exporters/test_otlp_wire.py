"""OTLP: how it is sent, what an endpoint may answer, and what is left alone meanwhile."""

from __future__ import annotations

import socket
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

import llmwatch
from llmwatch.exceptions import ExportError, UsageError
from llmwatch.exporters import to_otlp
from tests.exporters.outlet import HANG_S, ask, calls, run, stream_to, told
from tests.otlp_receiver import Receiver, attributes_of
from tests.ports import deaf_port

pytestmark = pytest.mark.usefixtures("nothing_told")


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
    assert told("otlp") == []


def test_without_calls_nothing_is_sent(receiver):
    """An empty session is no trouble, and does not claim that anybody took something."""
    sent = to_otlp([], [], receiver.url)
    assert (sent.spans, sent.metrics) == (0, None)
    assert str(sent) == f"nothing to send to {receiver.url}"
    assert receiver.requests == []


def test_spans_without_calls_are_sent_without_metrics(receiver):
    """Whether metrics would be taken was not asked, and is not said."""
    with llmwatch.watch() as w, llmwatch.span("work"):
        pass
    sent = w.to_otlp(receiver.url)
    assert (sent.spans, sent.metrics) == (1, None)
    assert str(sent) == f"1 span to {receiver.url}"


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
    with llmwatch.watch() as w:
        ask(server)
    with deaf_port() as port, pytest.raises(ExportError, match=r"^[^\n]+$") as caught:
        w.to_otlp(f"http://me:secret@127.0.0.1:{port}")
    assert "Connection refused. Is a collector there" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_endpoint_that_speaks_something_else_is_one_line():
    """Such as the port for gRPC, which is next to that for HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet():
            for _ in range(2):  # a connection that broke is tried once more
                with listening.accept()[0] as peer:
                    peer.sendall(b"\0\0\x18\4\0\0\0\0\0")
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(65536):
                        pass

        greeting = threading.Thread(target=greet, daemon=True)
        greeting.start()
        with pytest.raises(ExportError, match=r"no answer in HTTP\. Is .* \(mostly port 4318\)\?$"):
            to_otlp(calls(1), [], f"http://127.0.0.1:{listening.getsockname()[1]}")
        greeting.join(HANG_S)


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


def test_what_is_too_large_is_sent_in_parts(receiver):
    """Half as many at once, until they are taken; each span once."""
    receiver.answers.extend([(413, b""), (413, b"")])
    sent = to_otlp(calls(600), [], receiver.url)
    sizes = [len(body.resource_spans[0].scope_spans[0].spans) for body in receiver.of("/v1/traces")]
    assert sizes == [128] * 4 + [88]
    assert len({span.span_id for span in receiver.spans}) == sent.spans == 600


def test_one_span_that_is_too_large_is_told(receiver):
    """There is no smaller part."""
    receiver.answers.append((413, b""))
    with pytest.raises(ExportError, match="it answered 413"):
        to_otlp(calls(1), [], receiver.url)


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
    line = 'OTLP needs OpenTelemetry\'s exporter: pip install "jupyter-llmwatch[otlp]".\n'
    assert run(BLOCKED, tmp_path) == line * 2


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
