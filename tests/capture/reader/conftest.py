"""What holds for every test of the reader: no trouble of another one is counted."""

from __future__ import annotations

import pytest

from llmwatch import faults


@pytest.fixture(autouse=True)
def no_faults():
    faults.clear()
    yield
    faults.clear()
