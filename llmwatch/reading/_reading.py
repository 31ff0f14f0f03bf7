"""Reading what was recorded: the same interface for a session, a watch and a loaded file."""

from __future__ import annotations

from html import escape

from ._comparisons import Comparisons
from ._figures import Figures
from ._files import Files
from ._line import line
from ._money import Money
from ._pictures import Pictures
from ._ratings import Ratings
from ._reports import Reports
from ._spans import SpanTable
from ._tables import Tables

__all__ = ["Reading"]


class Reading(Pictures, Reports, Tables, SpanTable, Figures, Comparisons, Files, Ratings, Money):
    """What can be asked of recorded calls."""

    def __len__(self) -> int:
        return len(self._now())

    def __bool__(self) -> bool:
        return True  # a watch without calls is still one: `w or other` must not pass it over

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._line()}>"

    def _repr_html_(self) -> str:
        name, words = escape(type(self).__name__), escape(self._line())
        # Without these classes Jupyter reads what stands between two dollars as a formula.
        return f'<div class="tex2jax_ignore mathjax_ignore"><b>{name}</b> {words}</div>'

    def _line(self) -> str:
        return line(self._now(), len(self._in_flight()))
