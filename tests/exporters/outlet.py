"""What tests of the ways out have in common: a call to make, a script to run, a log to read."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from llmwatch import faults
from llmwatch.exporters import OtlpStream, Wire
from llmwatch.records import Call
from llmwatch.testing import offline_client
from tests.notebook import ROOT

START = 1_790_000_000_000_000_000
HANG_S = 60


def ask(server, text="Hello!", *, system=None, model="gpt-5-mini", retries=0, **options):
    """A chat with the offline server."""
    client = offline_client(server, max_retries=retries)
    messages = [{"role": "system", "content": system}] if system else []
    messages += [{"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **options)


# -- calls made up --------------------------------------------------------------------------------


def call(n=0, **values):
    """A finished call, number `n`."""
    known = {"session_id": "s", "status": "ok", "model": "gpt-5", "request_model": "gpt-5",
             "operation": "chat", "provider": "openai", "latency_s": 1.0}  # fmt: skip
    return Call(**(known | {"call_id": f"c{n:015x}", "started_at": START + n} | values))


def calls(n, **values):
    """So many of them."""
    return [call(at, **values) for at in range(n)]


def told(step):
    """What diagnostics say of a step."""
    return [fault.message for fault in faults.table() if fault.step == step]


def stream_to(url, timeout=HANG_S):
    """A stream to there that nobody but the test tells of calls."""
    return OtlpStream(Wire(url, None, timeout), "s")


# -- a log ----------------------------------------------------------------------------------------


def lines(path):
    """Each physical line, read by a strict parser."""

    def never(word):
        raise AssertionError(f"{word} is no JSON")

    text = path.read_bytes().decode("utf-8")
    return [json.loads(line, parse_constant=never) for line in text.splitlines()]


def events(path):
    """What they tell of."""
    return [line["event"] for line in lines(path)]


# -- scripts --------------------------------------------------------------------------------------

LAST = """
import sys
import llmwatch
from llmwatch import worker
from llmwatch.testing import OfflineServer, offline_client
worker._EXIT_S = 60  # on a starved machine the end may take longer than a person shall wait for it
server = OfflineServer().start()
llmwatch.enable()
{outlet}
offline_client(server).embeddings.create(model="the-last", input=["a", "b", "c"])
"""

FORKED = (
    LAST
    + """
import os
assert llmwatch.session.settled(60)  # what a fork amid the first call means is another test's
child = os.fork()
if child == 0:
    offline_client(server).embeddings.create(model="of-the-child", input="a")
    assert "of-the-child" in set(llmwatch.session.calls.model)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
offline_client(server).embeddings.create(model="of-the-parent", input="a")
"""
)


def run(script, folder, *arguments):
    """What a script prints that ends well and complains of nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=HANG_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
