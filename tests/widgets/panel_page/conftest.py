"""A Chromium for the tests of a file, and a page in it for each."""

from __future__ import annotations

import pytest

from tests.browser import PATIENCE_MS, browser


@pytest.fixture(scope="module")
def chrome():
    with browser() as running:
        yield running


@pytest.fixture
def page(chrome):
    """A page at 320 px, on which no script fails."""
    failures = []
    page = chrome.new_page(viewport={"width": 320, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(("blob:", "data:"))
            else failures.append(request.url))  # fmt: skip
    yield page
    page.close()
    assert failures == []
