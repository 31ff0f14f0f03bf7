"""The HTTP server that Prometheus scrapes; on this machine alone, unless asked otherwise."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from .. import faults
from ..exceptions import UsageError
from ._prometheus import client

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

    from prometheus_client import CollectorRegistry

__all__ = ["PrometheusServer"]

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
        self._server: ThreadingHTTPServer | None = _listen(registry, port, addr)
        self.port: int = self._server.server_address[1]
        thread = threading.Thread(
            target=self._server.serve_forever, name="llmwatch-prometheus", daemon=True
        )
        thread.start()
        _servers.add(self)

    @property
    def url(self) -> str:
        """Where Prometheus finds it."""
        host = "127.0.0.1" if self.addr == "0.0.0.0" else self.addr  # noqa: S104  # only compared
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


def _listen(registry: CollectorRegistry, port: int, addr: str) -> ThreadingHTTPServer:
    """A listening server, or one line that says why not, and what to type."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise UsageError(f"port={port!r} is no port: give 0 (any free one) to 65535.")
    kind = _server_kind()
    try:
        kind.address_family, place = _family(addr)
        server: ThreadingHTTPServer = kind((place, port), _handler(registry))
        return server
    except (OSError, UnicodeError, TypeError) as problem:
        raise UsageError(_why_not(problem, port, addr)) from None


def _family(addr: str) -> tuple[socket.AddressFamily, str]:
    found = socket.getaddrinfo(addr, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, place = found[0]
    return family, str(place[0])


def _why_not(problem: Exception, port: int, addr: str) -> str:
    code = getattr(problem, "errno", None)
    if code == errno.EADDRINUSE:
        free = _free_port(port, addr)
        return f"port {port} is in use: llmwatch.serve_prometheus(port={free})."
    if code in (errno.EACCES, errno.EPERM):
        return (
            f"this user may not listen on port {port}: llmwatch.serve_prometheus(port=9464), "
            "or 0 for any free one."
        )
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
