"""One kernel with llmwatch in it for the tests of a file."""

from __future__ import annotations

import pytest

from .kernel import kernel
from .plain import LOADED, SETUP


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A kernel with llmwatch loaded and clients that need no network."""
    with kernel(tmp_path_factory.mktemp("loaded")) as k:
        assert k.run("%load_ext llmwatch").stdout == LOADED
        assert k.run(SETUP).status == "ok"
        yield k
