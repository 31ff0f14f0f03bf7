"""The offline server: what it remembers, how it starts, and that it never hangs."""

from __future__ import annotations

import json
import socket
import sys
import threading
from http.client import HTTPConnection

import openai
import pytest

from llmwatch import UsageError
from llmwatch.testing import OfflineServer, Received, Reply, offline_client
from llmwatch.testing._script import Script

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello there"}]}
HANG_S = 60
LIBRARY = sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]
CLOSED = LIBRARY.RemoteProtocolError  # openai < 3 lets it through in the middle of a stream
ASKED = Received("POST", "/v1/chat/completions", "", {}, b'{"model": "m"}')


def port_of(server):
    return int(server.url.split(":")[2].split("/")[0])


def test_requests_are_remembered():
    """Method, path, headers in lower case and body of each request, in order."""
    with OfflineServer() as server:
        client = offline_client(server, api_key="sk-seen", default_headers={"X-Mine": "1"})
        client.chat.completions.create(**ASK)
        client.models.list()
    first, second = server.requests
    assert (first.method, first.path) == ("POST", "/v1/chat/completions")
    assert first.json == ASK
    assert (first.headers["x-mine"], first.key) == ("1", "sk-seen")
    assert (second.method, second.path, second.body) == ("GET", "/v1/models", b"")


def test_waiting_for_requests_that_do_not_come():
    """Waiting says whether as many requests have arrived."""
    with OfflineServer() as server:
        offline_client(server).models.list()
        assert server.wait_for_requests(1, HANG_S)
        assert not server.wait_for_requests(2, timeout=0)


def test_the_script_is_used_up_in_order():
    """Scripted answers come first, in order; then the default answers again."""
    with OfflineServer() as server:
        server.script(Reply("one"))
        server.script(Reply("two"))
        create = offline_client(server).chat.completions.create
        said = [create(**ASK).choices[0].message.content for _ in range(3)]
    assert said == ["one", "two", 'A short answer to "hello there".']


def test_a_script_of_something_else_is_refused():
    """Only replies can be scripted, and the line says so."""
    with OfflineServer() as server, pytest.raises(UsageError, match=r"Reply\(\.\.\.\)"):
        server.script("one")


def test_the_connection_is_kept():
    """Answers, streams and errors leave the connection open for the next request."""
    with OfflineServer() as server:
        server.script(Reply("a b"), Reply.server_error(), Reply())
        connection = HTTPConnection("127.0.0.1", port_of(server))
        ports = set()
        for ask in (ASK | {"stream": True}, ASK, ASK):
            connection.request("POST", "/v1/chat/completions", json.dumps(ask))
            connection.getresponse().read()
            ports.add(connection.sock.getsockname())
        connection.close()
    assert len(ports) == 1


def test_only_this_machine_can_reach_it():
    """It listens on 127.0.0.1 and nowhere else."""
    with OfflineServer() as server:
        port = port_of(server)
        assert server.url == f"http://127.0.0.1:{port}/v1"
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=5):
            pass


@pytest.mark.parametrize("reply", [Reply.timeout(), Reply("a b", stall_after=1), Reply(latency=60)])
def test_stopping_frees_a_stalled_client(reply):
    """A client that waits for ever gets a connection error when the server stops."""
    server = OfflineServer().start()
    server.script(reply)
    problems = []

    def ask():
        try:
            client = offline_client(server, max_retries=0, timeout=HANG_S)
            for _ in client.chat.completions.create(**ASK, stream=True):
                pass
        except (openai.APIError, CLOSED) as problem:
            problems.append(problem)

    before = set(threading.enumerate())
    thread = threading.Thread(target=ask)
    thread.start()
    assert server.wait_for_requests(1, HANG_S)
    server.stop()
    thread.join(HANG_S)
    assert [type(problem) for problem in problems] in ([openai.APIConnectionError], [CLOSED])
    for other in set(threading.enumerate()) - before:
        other.join(HANG_S)
        assert not other.is_alive()


def test_clients_that_leave_print_nothing(capfd):
    """A client that goes away in the middle of an answer leaves no words on the terminal."""
    with OfflineServer() as server:
        server.script(*[Reply(chunks=5000) for _ in range(3)])
        for _ in range(3):
            client = offline_client(server)
            with client.chat.completions.create(**ASK, stream=True) as stream:
                next(stream)
            client.close()
        assert offline_client(server).models.list().data
    assert capfd.readouterr() == ("", "")


def test_a_stopped_server_says_what_to_type():
    """Without a running server there is no address, and the line says how to get one."""
    server = OfflineServer()
    with pytest.raises(UsageError, match="with OfflineServer"):
        _ = server.url
    assert repr(server) == "<OfflineServer stopped>"


def test_starting_and_stopping_twice_is_once():
    """A second start keeps the address; a second stop does nothing; it can start again."""
    with OfflineServer() as server:
        assert server.start() is server
        url = server.url
        assert server.start().url == url
        server.stop()
        server.stop()
        server.start()
        assert offline_client(server).models.list().data


def test_a_taken_port_is_one_clear_line():
    """A port in use is refused in one line that names it."""
    with OfflineServer() as server:
        port = port_of(server)
        with pytest.raises(UsageError, match=f"port {port} cannot be had") as caught:
            OfflineServer(port=port).start()
    assert "\n" not in str(caught.value)


def waits(script, times=20):
    return [script.answer(ASKED).steps[0] for _ in range(times)]


def test_latencies_are_plausible_and_the_same_again():
    """The seed decides the latencies: spread around the middle, all above 0."""
    first = waits(Script(0.2, jitter=0.3, seed=1))
    assert first == waits(Script(0.2, jitter=0.3, seed=1))
    assert first != waits(Script(0.2, jitter=0.3, seed=2))
    assert 0 < min(first) < 0.2 < max(first) < 2
    assert waits(Script(0.2), 2) == [0.2, 0.2]


def test_a_replys_own_latency_comes_on_top():
    """A slow reply on a slow server waits for both."""
    script = Script(0.25, chunk_latency=0.5)
    script.add(Reply(latency=1.0, chunk_latency=0.125))
    steps = script.answer(ASKED).steps
    assert [step for step in steps if isinstance(step, float)] == [1.25, 0.625]
