"""The notebooks: they run as they are, hold no outputs, and show what they promise."""

from __future__ import annotations

import nbformat
import pytest

from tests import demo
from tests.notebook import QUICKSTART, ROOT, run

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def test_the_quickstart_is_there():
    """The table below is not empty."""
    assert QUICKSTART in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path):
    """No output, no count, valid, every cell with an id: what is in git is what was typed."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path):
    """In a real kernel without key or network no cell fails and nothing is said on stderr."""
    done = run(read(path), tmp_path)
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    assert [o.text for o in outputs if o.get("name") == "stderr"] == []


def test_the_demo_shows_the_whole_main_job(tmp_path, capsys):
    """`make demo` shows receipt, alert, rows and where CSV and report lie, and ends well."""
    assert demo.main(tmp_path) == 0
    seen = capsys.readouterr().out
    assert "6 calls · " in seen
    assert str(tmp_path / "calls.csv") in seen
    assert "<svg" in (tmp_path / "session.html").read_text("utf-8")
    assert str(tmp_path / "session.html") in seen


@pytest.mark.parametrize(
    ("receipt", "missing"),
    [
        ("", "a receipt of six calls"),
        ("6 calls · 0 errors", "an error in the receipt"),
        ("6 calls · 1 error", "an alert of the error rate"),
    ],
)
def test_the_demo_does_not_end_well_without_what_it_promises(receipt, missing):
    """What is not there is named."""
    import pandas as pd

    nothing = pd.DataFrame(columns=[*demo.SHOWN, "tag"]).astype({"stream": bool})
    assert missing in demo.what_is_missing(receipt, "", nothing)
    assert "the six calls of the cell" in demo.what_is_missing(receipt, "", nothing)
