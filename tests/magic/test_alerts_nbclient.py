"""Alerts in a notebook that is run without a front end: nothing that fired is lost from it."""

from __future__ import annotations

import nbformat

from tests.magic.kernel import HANG_S, ROOT
from tests.magic.test_alerts import SETUP

CELLS = [
    f"%load_ext llmwatch\n{SETUP}",
    "go.clear(); task = asyncio.create_task(fail_later('late'))",
    "go.set(); await task",
    "1 + 1",
]


def test_a_task_that_outlived_its_cell_is_in_the_saved_notebook(tmp_path, monkeypatch):
    """nbclient hears nothing of a cell that has ended: the one that ran shows it, and says where."""
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(
        book, timeout=int(HANG_S), iopub_timeout=int(HANG_S), kernel_name="python3"
    ).execute()
    seen = [
        output["data"]["text/plain"]
        for cell in book.cells
        for output in cell.outputs
        if "llmwatch-alert" in output.get("data", {}).get("text/html", "")
    ]
    assert [text.splitlines()[0] for text in seen] == ["✕ failing (tag=late): 100 %, over 10 %"]
    assert "in cell [2]" in seen[0]
    assert seen[0] == book.cells[2].outputs[-1]["data"]["text/plain"]
