"""`make binder`: the steps of `binder/` in a clean environment, and the quickstart in it.

As Binder does it: a copy of what is in git, the requirements, `postBuild`, then the notebook in a
kernel of that environment, headless.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.notebook import QUICKSTART, ROOT

_OPEN = """
import csv, sys
from pathlib import Path
import nbformat
from nbclient import NotebookClient
path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
NotebookClient(
    notebook, kernel_name="python3", timeout=120, extra_arguments=["--log-level=ERROR"],
    resources={"metadata": {"path": str(path.parent)}},
).execute()
with (path.parent / "calls.csv").open(encoding="utf-8-sig", newline="") as table:
    calls = len(list(csv.DictReader(table)))
print(sum(len(cell.get("outputs", ())) for cell in notebook.cells), "outputs,", calls, "calls")
sys.exit(calls < 6)
"""


def main(venv: Path) -> int:
    """Make `venv` anew, perform the steps, and open the notebook."""
    python = venv / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="binder-") as folder:
        home = Path(folder, "home")
        copy(home)
        environ = environment(venv, Path(folder))

        def step(*command: str) -> None:
            print("$", *command[:6], flush=True)
            subprocess.run(command, cwd=home, env=environ, check=True)

        shutil.rmtree(venv, ignore_errors=True)
        step(sys.executable, "-m", "venv", str(venv))
        requirements = str(Path("binder", "requirements.txt"))
        step(str(python), "-m", "pip", "install", "--quiet", "-r", requirements)
        step("bash", str(Path("binder", "postBuild")))
        print("$ the quickstart, headless:", end=" ", flush=True)
        notebook = str(home / QUICKSTART.relative_to(ROOT))
        subprocess.run([python, "-c", _OPEN, notebook], cwd=folder, env=environ, check=True)
    return 0


def copy(home: Path) -> None:
    """What is in git, as it lies here now, and nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / name)


def environment(venv: Path, folder: Path) -> dict[str, str]:
    """The environment of an activated `venv` for a person with an empty home folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLMWATCH_", "JUPYTER_"))}
    kept.pop("PYTHONPATH", None)
    kept["PATH"] = os.pathsep.join([str(venv / "bin"), os.environ["PATH"]])
    kept["VIRTUAL_ENV"] = str(venv)
    return kept | {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_DATA_DIR": str(folder / "data")}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
