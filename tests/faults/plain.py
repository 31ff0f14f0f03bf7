"""What the tests here ask with: one call, its answer, a client without an SDK, a script of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[2]
HANG_S = 60
MESSAGES: Any = [{"role": "user", "content": "hi"}]
URL = "https://api.openai.com/v1/chat/completions"
BODY = {"model": "gpt-5-mini", "messages": MESSAGES}
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
}  # fmt: skip


def ask(client: Any, **options: Any) -> Any:
    """One call of the SDK."""
    return client.chat.completions.create(model="gpt-5-mini", messages=MESSAGES, **options)


def plain(handler: Callable[..., Any] | None = None, **options: Any) -> httpx2.Client:
    """A client without an SDK, on a mock transport: cheap enough for thousands of calls."""
    answer = handler or (lambda request: httpx2.Response(200, json=ANSWER))
    return httpx2.Client(transport=httpx2.MockTransport(answer), **options)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script of its own, with no setting but these."""
    kept = {name: value for name, value in os.environ.items() if "LLMWATCH" not in name}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True, text=True, timeout=HANG_S,
    )  # fmt: skip
