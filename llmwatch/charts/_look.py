"""How charts look: ink, rules and series colours for light, dark, and either."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from ..exceptions import UsageError

__all__ = ["DARK", "EITHER", "LIGHT", "Look", "Theme", "look_of"]

Theme: TypeAlias = Literal["light", "dark"] | None

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


class Look(NamedTuple):
    """The colours of one theme.

    The series stay apart under protanopia, deuteranopia and tritanopia (Machado, Oliveira and
    Fernandes 2009) by ten units of CIELAB distance or more, and errors also by their shape.
    """

    ink: str
    muted: str
    rule: str
    rule_opacity: float
    bad: str
    series: tuple[str, ...]
    other: str
    ground: str | None

    @property
    def into(self) -> str:
        """The colour of what is sent."""
        return self.series[0]

    @property
    def out(self) -> str:
        """The colour of what comes back."""
        return self.series[1]

    def colours(self, names: Sequence[str]) -> list[str]:
        """A colour for each of the names: a series, or for one more than there are, `other`."""
        return [*self.series, self.other][: len(names)]

    def pale(self, colour: str) -> str:
        """`colour` lighter, for what is estimated or not the point; opaque, so that it prints."""
        ground = self.ground or _GREY
        mixed = (0.45 * int(colour[at : at + 2], 16) + 0.55 * int(ground[at : at + 2], 16)
                 for at in (1, 3, 5))  # fmt: skip
        return "#" + "".join(f"{round(value):02x}" for value in mixed)


_GREY = "#9a9a9a"
LIGHT = Look(
    ink="#1f1f1f", muted="#616161", rule="#e0e0e0", rule_opacity=1.0, bad="#c62828",
    series=("#4269d0", "#d9730d", "#2a9e76", "#6f1d6b", "#d474b4"), other="#5c5c5c",
    ground="#ffffff",
)  # fmt: skip
DARK = Look(
    ink="#e8e8e8", muted="#a0a0a0", rule="#333333", rule_opacity=1.0, bad="#ff8a80",
    series=("#8fb0ff", "#ffb066", "#6ed2ad", "#9c6bf2", "#ffd9f0"), other="#858585",
    ground="#111111",
)  # fmt: skip
# Between the two: text has a contrast above 4 on white and on near-black alike.
EITHER = Look(
    ink="#767676", muted="#777777", rule="#808080", rule_opacity=0.3, bad="#e5484d",
    series=("#5b83e6", "#d97b1f", "#2f9f7c", "#8a4fc8", "#d07fbb"), other="#6e6e6e",
    ground=None,
)  # fmt: skip

_LOOKS: dict[Any, Look] = {None: EITHER, "light": LIGHT, "dark": DARK}


def look_of(theme: Theme) -> Look:
    """The look that `theme` names.

    Raises
    ------
    UsageError
        For another word.
    """
    if theme not in [*_LOOKS]:  # a list of them, since a word may be of any type
        raise UsageError(f'theme={theme!r}? There are "light", "dark", and None for either.')
    return _LOOKS[theme]
