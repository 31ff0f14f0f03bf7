"""Installing llmwatch changes nothing that its host stands on."""

from __future__ import annotations

import tomllib

from packaging.requirements import Requirement

from tests.notebook import ROOT


def test_what_colab_comes_with_is_enough():
    """pip would put another version under a kernel that does not survive it."""
    lines = [line for line in (ROOT / "tests/colab.txt").read_text().splitlines() if "==" in line]
    pinned = dict(line.split("==") for line in lines)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(each) for each in project["dependencies"]]
    known = [each for each in asked if each.name in pinned]
    assert {each.name for each in known} >= {"altair", "ipython", "ipywidgets", "pandas"}
    assert [str(each) for each in known if not each.specifier.contains(pinned[each.name])] == []
