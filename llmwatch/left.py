"""What the calls that have left memory come to, by model: counters outlive rows."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from math import isnan
from typing import TYPE_CHECKING, Any

from .tallies import READ, Tally

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LEFT", "MOST", "OTHER", "UNKNOWN", "Left", "label_of"]

LEFT = ("model", *READ)
"""The columns that `Left` reads."""

OTHER = "other"
"""What stands for all values of a label beyond the first hundred."""
UNKNOWN = "unknown"
"""What stands for a model that no request named."""
MOST = 100
"""Values of one label; a metric system keeps each of them for weeks."""

_LONGEST = 200  # characters


class Left:
    """The calls that have left memory, by model, for whoever asks for them later.

    Attributes
    ----------
    tallies : dict of str to Tally
        By model as a label has it, in the order they came; those after the first hundred together.
    """

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}

    def add(self, columns: Mapping[str, np.ndarray]) -> None:
        """Count the calls in the columns of `LEFT`, which come after those counted before."""
        tallies: dict[Any, Tally] = {}
        rows = zip(*(columns[name].tolist() for name in READ), strict=True)
        for model, row in zip(columns["model"].tolist(), rows, strict=True):
            if model not in tallies:
                tallies[model] = self._tally(label_of(model) or UNKNOWN)
            tallies[model].add(row)

    def _tally(self, name: str) -> Tally:
        if name not in self.tallies and len(self.tallies) >= MOST:
            name = OTHER
        return self.tallies.setdefault(name, Tally())

    def copy(self) -> Left:
        """The same, to be added to apart."""
        return deepcopy(self)


def label_of(value: Any) -> str:
    """A value as a label can hold it: UTF-8, of bounded length; empty where there is none."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    text = value if isinstance(value, str) else str(value)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
