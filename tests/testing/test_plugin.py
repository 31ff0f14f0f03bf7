"""The fixtures, as a project of its own uses them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llmwatch

USES = """
from llmwatch.testing import Reply

def test_mine(llmwatch_client, llmwatch_server):
    llmwatch_server.script(Reply("Paris."))
    answer = llmwatch_client.chat.completions.create(
        model="gpt-5-mini", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "Paris."
    assert llmwatch_client.max_retries == 0
    assert len(llmwatch_server.requests) == 1

def test_next(llmwatch_server):
    assert llmwatch_server.requests == []
"""


def test_the_fixtures_work_in_a_project_of_its_own(tmp_path):
    """One line in conftest.py gives a server and a client to each test, new each time."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["llmwatch.testing.plugin"]\n')
    (tmp_path / "test_mine.py").write_text(USES)
    here = str(Path(llmwatch.__file__).parents[1])
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
            "-W",
            "error",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": here},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout
