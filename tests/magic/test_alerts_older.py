"""Alerts in kernels before ipykernel 7, where an output of a thread lands under any cell.

What stands for such a kernel is its display publisher: one without a context variable, and, where
we cannot send by ourselves, without a session. `tests/magic/test_alerts.py` passes in ipykernel
6.29.5 too: run it with a Python that has that.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import copy_context
from types import SimpleNamespace

import pytest

from llmwatch.alerting import rule_of
from llmwatch.context import Cell
from llmwatch.magic._alerts import Banners
from llmwatch.recorder import Session
from llmwatch.scopes import Watch
from llmwatch.testing import OfflineServer, offline_client

HANG_S = 60.0


class Publisher:
    """Notes what is shown, how, and on which thread."""

    pub_socket = None

    def __init__(self):
        self.published = []
        self._changed = threading.Condition()

    def publish(self, *, data, metadata, transient, update):
        with self._changed:
            is_main = threading.current_thread() is threading.main_thread()
            self.published.append((update, is_main, data["text/plain"]))
            self._changed.notify_all()

    def wait_for(self, words):
        with self._changed:
            return self._changed.wait_for(lambda: words in self.published[-1][2], HANG_S)


class Older(Publisher):
    """The publisher of ipykernel 6: what it shows answers the request of the cell that runs."""

    topic = b"display_data"

    def __init__(self):
        super().__init__()
        self.session = self
        self.parent_header = {}
        self.answered = []

    def send(self, stream, kind, content, *, parent, ident):
        with self._changed:
            self.answered.append((kind, parent["msg_id"], content["data"]["text/plain"]))
            self._changed.notify_all()

    def wait_for_answers(self, n):
        with self._changed:
            return self._changed.wait_for(lambda: len(self.answered) >= n, HANG_S)


@contextmanager
def cell(session, banners, number):
    """A cell that runs on the main thread."""
    identity = Cell(f"c{number}", number, f"run-{number}")
    with Watch(session, cell=identity):
        banners.begin(identity)
        yield
    banners.post_run_cell(None)


@pytest.fixture
def made():
    with alerts_on(Publisher()) as made:
        yield made


@contextmanager
def alerts_on(publisher):
    session = Session()
    for rule in list(session.alerts):
        rule.remove()
    session.alerts.add(rule_of("busy", "requests > 3", window="1h"))
    banners = Banners(SimpleNamespace(display_pub=publisher), session)
    with pytest.MonkeyPatch.context() as patch, OfflineServer() as server:
        patch.setattr("llmwatch.magic._alerts._WAIT_S", HANG_S)  # machines of tests starve
        client = offline_client(server)

        def ask():
            for _ in range(4):
                client.chat.completions.create(model="gpt-5", messages=[])

        yield session, banners, publisher, ask
    banners.close()


def test_an_alert_waits_for_the_main_thread(made):
    """What fires is shown by the end of a cell, on the main thread, and by no thread of ours."""
    session, banners, publisher, ask = made
    with cell(session, banners, 1):
        ask()
        assert session.alerts.firing  # it fires, and has been heard of
        assert publisher.published == []
    ((update, is_main, text),) = publisher.published
    assert (update, is_main) == (False, True)
    assert "busy: 4 calls, over 3" in text


def test_its_end_needs_no_cell(made):
    """An update finds its output by name, so a thread may send it."""
    session, banners, publisher, ask = made
    with cell(session, banners, 1):
        ask()
    session.alerts._now_ns = lambda: time.time_ns() + 2 * 3600 * 10**9  # the hour is over
    assert publisher.wait_for("busy resolved after")
    update, is_main, _ = publisher.published[-1]
    assert (update, is_main) == (True, False)


def test_it_moves_to_a_later_cell(made):
    """One line is left where it stood."""
    session, banners, publisher, ask = made
    with cell(session, banners, 1):
        ask()
    with cell(session, banners, 2):
        ask()
    shown = [text for update, _, text in publisher.published if not update]
    left = [text for update, _, text in publisher.published if "see cell [2]" in text]
    assert len(shown) == 2
    assert len(left) == 1


def test_a_thread_of_an_earlier_cell_alerts_there():
    """Its output answers the request of its cell, though another one runs, and needs no end."""
    publisher, go = Older(), threading.Event()
    with alerts_on(publisher) as (session, banners, _, ask):
        publisher.parent_header = {"msg_id": "first"}
        with cell(session, banners, 1):
            worker = threading.Thread(target=copy_context().run, args=(late, go, ask))
            worker.start()
        publisher.parent_header = {"msg_id": "second"}
        with cell(session, banners, 2):
            go.set()
            worker.join()
            assert session.alerts.firing
            assert publisher.wait_for_answers(1)
    kind, request, text = publisher.answered[0]
    assert (kind, request) == ("display_data", "first")
    assert "busy: 4 calls, over 3" in text
    assert publisher.published == []


def late(go, ask):
    go.wait(HANG_S)
    ask()
