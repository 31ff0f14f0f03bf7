"""An error is read in every shape: a refusal, an event in a good stream, a line, a page."""

from __future__ import annotations

import pytest

from tests.capture.reader.plain import (
    JSON,
    LINES,
    OLLAMA,
    RESPONSE,
    RESPONSES,
    chunk,
    event,
    read,
    reader,
    whole,
)

# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "kind", "code", "message"), [
    ({"error": {"message": "no", "type": "t", "code": "c"}}, "t", "c", "no"),
    ({"error": {"message": "no", "type": "t", "code": None}}, "t", None, "no"),
    ({"error": {"message": "no", "code": 429}}, None, "429", "no"),
    ({"error": "no"}, None, None, "no"),
    ({"error": "bad_key", "message": "no"}, "bad_key", None, "no"),
    ({"type": "error", "error": {"type": "t", "message": "no"}}, "t", None, "no"),
    ({"error": {"code": "404", "message": "no"}}, None, "404", "no"),
    ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "no"}},
     "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", "no"),
    ([{"error": {"code": 400, "status": "INVALID", "message": "no"}}], "INVALID", "INVALID", "no"),
    ({"object": "error", "message": "no", "type": "t", "code": "c"}, "t", "c", "no"),
    ({"message": "no"}, None, None, "no"),
    ({"detail": "no"}, None, None, "no"),
    ({"detail": [{"loc": ["body"], "msg": "no"}]}, None, None, "no"),
    ({"error": {}}, None, None, None),
    ([], None, None, None),
    ("no", None, None, None),
])  # fmt: skip
def test_a_refusal_is_read_in_every_shape(body, kind, code, message):
    """OpenAI, Anthropic, Gemini, Azure, Mistral, Cohere, FastAPI and what resembles them."""
    answer = whole(body, status=400)
    assert (answer.error, answer.finished) == (True, False)
    assert (answer.error_type, answer.error_code, answer.error_message) == (kind, code, message)


def test_a_proxys_page_is_read_as_its_words():
    """No markup, no script."""
    page = "<html><script>alert(1)</script><h1>502 Bad\n Gateway</h1>nginx</html>"
    answer = read(page, status=502, kind="text/html")
    assert (answer.error, answer.error_message) == (True, "502 Bad Gateway nginx")


def test_a_refused_stream_is_no_stream():
    """A 429 to `stream=True` comes as JSON."""
    answer = whole({"error": {"message": "slow"}}, status=429, kind=JSON)
    assert (answer.is_stream, answer.chunks, answer.error_message) == (False, None, "slow")


def test_a_refusal_is_known_by_its_status_before_its_body():
    """In flight, the status already says it."""
    assert reader(status=500).answer.error is True
    assert reader(status=200).answer.error is False


def test_a_long_message_is_cut():
    """A megabyte of error text is not kept."""
    assert len(whole({"error": {"message": "x" * 1_000_000}}, status=400).error_message) <= 2000


# -- in a good answer -----------------------------------------------------------------------------


def test_an_error_event_in_a_good_stream_is_an_error():
    """What was said before it stays; it is no chunk."""
    error = {"error": {"message": "no", "type": "server_error", "code": "boom"}}
    answer = read(event(chunk("x")), event(error, "error"))
    assert (answer.error, answer.error_type, answer.error_code) == (True, "server_error", "boom")
    assert (answer.error_message, answer.text, answer.chunks) == ("no", "x", 1)
    assert answer.finished is False


def test_an_error_event_in_plain_words_is_an_error():
    """No JSON, no less an error."""
    answer = read(event(chunk("x")), "event: error\ndata: upstream gone\n\n")
    assert (answer.error, answer.error_message) == (True, "upstream gone")


def test_a_failed_response_is_an_error():
    """In a stream and in a document; its code is the provider's."""
    failed = RESPONSE | {"status": "failed", "error": {"code": "server_error", "message": "no"}}
    for answer in (
        whole(failed, RESPONSES),
        read(event({"type": "response.failed", "response": failed}), path=RESPONSES),
    ):
        assert (answer.error, answer.error_code, answer.error_message) == (
            True, "server_error", "no",
        )  # fmt: skip
        assert answer.finish_reason == "failed"


def test_the_error_event_of_responses_is_an_error():
    """It has its fields beside its type."""
    error = {"type": "error", "code": "rate_limit", "message": "slow down", "param": None}
    answer = read(event(error, "error"), path=RESPONSES)
    assert (answer.error, answer.error_code, answer.error_message) == (
        True, "rate_limit", "slow down",
    )  # fmt: skip


def test_an_ollama_error_line_is_an_error():
    """In the middle of a stream, as plain text."""
    body = b'{"model":"m","message":{"content":"Hi"}}\n{"error":"model crashed"}\n'
    answer = read(body, path=OLLAMA, kind=LINES)
    assert (answer.error, answer.error_message, answer.text) == (True, "model crashed", "Hi")


def test_an_error_in_a_good_answer_is_an_error():
    """200 with an error body: what litellm and others counted as a success."""
    answer = whole({"error": {"message": "no", "code": "content_filter"}})
    assert (answer.error, answer.error_code) == (True, "content_filter")
    assert whole({"id": "x", "error": None, "choices": []}).error is False
