"""A rule: what a person asks to be told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from ..exceptions import UsageError
from ..summary import needed_by
from ._alert import SEVERITIES, Handler
from ._conditions import Condition, condition_of
from ._quantities import length_s

__all__ = ["Rule", "no_handler", "rule_of", "severities_of"]

_LEAST_WINDOW_S = 1.0  # rules are looked at twice a second


def _of_nobody(rule: Rule) -> None:
    """A rule that no manager holds is removed already."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule; made by `llmwatch.alert`.

    Attributes
    ----------
    name : str
        What it is called; the same name again replaces it.
    condition : Condition
        The figure, the comparison and the threshold, or a function.
    window_s : float
        It looks at the calls that ended within so many seconds.
    severity : str
        `info`, `warning` or `critical`.
    for_s : float
        So long the condition must hold before it fires.
    min_calls : int
        With fewer calls behind a rate, a mean, a percentile or a function it does not fire. It
        does not apply to counts and sums, which are as certain with one call as with a hundred.
    by : tuple of str
        One alert per group of these.
    notify : tuple of callable
        Handlers of this rule alone, besides those of `alerts.add_handler`.
    """

    name: str
    condition: Condition
    window_s: float = 300.0
    severity: str = "warning"
    for_s: float = 0.0
    min_calls: int = 5
    by: tuple[str, ...] = ()
    notify: tuple[Handler, ...] = ()
    _forget: Callable[[Rule], None] = field(default=_of_nobody, repr=False)

    def remove(self) -> None:
        """Take the rule out; removing it twice is removing it once."""
        self._forget(self)

    def owned(self, forget: Callable[[Rule], None]) -> Rule:
        """The same rule, held by a manager whose `forget` takes it out."""
        return replace(self, _forget=forget)

    def __repr__(self) -> str:
        by = f", by {', '.join(self.by)}" if self.by else ""
        return f"<Rule {self.name}: {self.condition.text}, {self.severity}{by}>"


def rule_of(
    name: Any,
    condition: Any = None,
    *,
    window: str | timedelta | float = "5min",
    severity: str = "warning",
    for_: str | timedelta | float = "0s",
    min_calls: int = 5,
    by: str | Iterable[str] | None = None,
    notify: Handler | Iterable[Handler] | None = None,
) -> Rule:
    """Read a rule; a condition alone is its own name.

    Raises
    ------
    UsageError
        For anything that cannot be meant, in one line.
    """
    if condition is None:
        read = condition_of(name)
        name = read.text if isinstance(name, str) else getattr(name, "__name__", "<lambda>")
        if name == "<lambda>":  # the second one would take the place of the first
            raise UsageError(
                'a lambda has no name: give it one, as in alert("chatty", lambda f: ...).'
            )
    else:
        read = condition_of(condition)
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f'{name!r} is not a name: give e.g. alert("slow", "latency_p95_s > 10s").')
    if isinstance(min_calls, bool) or not isinstance(min_calls, int) or min_calls < 1:
        raise UsageError(f"min_calls={min_calls!r} is not a number of calls: give e.g. 5.")
    return Rule(
        name=name.strip(),
        condition=read,
        window_s=length_s("window", window, least=_LEAST_WINDOW_S),
        severity=_severity(severity),
        for_s=length_s("for_", for_),
        min_calls=min_calls,
        by=_by(by),
        notify=_handlers(notify),
    )


def severities_of(asked: str | Iterable[str] | None) -> frozenset[str]:
    """The severities that a handler wants: all, those from one on, or those listed."""
    if asked is None:
        return frozenset(SEVERITIES)
    if isinstance(asked, str):
        return frozenset(SEVERITIES[SEVERITIES.index(_severity(asked)) :])
    return frozenset(_severity(word) for word in asked)


def _severity(word: Any) -> str:
    if word in SEVERITIES:
        return str(word)
    close = get_close_matches(str(word), SEVERITIES, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    raise UsageError(f"severity={word!r} is not one of {', '.join(SEVERITIES)}.{guess}")


def _by(by: Any) -> tuple[str, ...]:
    if by is None:
        return ()
    needed_by(by)  # says so when it names no groups
    return (by,) if isinstance(by, str) else tuple(by)


def _handlers(notify: Any) -> tuple[Handler, ...]:
    if notify is None or callable(notify):
        return () if notify is None else (notify,)
    handlers = tuple(notify) if isinstance(notify, Iterable) else (notify,)
    for handler in (notify,) if isinstance(notify, str) else handlers:
        if not callable(handler):
            raise no_handler("notify", handler)
    return handlers


def no_handler(where: str, given: Any) -> UsageError:
    """What is told of a handler that cannot be called; it may be an address, and so a secret."""
    kind = type(given).__name__
    line = "give a function of one Alert, or what llmwatch.slack(url) and the like make."
    return UsageError(f"{where}: no {kind} can be called; {line}")
