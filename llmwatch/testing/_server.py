"""A model server on loopback: real sockets, no network."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from ..exceptions import UsageError
from ._answers import Answer, Break
from ._received import Received
from ._reply import Reply
from ._script import Script

__all__ = ["OfflineServer"]

_STOP_WITHIN_S = 1.0
_STOP_POLL_S = 0.02


class OfflineServer:
    """Speaks the APIs of OpenAI and Anthropic on 127.0.0.1, deterministically.

    Chat completions, completions, Responses and Anthropic messages, each whole and streamed;
    embeddings, moderations, images, speech, transcriptions, the list of models. Any model name
    and any key will do; with no script every request gets a sensible answer.

    Parameters
    ----------
    latency, chunk_latency : float
        Seconds before the first byte of every answer, and before each further chunk of it.
    jitter : float
        Spread of the latencies: each is multiplied by ``exp(jitter * z)``, z normal. 0.3 is
        plausible.
    seed : int
        The same seed gives the same latencies in the same order of requests.
    port : int
        A free one is taken by default.

    Raises
    ------
    UsageError
        From `start`, when the port is taken; from `url`, when the server is not running.

    Examples
    --------
    >>> with OfflineServer() as server:
    ...     client = offline_client(server)
    ...     server.script(Reply.rate_limited(), Reply("Paris."))
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        chunk_latency: float = 0.0,
        jitter: float = 0.0,
        seed: int = 0,
        port: int = 0,
    ) -> None:
        self._script = Script(latency, chunk_latency=chunk_latency, jitter=jitter, seed=seed)
        self._port = port
        self._listener: _Listener | None = None

    def __repr__(self) -> str:
        return f"<OfflineServer {self.url if self._listener else 'stopped'}>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen, if it does not yet, and return the server itself."""
        if self._listener is None:
            try:
                self._listener = _Listener(self._port, self._script)
            except OSError as problem:
                line = f"port {self._port} cannot be had ({problem.strerror}): leave out port="
                raise UsageError(line) from problem
        return self

    def stop(self) -> None:
        """Close every connection, stalled ones too, and be gone within a second."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT/v1``, the `base_url` for OpenAI's clients."""
        if self._listener is None:
            raise UsageError("the server is not running: use `with OfflineServer() as server:`")
        return f"http://127.0.0.1:{self._listener.server_address[1]}/v1"

    def script(self, *replies: Reply) -> None:
        """Answer the next requests with these, in this order, and then by default again."""
        self._script.add(*replies)

    @property
    def requests(self) -> list[Received]:
        """What was asked so far, in order of arrival, retries included."""
        return self._script.requests

    def wait_for_requests(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Wait until `count` requests have arrived in all: then a stalled call is in flight.

        False when `timeout` seconds were not enough.
        """
        return self._script.wait_for_requests(count, timeout)


class _Listener(ThreadingHTTPServer):
    """One thread a connection; knows its connections, so that it can close them."""

    request_queue_size = 128

    def __init__(self, port: int, script: Script) -> None:
        self.script = script
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_STOP_POLL_S,), name="llmwatch-offline", daemon=True
        )
        self._thread.start()

    def server_bind(self) -> None:
        # Past HTTPServer's own, which asks the name service who 127.0.0.1 is.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left in the middle is no news to the person at the notebook."""

    def stop(self) -> None:
        deadline = time.monotonic() + _STOP_WITHIN_S
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._open.items())
        for connection, _ in left:
            _hang_up(connection)
        for thread in (self._thread, *(thread for _, thread in left)):
            thread.join(max(0.0, deadline - time.monotonic()))


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the script, and sends the steps of its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # each chunk leaves at once
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are in `OfflineServer.requests`."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        request = Received(self.command, address.path, address.query, headers, body)
        try:
            self._send(self.server.script.answer(request))
        except OSError:
            self.close_connection = True  # the client left, or we are stopping

    do_POST = do_DELETE = do_GET

    def _send(self, answer: Answer) -> None:
        chunked = "content-length" not in answer.headers
        head_sent = False
        for step in answer.steps:
            if isinstance(step, bytes):
                if not head_sent:
                    self._send_head(answer, chunked)
                    head_sent = True
                self._send_piece(step, chunked)
            elif self._breaks_off(step):
                self.close_connection = True
                return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _send_head(self, answer: Answer, chunked: bool) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if chunked:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _send_piece(self, piece: bytes, chunked: bool) -> None:
        if piece:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)

    def _breaks_off(self, step: float | Break) -> bool:
        """Wait, and say whether nothing more is to be sent."""
        if step is Break.CUT:
            return True
        return self._client_leaves_within(None if step is Break.STALL else float(step))

    def _client_leaves_within(self, seconds: float | None) -> bool:
        # A client sends nothing while it waits for an answer: what can be read is its leaving,
        # or our own hanging up in `stop`. So a wait ends at once in both cases.
        self.connection.settimeout(seconds)
        try:
            self.connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        finally:
            self.connection.settimeout(None)
        return True


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already
