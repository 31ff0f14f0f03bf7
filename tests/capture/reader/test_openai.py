"""OpenAI's dialects are read: chat with its relatives, responses, embeddings, sound."""

from __future__ import annotations

from tests.capture.reader.plain import (
    RESPONSE,
    RESPONSES,
    USAGE,
    chunk,
    event,
    figures,
    read,
    whole,
)

# -- chat -----------------------------------------------------------------------------------------


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


# -- responses ------------------------------------------------------------------------------------


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


# -- embeddings and sound -------------------------------------------------------------------------


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
