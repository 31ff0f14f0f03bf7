"""OTLP as calls come: what is sent when, and what becomes of it while the collector is away."""

from __future__ import annotations

import os
import threading

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

import llmwatch
from llmwatch import faults
from tests.exporters.outlet import FORKED, HANG_S, LAST, ask, calls, run, stream_to, told
from tests.otlp_receiver import Receiver, attributes_of
from tests.ports import deaf_port, free_port

pytestmark = pytest.mark.usefixtures("nothing_told")

OUTLET = "llmwatch.stream_otlp(sys.argv[1])"


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
    with (
        deaf_port() as port,
        llmwatch.watch() as w,
        llmwatch.stream_otlp(url := f"http://127.0.0.1:{port}") as stream,
    ):
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
    assert told("otlp") == [f"could not send to {stream.endpoint}: Connection refused"]


def test_it_tries_again_by_itself(receiver):
    """Nobody has to ask: after a pause the same spans are sent again."""
    receiver.answers.append((503, b""))
    with stream_to(receiver.url) as stream:
        stream.over(calls(2), 0)
        receiver.wait_for(lambda: len(receiver.spans) == 2)
    assert told("otlp") == [
        f"could not send to {receiver.url}: it answered 503 Service Unavailable"
    ]


def test_what_waits_is_bounded(receiver):
    """Of more than 20,000 the oldest are given up, which is told; the metrics know them all."""
    receiver.answers.append((503, b""))
    receiver.gate.clear()
    with stream_to(receiver.url) as stream:
        stream.over(calls(1), 0)
        receiver.wait_for(lambda: not receiver.answers)
        stream.over(calls(20_100, input_tokens=1), 1)  # they come while the first is on its way
        receiver.gate.set()
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
    assert told("otlp") == [f"could not send to {receiver.url}: it answered 400 Bad Request"]


def test_what_is_too_large_is_sent_in_parts(receiver):
    """Half as many at once, until they are taken."""
    receiver.answers.extend([(413, b""), (413, b"")])
    with stream_to(receiver.url) as stream:
        stream.over(calls(400), 0)
        assert stream.flush(HANG_S)
        assert stream.sent == 400
    sizes = [len(body.resource_spans[0].scope_spans[0].spans) for body in receiver.of("/v1/traces")]
    assert sizes == [100] * 4


@pytest.mark.usefixtures("impatient")
def test_a_collector_that_never_answers_holds_nobody_up(receiver):
    """Closing waits for it for two seconds, whatever its time-out; here ten times as long."""
    receiver.answers.extend([(None, b"")] * 4)
    stream = stream_to(receiver.url, timeout=HANG_S)
    stream.over(calls(2), 0)
    closing = threading.Thread(target=stream.close, daemon=True)
    closing.start()
    closing.join(HANG_S / 2)
    assert not closing.is_alive()


@pytest.mark.usefixtures("impatient")
def test_what_a_silent_collector_did_not_take_is_told(receiver):
    """To the last span, also those that came while a request waited for its answer."""
    receiver.answers.append((None, b""))
    stream = stream_to(receiver.url, timeout=HANG_S)
    stream.over(calls(2), 0)
    receiver.wait_for(lambda: not receiver.answers)
    stream.over(calls(3), 2)
    stream.close()
    assert [(fault.message, fault.count) for fault in faults.table()] == [
        (f"spans were not sent before the stream to {receiver.url} closed", 5)
    ]


# -- scripts --------------------------------------------------------------------------------------

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


def test_the_last_call_of_a_script_is_sent(receiver, tmp_path):
    """Nothing is to be closed for that."""
    assert run(LAST.format(outlet=OUTLET), tmp_path, receiver.url) == ""
    assert [span.name for span in receiver.spans] == ["embeddings the-last"]


def test_a_script_ends_also_where_nobody_listens(tmp_path):
    """And says nothing of it."""
    with deaf_port() as port:
        assert run(LAST.format(outlet=OUTLET), tmp_path, f"http://127.0.0.1:{port}") == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_sends_nothing_by_itself(receiver, tmp_path):
    """Its calls are its own; the parent goes on sending."""
    assert run(FORKED.format(outlet=OUTLET), tmp_path, receiver.url) == ""
    names = [span.name for span in receiver.spans]
    assert names == ["embeddings the-last", "embeddings of-the-parent"]


def test_the_applications_trace_and_ours_are_one(receiver, tmp_path):
    """Sent by two exporters, they fit together: each span stands under what was around it."""
    assert run(INSTRUMENTED, tmp_path, receiver.url) == ""
    spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {"request", "answer", "look up", "embeddings m"}
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["request"].parent_span_id == b""
    assert spans["answer"].parent_span_id == spans["request"].span_id
    assert spans["look up"].parent_span_id == spans["answer"].span_id
    assert spans["embeddings m"].parent_span_id == spans["answer"].span_id
