"""The calls that make a rule fire: how many, of which models, from which cells, and why."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

from ..context import Cell
from ..semconv import NAMES, STATUSES
from ..totals import BEGUN, codes_of, known, refused
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
_PLACE = ("cell_id", "execution_count", "cell_run_id", "notebook")
_TOLD = ("call_id", "model", "error_type", "error_code", "http_status", *_PLACE)


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
    wait_s : float or None
        How long the newest that said so asked to wait (`Retry-After`).
    """

    def __init__(self) -> None:
        self.count = 0
        self.models: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.cells: dict[str, Cell] = {}
        self.call_ids: deque[str] = deque(maxlen=_IDS)
        self.wait_s: float | None = None
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
        fresh = (look.numbers >= self._next) & (look.ended > start_ns)
        self._next = look.stop
        if not fresh.any():
            return
        wanted = fresh & _offending(look, condition)
        names = {*_TOLD, "labels", *by} & _COLUMNS
        calls = {name: column[wanted].tolist() for name, column in look.columns(*names).items()}
        calls = _of_group(calls, by, group) if by else calls
        self._take(calls)
        waits = (look.flight.wait_s(id_) for id_ in reversed(calls["call_id"][-_IDS:]))
        self.wait_s = next((wait for wait in waits if wait is not None), self.wait_s)

    def fly(self, look: Look, condition: Condition, by: tuple[str, ...], group: Group) -> None:
        """Take the offending calls in flight instead: they are looked at anew each time."""
        self.count = 0
        self.models.clear()
        rows = sorted(look.flight.rows, key=lambda call: -float(call["age_s"]))
        if condition.figure.name == "oldest_active_s":
            rows = [call for call in rows if call["age_s"] > condition.threshold]
        names = {*_TOLD, "labels", *by}
        calls = {name: [call.get(name) for call in rows] for name in names}
        self._take(_of_group(calls, by, group) if by else calls)

    def _take(self, calls: Mapping[str, list[Any]]) -> None:
        """Count calls, given by column."""
        self.count += len(calls["model"])
        for model, n in Counter(map(_text, calls["model"])).items():
            _add(self.models, model or "an unknown model", n)
        causes = zip(calls["error_type"], calls["error_code"], calls["http_status"], strict=True)
        for (error, code, status), n in Counter(causes).items():
            if _text(error):
                _add(self.causes, str(status) if status and status >= 400 else error, n)
                _add(self.codes, error, n)
                _add(self.codes, _text(code) or error, n)
        self.call_ids.extend(id_ for id_ in calls["call_id"][-_IDS:] if _text(id_))
        self._take_cells(zip(*(calls[name] for name in _PLACE), strict=True))

    def _take_cells(self, places: Iterable[tuple[Any, ...]]) -> None:
        """Enter runs of cells, the latest last."""
        newest = list(dict.fromkeys(reversed(list(places))))[:_KINDS]
        for cell_id, count, run, notebook in reversed(newest):
            if _text(run):
                self.cells.pop(run, None)
                self.cells[run] = Cell(_text(cell_id), count, run, _text(notebook))
        for run in list(self.cells)[:-_KINDS]:
            del self.cells[run]


def _of_group(
    calls: Mapping[str, list[Any]], by: tuple[str, ...], group: Group
) -> dict[str, list[Any]]:
    """Those of the calls that belong to `group`."""
    said = zip(*(_said(word, calls) for word in by), strict=True)
    chosen = [row for row, values in enumerate(said) if values == group]
    return {name: [values[row] for row in chosen] for name, values in calls.items()}


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
            failed = codes_of(look.columns("status_code")) == STATUSES.index("error")
            found &= ~refused(failed, look.columns(*BEGUN)) & ~is_measured
        else:
            found &= is_measured
    return found


def _add(counter: Counter[str], word: str, n: int) -> None:
    counter[word if word in counter or len(counter) < _KINDS else "others"] += n


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _said(word: str, calls: Mapping[str, list[Any]]) -> list[str | None]:
    """What each call says of one word of `by`, as `summary.by_group` says it."""
    if word != "cell" and word not in _COLUMNS:
        values = [_label(text, word) for text in calls["labels"]]
    else:
        values = calls["execution_count" if word == "cell" else word]
    return [None if _is_missing(value) else str(value) for value in values]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _label(text: Any, word: str) -> Any:
    try:
        labels = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return None
    value = labels.get(word) if isinstance(labels, dict) else None
    return value if value is None or isinstance(value, str) else json.dumps(value)
