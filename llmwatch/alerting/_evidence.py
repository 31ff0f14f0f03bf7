"""The calls that make a rule fire: how many, of which models, from which cells, and why."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

from ..context import Cell
from ..semconv import NAMES, STATUSES
from ..totals import codes_of, known
from ._conditions import Condition
from ._look import Group, Look

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Evidence"]

_COLUMNS = frozenset(NAMES)
_IDS = 50
_KINDS = 50  # models, causes and cells that are told apart: names are data anybody may choose
_STATUS = {
    "error_rate": "error", "errors": "error", "success_rate": "error",
    "cancelled": "cancelled", "partial": "partial",
}  # fmt: skip
_MEASURED = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "tokens": ("input_tokens", "output_tokens"),
    "cost_usd": ("cost_usd",),
    "unpriced": ("cost_usd",),
    "unmeasured": ("input_tokens", "output_tokens"),
}
_TOLD = (
    "call_id", "model", "error_type", "error_code", "http_status", "cell_id", "execution_count",
    "cell_run_id", "notebook",
)  # fmt: skip


class Evidence:
    """What the offending calls of one firing have in common. Each call is looked at once.

    Attributes
    ----------
    count : int
        Offending calls so far.
    models, causes : Counter
        Them by model, and the failed ones by HTTP status or error type.
    cells : dict of str to Cell
        Where they were made, by run of the cell, the latest last.
    call_ids : deque of str
        The newest of them, the newest last.
    codes : Counter
        The failed ones by the provider's own code, else the error type: for the advice.
    """

    def __init__(self) -> None:
        self.count = 0
        self.models: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.cells: dict[str, Cell] = {}
        self.call_ids: deque[str] = deque(maxlen=_IDS)
        self._next = 0

    @property
    def cell(self) -> Cell | None:
        """Where the latest of them was made."""
        return next(reversed(self.cells.values()), None)

    def add(
        self, look: Look, condition: Condition, window_s: float, by: tuple[str, ...], group: Group
    ) -> None:
        """Take in the offending calls that ended since the last time."""
        start_ns = look.now_ns - round(window_s * 1e9)
        numbers = look.numbers
        fresh = (numbers >= self._next) & (look.ended > start_ns)
        self._next = look.stop
        if not fresh.any():
            return
        wanted = fresh & _offending(look, condition)
        names = (*_TOLD, *(name for name in by if name not in _TOLD), "labels")
        columns = look.columns(*dict.fromkeys(name for name in names if name in _COLUMNS))
        lists = {name: column[wanted].tolist() for name, column in columns.items()}
        for row in range(int(wanted.sum())):
            call = {name: values[row] for name, values in lists.items()}
            if all(_said(word, call) == value for word, value in zip(by, group, strict=True)):
                self._take(call)

    def fly(self, look: Look, condition: Condition, by: tuple[str, ...], group: Group) -> None:
        """Take the offending calls in flight instead: they are looked at anew each time."""
        self.count = 0
        self.models.clear()
        for call in sorted(look.flight.rows, key=lambda call: -float(call["age_s"])):
            old = condition.figure.name != "oldest_active_s" or call["age_s"] > condition.threshold
            same = all(_said(word, call) == value for word, value in zip(by, group, strict=True))
            if old and same:
                self._take(call)

    def _take(self, call: Mapping[str, Any]) -> None:
        self.count += 1
        _add(self.models, _text(call.get("model")) or "an unknown model")
        if _text(call.get("call_id")):
            self.call_ids.append(call["call_id"])
        error = _text(call.get("error_type"))
        if error:
            status = call.get("http_status")
            _add(self.causes, str(status) if status and status >= 400 else error)
            _add(self.codes, _text(call.get("error_code")) or error)
            _add(self.codes, error)
        run = _text(call.get("cell_run_id"))
        if run:
            self.cells.pop(run, None)
            self.cells[run] = Cell(
                cell_id=_text(call.get("cell_id")),
                execution_count=call.get("execution_count"),
                run_id=run,
                notebook=_text(call.get("notebook")),
            )
            if len(self.cells) > _KINDS:
                del self.cells[next(iter(self.cells))]


def _offending(look: Look, condition: Condition) -> np.ndarray:
    """The calls that have a part in it; all of them where no single one has."""
    import numpy as np

    name = condition.figure.name
    found = np.ones(len(look.ended), bool)
    if name in _STATUS:
        found &= codes_of(look.columns("status_code")) == STATUSES.index(_STATUS[name])
    elif name.startswith(("latency", "ttft")) and condition.comparison in (">", ">="):
        column = "latency_s" if name.startswith("latency") else "ttft_s"
        values, is_known = known(look.columns(column)[column])
        found &= codes_of(look.columns("status_code")) == STATUSES.index("ok")
        found &= is_known & (np.where(is_known, values, 0) > condition.threshold)
    elif name in _MEASURED:
        has = [known(column)[1] for column in look.columns(*_MEASURED[name]).values()]
        is_measured = np.logical_or.reduce(has)
        if name.startswith("un"):  # a refused call is of no price, not of an unknown one
            is_answered = codes_of(look.columns("status_code")) != STATUSES.index("error")
            found &= is_answered & ~is_measured
        else:
            found &= is_measured
    return found


def _add(counter: Counter[str], word: str) -> None:
    counter[word if word in counter or len(counter) < _KINDS else "others"] += 1


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _said(word: str, call: Mapping[str, Any]) -> str | None:
    """What a call says of one word of `by`, as `summary.by_group` says it."""
    value = call.get("execution_count" if word == "cell" else word)
    if word != "cell" and word not in _COLUMNS:
        value = _label(call.get("labels"), word)
    is_missing = value is None or (isinstance(value, float) and isnan(value))
    return None if is_missing else str(value)


def _label(text: Any, word: str) -> Any:
    try:
        labels = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return None
    value = labels.get(word) if isinstance(labels, dict) else None
    return value if value is None or isinstance(value, str) else json.dumps(value)
