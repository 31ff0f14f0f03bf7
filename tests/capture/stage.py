"""A stage for one shape of call: a real client, a model server on loopback, and who looks on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest

import llmwatch
from llmwatch.testing import OfflineServer, Received, Reply

__all__ = ["DEADLINE_S", "Performance", "Shape", "Stage", "perform", "web"]

# Drawn anew for each call, or part of an address that is new for each server.
_CHANGING = frozenset({"host", "idempotency-key", "content-length", "content-type"})
DEADLINE_S = 60.0

web: Any = importlib.import_module("httpx2" if openai.VERSION >= "3" else "httpx")
"""The HTTP library under the installed SDK."""


@dataclass(frozen=True)
class Shape:
    """One way to make a call, and the row that it should leave.

    `expected` are columns of the row; `ttft` stands for "a first token was seen". `lingers` says
    that nothing tells the SDK's stream that it is over before the garbage collector does.
    """

    act: Callable[[Stage], Any]
    expected: dict[str, Any]
    replies: tuple[Reply, ...] = ()
    rows: int = 1
    lingers: bool = False

    @property
    def name(self) -> str:
        return self.act.__name__


@dataclass
class Stage:
    """What a shape acts with."""

    server: OfflineServer
    clients: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.early = self.client()
        """A client that was there before anybody watched."""

    @property
    def options(self) -> dict[str, Any]:
        return {"api_key": "sk-test-0123456789", "timeout": DEADLINE_S, "max_retries": 0}

    def client(self, kind: type[Any] = openai.OpenAI, **options: Any) -> Any:
        if not options.keys() & {"base_url", "azure_endpoint"}:
            options["base_url"] = self.server.url
        made = kind(**self.options | options)
        self.clients.append(made)
        return made

    def async_client(self, **options: Any) -> Any:
        return self.client(openai.AsyncOpenAI, **options)

    async def until_asked(self) -> None:
        """Until the request has reached the server, which has no other way to tell us."""
        async with asyncio.timeout(DEADLINE_S):
            while not self.server.requests:  # noqa: ASYNC110 - it is on a thread, with no event
                await asyncio.sleep(0.001)

    async def closing_after(self, coroutine: Any) -> Any:
        try:
            return await coroutine
        finally:
            for client in self.clients:
                if isinstance(client, openai.AsyncOpenAI):
                    await client.close()

    def close(self) -> None:
        for client in self.clients:
            if isinstance(client, openai.OpenAI):
                client.close()


@dataclass(frozen=True)
class Performance:
    """What a caller saw and sent, what is left in its clients, and the rows of who looked on."""

    outcome: Any
    sent: list[Any]
    clients: list[Any]
    rows: list[dict[Any, Any]]


def perform(shape: Shape, *, watched: bool) -> Performance:
    """Act `shape` on a stage of its own."""
    with OfflineServer() as server:
        server.script(*shape.replies)
        stage = Stage(server)
        watch = llmwatch.watch(tag=shape.name) if watched else None
        outcome = _caught(shape, stage, watch)
        if shape.lingers:
            gc.collect()
        rows = watch.calls.to_dict("records") if watch is not None else []
        left = [_left_in(client) for client in stage.clients]
        stage.close()
        return Performance(outcome, sorted(map(_seen_request, server.requests)), left, rows)


def _caught(shape: Shape, stage: Stage, watch: Any) -> tuple[Any, ...]:
    try:
        with watch or contextlib.nullcontext():
            made = shape.act(stage)
            if inspect.iscoroutine(made):
                made = asyncio.run(stage.closing_after(made))
        return ("returned", _seen(made))
    except pytest.skip.Exception:
        raise
    except BaseException as problem:
        told = [getattr(problem, name, None) for name in ("status_code", "code", "type", "body")]
        return ("raised", type(problem).__name__, repr(problem.args), *told)


def _seen(value: Any) -> Any:
    """A result as types and content, to be compared."""
    if isinstance(value, (list, tuple)):
        return [_seen(item) for item in value]
    if hasattr(value, "model_dump"):
        return type(value).__qualname__, value.model_dump(warnings=False)
    if isinstance(value, (str, bytes, int, float, type(None))):
        return value
    return type(value).__qualname__


def _seen_request(request: Received) -> Any:
    headers = {name: text for name, text in request.headers.items() if name not in _CHANGING}
    kind, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    body = request.body.replace(boundary.encode(), b"BOUNDARY") if boundary else request.body
    return json.dumps([request.method, request.path, request.query, headers, kind, str(body)])


def _left_in(client: Any) -> Any:
    """The attributes of a client and of its HTTP client, by name and type."""
    return [
        {name: type(value).__qualname__ for name, value in vars(owner).items()}
        for owner in (client, client._client)
    ]
