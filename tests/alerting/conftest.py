"""What holds for every test of alerts: what is sent may take as long as a starved machine needs."""

from __future__ import annotations

import pytest

from llmwatch.alerting import _email, _notify, _web
from tests.alerting.sinks import HANG_S


@pytest.fixture(autouse=True, scope="package")
def _slow_servers():
    """The deadlines are what a kernel can wait for; how long a server takes is not at stake here."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (_email, _notify, _web):
            patch.setattr(module, "TIMEOUT_S", HANG_S)
        patch.setattr(_email, "_SESSION_S", HANG_S)
        yield
