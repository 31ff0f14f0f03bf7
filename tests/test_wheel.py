"""The wheel: `pip install` is all it takes, and no Node is needed to use it or to build it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.browser import EXTENSION, ROOT, lab
from tests.widgets.test_labextension import CALL, ICON, LOAD, PANEL, Sidebar

NAME = "jupyter-llmwatch"
LABEXTENSIONS = "share/jupyter/labextensions"


def run(*arguments, **environ):
    """What this Python's `-m` says."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env=os.environ | environ, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def files(folder):
    """What lies in `folder`, but for what Python makes there by itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the checkout where no program can be found, so neither can Node."""
    folder = tmp_path_factory.mktemp("wheel")
    run("pip", "wheel", "--isolated", "--no-deps", "--no-index", "--no-build-isolation",
        "--wheel-dir", folder, ROOT, PATH=str(folder))  # fmt: skip
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def prefix(wheel, tmp_path_factory):
    """Where pip has put the wheel: a place of its own, beside the environment of the tests."""
    folder = tmp_path_factory.mktemp("prefix")
    # Told to ignore what is installed, pip leaves the checkout in the environment of the tests.
    run("pip", "install", "--isolated", "--no-deps", "--no-index", "--ignore-installed",
        "--no-warn-script-location", "--prefix", folder, wheel)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def packages(prefix):
    return Path(sysconfig.get_path("purelib", vars={"base": str(prefix)}))


def test_the_package(wheel):
    """It is the one of the checkout, file by file, without the extension."""
    with ZipFile(wheel) as archive:
        packed = {
            name.removeprefix("llmwatch/"): archive.read(name)
            for name in archive.namelist() if name.startswith("llmwatch/")
        }  # fmt: skip
        names = archive.namelist()
    assert {"py.typed", "widgets/static/panel.js", "widgets/static/base.css"} <= packed.keys()
    ours = files(ROOT / "llmwatch")
    assert packed == {name: ours[name] for name in ours if not name.startswith("labextension/")}
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_extension_is_where_jupyter_looks_for_it(prefix):
    """It is the one of the checkout, file by file, with the entry that JupyterLab loads."""
    installed = files(prefix / LABEXTENSIONS)
    assert {f"{NAME}/package.json", f"{NAME}/install.json"} <= installed.keys()
    assert any(name.startswith(f"{NAME}/static/remoteEntry.") for name in installed)
    assert installed == files(EXTENSION)


def test_jupyter_lists_it(prefix, tmp_path):
    """The installed one is enabled, and JupyterLab finds it compatible."""
    home = {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)}
    said = run("jupyter", "labextension", "list", **home,
               JUPYTER_PATH=str(prefix / "share" / "jupyter"))  # fmt: skip
    plain = re.sub(r"\x1b\[\d+m", "", said)
    ours = re.search(
        rf"^{re.escape(str(prefix / LABEXTENSIONS))}\n((?:[ \t]+.*\n)*)", plain, re.MULTILINE
    )
    assert ours, plain
    assert re.search(rf"{NAME} v\S+ enabled OK", ours[1]), plain


def test_in_jupyterlab(prefix, packages):
    """Nothing but the installed wheel: its icon, and the live panel with a call of its package."""
    environ = {"JUPYTER_PATH": str(prefix / "share" / "jupyter"), "PYTHONPATH": str(packages)}
    with lab(width=1200, environ=environ, checkout=False) as desk:
        side = Sidebar(desk)
        page = side.open(LOAD, CALL, "%llmwatch dashboard", "llmwatch.__file__", name="wheel.ipynb")
        page.locator(ICON).wait_for()
        desk.run_all()
        side.panel()
        page.locator(f"{PANEL} .lw-row").get_by_text("my-llama").first.wait_for()
        page.get_by_text(f"'{packages / 'llmwatch' / '__init__.py'}'").wait_for()
        side.stays_on_this_machine()
        assert [said for said in desk.console if "llmwatch" in said] == []
