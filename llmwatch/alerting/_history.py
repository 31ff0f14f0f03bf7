"""What fired, how often and for how long: so that thresholds can be reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from ..frames import series
from ._rules import Rule
from ._states import Phase
from ._watcher import Watcher

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History", "Record"]

_Key = tuple[str, str, str]
_KEYS = 1000  # rules and groups that are remembered; the one that fired longest ago goes first
_DTYPES = {
    "name": "str", "labels": "object", "severity": "str", "condition": "str", "state": "str",
    "fired": "int64", "first": "datetime64[ns, UTC]", "last": "datetime64[ns, UTC]",
    "total_s": "float64", "longest_s": "float64", "worst": "float64", "threshold": "float64",
    "notified": "int64",
}  # fmt: skip


@dataclass(slots=True)
class Record:
    """What one rule did on one group."""

    watcher: Watcher
    fired: int = 0
    first_ns: int = 0
    last_ns: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0
    worst: float = nan
    notified: int = 0

    def row(self, now_ns: int) -> tuple[Any, ...]:
        """As a row of `alerts.history`, the firing that goes on included."""
        watcher = self.watcher
        rule, condition = watcher.rule, watcher.rule.condition
        on = (now_ns - watcher.fired_ns) / 1e9 if watcher.fires else 0.0
        worst = _worse(condition.comparison, self.worst, watcher.worst if watcher.fires else nan)
        return (
            rule.name, dict(watcher.labels), rule.severity, condition.text, watcher.state.phase,
            self.fired, self.first_ns, self.last_ns, self.total_s + on, max(self.longest_s, on),
            worst, condition.threshold, self.notified + (watcher.notified if watcher.fires else 0),
        )  # fmt: skip


class History:
    """A record for each rule and group that ever fired.

    A name that was given to another figure has a record of each: their values do not compare.
    """

    def __init__(self) -> None:
        self._records: dict[_Key, Record] = {}
        self._fired: set[_Key] = set()  # rules, also those whose records went

    def fired(self, watcher: Watcher, now_ns: int) -> None:
        """It began to fire."""
        self._fired.add(_key(watcher.rule))
        key = _key(watcher.rule, watcher.key)
        record = self._records.pop(key, None) or Record(watcher, first_ns=now_ns)
        self._records[key] = record
        record.watcher, record.fired, record.last_ns = watcher, record.fired + 1, now_ns
        if len(self._records) > _KEYS:
            del self._records[next(iter(self._records))]

    def over(self, watcher: Watcher, now_ns: int) -> None:
        """It is over."""
        record = self.of(watcher)
        if record is None:
            return
        length = (now_ns - watcher.fired_ns) / 1e9
        record.total_s += length
        record.longest_s = max(record.longest_s, length)
        record.worst = _worse(watcher.rule.condition.comparison, record.worst, watcher.worst)
        record.notified += watcher.notified

    def of(self, watcher: Watcher) -> Record | None:
        """What is known of one rule on one group."""
        return self._records.get(_key(watcher.rule, watcher.key))

    def rows(self, rules: Iterable[tuple[Rule, Phase]], now_ns: int) -> list[tuple[Any, ...]]:
        """One row each, the one that fired first on top; below, those of `rules` that never did."""
        records = sorted(self._records.values(), key=lambda record: record.first_ns)
        silent = (_silent(*rule) for rule in rules if _key(rule[0]) not in self._fired)
        return [*(record.row(now_ns) for record in records), *silent]

    @staticmethod
    def frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
        """`rows` as a DataFrame."""
        import pandas as pd

        columns = zip(*rows, strict=True) if rows else [()] * len(_DTYPES)
        return pd.DataFrame({
            name: series(values, dtype)
            for (name, dtype), values in zip(_DTYPES.items(), columns, strict=True)
        })  # fmt: skip


def _key(rule: Rule, name: str = "") -> _Key:
    """What fires as one: a rule, or its group called `name`, for as long as it means the same."""
    return name or rule.name, rule.condition.figure.name, rule.condition.comparison


def _silent(rule: Rule, phase: Phase) -> tuple[Any, ...]:
    """The row of a rule that never fired: its threshold may be out of reach."""
    return (
        rule.name, {}, rule.severity, rule.condition.text, phase,
        0, None, None, nan, nan, nan, rule.condition.threshold, 0,
    )  # fmt: skip


def _worse(comparison: str, one: float, other: float) -> float:
    if isnan(one) or isnan(other):
        return other if isnan(one) else one
    return max(one, other) if comparison in (">", ">=") else min(one, other)
