"""What watching adds to a call: CPU on the user's thread, and CPU anywhere in the process.

The real openai client on a mock transport, bare and watched in processes that take turns, so that
both see the same machine. Of each side the best block of all rounds counts: whatever else runs on
a machine only ever adds time, and for longer than a process lives, so that the difference of two
neighbours may well be that of the machine with itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from . import Row

ROUNDS = 9
CHUNKS = 200
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there, how are you?"},
                 "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    "service_tier": "default",
}  # fmt: skip
ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Say hello, please."}]}


def _chunk(number: int) -> bytes:
    delta = {"content": f"word{number} "}
    body = {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}],
        "system_fingerprint": "fp_44709d6fcb", "service_tier": "default",
    }  # fmt: skip
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def _workload(shape: str) -> Callable[[], Any]:
    import httpx2
    import openai

    body = json.dumps(ANSWER).encode()
    pieces = [_chunk(number) for number in range(CHUNKS)] + [b"data: [DONE]\n\n"]

    def answer(request: httpx2.Request) -> httpx2.Response:
        if shape == "stream":
            kind = {"content-type": "text/event-stream"}
            return httpx2.Response(200, headers=kind, content=iter(pieces))
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=body)

    web = httpx2.Client(transport=httpx2.MockTransport(answer))
    create = openai.OpenAI(api_key="sk-bench-0123456789", http_client=web).chat.completions.create
    if shape == "stream":
        return lambda: [None for _ in create(**ASK, stream=True)]
    return lambda: create(**ASK)


def child(shape: str, watched: bool) -> None:
    """Print CPU microseconds an operation: on this thread, in the whole process."""
    # A kernel has threads anyway; a process with only one allocates faster than any notebook.
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    run = _workload(shape)
    settle: Callable[[], Any] = lambda: None  # noqa: E731 - replaced below where there is a session
    if watched:
        import llmwatch

        llmwatch.enable()
        settle = llmwatch.session._settle
    size, blocks = (100, 15) if shape == "call" else (8, 12)
    for _ in range(size):
        run()
    settle()
    best = [float("inf"), float("inf")]
    for _ in range(blocks):
        thread, process = time.thread_time_ns(), time.process_time_ns()
        for _ in range(size):
            run()
        on_thread = (time.thread_time_ns() - thread) / size / 1000
        settle()
        anywhere = (time.process_time_ns() - process) / size / 1000
        best = [min(best[0], on_thread), min(best[1], anywhere)]
    print(json.dumps(best))


def _measure(shape: str, watched: bool) -> list[float]:
    command = [sys.executable, "-m", __spec__.name, shape, "watched" if watched else "bare"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    figures: list[float] = json.loads(done.stdout)
    return figures


def _shape(shape: str) -> tuple[list[float], list[float]]:
    """Bare figures and added figures: on the thread, anywhere."""
    pairs = [(_measure(shape, False), _measure(shape, True)) for _ in range(ROUNDS)]
    bare, watched = (
        [min(side) for side in zip(*of, strict=True)] for of in zip(*pairs, strict=True)
    )
    return bare, [ours - theirs for ours, theirs in zip(watched, bare, strict=True)]


def rows() -> list[Row]:
    """The first two lines of the speed table."""
    call_bare, call_added = _shape("call")
    stream_bare, stream_added = _shape("stream")
    chunk = [(stream_added[side] - call_added[side]) / CHUNKS for side in (0, 1)]
    chunk_bare = [stream_bare[side] / CHUNKS for side in (0, 1)]
    return [
        Row("added on the user's thread, a call", call_added[0], "us", 33, call_bare[0]),
        Row("added on the user's thread, a chunk", chunk[0], "us", 1.5, chunk_bare[0]),
        Row("added anywhere, a call", call_added[1], "us", 180, call_bare[1]),
        Row("added anywhere, a chunk", chunk[1], "us", 15, chunk_bare[1]),
    ]


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2] == "watched")
