"""What holds for every test: no setting of this machine matters, and nothing is left behind."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from llmwatch import context
from llmwatch.recorder import _session

GIVEN = {"LLMWATCH_CASSETTES", "LLMWATCH_CHROMIUM"}
for _name in [name for name in os.environ if name.startswith("LLMWATCH_")]:
    if _name not in GIVEN:
        del os.environ[_name]

# How long an example takes says more of the machine than of us.
settings.register_profile(
    "patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

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


PATIENCE_S = 60.0


@pytest.fixture(autouse=True, scope="session")
def _patience():
    """Reading waits for what is queued longer than a person is made to: machines of tests starve."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_session, "_WAIT_S", PATIENCE_S)
        yield


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """After a test the wire is as before it, and no scope is open."""
    before = wire()
    yield
    after = wire()
    changed = [key for key, method in before.items() if after[key] is not method]
    assert changed == [], "the test left the wire tapped"
    assert context.here() is None, "the test left a scope open"
