"""What holds for every test: no setting of this machine matters, and nothing is left behind."""

from __future__ import annotations

import os
import sys

import pytest

from llmwatch import context

GIVEN = {"LLMWATCH_CASSETTES", "LLMWATCH_CHROMIUM"}
for _name in [name for name in os.environ if name.startswith("LLMWATCH_")]:
    if _name not in GIVEN:
        del os.environ[_name]

SENDERS = ("Client", "AsyncClient")
METHODS = ("send", "build_request")


def wire():
    """The methods through which calls go, as they are now, of the libraries loaded so far."""
    return {
        (name, kind, method): getattr(getattr(sys.modules[name], kind), method)
        for name in ("httpx2", "httpx")
        if hasattr(sys.modules.get(name), SENDERS[0])
        for kind in SENDERS
        for method in METHODS
    }


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """After a test the wire is as before it, and no scope is open."""
    before = wire()
    yield
    after = wire()
    changed = [key for key, method in before.items() if after[key] is not method]
    assert changed == [], "the test left the wire tapped"
    assert context.here() is None, "the test left a scope open"
