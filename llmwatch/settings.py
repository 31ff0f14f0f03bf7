"""What a person can set for the process: validated, immutable, each with an environment variable."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from re import Pattern
from typing import Any, Literal, TypeAlias

from .exceptions import UsageError

__all__ = ["RedactRule", "Settings", "from_environment"]

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
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise UsageError(f"no setting {name!r}; there are {', '.join(known)}.")
        values = dict(changes)
        if "redact" in values:
            values["redact"] = _rules(values["redact"])
        return replace(self, **values)


def _rules(rules: Any) -> tuple[RedactRule, ...]:
    import re

    listed = [rules] if isinstance(rules, (str, re.Pattern)) or callable(rules) else list(rules)
    for rule in listed:
        if not (isinstance(rule, (str, re.Pattern)) or callable(rule)):
            raise UsageError(f"redact takes patterns and functions, not {type(rule).__name__}.")
        if isinstance(rule, str):
            try:
                re.compile(rule)
            except re.error as problem:
                raise UsageError(f"redact pattern {rule!r} does not compile: {problem}.") from None
    return tuple(listed)


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that `LLMWATCH_CONTENT`, `LLMWATCH_RECEIPTS`, ... ask for."""
    changes: dict[str, Any] = {}
    for field in fields(Settings):
        text = environ.get(f"LLMWATCH_{field.name.upper()}")
        if text is None or text == "":
            continue
        if field.name == "max_calls":
            changes[field.name] = int(text) if text.isdecimal() else text
        else:
            changes[field.name] = text
    return Settings().changed(changes)
