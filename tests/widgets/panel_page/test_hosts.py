"""In VS Code and Colab: the theme of the editor, not the one that its widgets pretend."""

from __future__ import annotations

import pytest

from llmwatch.widgets import Banner, Receipt
from llmwatch.widgets._assets import css, esm
from tests.alerting.notices import alert, resolved
from tests.widgets.make import drawn
from tests.widgets.panel import PAGE, Made, show, whole
from tests.widgets.panel_page.plain import calls, full, sent
from tests.widgets.test_receipt_browser import CONTRASTS

# What VS Code's Jupyter extension sets on every page, whatever the theme of the editor.
LIGHT = (
    "--jp-layout-color1:white;--jp-ui-font-color1:rgba(0,0,0,.8);--jp-error-color1:#f44336;"
    "--jp-success-color1:#4caf50;--jp-warn-color0:#f57c00;--jp-warn-color1:#ff9800;"
    "--jp-info-color1:#00bcd4;--jp-content-link-color:#1565c0;"
)
EDITORS = {
    "dark": ("#1f1f1f", "#cccccc", "#4daafc"),
    "light": ("#ffffff", "#3b3b3b", "#005fb8"),
}
WHITE = ".cell-output-ipywidget-background { background: white !important; }"


COLAB = {
    "Colab, dark": "background:#383838;color:#d5d5d5",
    "Colab": "background:#fff;color:#212121",
}


def vs_code(theme):
    ground, ink, link = EDITORS[theme]
    return (
        f"{LIGHT}--vscode-editor-background:{ground};--vscode-editor-foreground:{ink};"
        f"--vscode-textLink-foreground:{link};background:{ground};color:{ink}"
    )


@pytest.mark.parametrize("theme", EDITORS)
def test_the_panel_wears_the_theme_of_vs_code(page, theme):
    """Though JupyterLab's light variables are there, and white paper lies under each widget."""
    root = show(page, whole(full()), theme=vs_code(theme))
    page.add_style_tag(content=WHITE)
    page.locator("#panel").evaluate(
        "node => node.classList.add('cell-output-ipywidget-background')"
    )
    ground = "node => getComputedStyle(node).backgroundColor"
    assert page.locator("#panel").evaluate(ground) == "rgba(0, 0, 0, 0)"
    assert root.evaluate(ground) == page.locator("body").evaluate(ground)
    assert (root.get_attribute("data-dark") is not None) == (theme == "dark")
    root.locator(".lw-line[aria-expanded]").first.click()
    assert faint(page, ".lw-panel") == []


def test_the_panel_is_dark_in_colab(page):
    """It gives JupyterLab's light variables an ink for its dark ground, and no other paper."""
    root = show(
        page, whole(full()), theme=f"{LIGHT}--jp-ui-font-color1:#d5d5d5;{COLAB['Colab, dark']}"
    )
    page.evaluate("document.documentElement.setAttribute('theme', 'dark')")
    root.locator(".lw-line[aria-expanded]").first.click()
    root.get_by_label("Export").click()
    assert root.get_attribute("data-dark") is not None
    assert faint(page, ".lw-panel") == []


@pytest.mark.parametrize("host", [*EDITORS, *COLAB])
def test_receipts_and_alerts_can_be_read(page, host):
    """What stands in outputs as plain HTML has a contrast of 4.5 at least, opened too."""
    banners = [Banner(alert(severity=kind), drawn(), is_open=True)
               for kind in ("critical", "warning", "info")]  # fmt: skip
    shown = [Receipt(drawn()), *banners, Banner(resolved(), drawn())]
    html = "".join(one.html() for one in shown)
    page.set_content(f"<body style='{COLAB.get(host) or vs_code(host)}'>{html}")
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    for name in (".llmwatch-receipt", ".llmwatch-alert"):
        assert faint(page, name) == []


@pytest.mark.parametrize("host", ["JupyterLab, VS Code", "Colab", "the system"])
def test_a_theme_is_changed_under_it(page, host):
    """Wherever the page says so: on its body, on its root, or nowhere but in the system."""
    root = show(page, whole(full()), theme="")
    dark = "body { background: #222; color: #eee; }"
    page.add_style_tag(content=f".dark, [theme=dark] {{ {dark} }} "
                       f".dark {{ background: #222; color: #eee; }} "
                       f"@media (prefers-color-scheme: dark) {{ {dark} }}")  # fmt: skip
    assert root.get_attribute("data-dark") is None
    if host == "the system":
        page.emulate_media(color_scheme="dark")
    elif host == "Colab":
        page.evaluate("document.documentElement.setAttribute('theme', 'dark')")
    else:
        page.evaluate("document.body.classList.add('dark')")
    page.locator(".lw-panel[data-dark]").wait_for()
    assert faint(page, ".lw-panel") == []


def test_a_page_that_comes_late_asks_for_the_present(page):
    """Colab hands the panel of a later cell the state of the first, and the latest news."""
    state = whole(Made(*calls(3)))
    news = {**state, "base": state["seq"] + 4, "seq": state["seq"] + 5, "rows": []}
    page.set_content("<body><div id=panel></div>")
    page.evaluate(PAGE, {"esm": esm(), "css": css(), "vega": "",
                         "state": {"whole": state, "news": news}})  # fmt: skip
    page.locator(".lw-row").first.wait_for()
    assert sent(page) == [{"do": "whole"}]


def faint(page, name):
    """The texts that have too little contrast, of all that there are."""
    seen = page.evaluate(CONTRASTS.replace(".llmwatch-receipt", name))
    assert len(seen) > 30
    return [(text, ratio) for text, ratio in seen if ratio < 4.5]
