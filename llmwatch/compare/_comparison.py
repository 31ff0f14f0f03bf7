"""Groups of calls against a baseline: as tables, as sentences, and as it shows itself."""

from __future__ import annotations

from dataclasses import fields
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from ..frames import text_dtype
from ..words import apart, plural
from ._bootstrap import RESAMPLES, statistic
from ._difference import Difference
from ._figures import COMPARED, Figure
from ._page import page
from ._sentences import sentences

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Comparison", "Group"]

_COLUMNS = [field.name for field in fields(Difference)]
_TEXTS = {"group", "baseline", "figure", "finding", "method"}


class Group(NamedTuple):
    """The calls of one group: how many, and the known values of each figure."""

    name: str
    calls: int
    values: dict[Figure, np.ndarray]


class Comparison:
    """What groups of calls differ in, made by `compare`.

    Attributes
    ----------
    by : str
        What the calls are grouped by.
    baseline : str
        The group that the others are compared with.
    seed : int
        Of the bootstrap: the same calls and the same seed give the same intervals.
    left_out : int
        Calls in none of the groups because they have no value of `by`.
    older : int
        Calls that have left memory, so are in none of the groups.
    alike : dict of str to int
        By group: its calls that were sent what the baseline was, where these are too few to be
        compared pair by pair.
    """

    def __init__(
        self,
        groups: list[Group],
        differences: list[Difference],
        *,
        by: str,
        seed: int,
        is_given: bool,
        left_out: int,
        older: int,
        alike: dict[str, int],
    ) -> None:
        self.by, self.seed, self.left_out, self.older = by, seed, left_out, older
        self.alike = alike
        self.baseline = groups[0].name
        self._groups, self._differences, self._is_given = groups, differences, is_given

    @property
    def table(self) -> pd.DataFrame:
        """One row a group, the baseline first: the figures over all of its calls, n beside each.

        Returns
        -------
        pandas.DataFrame
            `calls`, `latency_p50_s`, `latency_p95_s` (seconds, ok calls), `latency_n`,
            `ttft_p50_s`, `ttft_n`, `input_tokens_per_call`, `input_tokens_n`,
            `output_tokens_per_call`, `output_tokens_n`, `cost_usd_per_call`, `cost_n` (means over
            the calls where they are known), `error_rate` (of ok and error), `rate_n`,
            `satisfaction` (mean score), `satisfaction_n`. NaN where nothing is known.
        """
        import pandas as pd

        names = [group.name for group in self._groups]
        index = pd.Index(names, name=self.by, dtype=text_dtype())
        return pd.DataFrame([_figures(group) for group in self._groups], index=index)

    @property
    def differences(self) -> pd.DataFrame:
        """One row per group and figure, the baseline left out.

        Returns
        -------
        pandas.DataFrame
            `group`, `baseline`, `figure`; `value`, `baseline_value` and their `difference`, in the
            figure's unit, over the calls that are compared: all, or where `paired` the requests
            that both groups were sent. `relative` is the difference over the baseline's value.
            `low` and `high` are the ends of its 95 % confidence interval, `relative_low` and
            `relative_high` those of `relative` (not for rates and scores): NaN where n is too
            small or values do not vary. `n`, `n_baseline`: calls compared; `needed`: calls that
            each group needs before anything is claimed. `p`: 1 - the level at which the interval
            begins to hold 0; `p_adjusted`: the same for all of the table looked at together
            (Benjamini and Hochberg). `finding`: lower, higher, maybe chance (the interval is away
            from 0, `p_adjusted` over 0.05), no evidence, no difference (in any call), no spread,
            too few calls or unknown. `method`: bootstrap, Newcombe, Student, order statistics or
            no spread; `seed`: the bootstrap's.
        """
        import pandas as pd

        columns = {
            name: pd.Series(
                [getattr(row, name) for row in self._differences],
                dtype=text_dtype() if name in _TEXTS else None,
            )
            for name in _COLUMNS
        }
        return pd.DataFrame(columns)

    @property
    def verdict(self) -> str:
        """One plain sentence per figure and group, a line each, what is claimed first.

        Nothing is claimed of figures with too few calls: these share a sentence that says how many
        there must be.
        """
        claimed, others = sentences(self._differences)
        return "\n".join([*claimed, *others])

    @property
    def _heading(self) -> str:
        why = "" if self._is_given else ", the first seen"
        return f"by {self.by}, against {self.baseline!r}{why}"

    @property
    def notes(self) -> list[str]:
        """What is left out, and how it was made, so that it can be made again: a line each."""
        tested = sum(not isnan(row.p) for row in self._differences)
        lines = []
        if tested:
            lines.append(
                f"{plural(tested, 'comparison')}, each at 95 % for itself; a difference is claimed "
                "where it still stands among all of them (Benjamini-Hochberg, 5 %)."
            )
        if self.left_out:
            lines.append(f"Left out: {plural(self.left_out, 'call')} without a {self.by}.")
        if self.older:
            lines.append(f"Left out: {plural(self.older, 'call')} that left memory.")
        short = apart([self.baseline, *self.alike])
        lines += [
            f"{short[name]} and {short[self.baseline]}: {plural(n, 'request')} in common, under "
            "four fifths of the calls, so all are compared, not pairs."
            for name, n in self.alike.items()
            if n
        ]
        lines.append(f"seed={self.seed}, {RESAMPLES:,} resamples")
        return lines

    def __repr__(self) -> str:
        lines = [f"Comparison {self._heading}", *(f"  {line}" for line in self.verdict.split("\n"))]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return page(self._heading, self._differences, self.notes)


def _figures(group: Group) -> dict[str, Any]:
    """The figures of a group, n behind the last that it is the n of."""
    found: dict[str, Any] = {"calls": group.calls}
    for figure in COMPARED:
        values = group.values[figure]
        found.pop(figure.n, None)
        found[figure.name] = float(statistic(figure.kind)(values)) if len(values) else float("nan")
        found[figure.n] = len(values)
    return found
