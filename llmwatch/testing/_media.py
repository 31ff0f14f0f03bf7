"""Everything that is no conversation: vectors, pictures, sound, verdicts, the list of models."""

from __future__ import annotations

import base64
import io
import math
import random
import struct
import wave
from typing import Any

from ._events import Payload
from ._turn import Turn, count_tokens

__all__ = ["embeddings", "images", "models", "moderations", "speech", "transcription"]

_DIMENSIONS = 1536
_MODELS = ("gpt-5-mini", "gpt-5", "text-embedding-3-small")
_CATEGORIES = ("harassment", "hate", "self-harm", "sexual", "violence")
_PIXEL = (  # a PNG of one transparent pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5Er"
    "kJggg=="
)
_MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # 26 ms of silence


def embeddings(turn: Turn) -> dict[str, Any]:
    """``POST /v1/embeddings``: unit vectors that depend on the text alone."""
    given = turn.ask.get("input", "")
    texts = [str(text) for text in (given if isinstance(given, list) else [given])]
    size = int(turn.ask.get("dimensions") or _DIMENSIONS)
    packed = turn.ask.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": n, "embedding": _packed(v) if packed else v}
        for n, v in enumerate(_vector(text, size) for text in texts)
    ]
    read = sum(count_tokens(text) for text in texts)
    usage = turn.usage({"prompt_tokens": read, "total_tokens": read})
    body = {"object": "list", "data": data, "model": turn.model}
    return body if usage is None else body | {"usage": usage}


def models(turn: Turn) -> dict[str, Any]:
    """``GET /v1/models``."""
    listed = [
        {"id": name, "object": "model", "created": turn.created, "owned_by": "offline"}
        for name in _MODELS
    ]
    return {"object": "list", "data": listed}


def moderations(turn: Turn) -> dict[str, Any]:
    """``POST /v1/moderations``: nothing is ever flagged."""
    given = turn.ask.get("input", "")
    verdict = {
        "flagged": False,
        "categories": dict.fromkeys(_CATEGORIES, False),
        "category_scores": dict.fromkeys(_CATEGORIES, 0.001),
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }
    results = [verdict for _ in (given if isinstance(given, list) else [given])]
    return {"id": turn.id("modr-"), "model": turn.model, "results": results}


def images(turn: Turn) -> dict[str, Any]:
    """``POST /v1/images/generations``: pictures of one pixel."""
    pictures = int(turn.ask.get("n") or 1)
    read, made = turn.input_tokens, 64 * pictures
    counted = {
        "input_tokens": read,
        "input_tokens_details": {"text_tokens": read, "image_tokens": 0},
        "output_tokens": made,
        "total_tokens": read + made,
    }
    usage = turn.usage(counted)
    body = {"created": turn.created, "data": [{"b64_json": _PIXEL} for _ in range(pictures)]}
    return body if usage is None else body | {"usage": usage}


def speech(turn: Turn) -> Payload:
    """``POST /v1/audio/speech``: half a second of silence, in chunks."""
    wav = turn.ask.get("response_format") == "wav"
    sound = _silent_wav() if wav else _MP3_FRAME * 20
    pieces = [sound[start : start + 2048] for start in range(0, len(sound), 2048)]
    return Payload(pieces, "audio/wav" if wav else "audio/mpeg", turn.reply.status, stream=True)


def transcription(turn: Turn) -> dict[str, Any] | Payload:
    """``POST /v1/audio/transcriptions``: says the same whatever is heard."""
    text = turn.reply.text or "This is what was said."
    if turn.ask.get("response_format") in ("text", "srt", "vtt"):
        return Payload.whole(text.encode(), "text/plain; charset=utf-8", turn.reply.status)
    if turn.model.startswith("whisper"):
        usage = turn.usage({"type": "duration", "seconds": 1})
    else:
        usage = turn.usage(_heard(count_tokens(text)))
    return {"text": text} if usage is None else {"text": text, "usage": usage}


def _heard(written: int) -> dict[str, Any]:
    return {
        "type": "tokens",
        "input_tokens": 10,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 10},
        "output_tokens": written,
        "total_tokens": 10 + written,
    }


def _vector(text: str, size: int) -> list[float]:
    draw = random.Random(text)
    raw = [draw.gauss(0.0, 1.0) for _ in range(size)]
    length = math.sqrt(sum(x * x for x in raw)) or 1.0
    return [x / length for x in raw]


def _packed(vector: list[float]) -> str:
    """Little-endian float32 in base64, which is what the SDK asks for by itself."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _silent_wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    return file.getvalue()
