"""What a `%%llmwatch` line can say, and what it is told when it cannot be meant."""

from __future__ import annotations

import pytest

from llmwatch.exceptions import UsageError
from llmwatch.magic._line import options_of, words_of


def test_nothing_said():
    """Without options nothing is set."""
    said = options_of("")
    assert (said.tag, said.user, said.feature, said.budget) == (None, None, None, None)
    assert (said.labels, said.quiet) == ({}, False)


def test_everything_said():
    """Each option in both of its spellings, quotes taken off."""
    said = options_of("--tag=v2 --user 'Ana Maria' --feature \"a b\" --budget=$0.5 --quiet")
    assert (said.tag, said.user, said.feature) == ("v2", "Ana Maria", "a b")
    assert (said.budget, said.quiet) == (0.5, True)


def test_labels_add_up():
    """Of an option given twice the last one counts; labels add up, whatever their text."""
    said = options_of("--tag a --tag b --label k=1 --label=l=x=y --label k=2 --label e=")
    assert said.tag == "b"
    assert said.labels == {"k": "2", "l": "x=y", "e": ""}


@pytest.mark.parametrize("amount", ["0", "0.50", "1e-3", "$2"])
def test_budgets(amount):
    """An amount may be nothing, and may bear its sign."""
    assert options_of(f"--budget {amount}").budget == float(amount.removeprefix("$"))


@pytest.mark.parametrize(
    "line",
    [
        "--budget -1", "--budget x", "--budget nan", "--budget inf", "--budget ''", "--budget",
        "--tag --user ana", "--tag", "--label k", "--label =v", "--quiet=1", "--bugdet 1", "-t x",
        "stray", "--tag a stray", "--tag 'open", "--tag a\\", "--", "--TAG x",
    ],
)  # fmt: skip
def test_what_cannot_be_meant(line):
    """It is refused in one line that ends like a sentence or with the usage."""
    with pytest.raises(UsageError) as problem:
        options_of(line)
    words = str(problem.value)
    assert "\n" not in words
    assert words.endswith((".", "]"))


def test_the_nearest_option_is_named():
    """A slip of the finger is recognized."""
    with pytest.raises(UsageError, match=r"no option --budjet\. Did you mean --budget"):
        options_of("--budjet=1")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--quiet=1", "--quiet takes no value. %%llmwatch ["),
        ("--help", "%%llmwatch? explains each option. %%llmwatch ["),
        ("prompt-v2.1", "'prompt-v2.1' is no option: for a tag type --tag prompt-v2.1. %%llmw"),
        ("--tag a; ask()", "'ask()' is no option: the code goes on the lines below. %%llmwatch ["),
        ("--tag a # why", "'#' is no option: the code goes on the lines below. %%llmwatch ["),
        ("-h", "%%llmwatch? explains each option. %%llmwatch ["),
    ],
)
def test_what_is_nearly_meant(line, words):
    """A value too many, and who asks for help, are told what to type."""
    with pytest.raises(UsageError) as problem:
        options_of(line)
    assert str(problem.value).startswith(words)


def test_a_file_name_on_windows(monkeypatch):
    """There a backslash is part of the name."""
    assert words_of(r"export a\b.csv") == ["export", "ab.csv"]
    monkeypatch.setattr("os.name", "nt")
    assert words_of(r'export "C:\my data\a.csv"') == ["export", r"C:\my data\a.csv"]
