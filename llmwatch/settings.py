"""What a person can set for the process: validated, immutable, each with an environment variable."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from re import Pattern
from typing import Any, Literal, TypeAlias

from .exceptions import UsageError

__all__ = ["AS_IT_IS", "AsItIs", "RedactRule", "Settings", "from_environment"]


class AsItIs(Enum):
    """Stands for a setting that is not given: `None` may be meant for none, and is refused."""

    AS_IT_IS = "as it is"

    def __repr__(self) -> str:
        return self.name


AS_IT_IS = AsItIs.AS_IT_IS

RedactRule: TypeAlias = "str | Pattern[str] | Callable[[str], str]"

_CHOICES: dict[str, tuple[str, ...]] = {
    "content": ("preview", "none", "full"),
    "receipts": ("tagged", "all", "off"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of `llmwatch.configure`.

    Attributes
    ----------
    content : {"preview", "none", "full"}
        How much of the text of a call is kept: its first 200 characters, nothing, or all.
    redact : tuple of (str, re.Pattern or callable)
        What is taken out besides credentials: a regular expression, or a function of the text
        that returns it cleaned.
    receipts : {"tagged", "all", "off"}
        Which cells get a receipt: those under ``%%llmwatch``, all with calls, or none.
    max_calls : int
        Rows kept in memory; the oldest leave first. Totals stay exact.
    """

    content: Literal["preview", "none", "full"] = "preview"
    redact: tuple[RedactRule, ...] = ()
    receipts: Literal["tagged", "all", "off"] = "tagged"
    max_calls: int = 100_000

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                choice = ", ".join(f'"{word}"' for word in allowed)
                raise UsageError(f"{name}={value!r} is not one of {choice}.")
        if isinstance(self.max_calls, bool) or not isinstance(self.max_calls, int):
            raise UsageError(f"max_calls={self.max_calls!r} is not a whole number, e.g. 100_000.")
        if self.max_calls < 1:
            raise UsageError(f"max_calls={self.max_calls} keeps nothing: give 1 or more.")

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """A copy with `changes`; an unknown name is one clear line."""
        values = {name: value for name, value in changes.items() if value is not AS_IT_IS}
        known = [field.name for field in fields(self)]
        for name in values:
            if name not in known:
                raise UsageError(f"no setting {name!r}; there are {', '.join(known)}.")
        if "redact" in values:
            values["redact"] = _rules(values["redact"])
        return replace(self, **values)


def _rules(rules: Any) -> tuple[RedactRule, ...]:
    one = isinstance(rules, (str, Pattern)) or callable(rules)
    if not one and not isinstance(rules, (list, tuple, set, frozenset)):
        raise UsageError(
            f'redact={rules!r} is no list of patterns: give e.g. redact=["ID-[0-9]+"].'
        )
    listed = (rules,) if one else tuple(rules)
    for rule in listed:
        if not callable(rule):
            _check_pattern(rule)
    return listed


def _check_pattern(rule: Any) -> None:
    import re

    source = rule.pattern if isinstance(rule, Pattern) else rule
    if not isinstance(source, str):
        raise UsageError(f"redact takes patterns of text and functions, not {rule!r}.")
    if not source:
        raise UsageError("an empty redact pattern matches everywhere: leave it out.")
    try:
        re.compile(rule)
    except re.error as problem:
        raise UsageError(f"redact pattern {rule!r} does not compile: {problem}.") from None


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that `LLMWATCH_CONTENT`, `LLMWATCH_RECEIPTS`, ... ask for.

    `LLMWATCH_REDACT` is one pattern.

    Raises
    ------
    UsageError
        For a value that cannot be meant, in one line that names the variable.
    """
    settings = Settings()
    for field in fields(Settings):
        variable = f"LLMWATCH_{field.name.upper()}"
        text = environ.get(variable, "").strip()
        if not text:
            continue
        try:
            settings = settings.changed({field.name: _value(field.name, text)})
        except UsageError as problem:
            raise UsageError(f"the environment variable {variable}: {problem}") from None
    return settings


def _value(name: str, text: str) -> Any:
    if name != "max_calls":
        return text
    try:
        return int(text)  # as Python writes it: 100_000 too
    except ValueError:
        return text
