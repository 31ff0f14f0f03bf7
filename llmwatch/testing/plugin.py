"""Fixtures for pytest: ``pytest_plugins = ["llmwatch.testing.plugin"]`` in `conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import OfflineServer, offline_client

if TYPE_CHECKING:
    import openai

__all__ = ["llmwatch_client", "llmwatch_server"]


@pytest.fixture
def llmwatch_server() -> Iterator[OfflineServer]:
    """An offline model server of this test's own; `script` its answers, read its `requests`."""
    with OfflineServer() as server:
        yield server


@pytest.fixture
def llmwatch_client(llmwatch_server: OfflineServer) -> Iterator[openai.OpenAI]:
    """A real `openai.OpenAI` on `llmwatch_server`, which does not retry by itself."""
    with offline_client(llmwatch_server, max_retries=0) as client:
        yield client
