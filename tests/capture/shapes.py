"""The ways in which people call models: each one a function, and the row that it should leave."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from typing import Any

import openai
import pydantic
import pytest

from llmwatch.testing import Reply

from .stage import DEADLINE_S, Shape, Stage, web

__all__ = ["SHAPES"]

ASK: dict[str, Any] = {
    "model": "gpt-5-mini",
    "messages": [{"role": "user", "content": "What is the capital of France?"}],
}
STREAM: dict[str, Any] = ASK | {"stream": True, "stream_options": {"include_usage": True}}
RESPOND: dict[str, Any] = {"model": "gpt-5-mini", "input": "What is the capital of France?"}


class City(pydantic.BaseModel):
    """What `parse` is asked for."""

    name: str


def create(stage: Stage) -> Any:
    return stage.client().chat.completions.create(**ASK)


def client_made_before(stage: Stage) -> Any:
    return stage.early.chat.completions.create(**ASK)


async def async_create(stage: Stage) -> Any:
    return await stage.async_client().chat.completions.create(**ASK)


def stream(stage: Stage) -> Any:
    return list(stage.client().chat.completions.create(**STREAM))


async def async_stream(stage: Stage) -> Any:
    return [chunk async for chunk in await stage.async_client().chat.completions.create(**STREAM)]


def next_stream(stage: Stage) -> Any:
    chunks, seen = stage.client().chat.completions.create(**STREAM), []
    while (chunk := next(chunks, None)) is not None:
        seen.append(chunk)
    return seen


def stream_no_usage(stage: Stage) -> Any:
    return list(stage.client().chat.completions.create(**ASK, stream=True))


def stream_helper(stage: Stage) -> Any:
    options = {"include_usage": True}
    with stage.client().chat.completions.stream(**ASK, stream_options=options) as events:
        return [event.type for event in events], events.get_final_completion()


async def async_stream_helper(stage: Stage) -> Any:
    options, ask = {"include_usage": True}, stage.async_client().chat.completions.stream
    async with ask(**ASK, stream_options=options) as events:
        return [event.type async for event in events], await events.get_final_completion()


def parse(stage: Stage) -> Any:
    return stage.client().chat.completions.parse(**ASK, response_format=City)


def responses_create(stage: Stage) -> Any:
    return stage.client().responses.create(**RESPOND)


def responses_create_stream(stage: Stage) -> Any:
    return list(stage.client().responses.create(**RESPOND, stream=True))


def responses_stream_helper(stage: Stage) -> Any:
    with stage.client().responses.stream(**RESPOND) as events:
        return [event.type for event in events], events.get_final_response()


def raw(stage: Stage) -> Any:
    answer = stage.client().chat.completions.with_raw_response.create(**ASK)
    return answer, answer.status_code, answer.headers["x-request-id"], answer.parse()


def raw_never_parsed(stage: Stage) -> Any:
    answer = stage.client().chat.completions.with_raw_response.create(**ASK)
    return answer, answer.status_code


def raw_stream(stage: Stage) -> Any:
    answer = stage.client().chat.completions.with_raw_response.create(**STREAM)
    return answer, list(answer.parse())


def streaming_response_lines(stage: Stage) -> Any:
    lazy = stage.client().chat.completions.with_streaming_response
    with lazy.create(**STREAM) as answer:
        return answer, list(answer.iter_lines())


def streaming_response_parse(stage: Stage) -> Any:
    lazy = stage.client().chat.completions.with_streaming_response
    with lazy.create(**ASK) as answer:
        return answer, answer.parse()


def streaming_response_sse(stage: Stage) -> Any:
    lazy = stage.client().chat.completions.with_streaming_response
    with lazy.create(**STREAM) as answer:
        return answer, list(answer.parse())


async def async_streaming_response_sse(stage: Stage) -> Any:
    lazy = stage.async_client().chat.completions.with_streaming_response
    async with lazy.create(**STREAM) as answer:
        return answer, [chunk async for chunk in await answer.parse()]


def break_early(stage: Stage) -> Any:
    for chunk in stage.client().chat.completions.create(**STREAM):
        if chunk.choices[0].delta.content:
            break
    return chunk


def close_early(stage: Stage) -> Any:
    chunks = stage.client().chat.completions.create(**STREAM)
    seen = [next(chunks), next(chunks)]
    chunks.close()
    return seen


def dropped_unread(stage: Stage) -> Any:
    return type(stage.client().chat.completions.create(**STREAM)).__qualname__


async def async_break_early(stage: Stage) -> Any:
    async for chunk in await stage.async_client().chat.completions.create(**STREAM):
        if chunk.choices[0].delta.content:
            break
    gc.collect()
    return chunk


async def async_cancel_before_headers(stage: Stage) -> None:
    task = asyncio.create_task(stage.async_client().chat.completions.create(**ASK))
    await stage.until_asked()
    task.cancel()
    await task


async def async_cancel_mid_stream(stage: Stage) -> None:
    reading = asyncio.Event()

    async def read() -> None:
        async for chunk in await stage.async_client().chat.completions.create(**STREAM):
            if chunk.choices[0].delta.content:
                reading.set()

    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    await task


def keyboard_interrupt_in_loop(stage: Stage) -> None:
    for chunk in stage.client().chat.completions.create(**STREAM):
        if chunk.choices[0].delta.content:
            raise KeyboardInterrupt


def retry_429(stage: Stage) -> Any:
    return stage.client(max_retries=2).chat.completions.create(**ASK)


async def retry_500_async(stage: Stage) -> Any:
    return await stage.async_client(max_retries=2).chat.completions.create(**ASK)


def retry_stream(stage: Stage) -> Any:
    return list(stage.client(max_retries=2).chat.completions.create(**STREAM))


def retry_raw(stage: Stage) -> Any:
    answer = stage.client(max_retries=2).chat.completions.with_raw_response.create(**ASK)
    return answer, answer.retries_taken, answer.parse()


def retries_exhausted(stage: Stage) -> Any:
    return stage.client(max_retries=2).chat.completions.create(**ASK)


def bad_request(stage: Stage) -> Any:
    return stage.client().chat.completions.create(**ASK)


def timeout(stage: Stage) -> Any:
    try:
        return stage.client(timeout=0.2).chat.completions.create(**ASK)
    finally:  # it was sent in any case, but a slow server may read it only now
        assert stage.server.wait_for_requests(1, DEADLINE_S)


def connection_error(stage: Stage) -> Any:
    with socket.socket() as taken:  # bound, but nobody listens: connecting is refused
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        return stage.client(base_url=address).chat.completions.create(**ASK)


def cut_mid_stream(stage: Stage) -> Any:
    return list(stage.client().chat.completions.create(**STREAM))


def error_event_in_stream(stage: Stage) -> Any:
    return list(stage.client().chat.completions.create(**STREAM))


def gzip_json(stage: Stage) -> Any:
    return stage.client().chat.completions.create(**ASK)


def gzip_sse(stage: Stage) -> Any:
    return list(stage.client().chat.completions.create(**STREAM))


def embeddings(stage: Stage) -> Any:
    return stage.client().embeddings.create(model="text-embedding-3-small", input=["a", "b"])


def images(stage: Stage) -> Any:
    return stage.client().images.generate(model="gpt-image-1", prompt="a cat")


def audio_speech(stage: Stage) -> Any:
    speech = stage.client().audio.speech.create(model="tts-1", voice="alloy", input="Hello")
    return speech, speech.content


def audio_speech_streaming(stage: Stage) -> Any:
    lazy = stage.client().audio.speech.with_streaming_response
    with lazy.create(model="tts-1", voice="alloy", input="Hello") as answer:
        return b"".join(answer.iter_bytes())


def audio_transcription(stage: Stage) -> Any:
    sound = ("hello.wav", b"RIFF" + bytes(400), "audio/wav")
    return stage.client().audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=sound)


def moderations(stage: Stage) -> Any:
    return stage.client().moderations.create(model="omni-moderation-latest", input="Hello")


def azure(stage: Stage) -> Any:
    address = stage.server.url.removesuffix("/v1")
    client = stage.client(openai.AzureOpenAI, azure_endpoint=address, api_version="2024-10-21")
    return client.chat.completions.create(**ASK | {"model": "my-deployment"})


def module_level(stage: Stage) -> Any:
    options = stage.options | {"base_url": f"{stage.server.url}/"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in options.items():
            patch.setattr(openai, name, value)
        try:
            return openai.chat.completions.create(**ASK)
        finally:
            openai._reset_client()


def with_options(stage: Stage) -> Any:
    client = stage.client().with_options(
        timeout=DEADLINE_S - 1, default_headers={"x-team": "search"}
    )
    return client.chat.completions.create(**ASK)


def custom_http_client(stage: Stage) -> Any:
    client = stage.client(http_client=web.Client(headers={"x-mine": "1"}, http2=False))
    return client.chat.completions.create(**ASK)


def legacy_httpx_client(stage: Stage) -> Any:
    httpx = pytest.importorskip("httpx", reason="the older HTTP library is not installed")
    return stage.client(http_client=httpx.Client()).chat.completions.create(**ASK)


class Mine(openai.OpenAI):
    """A client as people derive it, to add what every request of theirs needs."""

    @property
    def default_headers(self) -> dict[str, Any]:
        return {**super().default_headers, "x-mine": "1"}


def subclassed(stage: Stage) -> Any:
    return stage.client(Mine).chat.completions.create(**ASK)


def low_level_post(stage: Stage) -> Any:
    return stage.client().post("/chat/completions", body=ASK, cast_to=dict[str, Any])


def in_thread(stage: Stage) -> Any:
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(create(stage)))
    thread.start()
    thread.join()
    return seen


async def gather_20(stage: Stage) -> Any:
    ask = stage.async_client().chat.completions.create
    answers = await asyncio.gather(*(ask(**ASK) for _ in range(20)))
    return sorted(answer.id for answer in answers)


def files_and_batches_not_llm(stage: Stage) -> Any:
    client = stage.client()
    return [
        client.files.list().data,
        client.batches.list().data,
        client.files.create(file=("calls.jsonl", b'{"model": "gpt-5-mini"}'), purpose="batch"),
        client.batches.create(
            input_file_id="file-1", endpoint="/v1/chat/completions", completion_window="24h"
        ),
        client.batches.retrieve("batch_1"),
        client.models.list().data,
    ]


def parse_length_error(stage: Stage) -> Any:
    return stage.client().chat.completions.parse(**ASK, response_format=City)


CHAT_USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
RESPONSES_USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 1},
    "total_tokens": 10,
}
TEXT = ("Par", "is", ".")
SAID = Reply(chunks=TEXT, usage=CHAT_USAGE)
RESPONDED = Reply(chunks=TEXT, usage=RESPONSES_USAGE)
STALLED = Reply(chunks=TEXT, usage=CHAT_USAGE, stall_after=3)
LIMITED, FAILED = Reply.rate_limited(), Reply.server_error()
LISTS = Reply(body=b'{"object": "list", "data": [], "has_more": false}')
FILE = Reply(body=b'{"id": "file-1", "object": "file"}')
BATCH = Reply(body=b'{"id": "batch_1", "object": "batch", "status": "validating"}')

OK: dict[str, Any] = {
    "status": "ok", "operation": "chat", "model": "gpt-5-mini", "stream": False, "ttft": False,
    "input_tokens": 7, "output_tokens": 3, "attempts": 1, "http_status": 200, "error_type": None,
    "finish_reason": "stop",
}  # fmt: skip
OK_STREAM = OK | {"stream": True, "ttft": True, "chunks": len(TEXT) + 3}
NO_TOKENS: dict[str, Any] = {"input_tokens": None, "output_tokens": None}
NO_ANSWER = OK | NO_TOKENS | {"finish_reason": None}
UNFINISHED = OK | NO_TOKENS | {"finish_reason": None, "stream": True, "ttft": True}
RESPONSE = {"finish_reason": "completed", "reasoning_tokens": 1, "cached_input_tokens": 2}

CUT = "APIConnectionError" if openai.VERSION >= "3" else "RemoteProtocolError"

SHAPES = [
    Shape(create, OK, (SAID,)),
    Shape(client_made_before, OK, (SAID,)),
    Shape(async_create, OK, (SAID,)),
    Shape(stream, OK_STREAM, (SAID,)),
    Shape(async_stream, OK_STREAM, (SAID,)),
    Shape(next_stream, OK_STREAM, (SAID,)),
    Shape(stream_no_usage, OK_STREAM | NO_TOKENS | {"chunks": len(TEXT) + 2}, (SAID,)),
    Shape(stream_helper, OK_STREAM, (SAID,)),
    Shape(async_stream_helper, OK_STREAM, (SAID,)),
    Shape(parse, OK, (Reply('{"name": "Paris"}', usage=CHAT_USAGE),)),
    Shape(responses_create, OK | RESPONSE, (RESPONDED,)),
    Shape(responses_create_stream, OK_STREAM | RESPONSE | {"chunks": 11}, (RESPONDED,)),
    Shape(responses_stream_helper, OK_STREAM | RESPONSE | {"chunks": 11}, (RESPONDED,)),
    Shape(raw, OK, (SAID,)),
    Shape(raw_never_parsed, OK, (SAID,)),
    Shape(raw_stream, OK_STREAM, (SAID,)),
    Shape(streaming_response_lines, OK_STREAM, (SAID,)),
    Shape(streaming_response_parse, OK, (SAID,)),
    Shape(streaming_response_sse, OK_STREAM, (SAID,)),
    Shape(async_streaming_response_sse, OK_STREAM, (SAID,)),
    Shape(break_early, UNFINISHED | {"status": "partial"}, (STALLED,), lingers=True),
    Shape(close_early, UNFINISHED | {"status": "partial"}, (STALLED,)),
    Shape(
        dropped_unread, UNFINISHED | {"status": "partial", "ttft": False}, (STALLED,), lingers=True
    ),
    Shape(async_break_early, UNFINISHED | {"status": "partial"}, (STALLED,), lingers=True),
    Shape(
        async_cancel_before_headers, NO_ANSWER | {"status": "cancelled", "http_status": None},
        (Reply.timeout(),),
    ),
    Shape(async_cancel_mid_stream, UNFINISHED | {"status": "cancelled"}, (STALLED,)),
    Shape(
        keyboard_interrupt_in_loop, UNFINISHED | {"status": "cancelled"}, (STALLED,), lingers=True
    ),
    Shape(retry_429, OK | {"attempts": 3}, (LIMITED, LIMITED, SAID)),
    Shape(retry_500_async, OK | {"attempts": 3}, (FAILED, FAILED, SAID)),
    Shape(retry_stream, OK_STREAM | {"attempts": 2}, (LIMITED, SAID)),
    Shape(retry_raw, OK | {"attempts": 2}, (FAILED, SAID)),
    Shape(
        retries_exhausted,
        NO_ANSWER | {"status": "error", "attempts": 3, "http_status": 429, "error_type": "RateLimitError",
                     "error_code": "rate_limit_exceeded"},
        (FAILED, LIMITED, LIMITED),
    ),
    Shape(
        bad_request,
        NO_ANSWER | {"status": "error", "http_status": 400, "error_type": "BadRequestError"},
        (Reply(status=400),),
    ),
    Shape(
        timeout,
        NO_ANSWER | {"status": "error", "http_status": None, "error_type": "APITimeoutError"},
        (Reply.timeout(),),
    ),
    Shape(
        connection_error,
        NO_ANSWER | {"status": "error", "http_status": None, "error_type": "APIConnectionError"},
    ),
    Shape(
        cut_mid_stream, UNFINISHED | {"status": "error", "error_type": CUT},
        (Reply(chunks=TEXT, usage=CHAT_USAGE, cut_after=3),),
    ),
    Shape(
        error_event_in_stream, UNFINISHED | {"status": "error", "error_type": "APIError"},
        (Reply(chunks=TEXT, error={"message": "overloaded", "code": "overloaded"}),),
    ),
    Shape(gzip_json, OK, (Reply(usage=CHAT_USAGE, encoding="gzip"),)),
    Shape(gzip_sse, OK_STREAM, (Reply(chunks=TEXT, usage=CHAT_USAGE, encoding="gzip"),)),
    Shape(
        embeddings,
        OK | {"operation": "embeddings", "model": "text-embedding-3-small", "finish_reason": None,
              "output_tokens": None},
        (Reply(usage={"prompt_tokens": 7, "total_tokens": 7}),),
    ),
    Shape(
        images,
        OK | {"operation": "image_generation", "model": "gpt-image-1", "finish_reason": None},
        (RESPONDED,),
    ),
    Shape(audio_speech, NO_ANSWER | {"operation": "speech", "model": "tts-1"}),
    Shape(audio_speech_streaming, NO_ANSWER | {"operation": "speech", "model": "tts-1"}),
    Shape(
        audio_transcription,
        OK | {"operation": "transcription", "model": "gpt-4o-mini-transcribe", "finish_reason": None},
        (RESPONDED,),
    ),
    Shape(moderations, NO_ANSWER | {"operation": "moderation", "model": "omni-moderation-latest"}),
    Shape(azure, OK | {"model": "my-deployment"}, (SAID,)),
    Shape(module_level, OK, (SAID,)),
    Shape(with_options, OK, (SAID,)),
    Shape(custom_http_client, OK, (SAID,)),
    Shape(legacy_httpx_client, OK, (SAID,)),
    Shape(subclassed, OK, (SAID,)),
    Shape(low_level_post, OK, (SAID,)),
    Shape(in_thread, OK, (SAID,)),
    Shape(gather_20, OK, (SAID,) * 20, rows=20),
    Shape(files_and_batches_not_llm, {}, (LISTS, LISTS, FILE, BATCH, BATCH), rows=0),
    Shape(
        parse_length_error, OK | {"finish_reason": "length"},
        (Reply('{"name": "Pa', usage=CHAT_USAGE, finish_reason="length"),),
    ),
]  # fmt: skip
