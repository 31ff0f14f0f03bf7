"""The line as IPython reads it: pure, once and for all, and never somebody else's text."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from llmwatch.magic._transform import as_comment, asked

CELLS = {
    "%%llmwatch --tag x\na = 1\n": "#%%llmwatch --tag x\na = 1\n",
    "%%llmwatch\n\n\na = 1\n": "#%%llmwatch\n\n\na = 1\n",
    "%%llmwatch": "#%%llmwatch\n",
    "%%llmwatch\n    a = 1\n    b\n": "#%%llmwatch\na = 1\nb\n",
    "%%llmwatch\n>>> a\n... b\n": "#%%llmwatch\na\nb\n",
    "%%llmwatch\n\n>>> a\n": "#%%llmwatch\n\na\n",
    "\n  \n%%llmwatch\na\n": "#%%llmwatch\na\n",
    "%%llmwatch --tag x\n%%time\na\n": "%%time\na\n",
    "%%llmwatch\n\n%%time\na\n": "%%time\na\n",
    "%%time\n%%llmwatch\na\n": "%%time\na\n",
    "%%time\n\n%%llmwatch\na\n": "%%time\n\na\n",
    "%%capture\n%%time\n%%llmwatch\na\n": "%%capture\n%%time\na\n",
    "%%llmwatch --tag a\n%%llmwatch --user b\nx\n": "#%%llmwatch --tag a\n\nx\n",
    "%%time\na\n%%llmwatch\nb\n": "%%time\na\n%%llmwatch\nb\n",
    "a = 1\n%%llmwatch\n": "a = 1\n%%llmwatch\n",
    "'''\n%%llmwatch\n'''\n": "'''\n%%llmwatch\n'''\n",
    "%%llmwatch?\n": "%%llmwatch?\n",
    "%%llmwatch??\n": "%%llmwatch??\n",
    "%%llmwatcher\na\n": "%%llmwatcher\na\n",
    "%llmwatch on\n": "%llmwatch on\n",
    "%%LLMWATCH\na\n": "%%LLMWATCH\na\n",
    "a = 1\n": "a = 1\n",
    "": "\n",
}


def cleaned(cell):
    """The cell after all that IPython does to its top, ours last."""
    lines = (cell if cell.endswith("\n") else cell + "\n").splitlines(keepends=True)
    for transform in (*TransformerManager().cleanup_transforms, as_comment):
        lines = transform(lines)
    return lines


@pytest.mark.parametrize("cell", CELLS)
def test_what_becomes_of_a_cell(cell):
    """Beside other magics the line goes; else it is a comment and no other line moves."""
    assert "".join(cleaned(cell)) == CELLS[cell]


@pytest.mark.parametrize("cell", CELLS)
def test_twice_is_once(cell):
    """IPython may transform more than once; the lines given are left alone."""
    given = cleaned(cell)
    kept = list(given)
    assert as_comment(given) == kept
    assert given == kept


@pytest.mark.parametrize("cell", CELLS)
def test_a_scope_is_asked_for_where_the_line_is_read(cell):
    """The two ways to look at a cell agree."""
    lines = TransformerManager()
    before = list(cell.splitlines(keepends=True)) or ["\n"]
    for transform in lines.cleanup_transforms:
        before = transform(before)
    assert (asked(cell) is not None) == (as_comment(before) != before)


def test_what_is_asked():
    """The options of each line, in their order."""
    assert asked("%%llmwatch --tag a\n%%time\n%%llmwatch  --user b \nx") == "--tag a --user b"
    assert asked("%%llmwatch\t--tag a\r\nx") == "--tag a"
    assert asked("%%llmwatch") == ""
    assert asked("x = '%%llmwatch'") is None


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("%%llmwatch --tag x", "incomplete"),
        ("%%llmwatch --tag x\nfor i in x:\n    i", "incomplete"),
        ("%%llmwatch --tag x\na = 1\n", "incomplete"),
        ("%%llmwatch --tag x\na = 1\n\n", "complete"),
        ("a = 1", "complete"),
    ],
)
def test_a_terminal_waits_for_the_body(typed, state):
    """Where a cell is typed line by line, the line opens a cell as any magic does."""
    manager = TransformerManager()
    manager.cleanup_transforms.append(as_comment)
    assert manager.check_complete(typed)[0] == state
