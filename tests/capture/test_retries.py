"""One logical call is one row, however often the SDK sends it; a user's own loop is many."""

from __future__ import annotations

import asyncio
import gc
import json
import threading

import httpx2
import openai
import pytest

import llmwatch

from .test_tap import ANSWER, ASK, client

LIMITED = {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}


def scripted(*statuses):
    """A handler that answers with these statuses in turn; `None` breaks the connection."""
    left = list(statuses)

    def handler(request):
        status = left.pop(0)
        if status is None:
            raise httpx2.ConnectError("refused", request=request)
        if status == 200:
            return httpx2.Response(200, json=ANSWER)
        return httpx2.Response(status, json=LIMITED, headers={"retry-after-ms": "1"})

    return handler


def test_retries_of_the_sdk_are_attempts_of_one_row():
    """Two failures and a success are one ok row of three attempts, with the usage of the last."""
    with llmwatch.watch() as w:
        client(scripted(429, None, 200), max_retries=2).chat.completions.create(**ASK)
    row = w.calls.iloc[0]
    assert (len(w.calls), row.status, row.attempts, row.input_tokens) == (1, "ok", 3, 3)
    assert 0 < row.retry_wait_s < row.latency_s


def test_exhausted_retries_are_one_error_that_is_there_at_once():
    """After the exception reached the caller, the row is there: error, all attempts counted."""
    ask = client(scripted(429, 429, 429), max_retries=2).chat.completions.create
    with llmwatch.watch() as w:
        with pytest.raises(openai.RateLimitError):
            ask(**ASK)
        row = w.calls.iloc[0]
    assert (row.status, row.attempts, row.error_type) == ("error", 3, "RateLimitError")
    assert (row.http_status, row.error_code) == (429, "rate_limit_exceeded")


def test_the_dropped_body_of_a_failed_attempt_ends_no_call():
    """However late we hear that the answer to the first attempt is gone, the second one counts."""
    piece = {
        "id": "a", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}],
    }  # fmt: skip
    chunks = [f"data: {json.dumps(piece)}\n\n".encode(), b"data: [DONE]\n\n"]
    asked = []

    def handler(request):
        asked.append(request)
        if len(asked) == 1:
            body = iter([json.dumps(LIMITED).encode()])
            return httpx2.Response(429, headers={"retry-after-ms": "1"}, content=body)
        gc.collect()  # the first answer is gone by now at the latest ...
        assert llmwatch.session.settled(60)  # ... and that is looked at amid the second attempt
        return httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, content=iter(chunks)
        )

    with llmwatch.watch() as w:
        list(client(handler, max_retries=1).chat.completions.create(**ASK, stream=True))
    row = w.calls.iloc[0]
    assert (len(w.calls), row.status, row.attempts, row.chunks) == (1, "ok", 2, 1)


def test_a_loop_of_the_user_makes_separate_rows():
    """The same request sent by a loop of the user is a call each time, also when it failed."""
    ask = client(scripted(429, 503, 200)).chat.completions.create
    with llmwatch.watch() as w:
        for _ in range(3):
            try:
                ask(**ASK)
            except openai.APIStatusError:
                continue
    assert w.calls.status.tolist() == ["error", "error", "ok"]
    assert w.calls.attempts.tolist() == [1, 1, 1]


def test_a_loop_without_reading_in_between_over_plain_httpx_makes_separate_rows():
    """Without an SDK every send is a call of its own."""
    web = httpx2.Client(transport=httpx2.MockTransport(scripted(503, 503, 200)))
    with llmwatch.watch() as w:
        for _ in range(3):
            web.post("https://api.openai.com/v1/chat/completions", json=ASK)
    assert w.calls.status.tolist() == ["error", "error", "ok"]
    assert set(w.calls.error_type.dropna()) == {"HTTPStatusError"}


def test_concurrent_retries_are_not_mixed_up():
    """Twenty tasks that each retry twice are twenty rows of three attempts."""
    lock, seen = threading.Lock(), {}

    def handler(request):
        with lock:
            key = request.content
            seen[key] = seen.get(key, 0) + 1
            status = 200 if seen[key] == 3 else 429
        if status == 200:
            return httpx2.Response(200, json=ANSWER)
        return httpx2.Response(429, json=LIMITED, headers={"retry-after-ms": "5"})

    async def main():
        web = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
        ask = openai.AsyncOpenAI(api_key="sk-test", http_client=web, max_retries=2)
        questions = [{"role": "user", "content": str(number)} for number in range(20)]
        await asyncio.gather(
            *(ask.chat.completions.create(model="gpt-5-mini", messages=[q]) for q in questions)
        )

    with llmwatch.watch() as w:
        asyncio.run(main())
    assert w.calls.attempts.tolist() == [3] * 20
    assert set(w.calls.status) == {"ok"}


def test_a_call_cancelled_while_it_waits_to_retry_is_cancelled():
    """Cancelling the task during the wait before a retry ends the row as cancelled."""

    async def main():
        web = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
        ask = openai.AsyncOpenAI(api_key="sk-test", http_client=web, max_retries=2)
        task = asyncio.create_task(ask.chat.completions.create(**ASK))
        await sent.wait()
        await asyncio.sleep(0)
        assert len(w.active) == 1  # neither over nor forgotten while it waits
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    sent = asyncio.Event()

    def handler(request):
        sent.set()
        return httpx2.Response(429, json=LIMITED, headers={"retry-after": "20"})

    with llmwatch.watch() as w:
        asyncio.run(main())
    assert w.calls.status.tolist() == ["cancelled"]


def test_while_it_waits_to_retry_a_call_is_in_flight():
    """A reader on another thread sees the call in flight during the wait, and no row."""
    failed, go_on = threading.Event(), threading.Event()
    statuses = [429, 200]

    def handler(request):
        if statuses[0] == 200:
            go_on.wait(60)
        status = statuses.pop(0)
        failed.set()
        if status == 200:
            return httpx2.Response(200, json=ANSWER)
        return httpx2.Response(429, json=LIMITED, headers={"retry-after-ms": "1"})

    with llmwatch.watch() as w:
        ask = client(handler, max_retries=1).chat.completions.create
        caller = threading.Thread(target=ask, kwargs=ASK)
        caller.start()
        assert failed.wait(60)
        assert (len(w.calls), len(w.active)) == (0, 1)
        go_on.set()
        caller.join(60)
    assert (len(w.calls), len(w.active)) == (1, 0)
