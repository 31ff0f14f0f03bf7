"""Every API that the offline server speaks, read by the real SDKs, on a socket and without."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import openai
import pydantic
import pytest

from llmwatch.testing import (
    OfflineServer,
    Reply,
    offline_anthropic,
    offline_async_anthropic,
    offline_async_client,
    offline_client,
)

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Name the capital."}]}
SAID = 'A short answer to "Name the capital".'
WEATHER = ("get_weather", {"city": "Oslo"})


class City(pydantic.BaseModel):
    name: str
    people: int
    rivers: list[str]


KEY = "00000000-0000-4000-8000-000000000000"


class Person(pydantic.BaseModel):
    born: date
    seen: datetime
    key: UUID
    age: Annotated[int, pydantic.Field(ge=18)]
    height: Annotated[float, pydantic.Field(le=2.5, ge=2.5)]
    children: list[Person]
    partner: Person | None


@pytest.fixture(params=["server", "in process"])
def server(request):
    """A server to talk to, or None for the answers without one."""
    if request.param == "in process":
        yield None
    else:
        with OfflineServer() as server:
            yield server


def text_of(chunks):
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def test_chat(server):
    """A chat answer names the model asked, the prompt's last words, and tokens by bytes / 4."""
    answer = offline_client(server).chat.completions.create(**ASK)
    assert (answer.model, answer.choices[0].message.content) == ("gpt-5-mini", SAID)
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, math.ceil(len(SAID) / 4))
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_tokens_are_counted_in_bytes_not_characters(server):
    """Four Chinese characters are twelve bytes, so three tokens."""
    ask = ASK | {"messages": [{"role": "user", "content": "今天天气"}]}
    assert offline_client(server).chat.completions.create(**ask).usage.prompt_tokens == 3


def test_answers_are_the_same_again_and_ids_count_up():
    """Two servers give the same answers in the same order, each with an id of its own."""

    def both():
        with OfflineServer() as server:
            create = offline_client(server).chat.completions.create
            return [create(**ASK).model_dump() for _ in range(2)]

    first, again = both(), both()
    assert first == again
    assert first[0]["id"] != first[1]["id"]


def test_several_choices(server):
    """`n` gives that many choices, whole and streamed."""
    create = offline_client(server).chat.completions.create
    assert len(create(**ASK, n=3).choices) == 3
    assert {c.choices[0].index for c in create(**ASK, n=2, stream=True)} == {0, 1}


def test_chat_stream(server):
    """A stream brings the same text a word at a time, and no usage unless it is asked for."""
    chunks = list(offline_client(server).chat.completions.create(**ASK, stream=True))
    assert text_of(chunks) == SAID
    assert len(chunks) == 1 + len(SAID.split()) + 1
    assert all(chunk.usage is None for chunk in chunks)


def test_chat_stream_with_usage(server):
    """With include_usage the last chunk has no choices and the tokens of the whole answer."""
    create = offline_client(server).chat.completions.create
    *_, last = create(**ASK, stream=True, stream_options={"include_usage": True})
    assert (last.choices, last.usage) == ([], create(**ASK).usage)


def test_chat_stream_helper(server):
    """The SDK's `.stream()` puts the answer together."""
    with offline_client(server).chat.completions.stream(**ASK) as stream:
        assert stream.get_final_completion().choices[0].message.content == SAID


def test_raw_response(server):
    """The raw response carries the provider's request id in a header."""
    raw = offline_client(server).chat.completions.with_raw_response.create(**ASK)
    assert raw.headers["x-request-id"] == "req-offline-1"
    assert raw.parse().choices[0].message.content == SAID


def test_structured_answers(server):
    """A request for a schema is answered with JSON of that schema, on both APIs."""
    client = offline_client(server)
    chat = client.chat.completions.parse(**ASK, response_format=City)
    wanted = City(name="text", people=1, rivers=["text"])
    assert chat.choices[0].message.parsed == wanted
    response = client.responses.parse(model="gpt-5", input="which?", text_format=City)
    assert response.output_parsed == wanted


def test_structured_answers_hold_what_the_schema_says(server):
    """A form that may contain itself comes to an end; dates, addresses and bounds are kept."""
    chat = offline_client(server).chat.completions.parse(**ASK, response_format=Person)
    person = chat.choices[0].message.parsed
    assert (person.born, person.seen) == (date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))
    assert (person.key, person.age, person.height) == (UUID(KEY), 18, 2.5)
    assert all(child.children == [] and child.partner is None for child in person.children)


def test_a_schema_of_no_finite_value_is_a_400(server):
    """What must contain itself for ever is refused in words."""
    form = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    with pytest.raises(openai.BadRequestError, match="contains itself without end"):
        offline_client(server).chat.completions.create(
            **ASK,
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": form}},
        )


def test_an_answer_cut_by_length_fails_to_parse(server):
    """`finish_reason="length"` makes the SDK's own `.parse()` raise."""
    client = offline_client(server, **scripted(server, Reply(finish_reason="length")))
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(**ASK, response_format=City)


def scripted(server, *replies):
    """Script a server, or say it to the client where there is none."""
    if server is None:
        return {"script": replies}
    server.script(*replies)
    return {}


def test_chat_tool_calls(server):
    """A scripted call arrives with its arguments, whole and put together from a stream."""
    reply = Reply(tool_calls=[WEATHER])
    client = offline_client(server, **scripted(server, reply, reply))
    whole = client.chat.completions.create(**ASK).choices[0]
    with client.chat.completions.stream(**ASK) as stream:
        built = stream.get_final_completion().choices[0]
    for choice in (whole, built):
        call = choice.message.tool_calls[0].function
        assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
        assert (call.name, call.arguments) == ("get_weather", '{"city":"Oslo"}')


def test_responses(server):
    """The Responses API answers with an output text and its own names for tokens."""
    response = offline_client(server).responses.create(model="gpt-5", input="Name the capital.")
    assert (response.output_text, response.status) == (SAID, "completed")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (5, 10)


def test_responses_stream(server):
    """The events run from created over text deltas to completed, numbered from 0."""
    client = offline_client(server)
    events = list(client.responses.create(model="gpt-5", input="Name the capital.", stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert "".join(deltas) == events[-1].response.output_text == SAID
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_responses_stream_helper_with_tool_call(server):
    """The SDK's `.stream()` puts text and function call together, in that order."""
    client = offline_client(server, **scripted(server, Reply("Let me see.", tool_calls=[WEATHER])))
    with client.responses.stream(model="gpt-5", input="weather?") as stream:
        for _ in stream:
            pass
        said, called = stream.get_final_response().output
    assert said.content[0].text == "Let me see."
    assert (called.name, called.arguments) == ("get_weather", '{"city":"Oslo"}')


def test_an_incomplete_response_says_why(server):
    """A length stop is `incomplete` with its reason, also as the stream's last event."""
    reply = Reply("cut", finish_reason="length")
    client = offline_client(server, **scripted(server, reply, reply))
    response = client.responses.create(model="gpt-5", input="x")
    assert (response.status, response.incomplete_details.reason) == (
        "incomplete",
        "max_output_tokens",
    )
    *_, last = client.responses.create(model="gpt-5", input="x", stream=True)
    assert last.type == "response.incomplete"


def test_completions(server):
    """The older completions, whole and streamed, say the same."""
    create = offline_client(server).completions.create
    ask = {"model": "gpt-3.5-turbo-instruct", "prompt": "Name the capital."}
    assert create(**ask).choices[0].text == SAID
    assert "".join(c.choices[0].text for c in create(**ask, stream=True)) == SAID


@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}])
def test_embeddings(server, form):
    """Each text has a unit vector that depends on it alone, packed in base64 or not."""
    create = offline_client(server).embeddings.create
    answer = create(model="text-embedding-3-small", input=["a", "b", "a"], dimensions=8, **form)
    first, second, third = (item.embedding for item in answer.data)
    assert first == third != second
    assert len(first) == 8
    assert math.hypot(*first) == pytest.approx(1.0, abs=1e-6)
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (3, 3)


def test_models_and_moderations(server):
    """Models are listed, and nothing is ever flagged."""
    client = offline_client(server)
    assert "gpt-5-mini" in [model.id for model in client.models.list()]
    verdict = client.moderations.create(input=["a", "b"])
    assert [result.flagged for result in verdict.results] == [False, False]


def test_images(server):
    """Pictures come as PNG in base64, with their tokens."""
    answer = offline_client(server).images.generate(model="gpt-image-1", prompt="a cat", n=2)
    assert [picture.b64_json[:8] for picture in answer.data] == ["iVBORw0K"] * 2
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (2, 128)


@pytest.mark.parametrize(("form", "start"), [("mp3", b"\xff\xfb"), ("wav", b"RIFF")])
def test_speech(server, form, start):
    """Speech is sound of the form asked for, whole or read as it comes."""
    speech = offline_client(server).audio.speech
    ask = {"model": "tts-1", "voice": "alloy", "input": "hi", "response_format": form}
    whole = speech.create(**ask).content
    assert whole.startswith(start)
    with speech.with_streaming_response.create(**ask) as response:
        assert b"".join(response.iter_bytes()) == whole


@pytest.mark.parametrize(
    ("model", "kind"), [("gpt-4o-mini-transcribe", "tokens"), ("whisper-1", "duration")]
)
def test_transcription(server, model, kind):
    """The model in the form decides whether tokens or seconds are reported."""
    create = offline_client(server).audio.transcriptions.create
    answer = create(model=model, file=("a.wav", b"RIFF"))
    assert (answer.text, answer.usage.type) == ("This is what was said.", kind)
    text = create(model=model, file=("a.wav", b"RIFF"), response_format="text")
    assert text == "This is what was said."


def test_azure():
    """A deployment's path is understood, and the key in Azure's own header is read."""
    with OfflineServer() as server:
        server.script(Reply(), Reply.unauthorized())
        client = openai.AzureOpenAI(
            azure_endpoint=server.url.removesuffix("/v1"),
            api_key="azure-key",
            api_version="2025-01-01",
            max_retries=0,
        )
        create = client.chat.completions.create
        assert create(**ASK | {"model": "mine"}).choices[0].message.content == SAID
        with pytest.raises(openai.AuthenticationError, match="azure-key"):
            create(**ASK)
    assert server.requests[0].path == "/openai/deployments/mine/chat/completions"
    assert server.requests[0].query == "api-version=2025-01-01"


def test_async_surfaces(server):
    """The async client reads answers, streams and many calls at once."""

    async def main():
        async with offline_async_client(server) as client:
            create = client.chat.completions.create
            whole = await asyncio.gather(*(create(**ASK) for _ in range(20)))
            stream = await create(**ASK, stream=True)
            streamed = text_of([chunk async for chunk in stream])
            async with client.responses.stream(model="gpt-5", input="x") as events:
                final = await events.get_final_response()
        return whole, streamed, final

    whole, streamed, final = asyncio.run(main())
    assert len({answer.id for answer in whole}) == 20
    assert streamed == SAID
    assert final.status == "completed"


def test_anthropic(server):
    """Anthropic's SDK reads messages, whole and streamed, with tool use."""
    pytest.importorskip("anthropic", reason="anthropic is not installed")
    ask = {"model": "claude-any", "max_tokens": 9, "system": "Be brief."} | {
        "messages": ASK["messages"]
    }
    client = offline_anthropic(server)
    whole = client.messages.create(**ask)
    assert (whole.content[0].text, whole.stop_reason) == (SAID, "end_turn")
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (7, 10)
    with client.messages.stream(**ask) as stream:
        assert "".join(stream.text_stream) == SAID
        final = stream.get_final_message()
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", 10)


def test_anthropic_tool_use(server):
    """A scripted call is a tool_use block, whole and put together from a stream."""
    pytest.importorskip("anthropic", reason="anthropic is not installed")
    ask = {"model": "claude-any", "max_tokens": 9} | {"messages": ASK["messages"]}
    reply = Reply(tool_calls=[WEATHER])
    client = offline_anthropic(server, **scripted(server, reply, reply))
    whole = client.messages.create(**ask)
    with client.messages.stream(**ask) as stream:
        built = stream.get_final_message()
    for message in (whole, built):
        assert message.stop_reason == "tool_use"
        assert (message.content[0].name, message.content[0].input) == WEATHER


def test_async_anthropic(server):
    """Anthropic's async client reads a stream."""
    pytest.importorskip("anthropic", reason="anthropic is not installed")

    async def main():
        async with offline_async_anthropic(server) as client:
            ask = {"model": "claude-any", "max_tokens": 9, "messages": ASK["messages"]}
            async with client.messages.stream(**ask) as stream:
                return await stream.get_final_text()

    assert asyncio.run(main()) == SAID


def test_what_is_not_spoken_is_a_404(server):
    """A path that is not spoken here is answered as the provider answers it."""
    with pytest.raises(openai.NotFoundError, match="Unknown request URL: /v1/files"):
        offline_client(server).files.list()


@pytest.mark.parametrize("body", [{"n": "many"}, {"stream_options": 3, "stream": True}])
def test_a_request_that_cannot_be_read_is_a_400(server, body):
    """Nonsense in the request comes back as an error that says what it was."""
    with pytest.raises(openai.BadRequestError, match=r"cannot be read: .*Error: "):
        offline_client(server).chat.completions.create(**ASK, extra_body=body)
