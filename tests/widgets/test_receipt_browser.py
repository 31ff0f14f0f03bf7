"""The receipt as a person sees it: a real JupyterLab in a real Chromium, light and dark."""

from __future__ import annotations

import nbformat
import pytest

from llmwatch.widgets import Receipt
from tests.browser import browser, chromium, lab
from tests.widgets.make import drawn

# The colours that reach the eye: each text's colour over the backgrounds behind it, mixed by the
# browser itself on a one-pixel canvas, since a computed colour may be a `color-mix`.
CONTRASTS = """
() => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
  const brush = canvas.getContext('2d', {willReadFrequently: true});
  const paint = (behind, ink = 'transparent', opacity = 1) => {
    brush.globalAlpha = 1;
    brush.clearRect(0, 0, 1, 1);
    for (const colour of behind) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
    brush.globalAlpha = opacity;
    brush.fillStyle = ink;
    brush.fillRect(0, 0, 1, 1);
    return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const seen = [];
  for (const receipt of document.querySelectorAll('.llmwatch-receipt')) {
    const walk = document.createTreeWalker(receipt, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode.data.trim(), at = walk.currentNode.parentElement;
      if (!text || at.localName === 'style' || !at.checkVisibility()) continue;
      const behind = ['white'];
      let opacity = 1;
      for (let up = at; up; up = up.parentElement) {
        behind.splice(1, 0, getComputedStyle(up).backgroundColor);
        opacity *= getComputedStyle(up).opacity;
      }
      const ground = light(paint(behind));
      const ink = light(paint(behind, getComputedStyle(at).color, opacity));
      const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
      seen.push([text, Math.round(ratio * 100) / 100]);
    }
  }
  return seen;
}
"""


def notebook(calls, note=""):
    """A saved notebook of one cell with a receipt under its own output."""
    receipt = Receipt(calls, budget=(0.0041, 0.5))
    cell = nbformat.v4.new_code_cell(f"len(answers)  # {note}", execution_count=1)
    cell.outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "3"}, execution_count=1),
        nbformat.v4.new_output(
            "display_data", {"text/html": receipt.html(), "text/plain": receipt.text()}
        ),
    ]
    book = nbformat.v4.new_notebook(cells=[cell])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return book


def is_open(page):
    return page.eval_on_selector("details.llmwatch-receipt", "details => details.open")


def assert_readable(page):
    """Every visible text of the receipts has a contrast of 4.5 at least."""
    seen = page.evaluate(CONTRASTS)
    assert len(seen) > 30
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []


def assert_opens(page):
    """The line opens by a click and by the keyboard, and closes again."""
    line = page.locator("details.llmwatch-receipt > summary")
    cells = page.locator("details.llmwatch-receipt td")
    assert not is_open(page)
    assert not cells.first.is_visible()
    line.click()
    assert is_open(page)
    assert cells.first.is_visible()
    for key, state in (("Enter", False), ("Space", True)):
        line.focus()
        page.keyboard.press(key)
        page.wait_for_function(
            "state => document.querySelector('details.llmwatch-receipt').open === state", arg=state
        )


def assert_no_formula(page):
    """MathJax ran over the page (beside the receipt it made a formula) and left the money alone."""
    page.wait_for_selector("mjx-container")
    assert page.locator(".llmwatch-receipt mjx-container").count() == 0


@pytest.fixture(scope="module", params=["light", "dark"])
def desk(request):
    with lab(theme=request.param, width=800, height=800) as desk:
        yield desk


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_receipt_in_jupyterlab(desk, trusted):
    """In a saved notebook, trusted or sanitised, the receipt reads, opens, and is no formula."""
    book = notebook(drawn(), note=str(trusted))  # a text of its own, so that its trust is its own
    control = nbformat.v4.new_output("display_data", {"text/html": "<p>$1 of $2</p>"})
    book.cells[0].outputs.append(control)
    page = desk.open(book, f"{trusted}.ipynb", trusted=trusted, bare=True)
    page.wait_for_selector("details.llmwatch-receipt")
    assert (page.locator(".llmwatch-receipt style").count() > 0) == trusted
    line = page.locator("details.llmwatch-receipt > summary")
    assert line.is_visible()
    assert line.inner_text().startswith("3 calls · 1,240 → ~312 tokens · $0.0041 of $0.50")
    assert_no_formula(page)
    assert_opens(page)
    assert_readable(page)


def test_a_narrow_window_cuts_no_figure(desk):
    """At 420 px the line wraps between its parts, and the table scrolls inside the receipt."""
    page = desk.open(notebook(drawn()), "narrow.ipynb", bare=True)
    page.set_viewport_size({"width": 420, "height": 800})
    page.locator("details.llmwatch-receipt > summary").click()
    receipt, table = "details.llmwatch-receipt", "details.llmwatch-receipt > div"
    page.wait_for_function(  # JupyterLab lays itself out anew when it may
        "table => { const it = document.querySelector(table);"
        " return it.scrollWidth > it.clientWidth; }",
        arg=table,
    )
    assert page.eval_on_selector(receipt, "it => it.scrollWidth <= it.clientWidth")
    assert page.eval_on_selector(table, "it => { it.scrollLeft = 999; return it.scrollLeft > 0; }")
    lines = "it => [...it.querySelectorAll('nobr')].map(part => part.getClientRects().length)"
    assert set(page.eval_on_selector(f"{receipt} > summary", lines)) == {1}
    page.set_viewport_size({"width": 800, "height": 800})


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_receipt_in_exported_html(template, tmp_path):
    """In nbconvert's HTML it opens and reads, with JupyterLab's variables and without any."""
    chromium()
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook(drawn()))
    path = tmp_path / "out.html"
    path.write_text(html, encoding="utf-8")
    with browser() as running:
        page = running.new_page()
        # Offline: the templates name scripts on other hosts, and nothing here needs them.
        page.route("**/*", lambda route: route.continue_()
                   if route.request.url.startswith("file:") else route.abort())  # fmt: skip
        page.goto(path.as_uri())
        assert_opens(page)
        assert_readable(page)
        if template == "basic":  # a page that knows no theme, dark by its own style
            page.evaluate("document.body.style.cssText = 'background:#111;color:#ddd'")
            assert_readable(page)
