"""What was asked: the model, whether as a stream, and the text, from the bytes of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ._answer import utf8_size, word
from ._endpoints import Endpoint, path_parts

__all__ = ["Asked", "read_request"]

_LARGE = 1 << 20  # beyond it a body is pictures or sound: looked at, never parsed
_EDGE = 64 << 10
_FULL = 1_000_000
_MODEL = re.compile(rb'"model"\s*:\s*"((?:[^"\\]|\\.){1,200})"')
_STREAM = re.compile(rb'"stream"\s*:\s*true')
_GLIMPSE = 2000  # bytes
_EDGE_OF_TEXT = 256  # characters before a cut are given up: half a credential may stand there
_TEXT = re.compile(
    rb'"(?:text|content|input|prompt|message|query)"\s*:\s*"((?:[^"\\]|\\.){1,%d})' % _GLIMPSE
)
_DEPTH = 12
_FIELD = re.compile(rb'\r\ncontent-disposition:[^\r\n]*?;\s*name="([^"\r\n]*)"', re.IGNORECASE)
_FILE = re.compile(rb";\s*filename\*?=", re.IGNORECASE)

_TEXTS = ("messages", "input", "contents", "prompt", "message", "query", "texts", "content",
          "requests", "instances")  # fmt: skip
_BESIDE = ("system", "instructions", "systemInstruction", "tools", "functions", "suffix",
           "preamble", "chat_history", "documents")  # fmt: skip
_FORM = frozenset({
    "id", "tool_call_id", "call_id", "type", "role", "encrypted_content", "signature",
    "cache_control",
})  # fmt: skip
_NO_TEXT = _FORM | {
    "data", "url", "image_url", "file_data", "inlineData", "inline_data", "file_id", "images",
    "b64_json",
}  # fmt: skip


@dataclass(slots=True)
class Asked:
    """What a request says of itself.

    `text` is the last message, or all of them with their roles where the whole is kept.
    `digest` is equal where the last message is, pictures included, in this process alone; None
    where no text is wanted.
    `input_bytes` counts the UTF-8 bytes of all text in it, 0 where that is unknown.
    `is_call` is False for a request that turns out to be none.
    """

    model: str | None
    stream: bool
    text: str | None
    input_bytes: int
    is_call: bool
    digest: int | None = None


def read_request(
    endpoint: Endpoint, raw_path: bytes, body: bytes | None,
    fields: Mapping[str, str] | None, content: str,
) -> Asked:  # fmt: skip
    """Read a request.

    Parameters
    ----------
    endpoint : Endpoint
        As `match` found it.
    raw_path : bytes
        The path, which may name the model, perhaps with a query.
    body : bytes or None
        The body, where it is in memory as one piece.
    fields : mapping or None
        The text fields of a multipart form, where it is not in memory as one piece.
    content : {"preview", "none", "full"}
        How much of the text is wanted.
    """
    parts = path_parts(raw_path)
    if fields is None and body is not None and body.startswith(b"--"):
        fields = _form(body)
    if fields is not None:
        data: dict[str, Any] = dict(fields)
        data["stream"] = str(data.get("stream", "")).lower() == "true"
    elif body is not None and len(body) > _LARGE:
        return _large(endpoint, parts, body, content)
    else:
        data = _parsed(body)
    model = _asked_for(parts, word(data.get("model")))
    texts = [data[name] for name in _TEXTS if data.get(name)]
    beside = [data[name] for name in _BESIDE if data.get(name)]
    said, text = _last(texts) if content != "none" else (None, None)
    return Asked(
        model=model,
        stream=_streams(endpoint, parts, data),
        text=_everything(texts, beside) if content == "full" else text,
        digest=None if said is None else hash("\n".join(_strings(said, 0, _FORM))),
        input_bytes=sum(_size(value) for value in texts + beside),
        is_call=model is not None or not endpoint.ambiguous,
    )


def _parsed(body: bytes | None) -> dict[str, Any]:
    try:
        data = json.loads((body or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _form(body: bytes) -> dict[str, str]:
    """The text fields of a multipart form: what a file holds is stepped over, not copied."""
    mark = b"\r\n" + body[: max(body.find(b"\r\n", 0, _GLIMPSE), 0)]
    fields: dict[str, str] = {}
    start = len(mark) - 2
    while len(mark) > 2 and (end := body.find(mark, start)) >= 0:
        split = body.find(b"\r\n\r\n", start, min(end, start + _EDGE))
        head = body[start:split] if split >= 0 else b""
        found = _FIELD.search(head)
        if found is not None and not _FILE.search(head):
            value = body[split + 4 : end]
            fields[found[1].decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        start = end + len(mark)
    return fields


def _large(endpoint: Endpoint, parts: list[str], body: bytes, content: str) -> Asked:
    """The same from both ends of a body, at a cost that does not grow with it.

    How much text is in it cannot be told from its ends, so that is left unknown.
    """
    head, tail = body[:_EDGE], body[-_EDGE:]
    found = _MODEL.search(head) or next(iter(reversed(list(_MODEL.finditer(tail)))), None)
    model = _asked_for(parts, _unescaped(found[1]) if found is not None else None)
    stream = bool(_STREAM.search(head) or _STREAM.search(tail))
    shown = f"[{len(body) / 1e6:.1f} MB] {_glimpse(head, tail)}".rstrip()
    return Asked(
        model=model,
        stream=_streams(endpoint, parts, {"stream": stream}),
        text=shown if content != "none" else None,
        input_bytes=0,
        is_call=model is not None or not endpoint.ambiguous,
    )


def _glimpse(head: bytes, tail: bytes) -> str:
    """The last text that both ends show, from its beginning."""
    texts = list(_TEXT.finditer(tail)) or list(_TEXT.finditer(head))
    if not texts:
        return ""
    found = texts[-1]
    said, whole = found[1], found.string[found.end() : found.end() + 1] == b'"'
    while not whole and b"\\" in said[-6:]:
        said = said[:-1]  # what may be half of an escape
    try:
        text = str(json.loads(f'"{said.decode("utf-8", "ignore")}"', strict=False))
    except ValueError:
        return ""
    return text if whole else text[:-_EDGE_OF_TEXT] + "…"


def _unescaped(name: bytes) -> str | None:
    try:
        return word(json.loads(b'"' + name + b'"'))
    except ValueError:
        return None


def _asked_for(parts: list[str], in_body: str | None) -> str | None:
    """The model asked for: Azure serves the deployment in the path, whatever the body says."""
    in_path = _model_in(parts)
    return in_path if in_path is not None and "deployments" in parts else in_body or in_path


def _model_in(parts: list[str]) -> str | None:
    """The model that the path names: Azure's deployment, Google's and Bedrock's model."""
    for place in ("deployments", "models", "model"):
        if place in parts[:-1]:
            name = parts[parts.index(place) + 1]
            return word(unquote(name.partition(":")[0])) if _names(place, name) else None
    return None


def _names(place: str, name: str) -> bool:
    return place != "models" or ":" in name


def _streams(endpoint: Endpoint, parts: list[str], data: Mapping[str, Any]) -> bool:
    if parts[-1].partition(":")[2].startswith("stream"):
        return True
    if endpoint.dialect == "ollama" and endpoint.operation != "embeddings":
        return data.get("stream") is not False  # there a stream is the default
    return data.get("stream") is True


def _everything(texts: list[Any], beside: list[Any]) -> str | None:
    lines = [line for value in beside + texts for line in _tagged(value)] if texts else []
    return "\n".join(lines)[:_FULL] or None


def _last(texts: list[Any]) -> tuple[Any, str | None]:
    """The last message that has text, and that text.

    By it a request is known again: an answer to it can be compared under another system prompt.
    """
    messages = texts[0] if texts else []
    for one in reversed(messages) if isinstance(messages, list) else [messages]:
        text = "\n".join(_strings(one, 0))
        if text:
            return one, text[:_FULL]
    return None, None


def _tagged(value: Any) -> Iterator[str]:
    """Each message as a line that begins with its role."""
    for one in value if isinstance(value, list) else [value]:
        text = "\n".join(_strings(one, 0))
        role = one.get("role") if isinstance(one, dict) else None
        if text:
            yield f"{role}: {text}" if isinstance(role, str) else text


def _strings(value: Any, depth: int, but: frozenset[str] = _NO_TEXT) -> Iterator[str]:
    """The text in a message, without pictures, ids and the like."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < _DEPTH:
        for item in value:
            yield from _strings(item, depth + 1, but)
    elif isinstance(value, dict) and depth < _DEPTH:
        for name, item in value.items():
            if name not in but:
                yield from _strings(item, depth + 1, but)


def _size(value: Any) -> int:
    return sum(utf8_size(text) for text in _strings(value, 0))
