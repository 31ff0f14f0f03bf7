"""A session of its own for tests of what counts everything: others leave a hundred models behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import llmwatch.recorder._one as process
from llmwatch.recorder import Session


@contextmanager
def fresh_session() -> Iterator[Session]:
    """Put a new session in the place of the one of this process."""
    session = Session()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "_session", session)
        yield session
        session.disable()
