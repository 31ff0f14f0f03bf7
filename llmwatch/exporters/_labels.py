"""Which group of series a call belongs to: its model and labels, bounded in number and length."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..exceptions import UsageError
from ..left import MOST, OTHER, UNKNOWN, label_of
from ..semconv import NAMES
from ..summary import GROUPS, words_of

__all__ = ["Labels", "can_be_label", "is_free_text", "label_names", "typed"]

_GROUPS = 1000  # combinations
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*", re.ASCII)
_FREE = ("error_message", "feedback", "request_preview", "response_preview")
_TAKEN = ("model", "status", "type", "le", "job", "instance")


class Labels:
    """The values of `model` and further labels, as they become labels of series.

    The first hundred values of each label are kept, and the first thousand combinations; what
    comes later is called "other", so that totals stay exact.
    """

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.names = ("model", *words)
        self._columns = tuple(
            "execution_count" if word == "cell" else word if word in NAMES else None
            for word in words
        )
        columns = [column or "labels" for column in self._columns]
        self.read = tuple(dict.fromkeys(["model", *columns]))
        self._seen: list[set[str]] = [set() for _ in self.names]
        self._groups: set[tuple[str, ...]] = set()

    def of(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The group of a call, given by the columns of `read`."""
        key = (label_of(values["model"]) or UNKNOWN, *self._said(values))
        return key if key in self._groups else self._bounded(key)

    def of_model(self, model: str) -> tuple[str, ...]:
        """The group of calls of which no more is known than the model."""
        key = (self._within(model, self._seen[0]), *(OTHER for _ in self.words))
        self._groups.add(key)
        return key

    def _said(self, values: Mapping[str, Any]) -> list[str]:
        if not self.words:
            return []
        labels = _labels(values["labels"]) if "labels" in values else {}
        pairs = zip(self.words, self._columns, strict=True)
        return [label_of(values[column] if column else labels.get(word)) for word, column in pairs]

    def _bounded(self, key: tuple[str, ...]) -> tuple[str, ...]:
        pairs = zip(key, self._seen, strict=True)
        bounded = tuple(self._within(value, seen) for value, seen in pairs)
        if bounded not in self._groups and len(self._groups) >= _GROUPS:
            return (OTHER,) * len(key)
        self._groups.add(bounded)
        return bounded

    @staticmethod
    def _within(value: str, seen: set[str]) -> str:
        """The value, or what stands for those after the first hundred."""
        if len(seen) < MOST:
            seen.add(value)
        return value if value in seen else OTHER


def label_names(words: str | Iterable[str]) -> tuple[str, ...]:
    """The words that a person wants as labels.

    Raises
    ------
    UsageError
        For what can be none, in one line.
    """
    if not words:
        return ()
    try:
        names = words_of(words)
    except UsageError as problem:
        said = str(problem).replace("by=", "labels=").replace("group", "label")
        raise UsageError(said.replace('"model"', '"feature"')) from None  # that one is there anyway
    for name in names:
        if is_free_text(name):
            known = ", ".join(word for word in GROUPS if word not in _TAKEN)
            raise UsageError(
                f"labels: {name!r} is text of calls, which no metric shows: give a column such as "
                f"{known}, or a label of yours."
            )
        if not can_be_label(name):
            raise UsageError(
                f"labels: {name!r} can be no label of these metrics (letters, digits, _; not "
                f'{", ".join(_TAKEN)}): give e.g. labels=("feature",).'
            )
    return names


def can_be_label(word: str) -> bool:
    """Whether these metrics can have a label that is called so, beside their own."""
    return _NAME.fullmatch(word) is not None and word not in _TAKEN


def typed(words: tuple[str, ...]) -> str:
    """What to type for labels that are called so."""
    said = ", ".join(json.dumps(word) for word in words)
    return f"labels={said if len(words) == 1 else f'({said})'}"


def is_free_text(word: str) -> bool:
    """Whether it is a column of what people and models said, which may hold a prompt."""
    return word in _FREE


def _labels(text: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
