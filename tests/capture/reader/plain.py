"""Answers as servers write them, and a reader to read them with."""

from __future__ import annotations

import json

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


def figures(answer):
    return (answer.input_tokens, answer.output_tokens, answer.cached_input_tokens,
            answer.reasoning_tokens, answer.input_audio_tokens,
            answer.output_audio_tokens)  # fmt: skip


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
