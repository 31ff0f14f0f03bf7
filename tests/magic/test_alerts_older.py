"""Alerts in kernels before ipykernel 7, where an output of a thread lands under any cell.

What stands for such a kernel is its display publisher: one without a context variable.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from llmwatch.alerting import rule_of
from llmwatch.context import Cell
from llmwatch.magic._alerts import Banners
from llmwatch.recorder import Session
from llmwatch.scopes import Watch
from llmwatch.testing import OfflineServer, offline_client

HANG_S = 20.0


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
    session, publisher = Session(), Publisher()
    for rule in list(session.alerts):
        rule.remove()
    session.alerts.add(rule_of("busy", "requests > 3", window="1s"))
    banners = Banners(SimpleNamespace(display_pub=publisher), session)
    with OfflineServer() as server:
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
