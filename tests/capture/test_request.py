"""What was asked, from the bytes of a request."""

from __future__ import annotations

import json
import tracemalloc

import httpx
import pytest

from llmwatch.capture._endpoints import match
from llmwatch.capture._messages import read_messages
from llmwatch.capture._request import read_request

CHAT = "/v1/chat/completions"


def asked(body, path=CHAT, *, host="gateway.example.com", content="preview", fields=None):
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    endpoint = match("POST", host, path.encode())
    return read_request(endpoint, path.encode(), body, fields, content)


def said(*texts):
    return [{"role": "user", "content": text} for text in texts]


def test_model_stream_and_last_message_are_read():
    """The preview is what was said last."""
    got = asked({"model": "m", "stream": True, "messages": said("first", "last")})
    assert (got.model, got.stream, got.text, got.is_call) == ("m", True, "last", True)


def test_without_a_stream_flag_it_is_no_stream():
    """Absent, null and false mean the same; the string "true" is no flag."""
    for flag in ({}, {"stream": None}, {"stream": False}, {"stream": "true"}):
        assert asked({"model": "m", "messages": said("x"), **flag}).stream is False


def test_a_message_of_parts_gives_its_text_alone():
    """Pictures and ids are not text."""
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    got = asked({"model": "m", "messages": [{"role": "user", "content": parts}]})
    assert got.text == "What is this?"
    assert got.input_bytes == len("What is this?")


def test_a_last_message_without_text_lets_the_one_before_speak():
    """A tool call or a picture at the end does not blank the preview."""
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}
    assert asked({"model": "m", "messages": [*said("look"), picture]}).text == "look"


@pytest.mark.parametrize(("path", "body", "text"), [
    ("/v1/responses", {"input": "hello"}, "hello"),
    ("/v1/responses", {"input": [{"role": "user", "content": [
        {"type": "input_text", "text": "hello"}]}]}, "hello"),
    ("/v1/completions", {"prompt": "hello"}, "hello"),
    ("/v1/embeddings", {"input": ["one", "hello"]}, "hello"),
    ("/v1/messages", {"system": "Be kind.", "messages": said("hello")}, "hello"),
    ("/v1beta/models/g:generateContent", {"contents": [{"parts": [{"text": "hello"}]}]}, "hello"),
    ("/v1beta/models/g:embedContent", {"content": {"parts": [{"text": "hello"}]}}, "hello"),
    ("/v1/chat", {"message": "hello"}, "hello"),
    ("/api/generate", {"prompt": "hello"}, "hello"),
    ("/v1/images/generations", {"prompt": "hello"}, "hello"),
    ("/v1/audio/speech", {"input": "hello"}, "hello"),
])  # fmt: skip
def test_every_api_keeps_its_text_somewhere_else(path, body, text):
    """Messages, input, prompt, contents and message are all found."""
    assert asked({"model": "m", **body}, path).text == text


def test_content_none_keeps_no_text():
    """Its size is still counted: the estimate needs it, and it says nothing."""
    got = asked({"model": "m", "messages": said("secret")}, content="none")
    assert got.text is None
    assert got.input_bytes == len("secret")


def test_content_full_keeps_all_messages_with_their_roles():
    """Instructions first, then what was said, in its order."""
    messages = [{"role": "system", "content": "Be kind."}, *said("a", "b")]
    got = asked({"model": "m", "messages": messages}, content="full")
    assert got.text == "system: Be kind.\nuser: a\nuser: b"


def test_input_bytes_are_utf8_bytes_of_all_text():
    """Chinese counts three bytes a character, and instructions and tools count too."""
    tools = [{"type": "function", "function": {"name": "f", "description": "says hi"}}]
    got = asked({"model": "m", "messages": said("你好", "hi"), "tools": tools})
    assert got.input_bytes == 6 + 2 + len("f") + len("says hi")


@pytest.mark.parametrize(("path", "model"), [
    ("/openai/deployments/my%20dep/chat/completions?api-version=1", "my dep"),
    ("/v1beta/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash"),
    ("/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent", "g"),
    ("/model/anthropic.claude-x-v1%3A0/invoke", "anthropic.claude-x-v1:0"),
])  # fmt: skip
def test_the_path_names_the_model_where_the_body_does_not(path, model):
    """Azure's deployment, Google's and Bedrock's model."""
    got = asked({"messages": said("x")}, path)
    assert (got.model, got.is_call) == (model, True)


def test_on_azure_the_deployment_is_the_model_asked_for():
    """Azure serves the deployment in the path, whatever model the body names."""
    path = "/openai/deployments/dep/chat/completions"
    assert asked({"model": "gpt-5", "messages": said("x")}, path).model == "dep"


def test_models_in_a_path_without_a_verb_name_no_model():
    """`/models/chat/completions` is Azure's, not a model called chat."""
    assert asked({"messages": said("x")}, "/models/chat/completions").model is None


def test_an_ambiguous_path_without_a_model_is_no_call():
    """`/messages` of a chat server is not ours."""
    assert asked({"text": "hi"}, "/v1/messages").is_call is False
    assert asked({"model": "claude", "messages": said("x")}, "/v1/messages").is_call is True
    assert asked({"prompt": {"id": "p"}}, "/v1/responses", host="api.openai.com").is_call is True


def test_ollama_streams_unless_told_otherwise():
    """Its default is the other way round, but for embeddings."""
    assert asked({"model": "m", "messages": said("x")}, "/api/chat").stream is True
    assert asked({"model": "m", "stream": False}, "/api/chat").stream is False
    assert asked({"model": "m", "input": "x"}, "/api/embed").stream is False


def test_gemini_streams_by_its_path():
    """The verb says it; the body does not."""
    assert asked({}, "/v1beta/models/g:streamGenerateContent").stream is True


def test_a_multipart_form_is_read_by_its_fields():
    """Transcriptions name their model in a form field."""
    got = asked(None, "/v1/audio/transcriptions", fields={"model": "whisper-1", "stream": "true"})
    assert (got.model, got.stream, got.is_call) == ("whisper-1", True, True)


@pytest.mark.parametrize("size", [1, 3_000_000])
def test_a_multipart_form_in_memory_is_read_as_well(size):
    """A hook that reads the request leaves bytes of the form: its fields count, its file not."""
    fields = {"model": "whisper-1", "prompt": "你好\r\n--", "stream": "true", "language": ""}
    sound = b'\r\n; name="model"\r\n\r\nx' + b"x" * size
    form = httpx.Request("POST", "http://x", data=fields, files={"file": ("model.wav", sound)})
    got = asked(form.read(), "/v1/audio/transcriptions")
    assert (got.model, got.stream, got.text) == ("whisper-1", True, "你好\r\n--")
    assert read_messages(form.read()) is None


@pytest.mark.parametrize("body", [b"--", b"--x", b"--x\r\n", b"--\r\n--\r\n", b"--x\r\n\r\n\r\n--x--",
                                  b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nm'])  # fmt: skip
def test_half_a_form_says_nothing(body):
    """No error, no invented model."""
    assert asked(body, "/v1/audio/transcriptions").model is None


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000, None])
def test_a_body_that_is_no_object_says_nothing(body):
    """No error, no invented model."""
    got = asked(body)
    assert (got.model, got.stream, got.text, got.input_bytes) == (None, False, None, 0)


def test_a_model_that_is_no_name_is_unknown():
    """Numbers and empty strings are no models."""
    assert asked({"model": 7, "messages": said("x")}).model is None
    assert asked({"model": "", "messages": said("x")}).model is None


def test_half_a_character_is_replaced():
    """A lone surrogate is legal JSON and would break every file it is written to."""
    got = asked(b'{"model": "m\\ud83d", "messages": []}')
    got.model.encode()


@pytest.mark.parametrize("model_first", [True, False])
def test_a_huge_body_is_looked_at_but_not_parsed(model_first):
    """Twenty megabytes of picture: model and stream are found, in memory that does not grow."""
    picture = [{"type": "image_url", "image_url": {"url": "A" * 20_000_000}}]
    messages = {"messages": [{"role": "user", "content": picture}]}
    rest = {"model": "gpt-5", "stream": True}
    body = json.dumps(rest | messages if model_first else messages | rest).encode()
    tracemalloc.start()
    got = asked(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (got.model, got.stream, got.text, got.input_bytes) == ("gpt-5", True, "[20.0 MB]", 0)
    assert peak < 1_000_000


def test_a_model_quoted_inside_a_huge_message_is_not_the_model():
    """Text that mentions `"model": "x"` is escaped there, so it is not taken for it."""
    text = 'say {"model": "wrong"} ' + "x" * 2_000_000
    body = json.dumps({"messages": said(text), "model": "right"}).encode()
    assert asked(body).model == "right"


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3_000_000}}
HUGE = {
    "a picture after the question": (
        {"model": "m", "messages": [*said("before"), {"role": "user", "content": [
            {"type": "text", "text": 'What is "this",\n你好?'}, PICTURE]}]},
        '[3.0 MB] What is "this",\n你好?'),
    "a picture before the question": (
        {"messages": [{"role": "user", "content": [PICTURE, {"type": "text", "text": "Well?"}]}]},
        "[3.0 MB] Well?"),
    "many messages": (
        {"model": "m", "messages": said("first", *["x" * 1000] * 2000, "last")}, "[2.1 MB] last"),
    "nothing but a picture": (
        {"model": "m", "messages": [{"role": "user", "content": [PICTURE]}]}, "[3.0 MB]"),
}  # fmt: skip


@pytest.mark.parametrize("case", HUGE)
@pytest.mark.parametrize("escaped", [True, False])
def test_a_huge_request_shows_its_size_and_the_last_text_at_its_ends(case, escaped):
    """So much is known without reading it; how many tokens it has is not, and is left unknown."""
    body, text = HUGE[case]
    got = asked(json.dumps(body, ensure_ascii=escaped).encode(), path=CHAT)
    assert (got.text, got.input_bytes) == (text, 0)
    assert asked(json.dumps(body).encode(), content="none").text is None


@pytest.mark.parametrize("letter", ["x", "é", "你", "\n", "\\", "😀"])
@pytest.mark.parametrize("escaped", [True, False])
def test_one_huge_text_shows_its_beginning(letter, escaped):
    """Cut where no character and no credential is halved, and marked as cut."""
    whole = "Read this: " + letter * 1_200_000
    body = json.dumps({"model": "m", "messages": said(whole)}, ensure_ascii=escaped).encode()
    for content in ("preview", "full"):
        text = asked(body, content=content).text
        size, _, rest = text.partition("] ")
        assert size == f"[{len(body) / 1e6:.1f} MB"
        assert rest.endswith("…")
        assert whole.startswith(rest[:-1])
        assert len(rest) < 2000


def test_a_huge_body_that_lies_says_nothing_wrong():
    """Quotes inside a text do not pass for a text of their own."""
    quoted = json.dumps({"text": "not a message"})
    body = {"model": "m", "messages": said("y" * 2_000_000, f"see {quoted}")}
    assert asked(body).text == f"[2.0 MB] see {quoted}"
