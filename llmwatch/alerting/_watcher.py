"""One rule on one group of calls: its state, what is known of its firing, and what to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isnan, nan
from typing import Any

from . import _sentences as say
from ._alert import Alert
from ._conditions import Measure
from ._evidence import Evidence
from ._look import Group, Look
from ._rules import Rule
from ._states import HOLD_S, Change, Schedule, State

__all__ = ["Watcher"]

_NOTHING = Measure(nan, 0, False, False, True)


class Watcher:
    """Looks at one group for one rule.

    Attributes
    ----------
    rule : Rule
        Replaced when the person defines it anew.
    alert : Alert or None
        The latest notice of the firing that goes on or was last.
    """

    def __init__(self, rule: Rule, group: Group) -> None:
        self.rule = rule
        self.group = group
        self.labels = {word: text or "" for word, text in zip(rule.by, group, strict=True)}
        self.state = State()
        self.schedule = Schedule()
        self.measure = _NOTHING
        self.alert: Alert | None = None
        self.fired_ns = 0
        self.worst = nan
        self.notified = 0
        self.shown = False
        self._evidence = Evidence()

    @property
    def key(self) -> str:
        """Rule name and labels."""
        return "\x1f".join((self.rule.name, *(f"{k}={v}" for k, v in self.labels.items())))

    @property
    def fires(self) -> bool:
        return self.state.phase == "firing"

    def look(self, look: Look, figures: Mapping[str, Any]) -> Change | None:
        """Take the figures of its group into account; returns whether that changed its state."""
        rule, now = self.rule, look.now_ns
        self.measure = rule.condition.measure(figures, rule.min_calls)
        change = self.state.step(
            self.measure, now, for_ns=round(rule.for_s * 1e9), hold_ns=self._hold_ns()
        )
        if change == "fired":
            self._begin(now)
        if self.fires:
            self._go_on(look, figures)
        elif change == "resolved":
            self._end(now, f"resolved after {self._length(now)}")
        return change

    def _hold_ns(self) -> int:
        """How long it must stay clear to be over: flight knows no noise, a short window less."""
        if self.rule.condition.figure.looks_at_flight:
            return 0
        return round(min(HOLD_S, self.rule.window_s / 10) * 1e9)

    def _begin(self, now_ns: int) -> None:
        self.fired_ns, self.worst, self.notified = now_ns, self.measure.value, 0
        self.shown, self.alert, self._evidence = False, None, Evidence()
        self.schedule.begins(now_ns)

    def _go_on(self, look: Look, figures: Mapping[str, Any]) -> None:
        rule, condition, value = self.rule, self.rule.condition, self.measure.value
        if not isnan(value):
            worse = max if condition.comparison in (">", ">=") else min
            self.worst = worse(self.worst, value)
        if condition.figure.looks_at_flight:
            self._evidence.fly(look, condition, rule.by, self.group)
        else:
            self._evidence.add(look, condition, rule.window_s, rule.by, self.group)
        if self.alert is None or not isnan(value):
            self.alert = self._made(
                "firing", look.now_ns,
                message=say.message(condition, value),
                detail=say.detail(
                    condition, figures, rule.window_s, self.fired_ns, look.now_ns, self._evidence
                ),
                hint=say.hint(condition),
            )  # fmt: skip

    def is_due(self, now_ns: int) -> bool:
        """Whether handlers are to be told now that it fires."""
        return self.schedule.is_due(now_ns, told_of_this=self.notified > 0, far=self.measure.far)

    def told(self, now_ns: int) -> None:
        """The notice of now goes out."""
        self.schedule.told(now_ns, told_of_this=self.notified > 0)
        self.notified += 1
        if self.alert is not None:
            self.alert = replace(self.alert, notified=self.notified)

    def retire(self, now_ns: int, why: str) -> None:
        """It is looked at no longer: the rule was removed, or alerts are off."""
        self._end(now_ns, f"{why} after {self._length(now_ns)}")
        self.state = State()

    def _end(self, now_ns: int, message: str) -> None:
        told = say.outcome(self.rule.condition, self.worst, self._evidence, self.notified)
        self.schedule.over(now_ns, told_of_this=self.notified > 0)
        self.alert = self._made("resolved", now_ns, message=message, detail=told, hint="")

    def _length(self, now_ns: int) -> str:
        return say.duration((now_ns - self.fired_ns) / 1e9)

    def _made(self, state: str, now_ns: int, *, message: str, detail: str, hint: str) -> Alert:
        rule, condition, evidence = self.rule, self.rule.condition, self._evidence
        value = self.measure.value
        return Alert(
            name=rule.name,
            severity=rule.severity,
            state=state,
            figure=condition.figure.name,
            value=value if self.alert is None or not isnan(value) else self.alert.value,
            threshold=condition.threshold,
            comparison=condition.comparison,
            labels=self.labels,
            since=say.at_ns(self.fired_ns),
            at=say.at_ns(now_ns),
            n=self.measure.n,
            window_s=None if condition.figure.looks_at_flight else rule.window_s,
            message=message,
            detail=detail,
            hint=hint,
            worst=self.worst,
            notified=self.notified,
            key=self.key,
            cell=evidence.cell,
            call_ids=tuple(evidence.call_ids),
        )
