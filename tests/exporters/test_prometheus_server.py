"""The server that is scraped: where it listens, what it does when it cannot, and how it ends."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.error import HTTPError

import pytest

pytest.importorskip("prometheus_client")

from prometheus_client import CollectorRegistry

from llmwatch import faults
from llmwatch.exceptions import UsageError
from llmwatch.exporters import Meter, PrometheusServer, Scrape, registry_of
from llmwatch.store import Store
from tests.ports import free_port
from tests.prometheus_server import HANG_S, get

ROOT = Path(__file__).parents[2]


def nothing() -> CollectorRegistry:
    return registry_of(Scrape(Meter(Store()), lambda: 0))


def serve(port=0, addr="127.0.0.1", registry=None, **more) -> PrometheusServer:
    return PrometheusServer(registry or nothing(), port, addr, **more)


def test_it_serves_this_machine_until_it_is_closed():
    """It listens on loopback alone, says where, and gives the port back."""
    ended = threading.Event()
    with serve(free_port(), at_end=ended.set) as server:
        assert server.url == f"http://127.0.0.1:{server.port}/metrics"
        assert server.url in repr(server)
        assert "llm_active_requests 0.0" in get(server.url)
        assert not server.closed
    assert server.closed
    assert ended.is_set()
    assert "closed" in repr(server)
    server.close()
    server.stop()
    serve(server.port).close()


def test_openmetrics_is_served_to_who_asks_for_it():
    """Prometheus negotiates the format, and it may be compressed."""
    import gzip
    from urllib.request import Request, urlopen

    accept = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}
    with serve() as server, urlopen(Request(server.url, headers=accept), timeout=HANG_S) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert gzip.decompress(answer.read()).endswith(b"# EOF\n")


def test_a_port_in_use_is_told_with_one_that_is_free():
    """The line is one to type, and it works."""
    with serve(free_port()) as first:
        with pytest.raises(UsageError) as told:
            serve(first.port)
        said = str(told.value)
        assert said.startswith(f"port {first.port} is in use: llmwatch.serve_prometheus(port=")
        assert "\n" not in said
        free = int(said.rpartition("=")[2].rstrip(")."))
        assert free > first.port
        serve(free).close()


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"addr": "0.0.0.0"}, ', addr="0.0.0.0"'),
        ({"labels": ("user",)}, ', labels="user"'),
        ({"addr": "localhost", "labels": ("user", "tag")},
         ', addr="localhost", labels=("user", "tag")'),
    ],
)  # fmt: skip
def test_the_line_for_a_busy_port_keeps_what_was_asked(options, kept):
    """Address and labels are those that the person typed."""
    with (
        serve(free_port(), addr=options.get("addr", "127.0.0.1")) as first,
        pytest.raises(UsageError) as told,
    ):
        serve(first.port, **options)
    assert re.search(rf"serve_prometheus\(port=\d+{re.escape(kept)}\)\.$", str(told.value))


def test_two_kernels_do_not_share_a_port():
    """Also where a listener lets others share its port, ours does not join it."""
    if not hasattr(socket, "SO_REUSEPORT"):
        pytest.skip("no shared ports on this system")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UsageError, match="is in use"):
            serve(other.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65536, True, "9464", 9464.0, None])
def test_what_is_no_port_is_told(port):
    """In one line that says what is one."""
    with pytest.raises(UsageError, match=r"is no port: give 0 \(any free one\) to 65535"):
        serve(port)


@pytest.mark.parametrize("addr", ["no.such.host.invalid", "203.0.113.7", "a" * 300, "\0", 7])
def test_what_is_no_address_here_is_told(addr):
    """In one line that says how to serve this machine, or others."""
    with pytest.raises(UsageError, match="is no address of this machine") as told:
        serve(addr=addr)
    assert '"0.0.0.0"' in str(told.value)


def test_the_address_of_all_is_the_persons_choice():
    """Asked for, every interface is served; the link is one that works here."""
    with serve(addr="0.0.0.0") as server:
        assert "llm_requests_total" in get(server.url)


def test_a_newer_address_is_one_too():
    """IPv6's loopback is served, where there is one."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    with serve(addr="::1") as server:
        assert "llm_requests_total" in get(server.url)


def test_a_port_that_this_user_may_not_have_is_told(tmp_path):
    """Port 80 without the right to it: one line with a port that may be had."""
    lowest = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not hasattr(os, "setuid") or not lowest.exists() or int(lowest.read_text()) <= 80:
        pytest.skip("every user may listen on port 80 here")
    code = (
        "import encodings.idna, os, sys; sys.path.insert(0, sys.argv[1])\n"
        "import prometheus_client\n"
        "from llmwatch.exporters import PrometheusServer, registry_of\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: PrometheusServer(prometheus_client.CollectorRegistry(), 80, '127.0.0.1')\n"
        "except Exception as problem: print(f'{type(problem).__name__}: {problem}')\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, timeout=HANG_S
    )
    assert said.stderr == ""
    assert said.stdout == (
        "UsageError: this user may not listen on port 80: "
        "llmwatch.serve_prometheus(port=9464), or 0 for any free one.\n"
    )


def test_a_scrape_that_fails_is_our_trouble_alone(capfd):
    """Prometheus is told 500, diagnostics why, the screen nothing; the next one works."""
    state = {"broken": True}

    def in_flight():
        if state["broken"]:
            raise RuntimeError("lost count")
        return 3

    faults.clear()
    registry = registry_of(Scrape(Meter(Store()), in_flight))
    with serve(registry=registry) as server:
        with pytest.raises(HTTPError) as told:
            get(server.url)
        told.value.close()
        assert told.value.code == 500
        state["broken"] = False
        assert "llm_active_requests 3.0" in get(server.url)
    assert [(f.step, f.message) for f in faults.table()] == [
        ("prometheus", "RuntimeError: lost count")
    ]
    assert capfd.readouterr() == ("", "")


def test_nobody_waits_for_a_client_that_says_nothing(capfd):
    """Silent and rude ones hold no other up, and leave nothing on the screen."""
    with serve() as server:
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        with socket.create_connection(("127.0.0.1", server.port)) as rude:
            rude.sendall(b"GET\x00 / nonsense\r\n\r\n\xff\xfe")
        assert "llm_requests_total" in get(server.url)
        for client in silent:
            client.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_port():
    """The child knows it serves nothing, and the port is free once the parent closes."""
    here, there = os.pipe()
    back, forth = os.pipe()
    server = serve(free_port())
    child = os.fork()
    if child == 0:
        os.write(there, b"closed" if server.closed else b"open")
        os.read(back, 1)
        os._exit(0)
    try:
        assert os.read(here, 10) == b"closed"
        assert "llm_requests_total" in get(server.url)
        server.close()
        serve(server.port).close()
    finally:
        os.write(forth, b"x")
        os.waitpid(child, 0)
        for end in (here, there, back, forth):
            os.close(end)
