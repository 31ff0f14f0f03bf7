"""The alert as a person sees it in an exported page: light, dark, narrow, opened."""

from __future__ import annotations

from datetime import UTC, datetime

import nbformat
import pytest

from llmwatch.widgets import Banner
from tests.alerting.notices import alert, resolved
from tests.browser import browser, chromium
from tests.widgets.make import drawn
from tests.widgets.test_receipt_browser import CONTRASTS


def banners():
    """One of each look, one of them open, one muted, and what is left of one that moved."""
    muted = datetime(2026, 11, 24, 12, 14, tzinfo=UTC)
    looks = [
        Banner(alert(), drawn(), is_open=True),
        Banner(alert(severity="warning", name="n" * 80), drawn()),
        Banner(alert(severity="info"), muted_until=muted),
        Banner(resolved(), drawn()),
        Banner(resolved(message="removed after 3 s"), drawn()),
    ]
    return [*(banner.bundle() for banner in looks), looks[0].moved(None)]


def page_of(theme, path):
    from nbconvert import HTMLExporter

    cell = nbformat.v4.new_code_cell("ask()", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("display_data", bundle) for bundle in banners()]
    book = nbformat.v4.new_notebook(cells=[cell])
    html, _ = HTMLExporter(template_name="lab", theme=theme).from_notebook_node(book)
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module", params=["light", "dark"])
def page(request, tmp_path_factory):
    chromium()
    address = page_of(request.param, tmp_path_factory.mktemp("banner") / "out.html")
    with browser() as running:
        page = running.new_page(viewport={"width": 800, "height": 900})
        # Offline: the template names scripts on other hosts, and nothing here needs them.
        page.route("**/*", lambda route: route.continue_()
                   if route.request.url.startswith("file:") else route.abort())  # fmt: skip
        page.goto(address)
        yield page


def test_every_text_is_readable(page):
    """Each visible text has a contrast of 4.5 at least, on its tinted ground."""
    seen = page.evaluate(CONTRASTS.replace(".llmwatch-receipt", ".llmwatch-alert"))
    assert len(seen) > 30
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []


def test_it_opens_without_a_kernel(page):
    """By the keyboard, with no script at all."""
    table = page.locator(".llmwatch-alert").nth(1).locator("table")
    summary = page.locator(".llmwatch-alert").nth(1).locator("summary")
    assert not table.is_visible()
    summary.press("Enter")
    assert table.is_visible()
    summary.press("Enter")
    assert not table.is_visible()


@pytest.mark.parametrize("width", [800, 480, 360])
def test_nothing_covers_or_leaves_it(page, width):
    """At any width the button stands beside or below the words, inside the banner."""
    page.set_viewport_size({"width": width, "height": 900})
    for banner in page.locator(".llmwatch-alert:has(summary)").all():
        box = banner.bounding_box()
        words = banner.locator("[role] > *").evaluate_all(
            "them => them.map(it => { const r = document.createRange(); r.selectNodeContents(it);"
            " return [...r.getClientRects()].map(b => [b.left, b.top, b.right, b.bottom]); }).flat()"
        )
        button = banner.locator("summary").bounding_box()
        left, top = button["x"], button["y"]
        right, bottom = left + button["width"], top + button["height"]
        assert left >= box["x"]
        assert right <= box["x"] + box["width"]
        covered = [
            w for w in words if w[0] < right and left < w[2] and w[1] < bottom and top < w[3]
        ]
        assert covered == []
        assert max(w[2] for w in words) <= box["x"] + box["width"]
