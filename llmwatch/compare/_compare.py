"""From columns to a comparison: who is compared with whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..summary import Stretch, grouping, needed_by, words_of
from ._comparison import Comparison, Group
from ._difference import adjusted, compared
from ._figures import COMPARED
from ._naming import Naming
from ._samples import SENT, Samples

if TYPE_CHECKING:
    import numpy as np

__all__ = ["compare", "needed"]


def needed(by: str | Iterable[str]) -> tuple[str, ...]:
    """The columns that `compare` reads."""
    own = ("started_at", "status_code", *SENT, *(figure.column for figure in COMPARED))
    return tuple(dict.fromkeys((*needed_by(by), *own)))


def compare(
    columns: Mapping[str, np.ndarray],
    by: str | Iterable[str] = "tag",
    baseline: Any = None,
    *,
    now_ns: int,
    groups: Iterable[Any] | None = None,
    window: Any = None,
    since: Any = None,
    until: Any = None,
    seed: int = 0,
    older: int = 0,
) -> Comparison:
    """Groups of calls against one of them; see `Reading.compare`.

    `older` is how many calls are not in `columns` because they have left memory.
    """
    import numpy as np

    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise UsageError(f"seed={seed!r}: give a whole number from 0 on, e.g. seed=1.")
    words = words_of(by)
    chosen = Stretch.of(now_ns, window, since, until).select(columns)
    codes, keys = grouping(words, chosen, every=columns)
    naming = Naming(words, keys)
    order = naming.wanted(groups, baseline)
    rows = {n: np.flatnonzero(codes == n) for n in order}
    if baseline is None:
        order.sort(key=lambda n: int(rows[n][0]))  # the first seen is the baseline
    else:
        order[1:] = sorted(order[1:], key=lambda n: int(rows[n][0]))
    nameless = [n for n in range(len(keys)) if n not in naming.names]
    return _told(
        [naming.names[n] for n in order],
        [rows[n] for n in order],
        chosen,
        by=naming.by,
        seed=int(seed),
        is_given=baseline is not None,
        left_out=int(np.isin(codes, nameless).sum()),
        older=older,
    )


def _told(
    names: list[str], rows: list[np.ndarray], columns: Mapping[str, np.ndarray], **about: Any
) -> Comparison:
    """The comparison of the first group with the others."""
    samples = Samples(columns, rows)
    of = {figure: samples.of(figure) for figure in COMPARED}
    differences = [
        compared(figure, (name, names[0]), (of[figure][place], of[figure][0]), about["seed"])
        for place, name in enumerate(names)
        if place
        for figure in COMPARED
    ]
    groups = [
        Group(name, len(rows[place]), {figure: of[figure][place].values for figure in COMPARED})
        for place, name in enumerate(names)
    ]
    alike = {name: samples.alike(place, 0) for place, name in enumerate(names) if place}
    return Comparison(groups, adjusted(differences), alike=alike, **about)
