"""The sidebar of a real JupyterLab where kernels and documents do not come in pairs."""

from __future__ import annotations

import json
import sys

import pytest

from tests.widgets.test_labextension import (
    CALL,
    ICON,
    LOAD,
    PANEL,
    SIDE,
    desk_of,
    notebook,
)

OURS = "/extensions/jupyter-llmwatch/"
LINES = (
    "async () => { const {session} = window.jupyterapp.shell.currentWidget.sessionContext;"
    " const {content} = await session.kernel.requestCommInfo({});"
    " return Object.values(content.comms).map(it => it.target_name).sort(); }"
)
MOVE = """area => window.jupyterapp.commands.execute(
    'application:move-widget', {area, id: 'llmwatch-sidebar'}
)"""
# What it takes to have a kernel without llmwatch, in an environment that has it.
WITHOUT = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name == "llmwatch":
            raise ModuleNotFoundError("No module named 'llmwatch'")
sys.meta_path.insert(0, Gone())
"""


@pytest.fixture(scope="module")
def in_lab():
    with desk_of("jupyterlab") as side:
        stacks = []
        side.page.on("pageerror", lambda problem: stacks.append(problem.stack))
        yield side
        side.stays_on_this_machine()
        assert [stack for stack in stacks if OURS in stack] == []
        assert [said for said in side.desk.console if "comm" in said] == []
        assert "No such comm" not in (side.desk.home / "server.log").read_text()


def close_in_front(side):
    side.page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")


def calls(side, number):
    """Wait until the panel in sight has counted so many calls."""
    side.page.locator(f"{PANEL} [data-tile=calls] .lw-value").locator("visible=true").get_by_text(
        str(number), exact=True
    ).wait_for()


def console(side):
    """A console with a kernel of its own, in front."""
    side.page.goto(f"{side.desk.address}/lab?reset")
    side.page.locator(ICON).wait_for()
    side.page.evaluate(
        """async () => {
            const {shell, commands} = window.jupyterapp;
            await commands.execute('console:create', {kernelPreference: {name: 'python3'}});
            await shell.currentWidget.sessionContext.ready;
        }"""
    )


def type_in_console(side, code):
    side.page.evaluate(
        "code => { window.jupyterapp.shell.currentWidget.console.inject(code); }", code
    )


def test_two_notebooks_on_one_kernel(in_lab):
    """Both show the one panel of it; JupyterLab connects what is live only to the first."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="first.ipynb")
    in_lab.desk.run_all()
    in_lab.panel().evaluate("it => { it.mark = 'first'; }")
    page.evaluate("() => window.jupyterapp.shell.collapseRight()")
    in_lab.desk.save(notebook("1"), "second.ipynb")
    page.evaluate(
        """async () => {
            const {shell, commands} = window.jupyterapp;
            const kernel = {id: shell.currentWidget.sessionContext.session.kernel.id};
            await commands.execute('docmanager:open', {path: 'second.ipynb', kernel});
        }"""
    )
    page.get_by_role("tab", name="second.ipynb").wait_for()
    in_lab.desk.wait_until_open()
    in_lab.run("%llmwatch dashboard")
    assert in_lab.panel().evaluate("it => it.mark") == "first"
    in_lab.run(CALL)
    calls(in_lab, 1)
    page.get_by_role("tab", name="first.ipynb").click()
    close_in_front(in_lab)
    in_lab.says("Reload the page to see it here")


def test_a_notebook_in_two_views(in_lab):
    """It has one panel, which stays until the last view is closed."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="views.ipynb")
    in_lab.desk.run_all()
    in_lab.panel().evaluate("it => { it.mark = 'one'; }")
    in_lab.command("docmanager:clone")
    tabs = page.get_by_role("tab", name="views.ipynb")
    tabs.nth(1).wait_for()
    assert in_lab.panel().evaluate("it => it.mark") == "one"
    tabs.first.click()
    close_in_front(in_lab)
    tabs.nth(1).wait_for(state="detached")
    in_lab.run(CALL)
    calls(in_lab, 1)
    assert in_lab.panel().evaluate("it => it.mark") == "one"
    in_lab.kernel("restartKernel")
    in_lab.says("Kernel restarted: what you see is from before.")
    in_lab.run(LOAD)
    in_lab.panel()
    close_in_front(in_lab)
    in_lab.says("No notebook in front")
    assert page.locator(f"{SIDE} .llmwatch-pane").count() == 0


def test_a_console(in_lab):
    """It is shown like a notebook, under its name."""
    console(in_lab)
    in_lab.page.locator(ICON).click()
    in_lab.says("Nothing recorded in Console 1 yet")
    type_in_console(in_lab, LOAD)
    in_lab.panel()
    in_lab.page.evaluate("() => window.jupyterapp.shell.collapseRight()")
    type_in_console(in_lab, "%llmwatch dashboard")
    in_lab.panel()


def test_a_console_of_a_notebook(in_lab):
    """With the kernel it shares the panel."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="beside.ipynb")
    in_lab.desk.run_all()
    in_lab.panel().evaluate("it => { it.mark = 'beside'; }")
    in_lab.command("notebook:create-console")
    page.wait_for_function("() => 'console' in window.jupyterapp.shell.currentWidget")
    assert in_lab.panel().evaluate("it => it.mark") == "beside"


def test_moved_to_the_left(in_lab):
    """There, too, `close` closes it, and the magic opens it."""
    page = in_lab.open("import llmwatch", "board = llmwatch.dashboard()", name="left.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()

    def switch():
        page.locator(ICON).click(button="right")
        page.get_by_text("Switch Sidebar Side").click()

    switch()
    page.locator(f".jp-SideBar.jp-mod-left {ICON}").wait_for()
    try:
        in_lab.run("%llmwatch dashboard")
        in_lab.panel()
        in_lab.run("board.close()")
        page.locator(SIDE).wait_for(state="hidden")
    finally:
        switch()


@pytest.mark.parametrize("area", ["down", "main"])
def test_moved_to_another_area(in_lab, area):
    """`close` closes it, and what cannot be closed says so; the magic brings a new panel."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name=f"{area}.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()

    def move(to):
        page.evaluate(MOVE, to)

    move(area)
    try:
        in_lab.panel()
        in_lab.run("import llmwatch; llmwatch.dashboard().close()")
        page.locator(PANEL).wait_for(state="detached")
        if area == "down":
            page.locator(SIDE).wait_for(state="hidden")
        else:
            in_lab.says("The dashboard was closed")
        in_lab.run("%llmwatch dashboard")
        in_lab.panel()
    finally:
        move("right")


def test_a_kernel_that_is_not_python(in_lab):
    """It is not told to load what it cannot."""
    kernel = in_lab.desk.home / "data" / "kernels" / "fake"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Fake", "language": "R"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    book = notebook("1")
    book.metadata["kernelspec"] = {"name": "fake", "display_name": "Fake"}
    page = in_lab.desk.open(book, "r.ipynb")
    page.evaluate(f"() => window.jupyterapp.shell.activateById('{SIDE[1:]}')")
    in_lab.says("r.ipynb is not Python")
    assert not page.evaluate("() => window.jupyterapp.commands.isEnabled('llmwatch:watch')")


def test_watching_where_llmwatch_is_not_installed(in_lab):
    """The sidebar says so, and what to type; it is gone once llmwatch is loaded."""
    page = in_lab.open(WITHOUT, name="without.ipynb")
    in_lab.desk.run_all()
    in_lab.command("llmwatch:watch")
    in_lab.says("The kernel has no llmwatch")
    page.locator(SIDE).get_by_text("%pip install jupyter-llmwatch").wait_for()
    in_lab.run("del sys.meta_path[0]")
    in_lab.command("llmwatch:watch")
    in_lab.panel()


def test_a_panel_that_could_not_be_made(in_lab):
    """The reason stands there; who opens the sidebar again asks again."""
    page = in_lab.open(LOAD, name="failed.ipynb")
    in_lab.desk.run_all()
    in_lab.run("import llmwatch.faults; llmwatch.faults.broken = 'dashboard'")
    page.locator(ICON).click()
    in_lab.says("The kernel could not make the dashboard")
    in_lab.says("RuntimeError: LLMWATCH_FAULT=dashboard")
    in_lab.run("llmwatch.faults.broken = ''")
    page.locator(ICON).click()
    page.locator(SIDE).wait_for(state="hidden")
    page.locator(ICON).click()
    in_lab.panel()


def test_another_kernel(in_lab):
    """What was shown of the one before goes: it is no longer this notebook's."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="other.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.changeKernel({name: 'python3'})"
    )
    in_lab.says("Nothing recorded in other.ipynb yet")
    in_lab.run(LOAD)
    in_lab.panel()


def test_a_connection_that_was_lost(in_lab):
    """What the kernel said meanwhile is asked for, once there is one again."""
    page = in_lab.page
    go, done = (in_lab.desk.home / name for name in ("lost-go", "lost-done"))
    lines, away = [], []

    def connect(line):
        if away and "/channels?session_id=other" not in line.url:
            line.close()
        else:
            lines.append(line)
            line.connect_to_server()

    page.route_web_socket("**/api/kernels/**", connect)
    in_lab.open("1", name="lost.ipynb")
    page.locator(ICON).click()
    in_lab.says("Nothing recorded in lost.ipynb yet")
    in_lab.run(
        "import os, time\nfrom pathlib import Path\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.02)\n"
        f"get_ipython().run_line_magic('load_ext', 'llmwatch')\nPath({str(done)!r}).touch()",
        wait=False,
    )
    away.append(True)
    for line in lines:
        line.close()
    in_lab.says("no connection")
    page.evaluate(  # for another session the server forgets what it has kept for ours
        """() => new Promise(opened => {
            const {id} = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const address = `${location.origin.replace('http', 'ws')}/api/kernels/${id}`;
            window.other = new WebSocket(`${address}/channels?session_id=other`);
            window.other.onopen = opened;
        })"""
    )
    go.touch()
    page.wait_for_timeout(0)
    while not done.exists():
        page.wait_for_timeout(50)
    away.clear()
    in_lab.panel()


def test_a_second_view_of_the_output(in_lab):
    """It is a panel as well, and goes without a word in the page's console."""
    page = in_lab.open(LOAD, "%llmwatch dashboard inline", name="output.ipynb")
    in_lab.desk.run_all()
    panels = page.locator(".llmwatch-output .lw-panel")
    panels.wait_for()
    page.locator(".jp-InputPrompt").nth(1).click()
    in_lab.command("notebook:create-output-view")
    panels.nth(1).wait_for()
    close_in_front(in_lab)
    panels.nth(1).wait_for(state="detached")
    page.locator(".jp-InputPrompt").nth(1).click()
    in_lab.command("notebook:clear-cell-output")
    panels.wait_for(state="detached")


def test_nothing_piles_up(in_lab):
    """However often it is opened, shown and loaded anew, there is one line and one panel."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="often.ipynb")
    in_lab.desk.run_all()
    in_lab.panel()
    before = page.evaluate(LINES)
    for _ in range(50):
        page.evaluate("() => window.jupyterapp.shell.collapseRight()")
        page.evaluate(f"() => window.jupyterapp.shell.activateById('{SIDE[1:]}')")
    for _ in range(5):
        in_lab.run("%llmwatch dashboard")
        in_lab.run("%reload_ext llmwatch")
        in_lab.panel()
    in_lab.run("%llmwatch dashboard")
    in_lab.panel()
    assert page.evaluate(LINES) == before
