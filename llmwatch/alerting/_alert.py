"""One notice: what a handler, a banner and a table are given. Frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..context import Cell
from ..words import clean

__all__ = ["SEVERITIES", "Alert", "Handler", "subject"]

SEVERITIES = ("info", "warning", "critical")
"""From the least to the most urgent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One notice of a rule: it fires, it goes on, or it is over.

    Attributes
    ----------
    name, severity : str
        The rule's; the severity is `info`, `warning` or `critical`.
    state : str
        `firing` or `resolved`.
    figure : str
        The figure of `semconv.FIGURES` that is watched, or the name of the rule's own function.
    value, threshold : float
        The figure now (when resolved: at last), and what it is held against. Rates are shares
        of one, durations seconds, money USD.
    comparison : str
        `>`, `>=`, `<` or `<=`.
    labels : mapping of str to str
        The group, where the rule has `by=` ("" for calls that have no value); else empty.
    since, at : datetime
        When it began to fire, and when this notice was made; UTC, aware.
    n : int
        The calls behind `value`.
    window_s : float or None
        How far the rule looks back; None where it looks at what is in flight.
    message : str
        "p95 12.4 s, over 10 s"; "resolved after 2 min 10 s".
    detail : str
        "41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12]".
    hint : str
        The next thing to type, as code; empty where there is nothing.
    worst : float
        The value of this firing that lay farthest over.
    notified : int
        How often it was told that it fires, this notice included.
    key : str
        Rule name and labels: the same from firing to resolved.
    cell : Cell or None
        Where the latest offending call was made.
    call_ids : tuple of str
        Offending calls, at most 50, the newest last.
    """

    name: str
    severity: str
    state: str
    figure: str
    value: float
    threshold: float
    comparison: str
    labels: Mapping[str, str] = field(default_factory=dict)
    since: datetime
    at: datetime
    n: int
    window_s: float | None
    message: str
    detail: str
    hint: str
    worst: float
    notified: int
    key: str
    cell: Cell | None = None
    call_ids: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name and message as one line: "high_latency: p95 12.4 s, over 10 s"."""
        return f"{self.subject}{': ' if self.state == 'firing' else ' '}{self.message}"

    @property
    def subject(self) -> str:
        """The rule's name with its group, if any, in one line: "slow answers (model=gpt-5)"."""
        return subject(self.name, self.labels)

    def __str__(self) -> str:
        return " · ".join(part for part in (self.title, self.detail, self.hint) if part)


def subject(name: str, labels: Mapping[str, str]) -> str:
    """A rule's name with its group, if any, as one line."""
    group = ", ".join(f"{clean(word)}={clean(text) or 'none'}" for word, text in labels.items())
    return f"{clean(name, 80)} ({group})" if group else clean(name, 80)


Handler = Callable[[Alert], Any]
"""Takes each notice; sync or async. What it returns is not looked at."""
