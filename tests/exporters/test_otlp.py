"""OTLP: what a collector gets of calls and spans, as spans and as metrics."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from opentelemetry.proto.trace.v1.trace_pb2 import Span as Proto
from opentelemetry.proto.trace.v1.trace_pb2 import Status

import llmwatch
from llmwatch.exporters import to_otlp
from llmwatch.testing import Reply
from tests.exporters.outlet import ask, call, calls
from tests.otlp_receiver import attributes_of

NAN = float("nan")

pytestmark = pytest.mark.usefixtures("nothing_told")

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
    """Kind and, as text was asked for, words, as status, attribute and event; of a span, too."""
    server.script(Reply.server_error())
    with llmwatch.watch() as w, pytest.raises(Exception, match="error"), llmwatch.span("work"):
        ask(server)
    w.to_otlp(receiver.url, content=True)
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


def test_what_a_provider_says_of_an_error_is_text_too(server, receiver):
    """It may quote the question: without `content=True` only the kind goes, sent once or streamed."""
    words = "1 validation error: 'input': {'messages': [{'content': 'the question'}]}"
    server.script(Reply(status=400, error={"message": words}))
    with (
        llmwatch.watch() as w,
        llmwatch.stream_otlp(receiver.url),
        pytest.raises(Exception, match="the question"),
        llmwatch.span("work"),
    ):
        ask(server, "the question")
    w.to_otlp(receiver.url)
    assert len(receiver.spans) == 4
    assert not any(b"question" in body.SerializeToString() for body in receiver.of("/v1/traces"))
    for span in receiver.spans:
        assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "")
        assert attributes_of(span)["error.type"] == "BadRequestError"
        assert attributes_of(span.events[0]) == {"exception.type": "BadRequestError"}


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
