"""Delivery: each handler has a lane of its own, and no lane reaches the one who sends."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
import time

import pytest

from llmwatch import context, faults
from llmwatch.alerting import HANDLER, Delivery, Undelivered, slack, webhook
from tests.alerting.notices import alert
from tests.alerting.sinks import HANG_S, http_sink

SOON = (0.01, 0.01)


@pytest.fixture(autouse=True)
def _no_faults():
    faults.clear()
    yield
    faults.clear()


def told():
    return [(fault.step, fault.message, fault.count) for fault in faults.table()]


def test_notices_arrive_in_order_on_another_thread():
    """A handler gets every notice, in order, on a thread of ours."""
    delivery, seen = Delivery(), []

    def handler(a):
        seen.append((a.n, threading.current_thread().name))

    for number in range(50):
        delivery.send(handler, alert(n=number))
    assert delivery.drain(HANG_S)
    assert [n for n, _ in seen] == list(range(50))
    assert {name for _, name in seen} == {"llmwatch-alerts"}


def test_a_stuck_handler_holds_up_no_other():
    """While one hangs the other gets its notice, and sending does not wait for either."""
    delivery, gate, arrived = Delivery(), threading.Event(), threading.Event()

    def stuck(_):
        gate.wait(HANG_S)

    def quick(_):
        arrived.set()

    delivery.send(stuck, alert())
    delivery.send(quick, alert())
    assert arrived.wait(HANG_S)
    assert not delivery.drain(0.01)
    gate.set()
    assert delivery.drain(HANG_S)


def test_the_queue_of_a_stuck_handler_is_bounded():
    """Beyond its capacity the oldest waiting notice goes, and diagnostics says so."""
    delivery, gate, begun, seen = Delivery(capacity=3), threading.Event(), threading.Event(), []

    def stuck(a):
        begun.set()
        gate.wait(HANG_S)
        seen.append(a.n)

    delivery.send(stuck, alert(n=0))
    assert begun.wait(HANG_S)
    for number in range(1, 6):
        delivery.send(stuck, alert(n=number))
    gate.set()
    assert delivery.drain(HANG_S)
    assert seen == [0, 3, 4, 5]
    ((step, message, count),) = told()
    assert (step.rpartition(".")[2], count) == ("stuck", 2)
    assert message == "3 notices wait already: the oldest went"


def test_an_async_handler_is_run_to_its_end():
    """A coroutine function is awaited, each time on the same loop."""
    delivery, loops = Delivery(), []

    async def handler(_):
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    delivery.send(handler, alert())
    delivery.send(handler, alert())
    assert delivery.drain(HANG_S)
    assert len(loops) == 2
    assert loops[0] is loops[1]


@pytest.mark.parametrize("problem", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_what_a_handler_raises_is_a_line_in_diagnostics(problem, capfd):
    """Whatever it raises, it is called once, the next notice comes, and nothing is printed."""
    delivery, seen = Delivery(pauses=SOON), []

    def broken(a):
        seen.append(a.n)
        raise problem

    delivery.send(broken, alert(n=1))
    delivery.send(broken, alert(n=2))
    assert delivery.drain(HANG_S)
    assert seen == [1, 2]
    ((step, message, count),) = told()
    assert step.endswith("broken")
    assert message.startswith(type(problem).__name__)
    assert count == 2
    assert capfd.readouterr() == ("", "")


def test_an_exception_that_cannot_be_told_is_told_by_its_type():
    """Even a broken `__str__` does not end the lane."""

    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    delivery, seen = Delivery(), []

    def handler(a):
        seen.append(a.n)
        raise Broken

    delivery.send(handler, alert(n=1))
    delivery.send(handler, alert(n=2))
    assert delivery.drain(HANG_S)
    assert seen == [1, 2]
    assert told()[0][1] == "Broken"


def test_the_rest_of_a_url_in_an_exception_is_not_told():
    """Of an address in somebody else's exception only the host stays."""
    delivery = Delivery()

    def handler(_):
        raise OSError("POST https://ana:pw@hooks.example.com/T0/s3cret?k=v failed, url: /T0/s3cret")

    delivery.send(handler, alert())
    assert delivery.drain(HANG_S)
    message = told()[0][1]
    assert message == "OSError: POST https://hooks.example.com/… failed, url: …"


def test_500_then_200_is_delivered_at_the_second_try():
    """A server error is tried again, the notice arrives, and nothing is noted."""
    with http_sink(500, 200) as sink:
        delivery = Delivery(pauses=SOON)
        delivery.send(slack(sink.url), alert())
        assert delivery.drain(HANG_S)
        assert len(sink.posted) == 2
        assert sink.posted[0].body == sink.posted[1].body
        assert told() == []


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (400, 1), (408, 1), (429, 1), (503, 3)])
def test_only_what_may_pass_is_tried_again(status, tries):
    """Any 4xx once, 5xx three times; then a line that shows no more than the host."""
    with http_sink(status) as sink:
        delivery = Delivery(pauses=SOON)
        delivery.send(webhook(sink.url, {"Authorization": "Bearer k3y"}), alert())
        assert delivery.drain(HANG_S)
        assert len(sink.posted) == tries
        ((step, message, count),) = told()
        host = sink.url.partition("/hook")[0]
        assert step == f"alert handler webhook('{host}/…')"
        assert (message, count) == (f"{host}/… answered {status}", 1)


def test_a_wait_that_is_asked_for_is_kept():
    """`Retry-After` outlasts the pause of ours; the end of the process cuts both short."""
    delivery, tries, tried = Delivery(pauses=(0.0, 0.0)), [], threading.Event()

    def handler(_):
        tries.append(None)
        tried.set()
        raise Undelivered("busy", again=True, after_s=1000.0)

    delivery.send(handler, alert())
    assert tried.wait(HANG_S)
    assert not delivery.drain(0.2)
    assert len(tries) == 1
    assert delivery.finish(HANG_S)
    assert len(tries) == 3


def test_a_handler_may_wait_for_the_delivery_it_is_part_of():
    """`drain` inside a handler returns at once."""
    delivery, answers = Delivery(), []

    def handler(_):
        answers.append(delivery.drain(HANG_S))

    delivery.send(handler, alert())
    assert delivery.drain(HANG_S)
    assert answers == [True]


def test_calls_that_a_handler_makes_are_marked():
    """What a handler calls itself carries a label, so that no rule counts it."""
    delivery, labels = Delivery(), []

    def handler(_):
        labels.append(dict(context.resolve(context.here()).labels))

    delivery.send(handler, alert())
    assert delivery.drain(HANG_S)
    assert labels == [HANDLER]


def test_the_end_of_the_process_waits_for_a_notice_but_not_for_ever(tmp_path):
    """What is queued at the end still goes out; a handler that hangs costs two seconds."""
    script = """
import sys, threading
from llmwatch.alerting import Delivery
from tests.alerting.notices import alert
def slow(a): threading.Event().wait(0.3); open(sys.argv[1], "w").write(a.name)
def dead(a): threading.Event().wait(600)
delivery = Delivery()
delivery.send(slow, alert())
delivery.send(dead, alert())
"""
    done = tmp_path / "done"
    begun = time.monotonic()
    run = subprocess.run([sys.executable, "-c", script, str(done)], capture_output=True, text=True,
                         timeout=HANG_S)  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert done.read_text() == "high_latency"
    assert time.monotonic() - begun < HANG_S / 2


@pytest.mark.parametrize("python", ["3.11", "3.12"])
def test_a_script_that_ends_with_what_went_wrong_tells_it(python, tmp_path):
    """Rules look once more at the end, and handlers hear; also where no thread can be had then."""
    script = """
import atexit, sys, threading
import llmwatch
from llmwatch import worker
from llmwatch.alerting import _delivery
from llmwatch.testing import OfflineServer, Reply, offline_client

def refuse(self):
    raise RuntimeError("can't create new thread at interpreter shutdown")

def tell(alert):
    open(sys.argv[2], "a").write(alert.title)

worker._EXIT_S = _delivery._EXIT_S = 60  # how long the end may take is told by the test above
for rule in llmwatch.alerts:
    rule.remove()
llmwatch.alert("down", "error_rate > 10%", min_calls=10)  # on a slow machine, too, not before all
llmwatch.alerts.add_handler(tell)
server = OfflineServer().start()
client = offline_client(server, max_retries=0)
with llmwatch.watch() as w:
    client.chat.completions.create(model="m", messages=[])
    w.summary(), llmwatch.alerts.firing  # what is loaded now need not be loaded at the end
    server.script(*[Reply.rate_limited()] * 9)
    if sys.argv[1] == "3.12":
        atexit.register(lambda: setattr(threading.Thread, "start", refuse))
    for _ in range(9):
        try:
            client.chat.completions.create(model="m", messages=[])
        except Exception:
            pass
"""
    told = tmp_path / "told"
    run = subprocess.run([sys.executable, "-c", script, python, str(told)], capture_output=True,
                         text=True, timeout=60)  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert told.read_text().startswith("down: 90")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_delivers_its_own_notices_only():
    """The child has neither the parent's queue nor its locks, and can send."""
    script = """
import os, sys, threading
from llmwatch.alerting import Delivery
from tests.alerting.notices import alert
gate, seen = threading.Event(), []
def handler(a):
    if a.n < 2: gate.wait(60)
    seen.append(a.n)
delivery = Delivery()
delivery.send(handler, alert(n=0)); delivery.send(handler, alert(n=1))
child = os.fork()
if child == 0:
    delivery.send(handler, alert(n=2))
    os._exit(0 if delivery.drain(60) and seen == [2] else 1)
_, status = os.waitpid(child, 0)
gate.set()
sys.exit(status or not (delivery.drain(60) and seen == [0, 1]))
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script],
        capture_output=True, text=True, timeout=2 * HANG_S,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")


def test_it_leaves_the_dice_of_the_person_alone():
    """Pauses are drawn by a generator of our own: a seeded notebook draws what it drew before."""
    delivery, tries = Delivery(pauses=SOON), []

    def refused(_):
        tries.append(1)
        raise Undelivered("busy", again=True)

    random.seed(0)
    before = random.getstate()
    delivery.send(refused, alert())
    assert delivery.drain(HANG_S)
    assert len(tries) == len(SOON) + 1
    assert random.getstate() == before
