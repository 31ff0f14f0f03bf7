"""The real SDK clients, on the offline server or on its answers inside the process."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ._reply import Reply
from ._server import OfflineServer
from ._wire import AsyncDetour, Detour, InProcess, library_of

if TYPE_CHECKING:
    import anthropic
    import openai

__all__ = [
    "offline_anthropic",
    "offline_async_anthropic",
    "offline_async_client",
    "offline_client",
]

# What the requests name as their address: a watched call is then one to that provider, with its
# prices. None of them gets there, since the transport leads elsewhere.
_HOMES = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
_BESIDE = {"openai": "", "anthropic": "/v1"}  # Anthropic's client adds the version itself


def offline_client(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> openai.OpenAI:
    """A real `openai.OpenAI` that talks to `server`, or to nobody.

    Its requests name OpenAI's address (or your ``base_url``), so that a watched call shows the
    provider and the price that it would have; not one of them leaves this machine.

    Parameters
    ----------
    server : OfflineServer, optional
        Without one the same answers are made inside the process, with no socket: a connection
        is cut and a time-out comes at once, by the transport's own exceptions.
    script : iterable of Reply
        The next answers; with a server, added to its script.
    **options
        For the client: ``max_retries``, ``timeout``, ``api_key``, ... A ``http_client`` of your
        own needs a server, whose address the requests then name.

    Raises
    ------
    UsageError
        For a ``http_client`` without a server: it would go out.

    Examples
    --------
    >>> client = offline_client(script=[Reply("Paris.")])
    """
    import openai

    return openai.OpenAI(**_options(openai, server, script, options, asynchronous=False))


def offline_async_client(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> openai.AsyncOpenAI:
    """A real `openai.AsyncOpenAI`; the rest as `offline_client`."""
    import openai

    return openai.AsyncOpenAI(**_options(openai, server, script, options, asynchronous=True))


def offline_anthropic(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> anthropic.Anthropic:
    """A real `anthropic.Anthropic`, if it is installed; the rest as `offline_client`."""
    _need_anthropic()
    import anthropic

    return anthropic.Anthropic(**_options(anthropic, server, script, options, asynchronous=False))


def offline_async_anthropic(
    server: OfflineServer | None = None, *, script: Iterable[Reply] = (), **options: Any
) -> anthropic.AsyncAnthropic:
    """A real `anthropic.AsyncAnthropic`, if it is installed; the rest as `offline_client`."""
    _need_anthropic()
    import anthropic

    return anthropic.AsyncAnthropic(
        **_options(anthropic, server, script, options, asynchronous=True)
    )


def _need_anthropic() -> None:
    if find_spec("anthropic") is None:
        raise UsageError("anthropic is not installed here: type `%pip install anthropic`")


def _options(
    sdk: Any, server: OfflineServer | None, script: Iterable[Reply], options: dict[str, Any],
    *, asynchronous: bool,
) -> dict[str, Any]:  # fmt: skip
    """The person's options, with a key and an HTTP client that leads to the offline answers."""
    options = {"api_key": "sk-offline"} | options
    if server is not None:
        server.script(*script)
    if "http_client" not in options:
        web = sdk.DefaultAsyncHttpxClient if asynchronous else sdk.DefaultHttpxClient
        transport = _transport(sdk, library_of(web), server, script, asynchronous=asynchronous)
        address = {"base_url": _HOMES[sdk.__name__]}
        return address | options | {"http_client": web(transport=transport)}
    if server is None:
        raise UsageError("http_client= needs a server: offline_client(server, http_client=...)")
    return {"base_url": server.url.removesuffix(_BESIDE[sdk.__name__])} | options


def _transport(
    sdk: Any, library: Any, server: OfflineServer | None, script: Iterable[Reply],
    *, asynchronous: bool,
) -> Any:  # fmt: skip
    if server is not None:
        detour = AsyncDetour if asynchronous else Detour
        return detour(library, server.url, sdk.DEFAULT_CONNECTION_LIMITS)
    inside = InProcess(library, script)
    return library.MockTransport(inside.answer_async if asynchronous else inside.answer)
