"""Issue a recorded request again through the real SDKs, in the forms that people use them.

One code path drives the sync and the async clients: with a sync client nothing below ever waits,
so its coroutine runs to the end on the first step, with no event loop in sight.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import anthropic
import httpx2
import openai

from .cassettes import Case, Player, Sent

__all__ = ["FORMS", "Outcome", "Studio"]

FORMS = ("plain", "raw", "helper", "lazy")

# The truth's endpoint: the end of its path, the resource of the SDK, its method.
_TYPED = {
    "chat.completions": ("/chat/completions", "chat.completions", "create"),
    "responses": ("/responses", "responses", "create"),
    "responses.compact": ("/responses/compact", "responses", "compact"),
    "completions": ("/completions", "completions", "create"),
    "embeddings": ("/embeddings", "embeddings", "create"),
    "images.generate": ("/images/generations", "images", "generate"),
    "moderations": ("/moderations", "moderations", "create"),
    "audio.speech": ("/audio/speech", "audio.speech", "create"),
    "messages": ("/v1/messages", "messages", "create"),
}
_STREAMED_BY_HELPER = frozenset({"chat.completions", "responses", "messages"})
_PARSED_BY_HELPER = frozenset({"chat.completions", "responses"})
_OPTIONS: dict[str, Any] = {"api_key": "sk-test-0123456789", "max_retries": 0, "timeout": 60}

Outcome = tuple[Any, ...]


class Studio:
    """Clients of every address, sync and async, all of them on one player."""

    def __init__(self) -> None:
        self._player = Player()
        transport = httpx2.MockTransport(self._player)
        self._web = httpx2.Client(transport=transport)
        self._async_web = httpx2.AsyncClient(transport=transport)
        self._runner = asyncio.Runner()
        self._client = cache(self._new_client)

    def close(self) -> None:
        self._runner.run(self._async_web.aclose())
        self._runner.close()
        self._web.close()

    def play(self, case: Case, form: str, *, asynchronous: bool) -> tuple[Outcome, list[Sent]]:
        """What the caller of `case` gets, in a form that can be compared, and what was sent."""
        self._player.insert(case)
        run = self._run if asynchronous else _run_at_once
        return run(self._outcome(case, form, asynchronous)), self._player.sent

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        # A runner keeps the context it was made in: the scope around this call is a newer one.
        return self._runner.run(coroutine, context=copy_context())

    async def _outcome(self, case: Case, form: str, asynchronous: bool) -> Outcome:
        try:
            if form == "low":
                return ("returned", await self._low_level(case, asynchronous))
            resource, method, asked = self._typed(case, asynchronous)
            return ("returned", await _AS[form](case, resource, method, asked))
        except Exception as problem:
            return ("raised", *_seen_error(problem))

    def _typed(self, case: Case, asynchronous: bool) -> tuple[Any, str, dict[str, Any]]:
        """The method of the SDK for this case, and its arguments."""
        end, resource, method = _TYPED[case.truth["endpoint"]]
        path, query = case.request["path"], case.request["query"]
        prefix = f"{case.request['scheme']}://{case.request['host']}"
        kind = "Anthropic" if case.truth["api"] == "anthropic" else "OpenAI"
        version = ""
        if path == f"/openai/deployments/{(case.json or {}).get('model')}{end}":
            kind, version = "AzureOpenAI", query.removeprefix("api-version=")
        elif query == "beta=true" and kind == "Anthropic":
            resource, prefix = f"beta.{resource}", prefix + path.removesuffix(end)
        elif path.endswith(end) and not query:
            prefix += path.removesuffix(end)
        else:
            raise LookupError("no method of the SDK asks this")
        found = self._client(kind, prefix, version, asynchronous)
        for name in resource.split("."):
            found = getattr(found, name)
        return found, method, case.json

    def _new_client(self, kind: str, address: str, version: str, asynchronous: bool) -> Any:
        web = self._async_web if asynchronous else self._web
        options = _OPTIONS | {"http_client": web}
        if kind == "AzureOpenAI":
            options |= {"azure_endpoint": address, "api_version": version}
        else:
            options["base_url"] = address
        library = anthropic if kind == "Anthropic" else openai
        return getattr(library, f"Async{kind}" if asynchronous else kind)(**options)

    async def _low_level(self, case: Case, asynchronous: bool) -> Any:
        """By path, as people do where the SDK has no method."""
        folder, _, last = case.request["path"].rpartition("/")
        address = f"{case.request['scheme']}://{case.request['host']}{folder}"
        client = self._client("OpenAI", address, "", asynchronous)
        options: dict[str, Any] = {"params": dict(parse_qsl(case.request["query"]))}
        asked: dict[str, Any] = {"cast_to": object, "options": options}
        if case.request["method"] == "POST":
            asked["body"] = case.json
        if case.truth["stream"]:
            kind = openai.AsyncStream if asynchronous else openai.Stream
            asked |= {"stream": True, "stream_cls": kind[Any]}
        call = getattr(client, case.request["method"].lower())
        return await _all_of(await _value(call(f"/{last}", **asked)))


async def _plain(case: Case, resource: Any, method: str, asked: dict[str, Any]) -> Any:
    call = getattr(resource, method)
    return await _all_of(await _value(call(**_arguments(call, asked))))


async def _raw(case: Case, resource: Any, method: str, asked: dict[str, Any]) -> Any:
    arguments = _arguments(getattr(resource, method), asked)
    raw = await _value(getattr(resource.with_raw_response, method)(**arguments))
    answer = await _all_of(await _value(raw.parse()))
    return type(raw).__qualname__, raw.status_code, raw.headers.multi_items(), answer


async def _helper(case: Case, resource: Any, method: str, asked: dict[str, Any]) -> Any:
    endpoint = case.truth["endpoint"]
    asked = {name: value for name, value in asked.items() if name != "stream"}
    if case.truth["stream"] and endpoint in _STREAMED_BY_HELPER:
        return await _streamed_by_helper(resource, asked)
    if not case.truth["stream"] and endpoint in _PARSED_BY_HELPER:
        return await _plain(case, resource, "parse", asked)
    raise LookupError("the SDK has no helper for it")


async def _streamed_by_helper(resource: Any, asked: dict[str, Any]) -> Any:
    async with _entered(resource.stream(**_arguments(resource.stream, asked))) as stream:
        kinds = [getattr(event, "type", "") for event in await _items(stream)]
        for name in ("get_final_completion", "get_final_response", "get_final_message"):
            if hasattr(stream, name):
                final = await _value(getattr(stream, name)())
                return type(stream).__qualname__, kinds, _seen(final)
    raise AssertionError("a stream of the SDK without a final answer")


async def _lazy(case: Case, resource: Any, method: str, asked: dict[str, Any]) -> Any:
    arguments = _arguments(getattr(resource, method), asked)
    async with _entered(getattr(resource.with_streaming_response, method)(**arguments)) as answer:
        if case.truth["stream"]:
            return type(answer).__qualname__, await _items(answer.iter_lines())
        if case.truth["endpoint"] == "audio.speech":
            return type(answer).__qualname__, await _items(answer.iter_bytes())
        return type(answer).__qualname__, _seen(await _value(answer.parse()))


_AS: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
    "plain": _plain, "raw": _raw, "helper": _helper, "lazy": _lazy,
}  # fmt: skip


def _arguments(call: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """What the SDK has no parameter for goes into the body beside the rest."""
    known = _parameters(getattr(call, "__func__", call))
    arguments = {name: value for name, value in asked.items() if name in known}
    extra = {name: value for name, value in asked.items() if name not in known}
    return arguments | {"extra_body": extra} if extra else arguments


@cache
def _parameters(function: Any) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def _run_at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a sync client waited for something")


async def _value(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _items(stream: Any) -> list[Any]:
    return [item async for item in stream] if hasattr(stream, "__aiter__") else list(stream)


@asynccontextmanager
async def _entered(manager: Any) -> AsyncIterator[Any]:
    if hasattr(manager, "__aenter__"):
        async with manager as value:
            yield value
    else:
        with manager as value:
            yield value


async def _all_of(answer: Any) -> Any:
    if isinstance(answer, (openai.Stream, openai.AsyncStream)) or "Stream" in type(answer).__name__:
        items = await _items(answer)
        return type(answer).__qualname__, [_seen(item) for item in items]
    return _seen(answer)


def _seen(value: Any) -> Any:
    """A value of the SDK as its type and its content."""
    if hasattr(value, "model_dump"):
        return type(value).__qualname__, value.model_dump(warnings=False)
    if isinstance(value, openai._legacy_response.HttpxBinaryResponseContent):
        return type(value).__qualname__, value.content
    return type(value).__qualname__, value


def _seen_error(problem: Exception) -> Outcome:
    told = [getattr(problem, name, None) for name in ("status_code", "code", "type", "body")]
    return type(problem).__qualname__, repr(problem.args), *told
