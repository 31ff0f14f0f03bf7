"""Calls by group: the figures of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..totals import Totals
from ._distinct import joined
from ._figures import NEEDED, elapsed_ns, figures_of, length_s, plain
from ._stretch import End, Stretch
from ._sums import Sums
from ._words import columns_of, ids_of, shown, words_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Grouped", "by_group", "group", "grouping", "needed_by"]


class Grouped(NamedTuple):
    """The figures of some groups."""

    words: tuple[str, ...]
    keys: list[tuple[Any, ...]]
    """One value for each word: text, int or bool, None where the calls have none."""
    figures: dict[str, Any]
    """By figure, one array of as many entries; `errors` is a list of dicts."""


def needed_by(by: str | Iterable[str]) -> tuple[str, ...]:
    """The columns that `by_group` reads for these words, those of `NEEDED` among them."""
    names = [name for word in words_of(by) for name in columns_of(word)]
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

    found = [ids_of(word, columns, in_flight, every) for word in words]
    codes, first = joined([codes for codes, _ in found])
    if not len(codes):
        return np.zeros(0, np.intp), []
    rows = len(columns["started_at"])
    counts = np.bincount(codes[:rows], minlength=len(first))
    order = np.lexsort((first, -counts))
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    names_of = [[shown(value) for value in ids] for _, ids in found]
    keys = [
        tuple(names[of[row]] for names, (of, _) in zip(names_of, found, strict=True))
        for row in first[order].tolist()
    ]
    return place[codes], keys
