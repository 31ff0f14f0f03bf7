"""`binder/`: the environment is the one that pyproject asks for, and its steps can be performed.

The steps themselves take minutes and a package index: `make binder` performs them.
"""

from __future__ import annotations

import os
import subprocess
import tomllib

import pytest

from tests.notebook import ROOT

BINDER = ROOT / "binder"


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_requirements_are_those_of_the_project(project):
    """Line by line pyproject's own pins, those of [parquet] included, and nothing else."""
    wanted = project["dependencies"] + project["optional-dependencies"]["parquet"]
    assert (BINDER / "requirements.txt").read_text("utf-8").splitlines() == sorted(wanted)


def test_its_python_is_one_that_the_project_supports(project):
    """`runtime.txt` names a version of the classifiers."""
    version = (BINDER / "runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_the_last_step_is_a_program():
    """Binder runs `postBuild` as it is: it has a run bit, and bash can read it."""
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK)
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
