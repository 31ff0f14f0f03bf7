"""Real servers on loopback that take what handlers send."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_S = 60.0  # a hang guard


@dataclass
class Posted:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class HttpSink:
    """Answers each POST with the next of `statuses` (the last one again and again)."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self.posted: list[Posted] = []
        self.gate = threading.Event()  # closed: no answer before it opens
        self.gate.set()
        self.drip = False
        self._statuses = list(statuses) or [200]
        self._headers = headers or {}
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook/s3cret?token=t0ken"

    def wait_for(self, count: int) -> bool:
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.posted) >= count, HANG_S)

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, posted: Posted) -> int:
        with self._arrived:
            self.posted.append(posted)
            self._arrived.notify_all()
            at = min(len(self.posted), len(self._statuses))
            return self._statuses[at - 1]

    def _handler(sink) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # a class in a method
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = sink._take(Posted(self.path, dict(self.headers), body))
                if sink.drip:
                    self._drip()
                    return
                sink.gate.wait(HANG_S)
                self.send_response(status)
                for name, value in sink._headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"an answer that nobody reads")

            def do_GET(self) -> None:
                sink._take(Posted(self.path, dict(self.headers), b""))
                self.send_response(200)
                self.end_headers()

            def _drip(self) -> None:
                """A byte of header now and then: each comes within any timeout of a read."""
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                try:
                    while not sink.gate.wait(0.2):
                        self.wfile.write(b"z")
                except OSError:
                    return

            def log_message(self, *_: Any) -> None:
                return

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # the other side has hung up

        return Handler


@contextmanager
def http_sink(*statuses: int, headers: dict[str, str] | None = None) -> Iterator[HttpSink]:
    sink = HttpSink(*statuses, headers=headers)
    try:
        yield sink
    finally:
        sink.close()
