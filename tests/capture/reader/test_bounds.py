"""However much comes, and whatever it is, a bounded part is kept and nothing raises."""

from __future__ import annotations

import json

import pytest

from llmwatch.redaction import LOOKED_AT
from tests.capture.reader.plain import (
    CHAT,
    COHERE,
    GEMINI,
    JSON,
    LINES,
    MESSAGES,
    OLLAMA,
    RESPONSES,
    SSE,
    chunk,
    event,
    read,
    reader,
    whole,
)


def test_a_huge_document_is_read_at_its_two_ends():
    """Six megabytes of numbers: model and usage, without parsing them."""
    data = {"object": "list", "model": "e", "data": [{"embedding": "A" * 6_000_000}],
            "usage": {"prompt_tokens": 4, "total_tokens": 4}}  # fmt: skip
    answer = whole(data, "/v1/embeddings")
    assert (answer.model, answer.input_tokens, answer.finished) == ("e", 4, True)
    cut = read(json.dumps(data)[:-10], path="/v1/embeddings", kind=JSON)
    assert (cut.finished, cut.input_tokens) == (False, None)


def test_a_huge_event_is_dropped_and_the_next_one_read():
    """A picture of 20 MB in a stream must not stay in memory."""
    open_reader = reader("/v1/images/generations")
    open_reader.feed(b'data: {"type":"image_generation.partial_image","b64_json":"', 1)
    for _ in range(20):
        open_reader.feed(b"A" * 1_000_000, 2)
    open_reader.feed(b'"}\n\n', 3)
    done = {"type": "image_generation.completed", "usage": {"input_tokens": 5, "output_tokens": 9}}
    open_reader.feed(event(done).encode(), 4)
    answer = open_reader.close()
    assert (answer.output_tokens, answer.finished) == (9, True)


def test_content_says_how_much_text_is_kept():
    """None of it, its beginning, or all; its size is known in any case."""
    pieces = [event(chunk("ab" * 100)) for _ in range(10)]
    sizes, goes_on = {}, {}
    for content in ("none", "preview", "full"):
        answer = read(*pieces, content=content)
        assert answer.output_bytes == 2000
        sizes[content] = len(answer.text or "")
        goes_on[content] = answer.text_goes_on
    assert sizes == {"none": 0, "preview": LOOKED_AT, "full": 2000}
    assert goes_on == {"none": True, "preview": True, "full": False}


def test_even_all_of_it_is_bounded():
    """A model that never stops does not fill the memory."""
    answer = read(*(event(chunk("x" * 500_000)) for _ in range(4)), content="full")
    assert len(answer.text) == 1_000_000


def test_half_a_character_is_replaced():
    """A lone surrogate would break every file and database."""
    answer = read(
        'data: {"id":"\\ud83d","choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}\n\n'
    )
    answer.text.encode()
    answer.response_id.encode()
    whole({"error": {"message": "\ud83d"}}, status=400).error_message.encode()


def test_broken_utf8_is_replaced():
    """A body that is not what it says is still read."""
    assert read(event(chunk("AXB")).encode().replace(b"X", b"\xff")).text == "A\ufffdB"


@pytest.mark.parametrize("body", [
    b"", b"{", b"[", b"null", b"7", b'"x"', b"[[]]", b"\x00\x01", b"{}" * 3, b"[" * 100_000,
    b'{"choices": 7}', b'{"choices": [null]}', b'{"usage": []}', b'{"error": 7}',
    b'{"choices": [{"delta": 7, "message": 7, "index": {}}]}', b'{"output": {}, "content": 7}',
    b'{"message": [], "candidates": {"a": 1}, "usageMetadata": 7, "response": 7, "delta": 7}',
])  # fmt: skip
@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES, GEMINI, OLLAMA, COHERE, "/embeddings"])
@pytest.mark.parametrize("status", [200, 500])
def test_nothing_that_a_server_sends_raises(body, path, status):
    """Whatever it is, as a document, as an event, as a line."""
    for kind, text in ((JSON, body), (SSE, b"data: " + body + b"\n\n"), (LINES, body + b"\n")):
        answer = read(text, path=path, status=status, kind=kind)
        assert answer.input_tokens is None and answer.output_tokens is None
