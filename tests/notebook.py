"""Notebooks run top to bottom in a real kernel that knows nothing of this machine's settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / "notebooks" / "01_quickstart.ipynb"
HANG_S = 120  # a cell that takes longer hangs


@contextmanager
def clean_environment() -> Iterator[None]:
    """Jupyter's and IPython's folders are empty ones, and no setting of llmwatch is made."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="jupyter-", ignore_cleanup_errors=True) as home:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            folder = Path(home, name.lower())
            folder.mkdir()
            os.environ[name] = str(folder)
        for name in [name for name in before if name.startswith("LLMWATCH_")]:
            del os.environ[name]
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [before.get("PYTHONPATH")])]
        )
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def run(notebook: Any, folder: Path) -> Any:
    """Run a notebook (an nbformat node, changed in place) with `folder` as working directory.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails that is not marked `raises-exception`.
    """
    from nbclient import NotebookClient

    with clean_environment():
        client = NotebookClient(
            notebook,
            timeout=HANG_S,
            iopub_timeout=HANG_S,  # an output that is late is none that is missing
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],  # a warning about TCP is no news here
            resources={"metadata": {"path": str(folder)}},
        )
        return client.execute()


def text_of(cell: Any) -> str:
    """All that a cell shows, as plain text."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.get("outputs", ())
    )


def cell(notebook: Any, cell_id: str) -> Any:
    """The cell with that id."""
    return next(cell for cell in notebook.cells if cell.id == cell_id)
