"""What an answer says, read from bytes cut anywhere."""

from __future__ import annotations

import json
import random

import pytest

from llmwatch import faults
from llmwatch.capture._endpoints import match
from llmwatch.capture._reader import Reader

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GEMINI = "/v1beta/models/g:generateContent"
GEMINI_STREAM = "/v1beta/models/g:streamGenerateContent"
OLLAMA, COHERE = "/api/chat", "/v2/chat"
SSE, JSON, LINES = "text/event-stream", "application/json", "application/x-ndjson"


def reader(path=CHAT, *, status=200, kind=SSE, content="preview"):
    return Reader(match("POST", "gateway.example.com", path.encode()), status, kind, content)


def read(*pieces, path=CHAT, status=200, kind=SSE, content="preview"):
    """Feed `pieces`, the first at 1 ns, the second at 2 ns and so on."""
    open_reader = reader(path, status=status, kind=kind, content=content)
    for at_ns, piece in enumerate(pieces, 1):
        open_reader.feed(piece if isinstance(piece, bytes) else piece.encode(), at_ns)
    return open_reader.close()


def whole(data, path=CHAT, *, status=200, kind=JSON, content="preview"):
    return read(json.dumps(data), path=path, status=status, kind=kind, content=content)


def event(data, name=None):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n"


def chunk(content=None, *, reason=None, index=0, **more):
    delta = {} if content is None else {"content": content}
    delta |= more.pop("delta", {})
    choice = {"index": index, "delta": delta, "finish_reason": reason}
    return {"id": "c-1", "model": "m-1", "choices": [choice], **more}


DONE = "data: [DONE]\n\n"
USAGE = {
    "prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 2},
}  # fmt: skip
STREAM = (
    event(chunk("", delta={"role": "assistant"})) + event(chunk("Hé")) + event(chunk("llo 你"))
    + event(chunk(reason="stop"))
    + event({"id": "c-1", "model": "m-1", "choices": [], "usage": USAGE}) + DONE
).encode()  # fmt: skip


@pytest.fixture(autouse=True)
def no_faults():
    faults.clear()
    yield
    faults.clear()


def figures(answer):
    return (answer.input_tokens, answer.output_tokens, answer.cached_input_tokens,
            answer.reasoning_tokens, answer.input_audio_tokens,
            answer.output_audio_tokens)  # fmt: skip


# --- event streams ----------------------------------------------------------------------------


def test_a_chat_stream_is_read_to_its_figures():
    """Model, id, tokens with their parts, reason, chunks, text: all from the chunks."""
    answer = read(STREAM)
    assert (answer.model, answer.response_id, answer.finish_reason) == ("m-1", "c-1", "stop")
    assert figures(answer) == (20, 9, 4, 5, 3, 2)
    assert (answer.chunks, answer.text, answer.is_stream) == (5, "Héllo 你", True)
    assert (answer.finished, answer.error, answer.tool_calls) == (True, False, 0)
    assert answer.output_bytes == len("Héllo 你".encode())


def test_bytes_may_be_cut_anywhere():
    """Single bytes, halves of characters and whole bodies give the same answer."""
    right = read(STREAM)
    right.first_content_ns = None
    for seed in range(50):
        dice, pieces, at = random.Random(seed), [], 0
        while at < len(STREAM):
            size = dice.randint(1, dice.choice((1, 3, 40, 500)))
            pieces.append(STREAM[at : at + size])
            at += size
        answer = read(*pieces)
        answer.first_content_ns = None
        assert answer == right


@pytest.mark.parametrize("change", [
    lambda body: body.replace(b"\n", b"\r\n"),
    lambda body: body.replace(b"\n", b"\r"),
    lambda body: body.replace(b"data: ", b"data:"),
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: b": keep-alive\n\n" + body.replace(b"\n\n", b"\n\n: ping\n\n"),
    lambda body: body.replace(b"data: ", b"id: 7\nretry: 10\ndata: "),
    lambda body: body.replace(b'"model"', b'\ndata: "model"'),
    lambda body: body.replace(b"data: {", b"event: message\ndata: {"),
    lambda body: b"\n\n" + body,
    lambda body: body[:-2],
], ids=["crlf", "cr", "no-space", "bom", "comments", "id-retry", "several-data-lines", "named",
        "blank-first", "no-blank-line-at-the-end"])  # fmt: skip
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_every_way_of_writing_events_reads_alike(change, size):
    """Line ends, comments, spaces and names are the server's business."""
    body = change(STREAM)
    answer = read(*(body[at : at + size] for at in range(0, len(body), size)))
    right = read(STREAM)
    answer.first_content_ns = right.first_content_ns = None
    assert answer == right


@pytest.mark.parametrize("kind", ["application/json", "", "text/plain"])
def test_events_under_another_name_are_events(kind):
    """Servers that send SSE as JSON exist: the first bytes have the last word."""
    assert read(STREAM, kind=kind) == read(STREAM)


def test_json_under_the_name_of_events_is_json():
    """An answer to `stream=True` that is none."""
    answer = whole(chunk() | {"usage": USAGE}, kind=SSE)
    assert (answer.is_stream, answer.chunks, answer.input_tokens) == (False, None, 20)


def test_the_first_content_is_the_first_piece_that_says_something():
    """A role is no content; a word, a thought and a tool's name are."""
    role = event(chunk("", delta={"role": "assistant"}))
    assert read(role, event(chunk("x")), event(chunk("y"))).first_content_ns == 2
    assert read(role, event(chunk(delta={"reasoning": "hm"}))).first_content_ns == 2
    call = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]}
    assert read(role, event(chunk(delta=call))).first_content_ns == 2
    assert read(role).first_content_ns is None


def test_the_last_usage_wins_and_none_is_summed():
    """Usage repeated on every chunk grows to its last figure."""
    grown = [event(chunk("x", usage={"completion_tokens": n})) for n in (5, 9, 12)]
    assert read(*grown, event(chunk(usage=None))).output_tokens == 12


def test_a_stream_without_usage_has_none():
    """Unknown is unknown, never 0."""
    answer = read(event(chunk("x")), event(chunk(reason="stop")), DONE)
    assert figures(answer) == (None,) * 6


def test_a_stream_that_was_cut_keeps_what_came():
    """It is not finished; half an event at its end is no chunk."""
    cut = read(STREAM[: STREAM.index(b"llo") + 3])
    assert (cut.finished, cut.text, cut.chunks, cut.finish_reason) == (False, "Hé", 2, None)


def test_an_open_stream_shows_what_came_so_far():
    """In flight, between two pieces."""
    open_reader = reader()
    open_reader.feed(event(chunk("Hi")).encode(), 1)
    assert (open_reader.answer.text, open_reader.answer.chunks) == ("Hi", 1)
    assert open_reader.answer.finished is False


def test_a_finish_reason_ends_a_stream_before_done():
    """Clients stop reading there, so it counts as the end."""
    assert read(event(chunk("x")), event(chunk(reason="length"))).finished is True


def test_with_two_choices_both_must_have_ended():
    """The reason is the first one's, and so is the text."""
    pieces = [event(chunk("a")), event(chunk("b", index=1)), event(chunk(reason="stop"))]
    assert read(*pieces).finished is False
    both = read(*pieces, event(chunk(reason="length", index=1)))
    assert (both.finished, both.finish_reason, both.text, both.output_bytes) == (
        True, "stop", "a", 2,
    )  # fmt: skip


def test_the_first_choice_is_the_one_numbered_0():
    """Whatever order they come in."""
    answer = read(event(chunk(reason="length", index=1)), event(chunk(reason="stop")))
    assert answer.finish_reason == "stop"


def test_azures_first_chunk_without_choices_or_names_is_harmless():
    """An empty model and id are unknown until a chunk tells them."""
    first = {"choices": [], "id": "", "model": "", "prompt_filter_results": []}
    answer = read(event(first), event(chunk("x")))
    assert (answer.model, answer.response_id, answer.chunks) == ("m-1", "c-1", 2)


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


def test_an_event_that_is_no_json_does_not_hide_the_next():
    """It counts as a chunk that says nothing."""
    answer = read("data: nonsense\n\n", event(chunk("x")))
    assert (answer.text, answer.chunks, faults.table()) == ("x", 2, [])


def test_a_strange_event_does_not_hide_the_next():
    """Choices that are no objects are noted once in diagnostics, the rest is read."""
    answer = read(event({"choices": [7]}), event(chunk("x")))
    assert answer.text == "x"
    assert [fault.step for fault in faults.table()] == ["read"]


@pytest.mark.parametrize(
    "value", [-1, float("nan"), float("inf"), "12", True, None, [], 1e300, 1.5]
)
def test_a_figure_that_cannot_be_is_unknown(value):
    """One bad number must not poison a sum; the good one beside it counts."""
    answer = whole(chunk() | {"usage": {"prompt_tokens": value, "completion_tokens": 3}})
    assert (answer.input_tokens, answer.output_tokens) == (None, 3)


def test_a_whole_number_written_with_a_point_counts():
    """12.0 is 12."""
    assert whole({"choices": [], "usage": {"prompt_tokens": 12.0}}).input_tokens == 12


# --- chat documents ---------------------------------------------------------------------------


def test_a_chat_document_is_read():
    """Text, tool calls, tier and reason of the first choice."""
    message = {
        "role": "assistant", "content": "Hi", "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": '{"x": 1}'}},
            {"id": "b", "function": {"name": "f", "arguments": "{}"}},
        ],
    }  # fmt: skip
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    data = {"id": "c", "model": "m", "choices": [choice], "service_tier": "flex", "usage": USAGE}
    answer = whole(data)
    assert (answer.tool_calls, answer.finish_reason, answer.service_tier) == (
        2, "tool_calls", "flex",
    )  # fmt: skip
    assert answer.text == 'Hi\nf {"x": 1}\nf {}'
    assert answer.output_bytes == len('Hi{"x": 1}{}')
    assert figures(answer) == (20, 9, 4, 5, 3, 2)
    assert (answer.finished, answer.is_stream, answer.first_content_ns) == (True, False, None)


def test_streamed_tool_calls_are_counted_by_their_index():
    """The pieces of one call's arguments are one call."""

    def call(index, name=None, arguments=""):
        ident = {"id": f"call-{index}"} if name else {}
        function = {"arguments": arguments} | ({"name": name} if name else {})
        return event(chunk(delta={"tool_calls": [{"index": index, **ident, "function": function}]}))

    answer = read(call(0, "f"), call(0, None, '{"a"'), call(0, None, ":1}"), call(1, "g"))
    assert (answer.tool_calls, answer.text) == (2, 'f {"a":1}\ng ')


def test_calls_that_all_call_themselves_0_are_told_apart_by_id():
    """As some servers stream parallel calls."""
    calls = [{"index": 0, "id": ident, "function": {"name": "f"}} for ident in "abb"]
    answer = read(*(event(chunk(delta={"tool_calls": [call]})) for call in calls))
    assert answer.tool_calls == 2


def test_the_old_function_call_is_a_tool_call():
    """And an empty one, as some servers send it, is none."""
    for function, n in (({"name": "f", "arguments": "{}"}, 1), ({"name": "", "arguments": ""}, 0)):
        choice = {"index": 0, "message": {"content": "x", "function_call": function}}
        assert whole({"choices": [choice]}).tool_calls == n


def test_reasoning_counts_but_is_not_shown():
    """Its bytes are output; the preview is what the model said."""
    message = {"content": "Hi", "reasoning_content": "hmm"}
    answer = whole({"choices": [{"index": 0, "message": message}]})
    assert (answer.text, answer.output_bytes) == ("Hi", 5)


def test_mistrals_list_of_parts_is_text():
    """Thinking parts count, text parts show."""
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]},
             {"type": "text", "text": "Hi"}]  # fmt: skip
    answer = whole({"choices": [{"index": 0, "message": {"content": parts}}]})
    assert (answer.text, answer.output_bytes) == ("Hi", 5)


def test_a_text_completion_is_read():
    """`text` instead of a message, streamed or not."""
    choice = {"index": 0, "text": "Hi", "finish_reason": "length"}
    assert whole({"choices": [choice]}, "/v1/completions").text == "Hi"
    answer = read(event({"choices": [choice]}), path="/v1/completions")
    assert (answer.text, answer.finish_reason, answer.finished) == ("Hi", "length", True)


def test_deepseeks_cache_hits_are_cached_tokens():
    """Its own name for them, where the usual one is missing."""
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 4}
    assert whole({"choices": [], "usage": usage}).cached_input_tokens == 4


def test_reasoning_that_only_the_total_counts_is_added_to_the_output():
    """As xAI does; where the total says otherwise, nothing is added."""
    for total, right in ((37, 27), (17, 7)):
        usage = {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": total,
                 "completion_tokens_details": {"reasoning_tokens": 20}}  # fmt: skip
        assert whole({"choices": [], "usage": usage}).output_tokens == right


# --- the other dialects -----------------------------------------------------------------------


RESPONSE = {
    "id": "resp-1", "model": "m", "status": "completed", "service_tier": "default", "error": None,
    "output": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hmm"}]},
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": "Hi"}]},
        {"type": "function_call", "name": "f", "arguments": "{}"},
    ],
    "usage": {"input_tokens": 20, "output_tokens": 9,
              "input_tokens_details": {"cached_tokens": 4},
              "output_tokens_details": {"reasoning_tokens": 5}},
}  # fmt: skip


def test_a_responses_document_is_read():
    """Status as the reason, output items as calls."""
    answer = whole(RESPONSE, RESPONSES)
    assert (answer.response_id, answer.finish_reason, answer.tool_calls) == (
        "resp-1", "completed", 1,
    )  # fmt: skip
    assert (answer.text, answer.output_bytes) == ("Hi\nf {}", 7)
    assert figures(answer)[:4] == (20, 9, 4, 5)


def test_a_responses_stream_is_read_by_its_events():
    """The whole response at its end is not counted twice."""
    opened = RESPONSE | {"status": "in_progress", "usage": None, "service_tier": "auto"}
    item = RESPONSE["output"][2] | {"arguments": ""}
    answer = read(
        event({"type": "response.created", "response": opened}, "response.created"),
        event({"type": "response.reasoning_summary_text.delta", "delta": "hmm"}),
        event({"type": "response.output_text.delta", "delta": "Hi"}),
        event({"type": "response.output_item.added", "item": item}),
        event({"type": "response.function_call_arguments.delta", "delta": "{}"}),
        event({"type": "response.completed", "response": RESPONSE}, "response.completed"),
        path=RESPONSES,
    )
    assert (answer.text, answer.output_bytes, answer.tool_calls) == ("Hi\nf {}", 7, 1)
    assert (answer.chunks, answer.first_content_ns, answer.finished) == (6, 2, True)
    assert (answer.finish_reason, answer.service_tier) == ("completed", "default")
    assert figures(answer)[:4] == (20, 9, 4, 5)


def test_an_open_responses_stream_has_no_reason_yet():
    """`in_progress` is no reason to have finished."""
    opened = {"type": "response.created", "response": RESPONSE | {"status": "in_progress"}}
    answer = read(event(opened), path=RESPONSES)
    assert (answer.finish_reason, answer.finished, answer.model) == (None, False, "m")


def test_an_incomplete_response_says_why():
    """Status and reason, both the provider's words."""
    data = RESPONSE | {"status": "incomplete",
                       "incomplete_details": {"reason": "max_output_tokens"}}  # fmt: skip
    for answer in (
        whole(data, RESPONSES),
        read(event({"type": "response.incomplete", "response": data}), path=RESPONSES),
    ):
        assert answer.finish_reason == "incomplete: max_output_tokens"
        assert (answer.finished, answer.error) == (True, False)


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


def test_an_ollama_error_line_is_an_error():
    """In the middle of a stream, as plain text."""
    body = b'{"model":"m","message":{"content":"Hi"}}\n{"error":"model crashed"}\n'
    answer = read(body, path=OLLAMA, kind=LINES)
    assert (answer.error, answer.error_message, answer.text) == (True, "model crashed", "Hi")


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


def test_embeddings_have_input_tokens_alone():
    """Their output is no tokens: unknown, not 0."""
    data = {"object": "list", "data": [], "model": "e", "usage": {"prompt_tokens": 4}}
    answer = whole(data, "/v1/embeddings")
    assert (answer.model, answer.input_tokens, answer.output_tokens) == ("e", 4, None)
    assert answer.tool_calls is None


def test_a_transcription_is_read_as_json_and_as_text():
    """With its audio tokens; as text it is the body itself."""
    path = "/v1/audio/transcriptions"
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 45,
             "input_token_details": {"audio_tokens": 14}}  # fmt: skip
    answer = whole({"text": "Hello", "usage": usage}, path)
    assert (answer.text, answer.input_audio_tokens) == ("Hello", 14)
    assert read("Hello there", path=path, kind="text/plain").text == "Hello there"


def test_sound_is_not_parsed():
    """Whether it is whole, only the connection knows."""
    body = b"{\x00data: {}\n\n"
    answer = read(body, path="/v1/audio/speech", kind="audio/mpeg")
    assert (answer.is_stream, answer.text, answer.finished, answer.error) == (
        False, None, False, False,
    )  # fmt: skip


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


# --- refusals ---------------------------------------------------------------------------------


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


def test_an_error_in_a_good_answer_is_an_error():
    """200 with an error body: what litellm and others counted as a success."""
    answer = whole({"error": {"message": "no", "code": "content_filter"}})
    assert (answer.error, answer.error_code) == (True, "content_filter")
    assert whole({"id": "x", "error": None, "choices": []}).error is False


def test_a_long_message_is_cut():
    """A megabyte of error text is not kept."""
    assert len(whole({"error": {"message": "x" * 1_000_000}}, status=400).error_message) <= 2000


# --- what is kept -----------------------------------------------------------------------------


def test_content_says_how_much_text_is_kept():
    """None of it, its beginning, or all; its size is known in any case."""
    pieces = [event(chunk("ab" * 100)) for _ in range(10)]
    sizes = {}
    for content in ("none", "preview", "full"):
        answer = read(*pieces, content=content)
        assert answer.output_bytes == 2000
        sizes[content] = len(answer.text or "")
    assert sizes == {"none": 0, "preview": 300, "full": 2000}


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
