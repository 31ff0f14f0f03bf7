"""Transports that lead an SDK's client to the offline server, or to its answers, and nowhere else.

They leave the request as it is, so it still names the provider that it is meant for: whoever
watches it (llmwatch itself, for one) sees a call to that provider, with its prices.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import chain
from types import ModuleType
from typing import Any, Self

from ._answers import Answer, Break, Step
from ._received import Received
from ._reply import Reply
from ._script import Script

__all__ = ["AsyncDetour", "Detour", "InProcess", "library_of"]


def library_of(client: type) -> Any:
    """httpx2 or httpx: the one that `client`, an SDK's own HTTP client, derives from."""
    names = [base.__module__.partition(".")[0] for base in client.__mro__]
    name = next(name for name in names if name in ("httpx2", "httpx"))
    module: ModuleType = sys.modules[name]
    return module


class Detour:
    """Sends every request to `url` over a real socket, whatever host it is meant for."""

    def __init__(self, library: Any, url: str, limits: Any) -> None:
        self._library = library
        self._url = library.URL(url)
        # `verify=False`: no TLS on loopback, so no certificates to load.
        self._wire = library.HTTPTransport(verify=False, limits=limits, trust_env=False)

    def handle_request(self, request: Any) -> Any:
        """Answer from the server."""
        return self._wire.handle_request(_led_to(self._url, request, self._library))

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # as the SDKs' own clients do, which people do not close either


class AsyncDetour:
    """`Detour` for async clients, which have to be closed, as everywhere: `async with`."""

    def __init__(self, library: Any, url: str, limits: Any) -> None:
        self._library = library
        self._url = library.URL(url)
        self._wire = library.AsyncHTTPTransport(verify=False, limits=limits, trust_env=False)

    async def handle_async_request(self, request: Any) -> Any:
        """Answer from the server."""
        return await self._wire.handle_async_request(_led_to(self._url, request, self._library))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self.aclose()


def _led_to(url: Any, request: Any, library: Any) -> Any:
    """A copy of `request` for another address; its own headers, `host` included, stay."""
    return library.Request(
        request.method,
        request.url.copy_with(scheme=url.scheme, host=url.host, port=url.port),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


class InProcess:
    """The server's answers as a mock transport of `library` plays them."""

    def __init__(self, library: Any, script: Iterable[Reply]) -> None:
        self.library = library
        self._script = Script()
        self._script.add(*script)

    def answer(self, request: Any) -> Any:
        """A response whose waits and breaks before the first byte have happened."""
        answer = self._script.answer(_received(request))
        pieces = self._play(answer.steps, _patience(request))
        first = next(pieces, b"")
        return self._response(answer, chain((first,), pieces))

    async def answer_async(self, request: Any) -> Any:
        """The same without blocking the event loop."""
        answer = self._script.answer(_received(request))
        pieces = self._play_async(answer.steps, _patience(request))
        first = await anext(pieces, b"")
        return self._response(answer, _chain_async(first, pieces))

    def _response(self, answer: Answer, pieces: Any) -> Any:
        return self.library.Response(answer.status, headers=answer.headers, content=pieces)

    def _play(self, steps: list[Step], patience: float | None) -> Iterator[bytes]:
        for step in steps:
            if isinstance(step, bytes):
                yield step
            else:
                time.sleep(self._wait(step, patience))

    async def _play_async(self, steps: list[Step], patience: float | None) -> AsyncIterator[bytes]:
        import anyio

        for step in steps:
            if isinstance(step, bytes):
                yield step
            else:
                await anyio.sleep(self._wait(step, patience))

    def _wait(self, step: float | Break, patience: float | None) -> float:
        """Seconds to wait; raises what the library raises where the answer ends early."""
        if step is Break.CUT:
            raise self.library.RemoteProtocolError("peer closed connection: the answer was cut")
        if step is Break.STALL or (patience is not None and float(step) > patience):
            raise self.library.ReadTimeout("The read operation timed out")
        return float(step)


async def _chain_async(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _received(request: Any) -> Received:
    url = request.url
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Received(request.method, url.path, url.query.decode(), headers, request.content)


def _patience(request: Any) -> float | None:
    """The read time-out that the client set, in seconds; None: for ever."""
    seconds = (request.extensions.get("timeout") or {}).get("read")
    return None if seconds is None else float(seconds)
