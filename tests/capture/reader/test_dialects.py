"""The other dialects are read: Anthropic, Gemini, Ollama and Cohere, each in its own words."""

from __future__ import annotations

import json

import pytest

from tests.capture.reader.plain import (
    COHERE,
    GEMINI,
    GEMINI_STREAM,
    JSON,
    LINES,
    MESSAGES,
    OLLAMA,
    event,
    figures,
    read,
    whole,
)


def test_an_anthropic_message_counts_its_cache_as_input():
    """Its input leaves out what the cache gave and took."""
    usage = {"input_tokens": 3, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 5,
             "output_tokens": 6, "service_tier": "standard"}  # fmt: skip
    content = [{"type": "text", "text": "Hi"}, {"type": "tool_use", "name": "f", "input": {"a": 1}}]
    data = {"id": "msg-1", "type": "message", "model": "m", "content": content,
            "stop_reason": "tool_use", "usage": usage}  # fmt: skip
    answer = whole(data, MESSAGES)
    assert (answer.input_tokens, answer.output_tokens) == (12, 6)
    assert (answer.cached_input_tokens, answer.cache_write_tokens) == (4, 5)
    assert (answer.finish_reason, answer.tool_calls, answer.text) == (
        "tool_use", 1, 'Hi\nf {"a": 1}',
    )  # fmt: skip


def test_an_anthropic_message_says_what_makes_it_dear():
    """What is cached for an hour, and the fast mode, which stands beside its tier."""
    usage = {"input_tokens": 3, "cache_creation_input_tokens": 5, "output_tokens": 6,
             "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 4},
             "service_tier": "standard", "speed": "fast"}  # fmt: skip
    start = {"type": "message_start", "message": {"id": "m", "model": "m", "usage": usage}}
    for answer in (
        whole({"id": "m", "model": "m", "content": [], "usage": usage}, MESSAGES),
        read(event(start), event({"type": "message_delta", "delta": {},
                                  "usage": {"output_tokens": 9}}), path=MESSAGES),
    ):  # fmt: skip
        assert (answer.cache_write_tokens, answer.cache_write_1h_tokens) == (5, 4)
        assert answer.service_tier == "fast"
    usage = {"input_tokens": 3, "service_tier": "standard", "speed": "standard"}
    assert whole({"model": "m", "usage": usage}, MESSAGES).service_tier == "standard"


def test_an_anthropic_stream_is_read_by_its_events():
    """Output is cumulative, pings are no chunks, thinking is not shown."""
    start = {
        "id": "msg-1",
        "model": "m",
        "content": [],
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 1},
    }
    answer = read(
        event({"type": "message_start", "message": start}, "message_start"),
        event({"type": "content_block_start", "content_block": {"type": "thinking",
                                                                "thinking": ""}}),
        event({"type": "ping"}, "ping"),
        event({"type": "ping"}),
        event({"type": "content_block_delta", "delta": {"type": "thinking_delta",
                                                        "thinking": "hmm"}}),
        event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}),
        event({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f"}}),
        event({"type": "content_block_delta", "delta": {"type": "input_json_delta",
                                                        "partial_json": "{}"}}),
        event({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
               "usage": {"output_tokens": 9}}),
        event({"type": "message_stop"}),
        path=MESSAGES,
    )  # fmt: skip
    assert (answer.input_tokens, answer.output_tokens, answer.cached_input_tokens) == (7, 9, 4)
    assert (answer.chunks, answer.first_content_ns, answer.finished) == (8, 5, True)
    assert (answer.finish_reason, answer.tool_calls, answer.text) == ("tool_use", 1, "Hi\nf {}")
    assert answer.output_bytes == 7


def test_an_anthropic_stream_that_breaks_off_does_not_say_what_it_wrote():
    """The first event counts a token or so: it stands where a whole stream says nothing else."""
    usage = {"input_tokens": 3, "output_tokens": 1}
    start = event({"type": "message_start", "message": {"model": "m", "usage": usage}})
    text = {"type": "text_delta", "text": "Hi there, all"}
    piece = event({"type": "content_block_delta", "delta": text})
    answer = read(start, piece, path=MESSAGES)
    assert (answer.input_tokens, answer.output_tokens, answer.output_bytes) == (3, None, 13)
    stop = event({"type": "message_stop"})
    assert read(start, piece, stop, path=MESSAGES).output_tokens == 1


GEMINI_ANSWER = {
    "candidates": [{"index": 0, "finishReason": "STOP", "content": {"parts": [
        {"text": "hmm", "thought": True}, {"text": "Hi"},
        {"functionCall": {"name": "f", "args": {"a": 1}}},
    ]}}],
    "modelVersion": "gemini-x", "responseId": "r-1",
    "usageMetadata": {
        "promptTokenCount": 10, "toolUsePromptTokenCount": 2, "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7, "cachedContentTokenCount": 3,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 6},
                                {"modality": "AUDIO", "tokenCount": 4}],
    },
}  # fmt: skip


def check_gemini(answer):
    assert (answer.model, answer.response_id) == ("gemini-x", "r-1")
    assert figures(answer) == (12, 12, 3, 7, 4, None)
    assert (answer.finish_reason, answer.tool_calls, answer.finished) == ("STOP", 1, True)
    assert answer.text == 'Hi\nf {"a": 1}'


def test_a_gemini_answer_counts_its_thoughts_as_output():
    """Its candidates leave them out."""
    check_gemini(whole(GEMINI_ANSWER, GEMINI))


def test_a_gemini_event_stream_is_read():
    """Every event has the form of an answer."""
    first = {"candidates": [{"content": {"parts": [{"text": ""}]}}], "modelVersion": "gemini-x"}
    answer = read(event(first), event(GEMINI_ANSWER), path=GEMINI_STREAM)
    check_gemini(answer)
    assert (answer.chunks, answer.first_content_ns, answer.is_stream) == (2, 2, True)


@pytest.mark.parametrize("size", [1, 9, 100_000])
def test_a_gemini_array_stream_is_read_element_by_element(size):
    """What `streamGenerateContent` sends without `alt=sse`."""
    first = {"candidates": [{"content": {"parts": [{"text": "[é}, "}]}}]}
    body = json.dumps([first, GEMINI_ANSWER], indent=1, ensure_ascii=False).encode()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    answer = read(*pieces, path=GEMINI_STREAM, kind=JSON)
    assert (answer.chunks, answer.is_stream, answer.finished) == (2, True, True)
    assert answer.text.startswith("[é}, Hi")
    assert figures(answer) == (12, 12, 3, 7, 4, None)


def test_a_refused_gemini_prompt_says_why():
    """There is no candidate, only a reason."""
    data = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 8}}
    answer = whole(data, GEMINI)
    assert (answer.finish_reason, answer.input_tokens, answer.output_tokens) == ("SAFETY", 8, None)


def test_ollama_lines_are_a_stream():
    """One object a line until `done`, wherever they are cut."""
    body = b"".join(json.dumps(line).encode() + b"\n" for line in (
        {"model": "m", "message": {"content": "", "thinking": "hmm"}, "done": False},
        {"model": "m", "message": {"content": "Hi"}, "done": False},
        {"model": "m", "message": {"tool_calls": [{"function": {"name": "f",
                                                                 "arguments": {"a": 1}}}]}},
        {"model": "m", "message": {"content": ""}, "done": True, "done_reason": "stop",
         "prompt_eval_count": 11, "eval_count": 4},
    ))  # fmt: skip
    for size in (1, 50, 10_000):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        answer = read(*pieces, path=OLLAMA, kind=LINES)
        assert (answer.chunks, answer.is_stream, answer.finished) == (4, True, True)
        assert (answer.input_tokens, answer.output_tokens) == (11, 4)
        assert (answer.finish_reason, answer.tool_calls) == ("stop", 1)
        assert answer.text == 'Hi\nf {"a": 1}'


def test_an_ollama_document_is_no_stream():
    """`stream: false`, and embeddings."""
    data = {"model": "m", "response": "Hi", "done": True, "done_reason": "stop", "eval_count": 2}
    answer = whole(data, "/api/generate")
    assert (answer.text, answer.output_tokens, answer.is_stream) == ("Hi", 2, False)
    data = {"model": "m", "embeddings": [[0.1]], "prompt_eval_count": 3}
    assert whole(data, "/api/embed").input_tokens == 3


def test_cohere_is_read_in_both_versions():
    """A message with billed units, a text with meta, and the events of version 2."""
    units = {
        "billed_units": {"input_tokens": 5, "output_tokens": 2},
        "tokens": {"input_tokens": 70},
    }
    two = {"id": "i", "finish_reason": "COMPLETE", "usage": units,
           "message": {"content": [{"type": "text", "text": "Hi"}]}}  # fmt: skip
    one = {"generation_id": "g", "finish_reason": "COMPLETE", "text": "Hi", "meta": units}
    content = {"delta": {"message": {"content": {"text": "Hi"}}}}
    events = (
        event({"type": "message-start", "id": "i"}),
        event({"type": "content-delta", **content}),
        event({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": units}}),
    )
    for answer in (
        whole(two, COHERE), whole(one, "/v1/chat"), read(*events, path=COHERE),
    ):  # fmt: skip
        assert (answer.text, answer.finish_reason, answer.finished) == ("Hi", "COMPLETE", True)
        assert (answer.input_tokens, answer.output_tokens) == (5, 2)
