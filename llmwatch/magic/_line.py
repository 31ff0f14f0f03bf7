"""The options on a `%%llmwatch` line: read, checked, and told in one line when they are wrong."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from ..exceptions import UsageError

__all__ = ["FLAGS", "USAGE", "VALUES", "Options", "nearest", "options_of", "words_of"]

VALUES = ("--tag", "--user", "--feature", "--budget", "--label")
FLAGS = ("--quiet",)
USAGE = "%%llmwatch [--tag T] [--user U] [--feature F] [--budget USD] [--label k=v] [--quiet]"


@dataclass(slots=True)
class Options:
    """What a `%%llmwatch` line says about its cell."""

    tag: str | None = None
    user: str | None = None
    feature: str | None = None
    budget: float | None = None
    """USD."""
    labels: dict[str, str] = field(default_factory=dict)
    quiet: bool = False


def options_of(line: str) -> Options:
    """Read the options of a `%%llmwatch` line; of an option given twice, the last one counts.

    Raises
    ------
    UsageError
        For anything that cannot be meant, in one line with the nearest known word.
    """
    options = Options()
    words = iter(words_of(line))
    for word in words:
        name, has_value, value = word.partition("=")
        if name in FLAGS and not has_value:
            options.quiet = True
        elif name in VALUES:
            _set(options, name, value if has_value else _next(name, words))
        else:
            raise UsageError(_unknown(word))
    return options


def words_of(line: str) -> list[str]:
    """The words of a magic's line, quotes taken off.

    Raises
    ------
    UsageError
        For a quote that is never closed.
    """
    if os.name == "nt":
        line = line.replace("\\", "\\\\")  # C:\data\calls.csv means what it says
    try:
        return shlex.split(line)
    except ValueError as problem:
        raise UsageError(f"{line.strip()!r} cannot be read: {problem}.") from None


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean ...?`, or nothing when no known word is near."""
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _unknown(word: str) -> str:
    if not word.startswith("-"):
        plain = word.replace("-", "").replace(".", "").isalnum()
        hint = f"for a tag type --tag {word}" if plain else "the code goes on the lines below"
        return f"{word!r} is no option: {hint}. {USAGE}"
    name, has_value, _ = word.partition("=")
    if name in FLAGS and has_value:
        return f"{name} takes no value. {USAGE}"
    if name in ("--help", "-h"):
        return f"%%llmwatch? explains each option. {USAGE}"
    return f"no option {name}.{nearest(name, (*VALUES, *FLAGS))} {USAGE}"


def _next(name: str, words: Iterable[str]) -> str:
    value = next(iter(words), None)
    if value is None or value.partition("=")[0] in (*VALUES, *FLAGS):
        raise UsageError(f"{name} needs a value. {USAGE}")
    return value


def _set(options: Options, name: str, value: str) -> None:
    if name == "--budget":
        options.budget = _usd(value)
    elif name == "--label":
        key, has_value, text = value.partition("=")
        if not has_value or not key:
            raise UsageError(f"--label {value} is not a pair: give e.g. --label version=2.")
        options.labels[key] = text
    else:
        setattr(options, name.removeprefix("--"), value or None)


def _usd(value: str) -> float:
    try:
        amount = float(value.removeprefix("$"))
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount) or amount < 0:
        raise UsageError(f"--budget {value} is not an amount in USD: give e.g. --budget 0.50.")
    return amount
