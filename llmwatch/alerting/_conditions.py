"""What a rule holds a figure against, and whether it is over, clear of it, or neither."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan, nan, sqrt
from typing import Any, NamedTuple, Protocol

from .. import faults
from ..exceptions import UsageError
from ..semconv import FIGURES
from ..words import clean
from ._figures import Figure, Figures, asked_of_flight, figure_of, said_nothing
from ._quantities import EXAMPLES, quantity

__all__ = ["Condition", "Limit", "Made", "Measure", "condition_of", "nothing", "wilson"]

_FORM = re.compile(r"\s*(?P<figure>\w+)\s*(?P<sign>>=|<=|>|<|≥|≤)(?![=<>])\s*(?P<number>\S.*)$")
_SIGNS = {"≥": ">=", "≤": "<="}
_BAND = 0.1  # of the threshold: so far on the good side a figure must be to be clear of it
_FAR = 0.5  # of the threshold: so far on the bad side a figure does not hover about it
_Z = 1.959964  # two-sided 95 %


class Measure(NamedTuple):
    """One look of a condition at the figures."""

    value: float
    """NaN where there is nothing to say."""
    n: int
    """The calls behind it."""
    over: bool
    """Whether it is over the threshold, for certain enough."""
    clear: bool
    """Whether it is clearly not over: neither holds near the threshold, nor where it is unknown."""
    blank: bool
    """Whether there was no call to look at."""
    far: bool = False
    """Whether it is so far over the threshold that it does not hover about it."""


class Condition(Protocol):
    """What can be looked at: text with a threshold, or a function."""

    @property
    def figure(self) -> Figure: ...
    @property
    def comparison(self) -> str: ...
    @property
    def threshold(self) -> float: ...
    @property
    def text(self) -> str: ...
    def measure(self, figures: Mapping[str, Any], min_calls: int) -> Measure:
        """Look at `figures` (`summary.summarize`)."""

    def holds(self, value: float) -> bool:
        """Whether that lies beyond the threshold, however few calls say so."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure against a number.

    A rate counts as over only when the near end of its 95 % Wilson score interval is: one
    failure of one call may be chance, five of five are not. (E. B. Wilson, 1927, JASA 22, 209;
    L. D. Brown, T. T. Cai and A. DasGupta, 2001, Statistical Science 16, 101.) It is clear of
    the threshold when it lies a tenth of it on the good side, for shares and scores a tenth of
    the distance to the nearer end of their range.
    """

    figure: Figure
    comparison: str
    threshold: float
    text: str

    def measure(self, figures: Mapping[str, Any], min_calls: int) -> Measure:
        """Look at `figures`; too few calls are over nothing."""
        figure = self.figure
        value, blank = _value(figures[figure.name]), _is_blank(figures, figure)
        n = int(figures[figure.n or ("active" if figure.looks_at_flight else "requests")])
        if isnan(value):
            return Measure(value, n, False, blank, blank)
        surely = self._near_end(value, n) if figure.kind == "rate" else value
        over = self.holds(surely) and (not figure.n or n >= min_calls)
        clear = not self.holds(value) and abs(value - self.threshold) >= self._part(_BAND)
        far = over and abs(surely - self.threshold) >= self._part(_FAR)
        return Measure(value, n, over, clear, blank, far)

    def holds(self, value: float) -> bool:
        """Whether `value` lies beyond the threshold."""
        if self.comparison == ">":
            return value > self.threshold
        if self.comparison == ">=":
            return value >= self.threshold
        return value < self.threshold if self.comparison == "<" else value <= self.threshold

    @property
    def is_out_of_reach(self) -> bool:
        """Whether no calls are over it: the interval of a share never gets to 0 or 1 itself."""
        return self.figure.kind == "rate" and not self.holds(0.5) and self.threshold in (0, 1)

    def _near_end(self, share: float, n: int) -> float:
        """The end of the interval that must be over the threshold, too."""
        low, high = wilson(share, n)
        return low if self.comparison in (">", ">=") else high

    def _part(self, share: float) -> float:
        """That share of the threshold, or of the distance to the nearer end of its range."""
        size = abs(self.threshold)
        if self.figure.kind == "score":  # from -1 to 1: 0 is no end of it
            return share * (1 - size)
        return share * (min(size, 1 - size) if self.figure.kind == "rate" else size)


@dataclass(frozen=True, slots=True)
class Made:
    """A person's function of the figures: it holds when it gives True, or a number above 0.

    A no says nothing where each rate, length of time, score or sum of money that it asked for is
    unknown: a comparison with NaN is always False. Where one of them is known its no is believed.
    """

    figure: Figure
    function: Callable[[Figures], Any]
    comparison: str = ">"
    threshold: float = 0.0

    @property
    def text(self) -> str:
        """What stands for it in tables."""
        return f"{self.figure.name}(summary)"

    def holds(self, value: float) -> bool:
        """Whether the function has said yes."""
        return value > self.threshold

    def measure(self, figures: Mapping[str, Any], min_calls: int) -> Measure:
        """Ask the function; one that raises says nothing, and is a line in diagnostics."""
        asked = Figures(figures)
        try:
            value = _value(self.function(asked))
        except Exception as problem:  # a person's code, on our thread
            faults.note("alert", f"{self.text} raised {type(problem).__name__}: {problem}")
            value = nan
        if said_nothing(asked) and not self.holds(value):
            value = nan
        n = int(figures["requests"])
        blank = n == 0 and not (figures["active"] and asked_of_flight(asked))
        if isnan(value):
            return Measure(value, n, False, blank, blank)
        over = self.holds(value) and n + figures["active"] >= min_calls
        return Measure(value, n, over, value <= 0, blank, far=over)


def condition_of(condition: Any) -> Condition:
    """Read a condition: text like "error_rate > 10%", or a function of the figures.

    Raises
    ------
    UsageError
        For anything that cannot be meant, in one line that says how it is written.
    """
    if callable(condition):
        return _made(condition)
    if not isinstance(condition, str):
        raise UsageError(f"{condition!r} is no condition: {_HOW}")
    found = _FORM.match(condition)
    if found is None:
        raise UsageError(f"{condition.strip()!r} cannot be read: {_HOW}")
    sign = _SIGNS.get(found["sign"], found["sign"])
    return _limit(figure_of(found["figure"]), sign, found["number"].strip())


def _limit(figure: Figure, sign: str, number: str) -> Limit:
    """Hold `figure` against `number`, if it is one of its kind and can be passed."""
    threshold = quantity(number, figure.kind)
    if threshold is None:
        raise UsageError(f"{number!r}? {figure.name} is {EXAMPLES[figure.kind]}; {_LISTS}")
    limit = Limit(figure, sign, threshold, f"{figure.name} {sign} {number}")
    if limit.is_out_of_reach:
        near = "> 99%" if sign in (">", ">=") else "< 1%"
        line = f"{limit.text!r} never fires, as no number of calls makes it certain"
        raise UsageError(f'{line}: write "{figure.name} {near}"; {_LISTS}')
    return limit


_LISTS = f"figures: {', '.join(FIGURES)}; comparisons: > >= < <=; units: %, ms, s, min, h, $, k, M."
_HOW = (
    'write a figure, a comparison and a number, as "error_rate > 10%" or "latency_p95_s >= 800ms"; '
    + _LISTS
)


def _made(function: Callable[[Figures], Any]) -> Made:
    """Take a function, tried once: one that is broken in itself is told now, in one line."""
    name = getattr(function, "__name__", type(function).__name__)
    name = "condition" if name == "<lambda>" else name
    said = _tried(function, name)
    try:
        _value(said)
    except (TypeError, ValueError):
        line = f"{name} gives {clean(repr(said), 80)}: a condition gives True, False or a number."
        raise UsageError(line) from None
    return Made(Figure(name, "made"), function)


def _tried(function: Callable[[Figures], Any], name: str) -> Any:
    """What it gives when every figure is 1, so that no unknown one can be why it raises."""
    ones = {known: 1 if value == 0 else 1.0 for known, value in nothing().items()}
    try:
        return function(Figures({**ones, "errors": {}}))
    except UsageError:
        raise
    except (ArithmeticError, LookupError, ValueError):  # of these numbers; of others it may not
        return None
    except Exception as problem:
        why = f"{type(problem).__name__}: {clean(str(problem), 120)}"
        line = f"{name} raised {why}; a condition takes the figures and gives True, False"
        raise UsageError(f"{line} or a number, as lambda f: f.tokens > 500.") from None


def nothing() -> dict[str, Any]:
    """The figures of no calls."""
    figures: dict[str, Any] = {**dict.fromkeys(FIGURES, nan), "errors": {}}
    for name in FIGURES:
        figure = figure_of(name)
        if figure.kind in ("count", "usd") and name != "errors":
            figures[name] = 0
        if figure.n:
            figures[figure.n] = 0
    return figures


def _value(found: Any) -> float:
    """One number: the break-down `errors` is as large as its sum, nothing is NaN."""
    if isinstance(found, Mapping):
        return float(sum(found.values()))
    return nan if found is None else float(found)


def _is_blank(figures: Mapping[str, Any], figure: Figure) -> bool:
    return not figures["active" if figure.looks_at_flight else "requests"]


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of `share` seen in `n` calls."""
    if n < 1:
        return 0.0, 1.0
    square = _Z * _Z / n
    centre = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * sqrt(share * (1 - share) / n + square / (4 * n))
    return max(0.0, centre - half), min(1.0, centre + half)
