"""A cell under `%%llmwatch` is the same cell without it."""

from __future__ import annotations

import subprocess
import sys

import IPython
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from .kernel import is_receipt, kernel, places
from .parity import LINE, POINTS, compare, play


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """Two kernels: one that never heard of llmwatch, one that has it loaded."""
    bare_place, watched_place = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("watched")
    with kernel(bare_place) as bare, kernel(watched_place) as watched:
        bare.run("import os")
        watched.run("import os\n%load_ext llmwatch")
        for side in (bare, watched):  # what differs of these is not looked at
            side.run("1")
            side.run("2")
            side.run("3")
        yield bare, watched


def test_the_table_is_long():
    """There are at least sixty points, each of its own name."""
    assert len({point.name for point in POINTS}) == len(POINTS) >= 60


# In tracebacks of IPython 7 no frame says which cell it is of, and only ours has a line more.
UNTOLD = {
    "function called from a later cell",
    "%debug of a watched cell",
    "run_cell inside, failing",
}


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_the_cell_is_the_same(sides, point):
    """Messages, reply, history, values and names are those of the cell without the line."""
    if IPython.version_info < (8,) and point.name in UNTOLD:
        pytest.skip("IPython 7 does not tell the cell of a frame")
    bare, watched = sides
    left, left_behind = play(bare, point, "")
    right, right_behind = play(watched, point, LINE)
    found = compare(left, right, point)
    if left_behind != right_behind:
        found.append(f"left behind:\n  without {left_behind}\n  with    {right_behind}")
    assert not found, "\n".join([f"{point.name!r} differs:", *found])


def test_an_empty_body(sides):
    """It brings what a cell with a comment alone brings, and a number of its own."""
    bare, watched = sides
    for body in ("", "\n", "\n   \n"):
        left, right = bare.run("# nothing"), watched.run(LINE + body)
        assert [kind for kind in right.messages if kind["msg_type"] == "error"] == []
        assert (right.status, right.value, right.stdout, right.stderr) == ("ok", None, "", "")
        assert right.receipts == ["no LLM calls"]
        assert len(right.messages) == len(left.messages) + 1
        after = watched.run("1").reply["content"]["execution_count"]
        assert after == right.reply["content"]["execution_count"] + 1
        bare.run("1")


def test_exit(tmp_path):
    """`exit` alone leaves, although it works only in a cell of one line."""
    seen = []
    for name, load, line in (("bare", "", ""), ("told", "%load_ext llmwatch", LINE + "\n")):
        with kernel(tmp_path / name) as side:
            side.run(load)
            seen.append(side.run(f"{line}exit"))
    bare, told = seen
    assert bare.reply["content"]["payload"] == told.reply["content"]["payload"]
    assert told.reply["content"]["payload"][0]["source"] == "ask_exit"
    assert told.status == "ok"


def test_two_front_ends(sides):
    """What one front end runs is told to it alone, and the other's cells count on."""
    for side, line in zip(sides, ("", LINE + "\n"), strict=True):
        with side.second_client() as other:
            first = side.run(f"{line}print('one')\n1")
            second = side.run(f"{line}print('two')\n2", client=other)
            assert (first.stdout, first.value) == ("one\n", "1")
            assert (second.stdout, second.value) == ("two\n", "2")
            assert (
                second.reply["content"]["execution_count"]
                == 1 + (first.reply["content"]["execution_count"])
            )


NOTEBOOK = ("n = 3", "1 + 1", "n, n * 2", "print('a')\nawait tick()", "1 / 0")


@pytest.mark.parametrize(("by", "n"), [("nbclient", 3), ("papermill", 7)])
def test_a_notebook_run_without_a_person(tmp_path, by, n):
    """nbclient, and papermill with a parameter, get the same outputs, and a receipt per cell."""
    run = {"nbclient": by_nbclient, "papermill": by_papermill}[by]
    bare = outputs_of(run, tmp_path / "bare", "", NOTEBOOK)
    told = outputs_of(
        run, tmp_path / "told", "%load_ext llmwatch", [f"{LINE}\n{c}" for c in NOTEBOOK]
    )
    receipts = [[o for o in cell if is_receipt(o.get("data", {}))] for cell in told]
    assert [len(cell) for cell in receipts] == [1] * len(NOTEBOOK)
    rest = [[plain_output(o) for o in cell if not is_receipt(o.get("data", {}))] for cell in told]
    assert rest == [[plain_output(o) for o in cell] for cell in bare]
    assert [o["data"]["text/plain"] for o in bare[2]] == [str((n, n * 2))]


def outputs_of(run, folder, load, cells):
    """The outputs of each cell, run as a notebook behind a cell that loads."""
    folder.mkdir()
    setup = f"{load}\nimport asyncio\nasync def tick(): return await asyncio.sleep(0, 'tick')"
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in (setup, *cells)])
    notebook.cells[1].metadata["tags"] = ["parameters"]  # behind it papermill puts one of its own
    ids = [cell.id for cell in notebook.cells[1:]]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in places(folder).items():
            patch.setenv(name, value)
        done = {cell.id: cell for cell in run(notebook, folder).cells}
    return [done[cell_id].outputs for cell_id in ids]


def by_nbclient(notebook, folder):
    """All cells, also those behind one that fails."""
    client = NotebookClient(
        notebook, kernel_name="python3", allow_errors=True, timeout=60, iopub_timeout=60
    )
    client.create_kernel_manager()
    client.km.kernel_spec.argv[0] = sys.executable
    return client.execute()


def by_papermill(notebook, folder):
    """What it has written when it stops at the last cell, which fails."""
    import papermill  # takes its time, which the others need not wait for

    given, done = folder / "given.ipynb", folder / "done.ipynb"
    nbformat.write(notebook, given)
    with pytest.raises(papermill.PapermillExecutionError) as stopped:
        papermill.execute_notebook(
            given, done, {"n": 7}, kernel_name="python3", language="python", progress_bar=False,
            start_timeout=60, execution_timeout=60, iopub_timeout=60,
        )  # fmt: skip
    assert (stopped.value.ename, stopped.value.evalue) == ("ZeroDivisionError", "division by zero")
    return nbformat.read(done, as_version=4)


def plain_output(output):
    """What of an output does not depend on the line."""
    return {k: v for k, v in output.items() if k != "traceback"}


TERMINAL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import asyncio")
if "{load}":
    shell.run_cell("%load_ext llmwatch")
for cell in ("1 + 1", "await asyncio.sleep(0, 'slept')", "x = 3;", "ls_ = 1\\nls_", "pwd"):
    result = shell.run_cell("{line}" + cell, store_history=True)
    print(repr(result.result), result.success, shell.execution_count)
print(shell.user_ns["_"] == shell.user_ns["Out"][5], len(shell.user_ns["In"]))
"""


def test_a_plain_shell(tmp_path):
    """IPython without a kernel shows the same, and the receipt as text."""
    bare = python(TERMINAL.format(load="", line=""), tmp_path)
    told = python(TERMINAL.format(load="yes", line=LINE + "\\n"), tmp_path)
    assert told.count("no LLM calls") == 5
    assert [x for x in told.splitlines() if "LLM call" not in x] == bare.splitlines()


def test_one_command(tmp_path):
    """`ipython -c` runs a cell with the line, too."""
    code = f"{LINE}\nprint(6 * 7)"
    place = places(tmp_path)
    once = [sys.executable, "-m", "IPython", "--no-banner", "--ext=llmwatch", "-c", code]
    done = subprocess.run(once, env=place, capture_output=True, text=True, timeout=60, check=True)
    assert "42\n" in done.stdout
    assert "no LLM calls" in done.stdout
    assert done.stderr == ""


def python(code, folder):
    """What a script says, with IPython's folders in a temporary place."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=places(folder), cwd=folder, capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout
