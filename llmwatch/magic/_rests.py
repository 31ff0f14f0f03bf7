"""The groups of a rule that have no banner of their own: one line under their cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..widgets import Banner
from ._shown import Shown

__all__ = ["Rests"]


class Rests:
    """One line for each rule and run of a cell; its number of groups is kept true.

    Parameters
    ----------
    banner : callable
        Gives the banner of what is shown, for its words.
    publish : callable
        Shows a bundle in the place of what is shown.
    """

    def __init__(
        self, banner: Callable[[Shown], Banner], publish: Callable[[Shown, dict[str, str]], None]
    ) -> None:
        self._banner, self._publish = banner, publish
        self._lines: dict[tuple[str, int], Shown] = {}
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}

    def __iter__(self) -> Iterator[Shown]:
        return iter(self._lines.values())

    def __contains__(self, corner: object) -> bool:
        return corner in self._lines

    def draw(self, folded: Iterable[Shown]) -> None:
        """Bring each line up to date with these groups, which are all that have no banner."""
        counts = dict.fromkeys(self._lines, (0, 0))
        for shown in folded:
            if shown.corner not in self._lines:
                self._lines[shown.corner] = Shown(shown.alert, shown.place)
            firing, ended = counts.get(shown.corner, (0, 0))
            is_over = shown.alert.state == "resolved"
            counts[shown.corner] = firing + (not is_over), ended + is_over
        for corner, (firing, ended) in counts.items():
            if self._counts.get(corner) != (firing, ended):
                self._counts[corner] = firing, ended
                line = self._lines[corner]
                line.version += 1
                self._publish(line, self._banner(line).rest(firing, ended))
            if not (firing or ended):
                del self._lines[corner], self._counts[corner]
