"""The real SDK clients, on the offline server or on its answers inside the process."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from importlib.util import find_spec
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from ..exceptions import UsageError
from ._answers import Answer, Break, Step
from ._received import Received
from ._reply import Reply
from ._script import Script
from ._server import OfflineServer

if TYPE_CHECKING:
    import anthropic
    import openai

__all__ = [
    "offline_anthropic",
    "offline_async_anthropic",
    "offline_async_client",
    "offline_client",
]

_KEY = "sk-offline"
_IN_PROCESS = "http://127.0.0.1/v1"  # never connected to: the transport answers


def offline_client(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> openai.OpenAI:
    """A real `openai.OpenAI` that talks to `server`, or to nobody.

    Parameters
    ----------
    server : OfflineServer, optional
        Without one the same answers are made inside the process, with no socket: a connection
        is cut and a time-out comes at once, by the transport's own exceptions.
    script : iterable of Reply
        The next answers; with a server, added to its script.
    **options
        For the client: ``max_retries``, ``timeout``, ``api_key``, ...

    Examples
    --------
    >>> client = offline_client(script=[Reply("Paris.")])
    """
    import openai

    web = _web(openai.DefaultHttpxClient, server, script, options, asynchronous=False)
    return openai.OpenAI(**_options(server, options), **web)


def offline_async_client(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> openai.AsyncOpenAI:
    """A real `openai.AsyncOpenAI`; the rest as `offline_client`."""
    import openai

    web = _web(openai.DefaultAsyncHttpxClient, server, script, options, asynchronous=True)
    return openai.AsyncOpenAI(**_options(server, options), **web)


def offline_anthropic(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> anthropic.Anthropic:
    """A real `anthropic.Anthropic`, if it is installed; the rest as `offline_client`."""
    _need_anthropic()
    import anthropic

    web = _web(anthropic.DefaultHttpxClient, server, script, options, asynchronous=False)
    return anthropic.Anthropic(**_options(server, options, without="/v1"), **web)


def offline_async_anthropic(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> anthropic.AsyncAnthropic:
    """A real `anthropic.AsyncAnthropic`, if it is installed; the rest as `offline_client`."""
    _need_anthropic()
    import anthropic

    web = _web(anthropic.DefaultAsyncHttpxClient, server, script, options, asynchronous=True)
    return anthropic.AsyncAnthropic(**_options(server, options, without="/v1"), **web)


def _need_anthropic() -> None:
    if find_spec("anthropic") is None:
        raise UsageError("anthropic is not installed here: type `%pip install anthropic`")


def _options(
    server: OfflineServer | None, options: dict[str, Any], *, without: str = ""
) -> dict[str, Any]:
    """The options with our address and key, unless the person gave their own."""
    url = (server.url if server else _IN_PROCESS).removesuffix(without)
    return {"base_url": url, "api_key": _KEY} | options


def _web(
    kind: type, server: OfflineServer | None, script: Iterable[Reply], options: dict[str, Any],
    *, asynchronous: bool,
) -> dict[str, Any]:  # fmt: skip
    """The `http_client` to give to the SDK; with a server it makes its own."""
    if server is not None:
        server.script(*script)
        # A proxy of the environment would be asked for 127.0.0.1, too.
        direct = not getproxies() or "http_client" in options
        return {} if direct else {"http_client": kind(trust_env=False)}
    if "http_client" in options:
        raise UsageError("http_client= needs a server: offline_client(server, http_client=...)")
    wire = _Wire(_library(kind), script)
    handler = wire.answer_async if asynchronous else wire.answer
    return {"http_client": kind(transport=wire.library.MockTransport(handler))}


def _library(kind: type) -> Any:
    """httpx2 or httpx: the one whose client this SDK's own derives from."""
    names = [base.__module__.partition(".")[0] for base in kind.__mro__]
    name = next(name for name in names if name in ("httpx2", "httpx"))
    module: ModuleType = sys.modules[name]
    return module


class _Wire:
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
