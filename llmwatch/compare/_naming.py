"""What groups are called, and which of them a person means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..exceptions import UsageError
from ..words import clean

__all__ = ["JOIN", "Naming", "TooFewGroups"]

JOIN = " · "
_GIVEN = ("tag", "user", "feature")  # by `watch`
_MOST = 20  # groups: more than anybody reads
_SHOWN = 5  # groups that an error names


class TooFewGroups(UsageError):
    """There are not two groups among the calls, whichever one asks for."""


class Naming:
    """The groups of some calls by their names; without those in which calls have no value.

    Parameters
    ----------
    words : tuple of str
        What the calls are grouped by.
    keys : list of tuple
        Each group's value of each word.
    """

    def __init__(self, words: tuple[str, ...], keys: list[tuple[Any, ...]]) -> None:
        self.by = JOIN.join(words)
        self._keys = keys
        self.names: dict[int, str] = {}
        for n, key in enumerate(keys):
            if None not in key:
                self._add(n, JOIN.join(map(str, key)))

    def _add(self, n: int, name: str) -> None:
        while name in self.names.values():  # two kernels in one history both have an In[7]
            name += "'"
        self.names[n] = name

    def wanted(self, groups: Iterable[Any] | None, baseline: Any) -> list[int]:
        """The groups to compare; the baseline is one of them, and leads where it is given.

        Raises
        ------
        UsageError
            For a group that there is not, fewer than two, or more than 20.
        """
        first = [] if baseline is None else [self._find("baseline", baseline)]
        if groups is None:
            others = list(self.names)
        else:
            is_one = isinstance(groups, str) or not isinstance(groups, Iterable)
            given = [groups] if is_one else groups
            others = [self._find("groups", one) for one in given]
        chosen = list(dict.fromkeys([*first, *others]))
        if len(chosen) < 2 and groups is not None and len(self.names) > 1:
            raise UsageError(
                f"groups={groups!r}: two are needed to compare, of {self._some(_SHOWN)}."
            )
        if len(chosen) < 2:
            raise TooFewGroups(self._too_few())
        if len(chosen) > _MOST:
            raise UsageError(
                f"by={self.by!r} makes {len(chosen):,} groups, and at most {_MOST} are compared: "
                f"name those, e.g. .compare(groups={self._some(2)})."
            )
        return chosen

    def _find(self, option: str, given: Any) -> int:
        parts = given if isinstance(given, (tuple, list)) else (given,)
        for n, name in self.names.items():
            if str(given) == name or [*map(str, parts)] == [*map(str, self._keys[n])]:
                return n
        if not self.names:
            raise TooFewGroups(self._too_few())
        raise UsageError(
            f"{option}={given!r} is no group by {self.by!r}: there are {self._some(_SHOWN)}."
        )

    def _too_few(self) -> str:
        if not self._keys:
            return "There are no calls to compare yet."
        if not self.names:
            word = self.by if self.by in _GIVEN else "tag"
            article = "an" if self.by[:1] in "aeio" else "a"
            return (
                f"No call has {article} {self.by}: make them under e.g. watch({word}=...), or "
                "compare by another word."
            )
        return (
            f"All calls by {self.by!r} are of one group, {self._some(1)[1:-1]}: "
            "two are needed to compare."
        )

    def _some(self, most: int) -> str:
        """The names of some groups, as a list that can be typed."""
        shown = ", ".join(repr(clean(name)) for name in [*self.names.values()][:most])
        return f"[{shown}{', ...' if len(self.names) > most else ''}]"
