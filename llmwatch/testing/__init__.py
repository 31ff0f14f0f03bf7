"""Test code that calls models: no key, no network, the real SDKs.

A model server on loopback (or the same answers inside the process), clients on it, a clock
that stands still. Nothing here needs the rest of llmwatch::

    from llmwatch.testing import OfflineServer, Reply, offline_client

    with OfflineServer() as server:
        server.script(Reply.rate_limited(), Reply("Paris."))
        client = offline_client(server)
        client.chat.completions.create(model="gpt-5-mini", messages=[...])
        server.requests            # both requests, as they arrived

Under pytest, ``pytest_plugins = ["llmwatch.testing.plugin"]`` gives the fixtures
`llmwatch_server` and `llmwatch_client`.
"""

from __future__ import annotations

from ._clients import (
    offline_anthropic,
    offline_async_anthropic,
    offline_async_client,
    offline_client,
)
from ._clock import FakeClock
from ._received import Received
from ._reply import Reply
from ._server import OfflineServer

__all__ = [
    "FakeClock",
    "OfflineServer",
    "Received",
    "Reply",
    "offline_anthropic",
    "offline_async_anthropic",
    "offline_async_client",
    "offline_client",
]
