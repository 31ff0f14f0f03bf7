"""What stands under cells of a real JupyterLab whose page was reloaded, and is renewed later."""

from __future__ import annotations

import nbformat
import pytest

from tests.browser import until
from tests.widgets.test_labextension import CALL, CHART, LOAD, desk_of, notebook

# Has the kernel of the notebook in front run something; comes back when all is heard of it.
ASK = """async code => {
    const {session} = window.jupyterapp.shell.currentWidget.sessionContext;
    await session.kernel.requestExecute({code}).done;
}"""
OPEN_BESIDE = """async path => {
    const {shell, commands} = window.jupyterapp;
    const kernel = {id: shell.currentWidget.sessionContext.session.kernel.id};
    await commands.execute('docmanager:open', {path, kernel});
}"""
IS_DIRTY = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
COUNT_CHANGES = """() => {
    window.changes = [];
    const {outputs} = window.jupyterapp.shell.currentWidget.content.model.cells.get(0);
    outputs.changed.connect((_, {type}) => window.changes.push(type));
}"""
ALERT = """() => {
    const {cells} = window.jupyterapp.shell.currentWidget.content.model;
    return cells.get(1).outputs.get(0).data['text/plain'];
}"""
IS_TRUSTED = (
    "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].some(it => it.trusted)"
)


@pytest.fixture(scope="module")
def in_lab():
    with desk_of("jupyterlab") as side:
        yield side
        assert [said for said in side.desk.console if "llmwatch" in said] == []


def reload(side, name):
    """Save what is in front and open it anew; its kernel goes on."""
    side.command("docmanager:save")
    until(side.page, f"async () => !({IS_DIRTY})()")
    side.page.goto(f"{side.desk.address}/lab/tree/{name}?reset")
    side.desk.wait_until_open()


def saved(side, name):
    """The last output of each cell, as the file has it."""
    side.command("docmanager:save")
    until(side.page, f"async () => !({IS_DIRTY})()")
    cells = nbformat.read(side.desk.home / "work" / name, as_version=4).cells
    return [cell.outputs[-1] if cell.outputs else None for cell in cells]


def update(display_id, html):
    """Code that renews an output, as llmwatch in a kernel does."""
    data, name = {"text/html": html}, {"llmwatch": {"display": display_id}}
    transient = {"display_id": display_id}
    return f"get_ipython().display_pub.publish({data}, {name}, transient={transient}, update=True)"


def with_output(display_id, html):
    """A notebook from a file, in which such an output stands."""
    book = notebook("1", "2")
    name = {"llmwatch": {"display": display_id}}
    output = nbformat.v4.new_output("display_data", {"text/html": html}, metadata=name)
    book.cells[0].outputs.append(output)
    return book


@pytest.mark.parametrize(("where", "times"), [("inline", 1), ("sidebar", 2)])
def test_a_picture_is_renewed_by_later_cells(in_lab, where, times):
    """The notebook's file has the figures and charts of what came after each reload."""
    name = f"picture-{where}.ipynb"
    page = in_lab.open(LOAD, f"%llmwatch dashboard {where}", name=name)
    in_lab.desk.run_all()
    for n in range(1, times + 1):
        reload(in_lab, name)
        in_lab.run(CALL)
        tokens = f"Tokens: {11 * n} in, {5 * n} out"
        page.locator(CHART.replace("Tokens: 11 in, 5 out", tokens)).wait_for(state="attached")
        picture = saved(in_lab, name)[1]
        assert picture.data["text/plain"].startswith(f"llmwatch: Calls {n} ·")
        assert f'aria-label="{tokens}"' in picture.data["text/html"]


def test_an_alert_that_is_over_is_so_in_the_file(in_lab):
    """It does not stay 'firing' where the notebook is opened once its kernel is gone."""
    page = in_lab.open(
        f"{LOAD}\nimport llmwatch\nrule = llmwatch.alert('many', 'requests > 0')",
        CALL,
        name="alert.ipynb",
    )
    in_lab.desk.run_all()
    page.locator(".llmwatch-alert").wait_for()
    reload(in_lab, "alert.ipynb")
    assert "removed" not in saved(in_lab, "alert.ipynb")[1].data["text/plain"]
    in_lab.run("llmwatch.alerts.remove('many')")
    page.locator(".llmwatch-alert", has_text="removed after").wait_for()
    assert "many removed after" in saved(in_lab, "alert.ipynb")[1].data["text/plain"]


def test_an_alert_that_was_over_before_the_page_came_back(in_lab):
    """What the kernel said meanwhile nobody heard, and still the file has it."""
    page = in_lab.open(
        f"{LOAD}\nimport llmwatch\nrule = llmwatch.alert('many', 'requests > 0')",
        CALL,
        name="away.ipynb",
    )
    in_lab.desk.run_all()
    go, done = (in_lab.desk.home / name for name in ("away-go", "away-done"))
    in_lab.run(
        "import threading, time\nfrom pathlib import Path\n"
        "def end():\n"
        f"    while not Path({str(go)!r}).exists(): time.sleep(0.02)\n"
        f"    llmwatch.alerts.remove('many'); Path({str(done)!r}).touch()\n"
        "threading.Thread(target=end).start()"
    )
    page.locator(".llmwatch-alert").get_by_role("button", name="Mute").wait_for()
    assert "removed" not in saved(in_lab, "away.ipynb")[1].data["text/plain"]
    page.goto("about:blank")
    go.touch()
    while not done.exists():
        page.wait_for_timeout(50)
    page.goto(f"{in_lab.desk.address}/lab/tree/away.ipynb?reset")
    in_lab.desk.wait_until_open()
    until(page, f"async () => ({ALERT})().includes('removed after')")
    assert "many removed after" in saved(in_lab, "away.ipynb")[1].data["text/plain"]


def test_from_another_notebook_on_the_kernel(in_lab):
    """Its calls are in the picture of the first one, also where that is not in front."""
    page = in_lab.open(LOAD, "%llmwatch dashboard", name="first.ipynb")
    in_lab.desk.run_all()
    reload(in_lab, "first.ipynb")
    in_lab.desk.save(notebook("1"), "second.ipynb")
    page.evaluate(OPEN_BESIDE, "second.ipynb")
    page.get_by_role("tab", name="second.ipynb").wait_for()
    in_lab.desk.wait_until_open()
    in_lab.run(CALL)
    page.get_by_role("tab", name="first.ipynb").click()
    page.locator(CHART).wait_for(state="attached")
    assert saved(in_lab, "first.ipynb")[1].data["text/plain"].startswith("llmwatch: Calls 1 ·")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")
    in_lab.desk.wait_until_open()
    in_lab.run(CALL)
    in_lab.desk.wait_until_idle()
    assert saved(in_lab, "second.ipynb")[0] is None


def test_the_same_again_does_not_touch_the_notebook(in_lab):
    """An update that says what stands there already leaves it saved; so does one of another."""
    page = in_lab.desk.open(with_output("llmwatch-same", "<b>before</b>"), "same.ipynb")
    saved(in_lab, "same.ipynb")  # JupyterLab has noted there with which Python it was opened
    page.evaluate(ASK, update("llmwatch-same", "<b>before</b>"))
    page.evaluate(ASK, update("llmwatch-other", "<b>after</b>"))
    assert not page.evaluate(IS_DIRTY)
    page.evaluate(ASK, update("llmwatch-same", "<b>after</b>"))
    assert page.evaluate(IS_DIRTY)
    assert saved(in_lab, "same.ipynb")[0].data["text/html"] == "<b>after</b>"


def test_what_jupyterlab_knows_is_left_to_it(in_lab):
    """An output of this page changes once with an update."""
    page = in_lab.open(
        "display({'text/html': '<b>before</b>'}, raw=True, display_id='llmwatch-known',"
        " metadata={'llmwatch': {'display': 'llmwatch-known'}})",
        name="known.ipynb",
    )
    in_lab.desk.run_all()
    page.evaluate(COUNT_CHANGES)
    page.evaluate(ASK, update("llmwatch-known", "<b>after</b>"))
    assert page.evaluate("window.changes") == ["set"]


def test_a_cell_that_was_deleted(in_lab):
    """Nothing is renewed, and nothing goes wrong."""
    page = in_lab.desk.open(with_output("llmwatch-gone", "<b>before</b>"), "gone.ipynb")
    page.locator(".jp-InputPrompt").first.click()
    in_lab.command("notebook:delete-cell")
    page.evaluate(ASK, update("llmwatch-gone", "<b>after</b>"))
    assert saved(in_lab, "gone.ipynb") == [None]


def test_it_is_trusted_no_more_than_before(in_lab):
    """In a notebook that JupyterLab does not trust no script comes in with it."""
    book = with_output("llmwatch-foreign", "<b>before</b>")
    page = in_lab.desk.open(book, "foreign.ipynb", trusted=False)
    evil = "<b>after</b><img src=x onerror='window.harmed = 1'>"
    page.evaluate(ASK, update("llmwatch-foreign", evil))
    page.locator(".jp-OutputArea b", has_text="after").wait_for()
    image = page.locator(".jp-OutputArea img")
    assert image.get_attribute("onerror") is None
    assert page.evaluate("window.harmed") is None
    assert not page.evaluate(IS_TRUSTED)
