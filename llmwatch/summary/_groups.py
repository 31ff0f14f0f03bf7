"""Calls by group: which words group them, and the figures of each group."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from ..exceptions import UsageError
from ..semconv import COLUMNS
from ..totals import Totals
from ._distinct import distinct, joined
from ._figures import NEEDED, elapsed_ns, figures_of, length_s, plain
from ._stretch import End, Stretch
from ._sums import Sums

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GROUPS", "Grouped", "by_group", "group", "grouping", "needed_by", "words_of"]

GROUPS = (
    "model", "provider", "operation", "tag", "user", "feature", "cell", "status", "error_type",
    "finish_reason", "service_tier", "stream", "process", "notebook",
)  # fmt: skip
"""The words that one groups by first; every column of text, whole numbers or flags is one."""

_COLUMNS = {c.name for c in COLUMNS if c.kind in ("text", "count", "flag")}
_OTHER = {c.name for c in COLUMNS} - _COLUMNS

Ids = list[Any]
"""What tells the groups of one word apart, by code; None where the calls have no value."""


class Grouped(NamedTuple):
    """The figures of some groups."""

    words: tuple[str, ...]
    keys: list[tuple[Any, ...]]
    """One value for each word: text, int or bool, None where the calls have none."""
    figures: dict[str, Any]
    """By figure, one array of as many entries; `errors` is a list of dicts."""


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


def needed_by(by: str | Iterable[str]) -> tuple[str, ...]:
    """The columns that `by_group` reads for these words, those of `NEEDED` among them."""
    names = [name for word in words_of(by) for name in _columns_of(word)]
    return tuple(dict.fromkeys((*NEEDED, *names)))


def by_group(
    columns: Mapping[str, np.ndarray],
    by: str | Iterable[str],
    *,
    now_ns: int,
    window: Any = None,
    since: Any = None,
    until: Any = None,
    in_flight: Sequence[Mapping[str, Any]] = (),
    at: End = "started",
    strict: bool = True,
) -> dict[tuple[str | None, ...], dict[str, Any]]:
    """The figures of each group of calls; see `summarize`. No pandas, so the worker can ask.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        The columns of `needed_by(by)`, as `View.arrays` gives them.
    by : str or iterable of str
        Words of `GROUPS`, other columns, or keys of `labels`. `cell` is one run of a cell.
    now_ns, window, since, until, at
        As for `summarize`.
    in_flight : sequence of mappings
        The calls that are not over, with their `age_s` and the columns they have a value in.
    strict : bool
        Whether a word that is no column, and no label of any call, is an error. A rule that is
        made before the first call with that label is not wrong.

    Returns
    -------
    dict
        By the values of the words, as text (what is called the same and is not gets a ``'``): the
        figures. The group with most calls comes first,
        of equal ones the one seen first; None where calls have no value. `qps` is over the time
        of all groups, so that it adds up.

    Raises
    ------
    UsageError
        For a word that is no group, in one line that names those there are.
    """
    found = group(
        columns, by, now_ns=now_ns, span=Stretch.of(now_ns, window, since, until),
        in_flight=in_flight, at=at, strict=strict,
    )  # fmt: skip
    lists = {name: plain(values) for name, values in found.figures.items()}
    groups: dict[tuple[str | None, ...], dict[str, Any]] = {}
    for n, key in enumerate(found.keys):
        texts = [None if value is None else str(value) for value in key]
        while tuple(texts) in groups:  # two kernels in one history both have an In[7]
            texts[found.words.index("cell")] = f"{texts[found.words.index('cell')]}'"
        groups[tuple(texts)] = {name: values[n] for name, values in lists.items()}
    return groups


def group(
    columns: Mapping[str, np.ndarray],
    by: str | Iterable[str],
    *,
    now_ns: int,
    span: Stretch,
    in_flight: Sequence[Mapping[str, Any]] = (),
    at: End = "started",
    strict: bool = True,
) -> Grouped:
    """The figures of each group as arrays; see `by_group`."""
    words, chosen = words_of(by), span.select(columns, at)
    codes, keys = grouping(words, chosen, in_flight, columns if strict else None)
    rows = len(chosen["started_at"])
    ages: list[list[float]] = [[] for _ in keys]
    for code, row in zip(codes[rows:].tolist(), in_flight, strict=True):
        ages[code].append(row["age_s"])
    whole = Totals()
    elapsed = elapsed_ns(span, columns, whole, whole, now_ns, bool(in_flight))
    figures = figures_of(
        Sums.per_group(chosen, codes[:rows], len(keys)),
        chosen,
        codes[:rows],
        ages,
        length_s(elapsed),
    )
    return Grouped(words, keys, figures)


def grouping(
    words: tuple[str, ...],
    columns: Mapping[str, np.ndarray],
    in_flight: Sequence[Mapping[str, Any]] = (),
    every: Mapping[str, np.ndarray] | None = None,
) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """The group of each call, those in flight behind the others, and what the groups are called.

    The group with most calls comes first, of equal ones the one seen first.

    Parameters
    ----------
    every : mapping, optional
        All calls that there are, to look in for a label that none of `columns` has; without it,
        a label may be one that nobody has.
    """
    import numpy as np

    found = [_ids(word, columns, in_flight, every) for word in words]
    codes, first = joined([codes for codes, _ in found])
    if not len(codes):
        return np.zeros(0, np.intp), []
    rows = len(columns["started_at"])
    counts = np.bincount(codes[:rows], minlength=len(first))
    order = np.lexsort((first, -counts))
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    shown = [[_shown(value) for value in ids] for _, ids in found]
    keys = [
        tuple(names[of[row]] for names, (of, _) in zip(shown, found, strict=True))
        for row in first[order].tolist()
    ]
    return place[codes], keys


# -- the groups of one word -----------------------------------------------------------------------


def _columns_of(word: str) -> tuple[str, ...]:
    if word == "cell":
        return "cell_run_id", "execution_count"
    return (word,) if word in _COLUMNS else ("labels",)


def _ids(
    word: str,
    columns: Mapping[str, np.ndarray],
    in_flight: Sequence[Mapping[str, Any]],
    every: Mapping[str, np.ndarray] | None,
) -> tuple[np.ndarray, Ids]:
    """What the word says of each call, those in flight behind the others."""
    names = _columns_of(word)
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


def _shown(value: Any) -> Any:
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
