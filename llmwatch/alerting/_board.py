"""The table of rules: what each says now, and when it fired last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from .. import colours
from ..words import UNKNOWN, seconds
from . import _sentences as say
from ._alert import subject
from ._desk import Desk
from ._engine import Engine
from ._history import History
from ._rules import Rule
from ._watcher import Watcher

__all__ = ["Board"]

_HEADS = ("rule", "severity", "state", "value", "threshold", "n", "since", "last fired", "fired")
_RIGHT = {"value", "threshold", "n", "fired"}
_STYLE = {"firing": colours.BAD, "pending": colours.WARN}
_OFF = "off: %llmwatch alerts on, or llmwatch.alerts.on(), looks at them again"


class Board(NamedTuple):
    """One row for each rule, and each of its groups that is not inactive."""

    rows: list[tuple[str, ...]]
    is_on: bool

    @classmethod
    def of(
        cls,
        rules: Sequence[Rule],
        engine: Engine,
        desk: Desk,
        history: History,
        now_ns: int,
        is_on: bool,
    ) -> Board:
        """The rows of these rules as they stand."""
        rows: list[tuple[str, ...]] = []
        for rule in rules:
            muted_s = (desk.muted_until_ns(rule.name) - now_ns) / 1e9
            rows += [_row(w, history, now_ns, muted_s) for w in _shown(rule, engine)]
        return cls(rows, is_on)

    def text(self) -> str:
        """As lines of text."""
        table = [_HEADS, *self.rows]
        widths = [max(len(row[n]) for row in table) for n in range(len(_HEADS))]
        lines = ["  ".join(self._fitted(row, widths)).rstrip() for row in table]
        return "\n".join([*lines, *self._notes()])

    def _fitted(self, row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
        for head, cell, width in zip(_HEADS, row, widths, strict=True):
            yield cell.rjust(width) if head in _RIGHT else cell.ljust(width)

    def html(self) -> str:
        """As an HTML table."""
        heads = "".join(f'<th scope="col" style="{_css(head)}">{head}</th>' for head in _HEADS)
        body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in self.rows)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self._notes())
        return (
            '<div class="tex2jax_ignore mathjax_ignore"><table style="border-collapse:collapse">'
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{notes}</div>"
        )

    def _notes(self) -> Iterator[str]:
        if not self.rows:
            yield 'no rules: llmwatch.alert("error_rate > 10%") makes one'
        if not self.is_on:
            yield _OFF


def _shown(rule: Rule, engine: Engine) -> list[Watcher]:
    """The groups that are told of: of a rule with `by=` those that are not inactive."""
    watchers = engine.watchers_of(rule.name)
    if rule.by:
        watchers = [w for w in watchers if w.state.phase != "inactive"]
    return watchers or [Watcher(rule, (None,) * len(rule.by))]


def _row(watcher: Watcher, history: History, now_ns: int, muted_s: float) -> tuple[str, ...]:
    rule, measure, phase = watcher.rule, watcher.measure, watcher.state.phase
    condition, figure = rule.condition, rule.condition.figure
    record = history.of(watcher)
    state = f"{phase} (muted {seconds(muted_s)})" if muted_s > 0 else phase
    is_known = measure.value == measure.value
    cells = (
        subject(rule.name, {} if phase == "inactive" else watcher.labels),
        rule.severity,
        state,
        say.reading(figure, measure.value) if is_known else UNKNOWN,
        f"{condition.comparison} {say.limit(condition)}",
        f"{measure.n:,}",
        say.clock(watcher.state.since_ns, now_ns) if phase != "inactive" else "",
        say.clock(record.last_ns, now_ns) if record is not None else "",
        f"{record.fired:,}" if record is not None else "0",
    )
    return tuple(cell.replace("\u202f", " ") for cell in cells)


def _cells(row: Sequence[str]) -> Iterator[str]:
    for head, cell in zip(_HEADS, row, strict=True):
        colour = _STYLE.get(cell.partition(" ")[0], "") if head == "state" else ""
        yield f'<td style="{_css(head)};{colour}">{escape(cell)}</td>'


def _css(head: str) -> str:
    return f"padding:2px 8px;text-align:{'right' if head in _RIGHT else 'left'};white-space:nowrap"
