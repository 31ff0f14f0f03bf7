"""Where the ways out lead to: a model server to ask, a file, a collector."""

from __future__ import annotations

import pytest

from llmwatch import faults, outlets
from llmwatch.exporters import _otlp_stream
from llmwatch.testing import OfflineServer
from tests.exporters.outlet import HANG_S


@pytest.fixture
def impatient():
    """For tests of how long a person is made to wait."""


@pytest.fixture(autouse=True)
def _slow_collectors(request, monkeypatch):
    """A collector is waited for as long as a starved machine may need, unless that is at stake."""
    if "impatient" not in request.fixturenames:
        monkeypatch.setattr(outlets, "_ANSWER_S", HANG_S)
        monkeypatch.setattr(_otlp_stream, "_CLOSE_S", HANG_S)


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "llm.jsonl"


@pytest.fixture
def receiver():
    from tests.otlp_receiver import Receiver

    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def nothing_told():
    """Diagnostics are empty before and after."""
    faults.clear()
    yield
    faults.clear()
