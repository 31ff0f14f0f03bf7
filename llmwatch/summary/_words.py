"""What calls are grouped by: columns, runs of cells, labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..semconv import COLUMNS
from ._distinct import distinct, joined

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GROUPS", "columns_of", "ids_of", "shown", "words_of"]

GROUPS = (
    "model", "provider", "operation", "tag", "user", "feature", "cell", "status", "error_type",
    "finish_reason", "service_tier", "stream", "process", "notebook",
)  # fmt: skip
"""The words that one groups by first; every column of text, whole numbers or flags is one."""

_COLUMNS = {c.name for c in COLUMNS if c.kind in ("text", "count", "flag")}
_OTHER = {c.name for c in COLUMNS} - _COLUMNS

Ids = list[Any]
"""What tells the groups of one word apart, by code; None where the calls have no value."""


def words_of(by: str | Iterable[str]) -> tuple[str, ...]:
    """The words in `by`.

    Raises
    ------
    UsageError
        For what can never be a group.
    """
    words = (by,) if isinstance(by, str) else tuple(by) if isinstance(by, Iterable) else ()
    if not words or not all(isinstance(word, str) and word for word in words):
        raise UsageError(f'by={by!r} names no group: give e.g. by="model" or by=["user", "tag"].')
    if len(set(words)) < len(words):
        raise UsageError(f"by={by!r} names a group twice.")
    for word in words:
        if word in _OTHER:
            raise UsageError(f"by={word!r}: calls are not grouped by a measure. {_known(())}")
    return words


def columns_of(word: str) -> tuple[str, ...]:
    """The columns that a word reads; one that is no column is a label."""
    if word == "cell":
        return "cell_run_id", "execution_count"
    return (word,) if word in _COLUMNS else ("labels",)


def ids_of(
    word: str,
    columns: Mapping[str, np.ndarray],
    in_flight: Sequence[Mapping[str, Any]],
    every: Mapping[str, np.ndarray] | None,
) -> tuple[np.ndarray, Ids]:
    """What the word says of each call, those in flight behind the others.

    Returns
    -------
    tuple of numpy.ndarray and list
        Codes, and what each of them stands for.
    """
    names = columns_of(word)
    parts = [distinct(columns[name]) for name in names]
    codes, first = joined([part[0] for part in parts])
    is_label = names == ("labels",) and word != "labels"
    if is_label and every is not None:
        _check_label(word, every, in_flight)
    values = [tuple(ids[of[row]] for of, ids in parts) for row in first.tolist()]
    flying = [tuple(row.get(name) for name in names) for row in in_flight]
    return _merged(codes, [_id(word, value, is_label) for value in values],
                   [_id(word, value, is_label) for value in flying])  # fmt: skip


def _merged(codes: np.ndarray, ids: Ids, more: Ids) -> tuple[np.ndarray, Ids]:
    """One code for each different id, `more` rows behind those of `codes`."""
    import numpy as np

    index: dict[Any, int] = {}
    place = np.array([index.setdefault(i, len(index)) for i in ids], np.intp)
    behind = np.array([index.setdefault(i, len(index)) for i in more], np.intp)
    return np.concatenate([place[codes], behind]), list(index)


def _id(word: str, values: tuple[Any, ...], is_label: bool) -> Any:
    """What tells a group apart."""
    if word == "cell":
        return None if values == (None, None) else values
    if not is_label:
        return values[0]
    value = _labels(values[0]).get(word)
    return value if value is None or isinstance(value, str) else json.dumps(value)


def shown(value: Any) -> Any:
    """What a group is called: a run of a cell by its execution count, where that is known."""
    if not isinstance(value, tuple):
        return value
    run_id, count = value
    return run_id if count is None else count


def _labels(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _check_label(
    word: str, columns: Mapping[str, np.ndarray], in_flight: Sequence[Mapping[str, Any]]
) -> None:
    texts = [*distinct(columns["labels"])[1], *(row.get("labels") for row in in_flight)]
    seen = {key for text in set(texts) for key in _labels(text)}
    if word not in seen:
        close = get_close_matches(word, [*GROUPS, *_COLUMNS, *seen], n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(f"by={word!r} is no group.{hint} {_known(seen)}")


def _known(labels: Iterable[str]) -> str:
    seen = sorted(labels)
    told = f", or a label ({', '.join(seen[:10])}{', ...' if len(seen) > 10 else ''})"
    return f"There are {', '.join(GROUPS)}{told if seen else ', or a label'}."
