"""The HTTP server that Prometheus scrapes; on this machine alone, unless asked otherwise."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from .. import faults
from ..exceptions import UsageError
from ._labels import typed
from ._prometheus import client

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

    from prometheus_client import CollectorRegistry

__all__ = ["PrometheusServer", "listening"]

_HERE = "127.0.0.1"
_SILENT_S = 10.0  # a client that connects and says nothing is left after that
_TRIES = 100


class PrometheusServer:
    """Serves metrics until it is closed; also `with`. Made by `llmwatch.serve_prometheus`.

    Attributes
    ----------
    port : int
        The port it listens on.
    addr : str
        The address it listens on.
    labels : tuple of str
        The labels besides `model`.
    registry : prometheus_client.CollectorRegistry
        What is served.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        port: int,
        addr: str,
        labels: tuple[str, ...] = (),
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.addr, self.labels, self.registry = addr, labels, registry
        self._at_end = at_end
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = _listen(registry, port, addr, labels)
        self.port: int = self._server.server_address[1]
        thread = threading.Thread(
            target=self._server.serve_forever, name="llmwatch-prometheus", daemon=True
        )
        thread.start()
        _servers.add(self)

    @property
    def url(self) -> str:
        """Where Prometheus finds it."""
        host = _HERE if self.addr == "0.0.0.0" else self.addr  # noqa: S104  # only compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/metrics"

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._server is None

    def close(self) -> None:
        """Stop serving, and give the port back; twice is once."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            self._at_end()

    stop = close

    def _drop(self) -> None:
        """In a forked child: the thread is not here, and the port belongs to the parent."""
        server, self._server = self._server, None
        self._lock = threading.Lock()
        if server is not None:
            server.socket.close()
            self._at_end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<llmwatch metrics: closed>"
        return f"<llmwatch metrics on {self.url}, until .close()>"


def listening(port: int, addr: str) -> tuple[str, int]:
    """Where a server listens that is asked for so, however the address was typed.

    Raises
    ------
    UsageError
        For what can be no port or address, in one line.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise UsageError(f"port={port!r} is no port: give 0 (any free one) to 65535.")
    return _family(addr)[1], port


def _listen(
    registry: CollectorRegistry, port: int, addr: str, labels: tuple[str, ...]
) -> ThreadingHTTPServer:
    """A listening server, or one line that says why not, and what to type."""
    place, kind = listening(port, addr), _server_kind()
    kind.address_family = _family(addr)[0]
    try:
        server: ThreadingHTTPServer = kind(place, _handler(registry))
        return server
    except OSError as problem:
        raise UsageError(_why_not(problem, port, addr, labels)) from None


def _family(addr: str) -> tuple[socket.AddressFamily, str]:
    """The kind of an address and its numbers; the older kind where a name stands for both."""
    try:
        found = socket.getaddrinfo(addr, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError, TypeError):
        raise UsageError(_no_address(addr)) from None
    family, *_, place = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, str(place[0])


def _why_not(problem: OSError, port: int, addr: str, labels: tuple[str, ...]) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"port {port} is in use: {_typed(_free_port(port, addr), addr, labels)}."
    if problem.errno in (errno.EACCES, errno.EPERM):
        line = _typed(9464, addr, labels)
        return f"this user may not listen on port {port}: {line}, or 0 for any free one."
    return _no_address(addr)


def _typed(port: int, addr: str, labels: tuple[str, ...]) -> str:
    """What to type for this port, all else as the person had it."""
    given = [f"port={port}"]
    if addr != _HERE:
        given.append(f"addr={json.dumps(addr)}")
    if labels:
        given.append(typed(labels))
    return f"llmwatch.serve_prometheus({', '.join(given)})"


def _no_address(addr: str) -> str:
    return (
        f"addr={addr!r} is no address of this machine: leave it out to serve this machine alone, "
        'or give "0.0.0.0" to serve others, too.'
    )


def _free_port(port: int, addr: str) -> int:
    """The next port that is free; 0, which picks one, where none is near."""
    family, place = _family(addr)
    for candidate in range(port + 1, min(port + _TRIES, 65536)):
        with socket.socket(family) as probe:
            try:
                probe.bind((place, candidate))
            except OSError:
                continue
            return candidate
    return 0


def _server_kind() -> Any:
    import socketserver
    from http.server import ThreadingHTTPServer

    class Server(ThreadingHTTPServer):
        """Keeps its troubles off the person's screen."""

        daemon_threads = True
        request_queue_size = 64  # with five, a few silent clients make the next one wait seconds
        allow_reuse_port = False  # two kernels on one port would share the scrapes among them

        def server_bind(self) -> None:
            # Not that of HTTPServer, which asks the name service who we are, and may wait for it.
            socketserver.TCPServer.server_bind(self)
            self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

        def handle_error(self, request: Any, client_address: Any) -> None:
            faults.note("prometheus", sys.exc_info()[1] or "a scrape failed")

    return Server


def _handler(registry: CollectorRegistry) -> Any:
    class Handler(client().MetricsHandler):  # type: ignore[misc]  # a base that is loaded late
        """Answers scrapes, and says 500 where one fails."""

        timeout = _SILENT_S

        def do_GET(self) -> None:  # noqa: N802  # the name that the standard library calls
            try:
                super().do_GET()
            except ConnectionError:
                return  # whoever asked has gone
            except Exception as problem:
                faults.note("prometheus", problem)
                self.send_error(500)

    return Handler.factory(registry)


_servers: weakref.WeakSet[PrometheusServer] = weakref.WeakSet()


def _after_fork() -> None:
    for server in list(_servers):
        server._drop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
