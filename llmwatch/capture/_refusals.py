"""What a provider says when it refuses: the shapes of error bodies, read into an answer."""

from __future__ import annotations

import re
from typing import Any

from ._answer import Answer, word

__all__ = ["refuse", "refuse_in_words"]

_MESSAGE = 2000
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]{0,500}>", re.IGNORECASE | re.DOTALL)


def refuse(answer: Answer, body: Any) -> None:
    """Write the error that `body` tells of into `answer`.

    Known shapes: ``{"error": {"message", "type", "code"}}``, ``{"error": "text"}``, Anthropic's
    ``{"type": "error", "error": {...}}``, Gemini's ``[{"error": {"status", ...}}]``, Mistral's and
    Cohere's ``{"message"}``, FastAPI's ``{"detail": [{"msg"}]}``.
    """
    answer.error = True
    if isinstance(body, list):
        body = next((item for item in body if isinstance(item, dict)), {})
    if not isinstance(body, dict):
        return
    error = body.get("error")
    if isinstance(error, dict):
        _read(answer, error)
    elif isinstance(error, str) and error:
        _read(answer, body)
        if answer.error_message is None:
            answer.error_message = error[:_MESSAGE]
        else:
            answer.error_type = word(error)
    else:
        _read(answer, body)


def _read(answer: Answer, error: dict[str, Any]) -> None:
    kind = error.get("type") if error.get("type") != "error" else None
    status = error.get("status") if isinstance(error.get("status"), str) else None
    details = error.get("details") if isinstance(error.get("details"), dict) else {}
    code = (details or {}).get("error_code") or status or error.get("code")
    answer.error_type = word(kind) or word(status)
    if isinstance(code, int) and not isinstance(code, bool):
        code = str(code)
    answer.error_code = word(code)
    answer.error_message = _message(error)


def _message(error: dict[str, Any]) -> str | None:
    for name in ("message", "Message", "detail", "msg", "errors"):
        value = error.get(name)
        if isinstance(value, list):
            value = next((item for item in value if isinstance(item, (dict, str))), None)
        if isinstance(value, dict):
            value = _message(value)
        if isinstance(value, str) and value:
            return value[:_MESSAGE].encode("utf-8", "replace").decode("utf-8")
    return None


def refuse_in_words(answer: Answer, body: bytes) -> None:
    """The same for a body that is no JSON: a page of a proxy, or a plain sentence."""
    answer.error = True
    text = body[: 4 * _MESSAGE].decode("utf-8", "replace")
    text = " ".join(_MARKUP.sub(" ", text).split())
    answer.error_message = text[:_MESSAGE] or None
