"""The panel under a cell of a real JupyterLab, with a kernel that makes calls."""

from __future__ import annotations

import re

import nbformat

from tests.browser import lab
from tests.notebook import ROOT
from tests.widgets.panel import drawn

SETUP = """
%load_ext llmwatch
import os, time
import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_client
server = OfflineServer().start()
client = offline_client(server)

def ask(text, answer="Paris."):
    server.script(Reply(answer))
    return client.chat.completions.create(
        model="gpt-5-mini", messages=[{"role": "user", "content": text}]
    )
"""
BUSY = """
for number in range(12):
    while number == 11 and not os.path.exists("go"): time.sleep(0.01)
    ask(f"What is {number}?", "<img src=x onerror='window.harmed=1'>")
"""
# The heights of the three charts, once there are such as have not been seen before.
HEIGHTS = """() => {
  const made = [...document.querySelectorAll("#jp-right-stack .lw-canvas canvas")];
  if (made.length !== 3 || made.some(each => each.dataset.seen)) return null;
  for (const each of made) each.dataset.seen = "yes";
  return made.map(each => each.height);
}"""
CALLS = "[data-tile=calls] .lw-value"


def book(*cells):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return made


def run_cell(page, number, *, wait=True):
    page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-InputPrompt").click()
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    if wait:
        page.wait_for_function(
            "n => /\\[\\d+\\]/.test(document.querySelectorAll('.jp-InputPrompt')[n].textContent)",
            arg=number,
        )


def test_panel_in_jupyterlab():
    """It moves while a cell blocks the kernel, takes thumbs, exports, and knows a theme and a restart."""
    cells = (
        SETUP,
        "llmwatch.dashboard(where='inline')",
        BUSY,
        "print(llmwatch.session.calls.score.tolist()[-1])",
        "llmwatch.session.to_csv('ours.csv')",
        "llmwatch.dashboard(where='sidebar')",
    )
    with lab(width=1300, height=1000, environ={"PYTHONPATH": str(ROOT)}) as desk:
        addresses = []
        desk.page.on("request", lambda request: addresses.append(request.url))
        page = desk.open(book(*cells))
        for number in (0, 1):
            run_cell(page, number)
        panel = page.locator(".jp-OutputArea .lw-panel")
        panel.locator(".lw-none").wait_for()
        panel.locator("[data-tile=calls]").scroll_into_view_if_needed()

        run_cell(page, 2, wait=False)
        page.wait_for_function(
            f"() => Number(document.querySelector('.jp-OutputArea {CALLS}').innerText) > 1"
        )
        assert "*" in page.locator(".jp-InputPrompt").nth(2).inner_text()  # the kernel is blocked
        panel.locator(".lw-line").first.click()
        panel.locator(".lw-detail pre").first.wait_for()
        panel.get_by_label("Order of the calls").select_option(label="slowest first")
        assert "*" in page.locator(".jp-InputPrompt").nth(2).inner_text()  # and is still
        (desk.home / "work" / "go").touch()
        page.wait_for_function(
            f"() => document.querySelector('.jp-OutputArea {CALLS}').innerText === '12'"
        )
        panel.locator(".lw-canvas canvas").nth(2).wait_for()
        desk.wait_until_idle()

        panel.get_by_label("Order of the calls").select_option(label="newest first")
        drawn(page)
        panel.locator(".lw-line[aria-expanded=true]").click()
        panel.locator(".lw-line").first.click()
        panel.locator(".lw-row").first.get_by_label("Bad answer").click()
        panel.locator(".lw-row").first.locator(".lw-down[aria-pressed=true]").wait_for()
        run_cell(page, 3)
        page.get_by_text("-1.0", exact=True).wait_for()

        with page.expect_download() as download:
            panel.get_by_label("Export").click()
            panel.get_by_text("Calls as CSV").click()
        run_cell(page, 4)
        desk.wait_until_idle()
        ours = (desk.home / "work" / "ours.csv").read_bytes()
        assert download.value.path().read_bytes() == ours
        assert ours.count(b"gpt-5-mini") >= 12

        run_cell(page, 5)
        heights = page.wait_for_function(HEIGHTS).json_value()
        page.evaluate(
            "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
        )
        page.locator("#jp-right-stack .lw-panel[data-dark]").wait_for()
        # JupyterLab hides everything for a moment.
        assert page.wait_for_function(HEIGHTS).json_value() == heights

        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:restart-kernel') }")
        page.locator(".jp-Dialog .jp-mod-accept").click()
        panel.get_by_text("kernel gone", exact=True).first.wait_for()
        assert page.evaluate("window.harmed") is None
        elsewhere = [url for url in addresses if not re.match(r"(blob:)?(http|ws)://127\.0\.0\.1:|data:", url)]  # fmt: skip
        assert elsewhere == []
