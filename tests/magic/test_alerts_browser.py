"""Alerts as a person sees them: a real kernel behind a real JupyterLab in a real Chromium."""

from __future__ import annotations

import nbformat
import pytest

from tests.browser import lab
from tests.magic.kernel import ROOT
from tests.magic.test_alerts import SETUP

BANNER = ".llmwatch-alert:has([role=alert])"
CELLS = {
    "setup": f"%load_ext llmwatch\n{SETUP}",
    "plain": "fail('plain')",
    "thread": "t = threading.Thread(target=lambda: (go.wait(), fail('thread'))); t.start()",
    "task": "task = asyncio.create_task(fail_later('task'))",
    "go": "go.set(); t.join(); await task",
    "many": "fail('many')",
    "more": "fail('many')",
    "busy": "llmwatch.alert('busy', 'requests > 12', by='tag', window='2s', severity='info')\n"
    "while not fires('busy', 'x'): succeed('x', 13)",
}


def book():
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return made


@pytest.fixture(scope="module")
def desk():
    with lab(width=900, height=1100, environ={"PYTHONPATH": str(ROOT)}) as desk:
        page = desk.open(book(), bare=True)
        desk.run_all()
        page.wait_for_function(
            "banner => document.querySelectorAll(banner).length >= 5", arg=BANNER
        )
        yield desk


def cell(desk, name):
    return desk.page.locator(".jp-Notebook .jp-CodeCell").nth(list(CELLS).index(name))


def titles(desk, name):
    """The headings of the alerts under a cell."""
    found = cell(desk, name).locator(f"{BANNER} b").all_inner_texts()
    return [text.replace("\u202f", " ") for text in found]


@pytest.mark.parametrize("name", ["plain", "thread", "task"])
def test_it_stands_under_the_cell_that_caused_it(desk, name):
    """Calls of the cell itself, of a thread, and of a task that outlived it."""
    (title,) = titles(desk, name)
    assert title.endswith(f"failing (tag={name}): 100 %, over 10 %")


def test_other_cells_show_nothing(desk):
    """The cell during which the thread and the task failed has no output at all."""
    assert cell(desk, "go").locator(".jp-OutputArea-output").count() == 0


def test_two_cells_show_one(desk):
    """The former says where to look, the latter shows it."""
    assert titles(desk, "many") == []
    assert "see cell [7]" in cell(desk, "many").locator(".llmwatch-alert").inner_text()
    assert len(titles(desk, "more")) == 1


def test_it_is_resolved_in_place(desk):
    """A window gone quiet turns it green where it stands, though no cell runs."""
    place = cell(desk, "busy")
    place.locator(f"{BANNER} b", has_text="busy (tag=x) resolved after").wait_for()
    assert len(titles(desk, "busy")) == 1
    assert place.get_by_role("button", name="Mute").count() == 0


def test_its_calls_are_shown_below(desk):
    """`Show calls` opens to the offending calls, with a click and by the keyboard."""
    place = cell(desk, "plain")
    place.locator("summary").click()
    assert place.locator("tbody tr").count() == 6
    assert place.get_by_text("RateLimitError").first.is_visible()
    place.locator("summary").press("Enter")
    assert not place.get_by_text("RateLimitError").first.is_visible()


def test_mute_and_unmute(desk):
    """The kernel is told, and the alert says so."""
    place = cell(desk, "more")
    place.get_by_role("button", name="Mute", exact=True).click()
    place.get_by_role("button", name="Unmute").wait_for()
    assert "muted until " in place.locator(BANNER).inner_text()
    place.get_by_role("button", name="Unmute").click()
    place.get_by_role("button", name="Mute", exact=True).wait_for()
    assert "muted until" not in place.locator(BANNER).inner_text()


def test_what_is_open_stays_open(desk):
    """An update in place, such as that of Mute, does not close the calls."""
    place = cell(desk, "thread")
    place.locator("summary").click()
    place.get_by_role("button", name="Mute", exact=True).click()
    place.get_by_role("button", name="Unmute").click()
    place.get_by_role("button", name="Mute", exact=True).wait_for()
    place.get_by_text("RateLimitError").first.wait_for()
    place.locator("summary").click()


def test_a_cell_that_runs_again_shows_it_again(desk):
    """The alert that its outputs lost with the new run stands there again."""
    place = cell(desk, "plain")
    place.click()
    desk.page.keyboard.press("Control+Enter")
    place.locator(".jp-InputPrompt", has_text="[9]").wait_for()
    place.locator(BANNER).wait_for()
    assert len(titles(desk, "plain")) == 1


def test_after_a_reload_it_is_there_and_alive(desk):
    """The saved notebook shows it; with the kernel still there its button is, and works."""
    page = desk.page
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.goto(page.url.replace("?reset", ""))
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    desk.wait_until_idle()
    cell(desk, "task").locator(BANNER).wait_for()
    (title,) = titles(desk, "task")
    assert "failing (tag=task)" in title
    cell(desk, "task").get_by_role("button", name="Mute", exact=True).click()
    cell(desk, "task").get_by_role("button", name="Unmute").wait_for()


def test_without_its_kernel_it_stays_readable(desk):
    """After a restart the calls still open, and there is no button that does nothing."""
    page = desk.page
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    desk.wait_until_idle()
    page.wait_for_function("banner => !document.querySelector(banner + ' button')", arg=BANNER)
    place = cell(desk, "thread")
    assert "failing (tag=thread)" in titles(desk, "thread")[0]
    place.locator("summary").click()
    assert place.get_by_text("RateLimitError").first.is_visible()
