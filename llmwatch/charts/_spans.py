"""The spans of a waterfall: any table that says what started and ended when, in tree order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..words import UNKNOWN
from ._foreign import readable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Bar", "fits", "spans_of", "state_of"]

_DEEPEST = 64
_STARTS, _ENDS, _LASTS = ("start", "started_at"), ("end", "ended_at"), ("duration_s", "latency_s")


class Bar(NamedTuple):
    """One thing that ran, in milliseconds; `wait` and `first` are parts of it."""

    name: str
    start: float
    end: float
    depth: int
    state: str
    is_call: bool = True
    wait: float = 0.0
    first: float = 0.0


def fits(frame: pd.DataFrame) -> bool:
    """Whether these are spans: a name, a start, and an end or a duration."""
    has = set(frame.columns)
    return "name" in has and bool(has & set(_STARTS)) and bool(has & {*_ENDS, *_LASTS})


def spans_of(frame: pd.DataFrame) -> list[Bar]:
    """A bar for each, parents before children; what is still open lasts as long as what is seen."""
    import numpy as np

    start = _times(frame, _STARTS)
    states, kinds = _column(frame, "status"), _column(frame, "kind")
    end = _ended(frame, start)
    end = np.where([state == "open" for state in states], _latest(start, end), end)
    depth = _depths(frame)
    names, problems = frame["name"].tolist(), _column(frame, "error_type")
    waits, firsts = _lengths(frame, "retry_wait_s"), _lengths(frame, "ttft_s")
    return [
        Bar(
            name=readable(str(names[at]), 40) or UNKNOWN,
            start=float(start[at]),
            end=float(max(end[at], start[at])),
            depth=depth[at],
            state=state_of(states[at] or "ok", problems[at]),
            is_call=kinds[at] in ("llm", "call"),
            wait=waits[at],
            first=firsts[at],
        )
        for at in _in_tree_order(frame, start, depth)
        if not np.isnan(start[at]) and not np.isnan(end[at])
    ]


def state_of(state: str, problem: str | None) -> str:
    """How it ended, in words; of an error its kind."""
    return f"error: {readable(problem)}" if state == "error" and problem else readable(state)


def _latest(start: np.ndarray, end: np.ndarray) -> float:
    import numpy as np

    moments = np.concatenate([start, end])
    moments = moments[~np.isnan(moments)]
    return float(moments.max()) if len(moments) else 0.0


def _lengths(frame: pd.DataFrame, name: str) -> list[float]:
    """Milliseconds; 0 where unknown."""
    import pandas as pd

    if name not in frame.columns:
        return [0.0] * len(frame)
    seconds = pd.to_numeric(frame[name], errors="coerce").fillna(0.0)
    return [max(0.0, float(value)) * 1000 for value in seconds.tolist()]


def _times(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Milliseconds since the epoch, of times or of plain seconds; NaN where unknown."""
    import numpy as np
    import pandas as pd

    name = next((name for name in names if name in frame.columns), None)
    if name is None:
        return np.full(len(frame), np.nan)
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype="float64", na_value=np.nan) * 1000
    moments = pd.to_datetime(column, utc=True, errors="coerce").dt.tz_localize(None)
    array = moments.to_numpy(dtype="datetime64[ns]")
    return np.where(np.isnat(array), np.nan, array.astype(np.int64) / 1e6)


def _ended(frame: pd.DataFrame, start: np.ndarray) -> np.ndarray:
    import numpy as np
    import pandas as pd

    end = _times(frame, _ENDS)
    for name in _LASTS:
        if name in frame.columns:
            lasts = pd.to_numeric(frame[name], errors="coerce")
            end = np.where(
                np.isnan(end), start + lasts.to_numpy("float64", na_value=np.nan) * 1000, end
            )
    return end


def _column(frame: pd.DataFrame, name: str) -> list[Any]:
    if name not in frame.columns:
        return [None] * len(frame)
    return [value if isinstance(value, str) else None for value in frame[name].tolist()]


def _depths(frame: pd.DataFrame) -> list[int]:
    """How deep each stands: as it is said, else counted over its parents."""
    import pandas as pd

    if "depth" in frame.columns:
        told = pd.to_numeric(frame["depth"], errors="coerce").fillna(0).tolist()
        return [int(min(max(depth, 0), _DEEPEST)) for depth in told]
    ids, parents = _column(frame, "span_id"), _column(frame, "parent_span_id")
    above = {mine: parent for mine, parent in zip(ids, parents, strict=True) if mine}
    return [_depth(parent, above) for parent in parents]


def _depth(parent: str | None, above: dict[str, str | None]) -> int:
    depth = 0
    while parent in above and depth < _DEEPEST:  # foreign ids may go round in a circle
        depth, parent = depth + 1, above[parent or ""]
    return depth


def _in_tree_order(frame: pd.DataFrame, start: np.ndarray, depth: list[int]) -> list[int]:
    """By start, and children behind their parent where ids tell whose they are."""
    by_start = sorted(range(len(frame)), key=lambda at: (start[at], depth[at]))
    ids, parents = _column(frame, "span_id"), _column(frame, "parent_span_id")
    if not any(ids):
        return by_start
    known = set(ids)
    below: dict[str | None, list[int]] = {}
    for at in by_start:
        below.setdefault(parents[at] if parents[at] in known else None, []).append(at)
    order: list[int] = []
    seen: set[int] = set()
    waiting = below.get(None, [])[::-1]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            order.append(at)
            waiting.extend(reversed(below.get(ids[at], []) if ids[at] else []))
    return [*order, *(at for at in by_start if at not in seen)]
