"""Which requests are LLM calls: a table from the end of a URL path to an operation.

Only the end of a path says what is asked: what stands before it differs with every gateway.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ._providers import is_llm_host, provider_of

__all__ = ["Endpoint", "is_suspicious", "match", "path_parts", "provider_of"]


class Endpoint(NamedTuple):
    """What a matched request asks for, and how its answer is to be read."""

    operation: str
    dialect: str
    ambiguous: bool
    """Other services use the same path: it is an LLM call only if it names a model."""


def _table(dialect: str, ambiguous: bool, **ends: str) -> dict[tuple[str, ...], Endpoint]:
    return {
        tuple(end.split()): Endpoint(operation, dialect, ambiguous)
        for operation, listed in ends.items()
        for end in listed.split(", ")
    }


_ENDS: dict[tuple[str, ...], Endpoint] = {
    **_table(
        "chat", False,
        chat="chat completions, agents completions",
        text_completion="completions, fim completions",
    ),
    **_table("responses", True, chat="responses"),
    **_table("responses", False, chat="responses compact"),
    **_table("anthropic", True, chat="messages, v1 complete"),
    **_table(
        "plain", False,
        embeddings="embeddings",
        image_generation="images generations, images edits, images variations",
        speech="audio speech",
        transcription="audio transcriptions, audio translations",
        moderation="moderations, chat moderations",
    ),
    **_table(
        "cohere", True,
        chat="v1 chat, v2 chat",
        text_completion="v1 generate",
        embeddings="v1 embed, v2 embed",
    ),
    **_table(
        "ollama", True,
        chat="api chat",
        text_completion="api generate",
        embeddings="api embed, api embeddings",
    ),
}  # fmt: skip

# Verbs after a colon, as Google writes them: `models/NAME:generateContent`.
_VERBS: dict[str, Endpoint] = {
    "generateContent": Endpoint("generate_content", "gemini", False),
    "streamGenerateContent": Endpoint("generate_content", "gemini", False),
    "embedContent": Endpoint("embeddings", "gemini", False),
    "batchEmbedContents": Endpoint("embeddings", "gemini", False),
    "rawPredict": Endpoint("chat", "anthropic", False),
    "streamRawPredict": Endpoint("chat", "anthropic", False),
}

# Under these stand files, jobs, listings and counts: no calls, even where a path ends like one.
_NO_CALLS = frozenset({
    "files", "batches", "threads", "assistants", "vector_stores", "conversations", "fine_tuning",
    "fine-tuning", "uploads", "containers", "evals", "realtime", "chatkit", "organization",
    "organizations", "skills", "webhooks", "count_tokens", "input_tokens", "tokenize",
    "detokenize", "cancel", "agents", "sessions", "client_secrets", "usage", "tags", "pull",
    "show", "libraries", "voices", "event_logging", "cachedContents", "telemetry", "metrics",
})  # fmt: skip
_STORES = frozenset({"threads", "conversations"})  # whose messages are kept, not answered
_WHOLE = frozenset({"responses", "completions", "messages", "models"})  # with an id behind them
_TELLING = frozenset({
    "completion", "completions", "chat", "generate", "generate_stream", "generations", "embed",
    "embeddings", "rerank", "converse", "converse-stream", "invoke", "invoke-with-response-stream",
    "llm", "inference", "infer", "predict", "ocr", "videos",
})  # fmt: skip
_TELLING_VERBS = re.compile(r":(?:\w*predict\w*|\w*generate\w*|\w*embed\w*)$", re.IGNORECASE)
_MANY = 2048

_known: dict[tuple[str, bytes], Endpoint | None] = {}


def match(method: str, host: str, raw_path: bytes) -> Endpoint | None:
    """What a request asks for; None when it is no LLM call.

    Called for every request on the caller's thread: one dictionary look-up for a known path.

    Parameters
    ----------
    method, host : str
        As the request has them. Gateways stand anywhere: a known host only settles doubt.
    raw_path : bytes
        The path, perhaps with a query.
    """
    if method != "POST":
        return None
    key = host, raw_path.partition(b"?")[0]
    try:
        return _known[key]
    except KeyError:
        found = _look_up(path_parts(raw_path))
        if found is not None and found.ambiguous and is_llm_host(host):
            found = found._replace(ambiguous=False)
        if len(_known) >= _MANY:  # paths with ids in them must not fill the memory
            _known.clear()
        _known[key] = found
        return found


def path_parts(raw_path: bytes) -> list[str]:
    """The parts between the slashes, without empty ones and without the query."""
    path = raw_path.partition(b"?")[0].decode("latin-1")
    return [part for part in path.split("/") if part]


def _look_up(parts: list[str]) -> Endpoint | None:
    if not parts:
        return None
    name, colon, verb = parts[-1].partition(":")
    if colon:
        return _VERBS.get(verb) if name and "models" in parts[:-1] else None
    if len(parts) > 2 and parts[-1] == "invoke" and "claude" in parts[-2]:
        return Endpoint("chat", "anthropic", False)
    found = _ENDS.get(tuple(parts[-2:])) or _ENDS.get((parts[-1],))
    if found is not None and found.ambiguous and not _STORES.isdisjoint(parts[:-1]):
        return None
    if found is not None and "deployments" in parts[:-1]:
        return found._replace(ambiguous=False)  # Azure: the path names the model
    return found


def is_suspicious(method: str, host: str, raw_path: bytes, content_type: str) -> bool:
    """Whether a request that `match` does not know looks like an LLM call all the same.

    Such requests are counted, so that a person sees what is missing from the table.
    """
    if method != "POST" or not content_type.startswith(("application/json", "multipart/")):
        return False
    if match(method, host, raw_path) is not None:
        return False  # a call but for the model that it does not name: some other service
    parts = path_parts(raw_path)
    if "conversations" in parts and "mistral" in host:
        return True  # there a conversation answers; elsewhere it is where messages are kept
    if not _NO_CALLS.isdisjoint(parts) or not _WHOLE.isdisjoint(parts):
        return _invokes_a_model(parts)
    if not parts:
        return False
    return parts[-1] in _TELLING or (is_llm_host(host) and ":" not in parts[-1])


def _invokes_a_model(parts: list[str]) -> bool:
    return "models" in parts[:-1] and _TELLING_VERBS.search(parts[-1]) is not None
