"""The sidebar in a real JupyterLab and a real Notebook 7: how it opens, follows, and says so."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from urllib.parse import urlsplit

import nbformat
import pytest

import llmwatch
from llmwatch.widgets._still import Still
from tests.browser import EXTENSION, lab, until
from tests.widgets.make import call
from tests.widgets.panel import Made
from tests.widgets.test_receipt_browser import CONTRASTS

HOME = EXTENSION / "jupyter-llmwatch"
LOAD = "%load_ext llmwatch"
SIDE = "#llmwatch-sidebar"
PANEL = f"{SIDE} .llmwatch-view .lw-panel"
CHART = '.llmwatch-still [aria-label="Tokens: 11 in, 5 out"]'
CALL = (
    "import llmwatch\nwith llmwatch.call(model='my-llama', provider='local') as c:\n"
    "    c.usage(input=11, output=5)"
)
ICON = '[data-id="llmwatch-sidebar"]'

# Nothing of the sidebar lies beyond the window.
WHOLE = (
    "() => document.getElementById('llmwatch-sidebar').getBoundingClientRect().right <= innerWidth"
)
# JupyterLab saves what is open where half a second after it has changed.
SAVED_OPEN = """
async () => {
  const saved = await (await fetch('/lab/api/workspaces')).json();
  const sides = saved.workspaces.values.map(it => it.data['layout-restorer:data']?.right);
  return sides.some(it => it?.current === 'llmwatch-sidebar' && !it.collapsed);
}
"""


def notebook(*sources):
    """One cell per source."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return book


class Sidebar:
    """The sidebar of a desk, as a person uses it."""

    def __init__(self, desk):
        self.desk = desk
        self.page = desk.page

    def open(self, *sources, name):
        """A notebook in front, the sidebar closed."""
        self.desk.open(notebook(*sources), name)
        self.page.evaluate("() => window.jupyterapp.shell.collapseRight()")
        # The kernel answers in order: once this is, it has been asked whether llmwatch is there.
        self.page.evaluate(
            "async () => { const {session} = window.jupyterapp.shell.currentWidget.sessionContext;"
            " await session.kernel.requestCommInfo({target_name: 'llmwatch'}); }"
        )
        self.desk.wait_until_idle()
        return self.page

    def run(self, code, *, wait=True):
        """Type `code` into a new last cell and run it."""
        self.page.evaluate(
            """async code => {
                const {shell, commands} = window.jupyterapp;
                const book = shell.currentWidget.content;
                book.activeCellIndex = book.widgets.length - 1;
                await commands.execute('notebook:insert-cell-below');
                book.activeCell.model.sharedModel.setSource(code);
                window.ran = commands.execute('notebook:run-cell');
            }""",
            code,
        )
        if wait:
            self.page.evaluate("() => window.ran")

    def command(self, name):
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    def pick(self, typed, offered):
        """Search the palette, and press Enter on what is found."""
        self.command("apputils:activate-command-palette")
        field = self.page.locator(".lm-CommandPalette-input").locator("visible=true")
        field.press_sequentially(typed)
        found = self.page.locator(".lm-CommandPalette-item.lm-mod-active", has_text=offered)
        found.locator("visible=true").wait_for()
        field.press("Enter")

    def kernel(self, act):
        """Do something to the kernel of the notebook in front."""
        self.page.evaluate(
            "act => window.jupyterapp.shell.currentWidget.sessionContext[act]()", act
        )

    def says(self, text):
        """Wait until this stands in the sidebar."""
        self.page.locator(SIDE).get_by_text(text).locator("visible=true").first.wait_for()

    def panel(self):
        """Wait for the one panel in sight, which stands still for no reason."""
        panel = self.page.locator(PANEL).locator("visible=true")
        panel.first.wait_for()
        self.page.locator(f"{SIDE} .llmwatch-banner").locator("visible=true").wait_for(
            state="detached"
        )
        assert panel.count() == 1
        return panel

    def stays_on_this_machine(self):
        """All that the page has asked for came from our server."""
        home = urlsplit(self.desk.address).netloc
        foreign = [
            address for address in self.desk.requests
            if urlsplit(address.removeprefix("blob:")).netloc != home
            and not address.startswith("data:")
        ]  # fmt: skip
        assert foreign == []


@contextmanager
def desk_of(app, theme="light"):
    with lab(app=app, theme=theme, width=1200) as desk:
        yield Sidebar(desk)


@pytest.fixture(scope="module")
def in_lab():
    with desk_of("jupyterlab") as side:
        yield side
        side.stays_on_this_machine()
        assert [said for said in side.desk.console if "llmwatch" in said] == []
        assert "No such comm" not in (side.desk.home / "server.log").read_text()


def test_the_icon_is_there_before_any_kernel(in_lab):
    """Without a notebook it says what to do; the button copies the line to type."""
    page = in_lab.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{in_lab.desk.address}/lab?reset")
    page.locator(ICON).click()
    in_lab.says("No notebook in front")
    in_lab.says("Nothing leaves your machine")
    page.locator(SIDE).get_by_role("button", name=f"Copy {LOAD}").click()
    in_lab.says("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == LOAD


def test_a_notebook_without_llmwatch(in_lab):
    """Its name stands in the empty state, whatever is in it: markup is text."""
    page = in_lab.open("1", name="<img src=x onerror=boom()>.ipynb")
    page.locator(ICON).click()
    in_lab.says("Nothing recorded in <img src=x onerror=boom()>.ipynb yet")
    assert page.locator(f"{SIDE} img").count() == 0


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_the_empty_state_reads(in_lab, theme):
    """Its texts have a contrast of 4.5 at least, and the line to type stays on one line."""
    page = in_lab.open("1", name=f"empty-{theme}.ipynb")
    page.locator(ICON).click()
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        f"JupyterLab {theme}",
    )
    page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
    in_lab.says("Nothing recorded")
    seen = page.evaluate(CONTRASTS.replace(".llmwatch-receipt", SIDE))
    assert {"llmwatch", LOAD, "Copy"} <= {text for text, _ in seen}
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []
    code = page.locator(f"{SIDE} .llmwatch-code").locator("visible=true")
    assert code.evaluate("it => it.getClientRects().length") == 1
    assert page.locator(SIDE).evaluate("it => it.clientWidth") == 300


def test_the_button_by_keyboard(in_lab):
    """Tab reaches it, its focus is seen, and Enter presses it."""
    page = in_lab.open("1", name="keys.ipynb")
    page.locator(ICON).click()
    page.locator(SIDE).get_by_text("Nothing recorded").locator("visible=true").click()
    page.keyboard.press("Tab")
    button = page.locator(f"{SIDE} .llmwatch-copy").locator("visible=true")
    assert button.evaluate("it => it === document.activeElement")
    assert button.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    in_lab.says(re.compile("Copied|Press Ctrl"))


def test_from_the_magic(in_lab):
    """`%llmwatch dashboard` opens the sidebar, and again shows the very same panel."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="magic.ipynb")
    in_lab.desk.run_all()
    panel = in_lab.panel()
    panel.evaluate("it => { it.mark = 'first'; }")
    page.evaluate("() => window.jupyterapp.shell.collapseRight()")
    in_lab.run("%llmwatch dashboard")
    assert in_lab.panel().evaluate("it => it.mark") == "first"
    assert page.locator(".llmwatch-output").last.inner_text().startswith("The dashboard is in")
    page.evaluate("() => window.jupyterapp.shell.collapseRight()")
    page.locator(".llmwatch-output").last.get_by_role("button", name="Show").click()
    in_lab.panel()


def test_from_the_icon_while_a_cell_runs(in_lab):
    """The kernel makes the panel when the icon is clicked, though a cell blocks it."""
    page = in_lab.open(LOAD, name="icon.ipynb")
    in_lab.desk.run_all()
    go = in_lab.desk.home / "go"
    in_lab.run(
        f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)", wait=False
    )
    try:
        page.locator(ICON).click()
        in_lab.panel()
        assert page.locator(".jp-InputPrompt").last.inner_text() == "[*]:"
    finally:
        go.touch()
    in_lab.desk.wait_until_idle()


def test_from_the_palette(in_lab):
    """It is found by our name, and Enter opens it."""
    in_lab.open(LOAD, name="palette.ipynb")
    in_lab.desk.run_all()
    in_lab.pick("llmwatch open", "llmwatch: Open dashboard")
    in_lab.panel()


def test_watching_from_the_palette(in_lab):
    """A notebook that nothing was typed in for it is watched, and its panel opens."""
    page = in_lab.open("import llmwatch", "llmwatch.session.enabled", name="watched.ipynb")
    in_lab.desk.run_all()
    in_lab.pick("llmwatch watch", "llmwatch: Watch this notebook")
    in_lab.panel()
    in_lab.run("f'watched: {llmwatch.session.enabled}'")
    page.get_by_text("'watched: True'").wait_for()


def test_a_restart(in_lab):
    """It is told, the old picture is grey, and loading llmwatch again brings a living one."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="restart.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    in_lab.kernel("restartKernel")
    in_lab.says("Kernel restarted: what you see is from before.")
    assert page.locator(f"{SIDE} .llmwatch-old").count() == 1
    assert page.locator(f"{SIDE} .llmwatch-banner").get_by_text(LOAD).is_visible()
    in_lab.run(LOAD)
    in_lab.panel()
    assert page.locator(f"{SIDE} .llmwatch-old").count() == 0


def test_a_kernel_that_dies_or_is_shut_down(in_lab):
    """A crash is told like a restart, a kernel that is gone for good takes its panel with it."""
    in_lab.open(LOAD, "%llmwatch dashboard", name="dead.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    in_lab.run("import os; os._exit(1)", wait=False)
    in_lab.says("Kernel restarted: what you see is from before.")
    in_lab.page.keyboard.press("Escape")  # JupyterLab tells of the crash in a dialog
    in_lab.kernel("shutdown")
    in_lab.says("no kernel")
    in_lab.says("Nothing recorded in dead.ipynb yet")


def test_a_reload_of_the_page(in_lab):
    """Afterwards the sidebar is open as it was, with the panel of the same kernel, once."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="reload.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    in_lab.command("docmanager:save")
    until(page, SAVED_OPEN)
    page.goto(f"{in_lab.desk.address}/lab/tree/reload.ipynb")
    in_lab.desk.wait_until_open()
    in_lab.panel()


def test_a_reload_while_a_cell_runs(in_lab):
    """A kernel that cannot answer is waited for, in words, and then shows its panel."""
    page = in_lab.open(LOAD, name="busy.ipynb")
    in_lab.desk.run_all()
    go = in_lab.desk.home / "go-on"
    in_lab.run(
        f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)", wait=False
    )
    try:
        page.goto(f"{in_lab.desk.address}/lab/tree/busy.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.evaluate(f"() => window.jupyterapp.shell.activateById('{SIDE[1:]}')")
        in_lab.says("Waiting for the kernel")
    finally:
        go.touch()
    in_lab.panel()


def test_two_notebooks(in_lab):
    """Each has a panel of its own; the one of the notebook in front is seen; closed, it is gone."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="one.ipynb")
    in_lab.desk.run_all()
    in_lab.panel().evaluate("it => { it.mark = 'one'; }")
    in_lab.desk.save(notebook(LOAD), "two.ipynb")
    page.evaluate(
        "() => window.jupyterapp.commands.execute('docmanager:open', {path: 'two.ipynb'})"
    )
    in_lab.says("Nothing recorded in two.ipynb yet")
    in_lab.desk.wait_until_open()
    in_lab.run(LOAD)
    assert in_lab.panel().evaluate("it => it.mark") is None
    page.get_by_role("tab", name="one.ipynb").click()
    page.wait_for_function(
        f"() => [...document.querySelectorAll('{PANEL}')]"
        ".some(it => it.mark === 'one' && it.checkVisibility())"
    )
    in_lab.panel()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")
    page.wait_for_function(
        f"() => [...document.querySelectorAll('{PANEL}')].every(it => it.mark !== 'one')"
    )
    assert in_lab.panel().count() == 1


def test_unloaded(in_lab):
    """With llmwatch the panel goes, and what to type stands there again."""
    in_lab.open(LOAD, "%llmwatch dashboard", name="unload.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    in_lab.run("%unload_ext llmwatch")
    in_lab.says("Nothing recorded in unload.ipynb yet")
    in_lab.run(LOAD)
    in_lab.panel()


def test_put_away(in_lab):
    """`close` closes the sidebar; the icon brings a new panel."""
    page = in_lab.open("import llmwatch", "board = llmwatch.dashboard()", name="close.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    in_lab.run("board.close()")
    page.locator(SIDE).wait_for(state="hidden")
    page.locator(ICON).click()
    in_lab.panel()


def test_inline(in_lab):
    """The panel stands below the cell, and the sidebar stays closed."""
    page = in_lab.open(LOAD, "%llmwatch dashboard inline", name="inline.ipynb")
    in_lab.desk.run_all()
    page.locator(".llmwatch-output .lw-panel").wait_for()
    assert not page.locator(SIDE).is_visible()


def test_a_saved_notebook(in_lab):
    """Opened with a kernel that knows nothing of it, a picture stands where the panel was.

    Its charts are of the calls that came after it.
    """
    page = in_lab.open(LOAD, "%llmwatch dashboard inline", CALL, name="saved.ipynb")
    in_lab.desk.run_all()
    page.locator(".llmwatch-output .lw-panel").wait_for()
    page.locator(".llmwatch-still").wait_for(state="hidden")
    page.locator(CHART).wait_for(state="attached")
    in_lab.command("docmanager:save")
    in_lab.kernel("restartKernel")
    page.goto(f"{in_lab.desk.address}/lab/tree/saved.ipynb?reset")
    in_lab.desk.wait_until_open()
    page.locator(".llmwatch-still").wait_for()
    page.locator(CHART).locator("svg").wait_for()
    assert not page.locator(".llmwatch-still img").first.is_visible()
    assert page.locator(".llmwatch-output").inner_text() == ""


def test_a_saved_notebook_of_somebody_else(in_lab):
    """Not trusted it loses its inline charts, and shows them as images that read on any ground.

    The texts of their axes stand in no heap and are not read out, and the tiles keep their boxes.
    """
    book = notebook("%llmwatch dashboard inline")
    still = Still(Made(call(latency_s=1.2, input_tokens=11, output_tokens=5, cost_usd=0.001)))
    data = {"text/html": still.html(still.charts()), "text/plain": still.text()}
    book.cells[0].outputs.append(nbformat.v4.new_output("display_data", data))
    page = in_lab.desk.open(book, "foreign.ipynb", trusted=False)
    said = page.locator(".llmwatch-still")
    said.get_by_text("Cost so far").wait_for()
    assert said.locator("svg").count() == 0
    images = said.locator("img").all()
    assert [image.get_attribute("alt").partition(":")[0] for image in images] == [
        "Latency", "Tokens", "Cost so far"]  # fmt: skip
    assert {
        image.evaluate("it => it.decode().then(() => it.naturalWidth)") for image in images
    } == {302}
    assert all(image.is_visible() for image in images)
    assert not said.get_by_text("100 s").is_visible()
    tile = said.get_by_text("Slowest").locator("xpath=../..")
    assert tile.evaluate("it => getComputedStyle(it).borderTopWidth") == "1px"


def test_a_notice_while_the_panel_is_out_of_sight(in_lab):
    """It is a toast with the notebook's name, and its button opens the dashboard."""
    page = in_lab.open(LOAD, name="toast.ipynb")
    in_lab.desk.run_all()
    in_lab.run(
        "import llmwatch\nfrom llmwatch.testing import OfflineServer, offline_client\n"
        "rule = llmwatch.alert('many', 'requests > 0', severity='critical')\n"
        "server = OfflineServer().start()\n"
        "answer = offline_client(server).chat.completions.create(model='m', messages=[])"
    )
    toast = page.locator(".Toastify__toast").filter(has_text="toast.ipynb: many")
    toast.wait_for()
    toast.get_by_role("button", name="Open dashboard").click()
    in_lab.panel()


def test_many_groups_are_a_few_toasts_and_a_count(in_lab):
    """Of one rule three at a time are told of by their names, the others by their number."""
    page = in_lab.open(LOAD, name="groups.ipynb")
    in_lab.desk.run_all()
    in_lab.run(
        "import llmwatch\nfrom llmwatch.testing import OfflineServer, offline_client\n"
        "client = offline_client(OfflineServer().start())\n"
        "for number in range(8):\n"
        "    with llmwatch.watch(tag=f'user{number}'):\n"
        "        answer = client.chat.completions.create(model='m', messages=[])\n"
        "rule = llmwatch.alert('each', 'requests > 0', by='tag')"  # all of them at one look
    )
    told = page.locator(".Toastify__toast").filter(has_text="groups.ipynb: each")
    told.filter(has_text="5 more groups firing").wait_for()
    assert told.filter(has_text="each (tag=user").count() == 3


def test_a_notice_while_the_panel_is_seen(in_lab):
    """There is no toast: the panel itself shows it."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="seen-notice.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    in_lab.run(
        "import llmwatch\nfrom llmwatch.testing import OfflineServer, offline_client\n"
        "rule = llmwatch.alert('many', 'requests > 0')\n"
        "server = OfflineServer().start()\n"
        "answer = offline_client(server).chat.completions.create(model='m', messages=[])"
    )
    page.locator(f"{PANEL} .lw-alert").locator("visible=true").first.wait_for()
    assert page.locator(".Toastify__toast").filter(has_text="seen-notice.ipynb").count() == 0


def test_in_notebook_7():
    """The icon is in the notebook's toolbar, and magic, reload and restart do as in JupyterLab."""
    with desk_of("notebook") as side:
        page = side.open(LOAD, name="seven.ipynb")
        button = page.locator('[data-jp-item-name="llmwatch"]').get_by_role("button")
        button.click()
        side.says("Nothing recorded in seven.ipynb yet")
        side.run(LOAD)
        side.panel()
        page.wait_for_function(WHOLE)
        page.evaluate("() => window.jupyterapp.shell.collapseRight()")
        side.run("%llmwatch dashboard")
        side.panel()
        side.kernel("restartKernel")
        side.says("Kernel restarted: what you see is from before.")
        side.run(LOAD)
        side.panel()
        page.reload()
        side.desk.wait_until_open()
        side.panel()  # it was open
        page.evaluate("() => window.jupyterapp.shell.collapseRight()")
        page.locator(SIDE).wait_for(state="hidden")
        page.reload()
        side.desk.wait_until_open()
        assert not page.locator(SIDE).is_visible()
        side.stays_on_this_machine()


# -- the files -----------------------------------------------------------------------------------


def test_the_entry_is_named_by_what_is_in_it():
    """Servers let browsers keep it for a year, so another content has another name."""
    (entry,) = (HOME / "static").iterdir()
    digest = hashlib.sha256(entry.read_bytes()).hexdigest()[:16]
    assert entry.name == f"remoteEntry.{digest}.js"
    package = json.loads((HOME / "package.json").read_text())
    assert package["jupyterlab"]["_build"]["load"] == f"static/{entry.name}"


def test_the_extension_has_the_version_of_the_distribution():
    """What JupyterLab's extension manager shows is what pip shows."""
    assert json.loads((HOME / "package.json").read_text())["version"] == llmwatch.__version__


def test_the_files_name_no_other_machine():
    """No address but that of the SVG namespace stands in what the browser loads."""
    for path in [*(HOME / "static").iterdir(), *(HOME / "lib").iterdir()]:
        named = re.findall(r"\bhttps?://[^\s\"'`]+", path.read_text("utf-8"))
        assert set(named) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    "word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "Function("]
)
def test_nothing_is_read_as_markup(word):
    """All text is set as text, and no text is run."""
    for path in (HOME / "lib").glob("*.js"):
        assert word not in path.read_text("utf-8")
