"""The README: everything typed in it runs, and what it tells of the code is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import nbformat
import pytest

import llmwatch
from llmwatch.semconv import FIGURES
from tests import readme
from tests.notebook import ROOT, clean_environment, run, text_of

OF_IPYTHON = re.compile(r"^%|^\s*answer = await|^for .*await", re.MULTILINE)
OF_PYTEST = re.compile(r"^def test_", re.MULTILINE)


SERVER = """
from llmwatch.testing import OfflineServer, offline_async_client, offline_client
server = OfflineServer(latency=0.15).start()
"""


def is_plain(snippet):
    return not OF_IPYTHON.search(snippet) and not OF_PYTEST.search(snippet)


def offline(snippet):
    """The snippet as it is typed, but for who answers: OpenAI's own clients, on our server."""
    snippet = snippet.replace("AsyncOpenAI()", "offline_async_client(server)")
    return re.sub(r"\bOpenAI\(\)", "offline_client(server)", snippet)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """Every snippet for a notebook, one cell each, in one real kernel."""
    snippets = [s for s in readme.snippets() if not OF_PYTEST.search(s)]
    sources = [SERVER, *map(offline, snippets), "%llmwatch help"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    return run(notebook, tmp_path_factory.mktemp("readme"))


def shown(kernel, beginning):
    """What the cell that begins so has shown."""
    return text_of(next(c for c in kernel.cells if c.source.startswith(beginning)))


def test_every_snippet_runs_in_a_notebook(kernel):
    """From top to bottom in one kernel, none fails (`run` would raise) and none is left out."""
    typed = [s for s in readme.snippets() if not OF_PYTEST.search(s)]
    ran = [cell for cell in kernel.cells if cell.execution_count is not None]
    assert len(ran) == len(typed) + 2  # the server before them, the help after them


def test_the_receipt_is_the_one_in_the_readme(kernel):
    """But for its figures, the receipt that is shown there is what the cell above it gives."""
    told = readme.snippets("text")[0].strip()
    seen = shown(kernel, "%%llmwatch --tag prompt-v2").splitlines()[-1]
    assert re.sub(r"\d+", "0", seen) == re.sub(r"\d+", "0", told)
    assert re.sub(r"\$.*?·|max.*?·", "", seen) == re.sub(r"\$.*?·|max.*?·", "", told)


def test_the_budget_of_the_readme_is_spent(kernel):
    """The loop there is really stopped, with the line that says so."""
    assert "the budget of $0.0001 is spent" in shown(kernel, 'with llmwatch.watch(tag="experiment"')


def test_the_plain_snippets_run_as_a_script(tmp_path):
    """What is said to work in any Python works in a script, with nothing on stderr."""
    plain = map(offline, filter(is_plain, readme.snippets()))
    script = tmp_path / "readme.py"
    script.write_text("\n\n".join([SERVER, *plain]), "utf-8")
    with clean_environment():
        done = subprocess.run(
            [sys.executable, "-W", "error::DeprecationWarning", script.name],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "prompt-v2.csv").read_text("utf-8-sig").count("prompt-v2") == 2


def test_the_test_of_the_readme_passes(tmp_path):
    """The fixtures are used as it is told there, in a project of its own."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["llmwatch.testing.plugin"]\n')
    assert 'pytest_plugins = ["llmwatch.testing.plugin"]' in readme.text()
    (tests,) = filter(OF_PYTEST.search, readme.snippets())
    (tmp_path / "test_mine.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "."],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout


def test_the_table_of_columns_is_that_of_the_code():
    """Column by column; `python -m tests.readme` writes it anew."""
    page = readme.text()
    assert page == readme.with_columns(page)
    assert readme.columns() in page


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_named(name):
    """What `.summary()` gives stands in the README."""
    assert f"`{name}`" in readme.text()


@pytest.mark.parametrize("name", llmwatch.__all__)
def test_every_public_name_is_told(name):
    """What the face offers stands in the README, as it is typed."""
    typed = {"load_ipython_extension": "%load_ext llmwatch"}
    typed |= {"unload_ipython_extension": "%unload_ext llmwatch"}
    assert typed.get(name, name) in readme.text()


def test_every_sub_command_is_told(kernel):
    """What `%llmwatch help` lists stands in the README's table, and its options."""
    told = shown(kernel, "%llmwatch help")
    names = set(re.findall(r"^%llmwatch (\w+)", told, re.MULTILINE))
    assert {"on", "export", "receipts", "autoload"} <= names
    assert [name for name in names if f"%llmwatch {name}" not in readme.text()] == []
    options = set(re.findall(r"--\w+", told))
    assert [option for option in options if option not in readme.text()] == []


def test_the_readme_names_files_that_are_there():
    """What it points to in the checkout exists."""
    named = set(re.findall(r"`([\w./-]+\.(?:ipynb|md)|binder/)`", readme.text()))
    assert len(named) >= 4
    assert [name for name in named if not (ROOT / name).exists()] == []
