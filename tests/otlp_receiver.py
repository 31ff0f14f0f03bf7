"""An OTLP/HTTP receiver on loopback that reads what it gets with OpenTelemetry's own protobufs."""

from __future__ import annotations

import gzip
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}
HANG_S = 60


class Receiver:
    """Keeps what it is sent. `answers` are the statuses (and bodies) of the next requests.

    While `gate` is closed nothing is answered.
    """

    def __init__(self, port: int = 0, paths=tuple(KINDS)) -> None:
        self.paths = paths
        self.answers: deque = deque()
        self.requests: list = []  # path, headers in lower case, parsed body
        self.gate = threading.Event()
        self.gate.set()
        self._came = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *problem) -> None:
        self.stop()

    def stop(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path, headers, body):
        """A request is here; its status and the body of the answer."""
        status, answer = self.answers.popleft() if self.answers else (200, b"")
        if path not in self.paths:
            status = 404
        with self._came:
            if status == 200:
                self.requests.append((path, headers, KINDS[path].FromString(body)))
            self._came.notify_all()
        return status, answer

    def wait_for(self, condition) -> None:
        """Wait until `condition()` holds after a request."""
        with self._came:
            assert self._came.wait_for(condition, HANG_S), "it never came"

    # -- what it got ------------------------------------------------------------------------------

    def of(self, path):
        return [body for kind, _, body in list(self.requests) if kind == path]

    @property
    def spans(self):
        return [
            span
            for body in self.of("/v1/traces")
            for found in body.resource_spans
            for scope in found.scope_spans
            for span in scope.spans
        ]

    @property
    def points(self):
        """The newest point of each series: metric and attributes to its data point."""
        return {
            (metric.name, *sorted(f"{a.key}={value_of(a.value)}" for a in point.attributes)): point
            for body in self.of("/v1/metrics")
            for found in body.resource_metrics
            for scope in found.scope_metrics
            for metric in scope.metrics
            for point in getattr(metric, metric.WhichOneof("data")).data_points
        }

    def total(self, name, *attributes):
        """Count and sum of the series of one metric that have these attributes."""
        found = [
            point
            for key, point in self.points.items()
            if key[0] == name and {*attributes} <= {*key}
        ]
        if found and not hasattr(found[0], "count"):
            return len(found), sum(point.as_double for point in found)
        return sum(point.count for point in found), sum(point.sum for point in found)


def attributes_of(thing):
    return {a.key: value_of(a.value) for a in thing.attributes}


def value_of(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    return getattr(value, kind)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    receiver: Receiver

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # not that of HTTPServer, which asks who we are
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request, client_address) -> None:
        """A client that left is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args) -> None:
        """The requests are kept."""

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        status, answer = self.server.receiver.take(self.path, headers, body)
        self.server.receiver.gate.wait(HANG_S)
        if status is None:  # never answers
            threading.Event().wait(HANG_S)
            return
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
