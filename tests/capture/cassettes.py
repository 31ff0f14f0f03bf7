"""Recorded provider traffic: the cases, and a transport that serves their bytes again."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

__all__ = ["Case", "Player", "Sent", "load"]

NO_CALLS = frozenset({
    "assistants", "batches", "conversations", "files", "messages.count_tokens", "models",
    "responses.input_tokens", "responses.item", "threads", "vector_stores",
})  # fmt: skip
PER_CALL_HEADERS = frozenset({"idempotency-key"})
_LARGEST_PIECE = 700


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded request, its answer, and the truth derived from these bytes alone."""

    id: str
    request: dict[str, Any]
    response: dict[str, Any]
    truth: dict[str, Any]

    @property
    def is_call(self) -> bool:
        """Whether a monitor should have a row for it."""
        return self.truth["endpoint"] not in NO_CALLS or self.asks_gemini

    @property
    def asks_gemini(self) -> bool:
        """The truth knows two dialects only, and has nothing to say about this one."""
        return bool(self.request["path"].endswith(":generateContent"))

    @property
    def json(self) -> Any:
        return self.request.get("json")

    def body(self) -> bytes:
        """The bytes of the answer, encoded as they were when they were recorded."""
        answer = self.response
        if "text_b64" in answer:
            data = base64.b64decode(answer["text_b64"])
        else:
            data = answer.get("text", "").encode()
        return gzip.compress(data, mtime=0) if answer["enc"] == "gzip" else data

    def headers(self) -> dict[str, str]:
        dropped = ("content-encoding", "content-length", "transfer-encoding")
        headers = {k: v for k, v in self.response["headers"].items() if k.lower() not in dropped}
        if self.response["enc"]:
            headers["content-encoding"] = self.response["enc"]
        return headers

    def pieces(self) -> list[bytes]:
        """The body cut at random places, the same ones every time: a wire knows no events."""
        body, rng = self.body(), random.Random(self.id)
        pieces = []
        while body:
            size = rng.randint(1, _LARGEST_PIECE)
            pieces.append(body[:size])
            body = body[size:]
        return pieces


def load() -> list[Case]:
    """All cases; skips the test where the folder is not there."""
    folder = os.environ.get("LLMWATCH_CASSETTES")
    if not folder:
        pytest.skip("LLMWATCH_CASSETTES does not name the folder of recorded traffic")
    truths = {truth["id"]: truth for truth in _lines(Path(folder) / "truth.jsonl.gz")}
    return [
        Case(case["id"], case["request"], case["response"], truths[case["id"]])
        for case in _lines(Path(folder) / "cases.jsonl.gz")
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class _Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that arrives piece by piece, as from a socket."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


@dataclass(frozen=True, slots=True)
class Sent:
    """What went over the wire, without what the SDK draws at random for each call."""

    method: str
    url: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Player:
    """Answers every request with the current case, and remembers what was sent for it."""

    def __init__(self) -> None:
        self.case: Case | None = None
        self.sent: list[Sent] = []

    def insert(self, case: Case) -> None:
        self.case = case
        self.sent = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert self.case is not None
        headers = tuple(
            (name, value)
            for name, value in request.headers.raw
            if name.decode().lower() not in PER_CALL_HEADERS
        )
        self.sent.append(Sent(request.method, str(request.url), headers, request.content))
        return httpx2.Response(
            self.case.response["status"],
            headers=self.case.headers(),
            stream=_Pieces(self.case.pieces()),
        )
