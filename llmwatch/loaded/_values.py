"""Values from a file in the types of our columns, or one line that says which one is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

from ..columns import STATUS_CODE, Columns
from ..exceptions import UsageError
from ..semconv import COLUMNS, STATUSES, Column, Kind

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["NEEDED", "columns_of"]

Reader: TypeAlias = "Callable[[pd.Series[Any]], tuple[np.ndarray, np.ndarray]]"
"""Gives the values of a column, and where they are known."""

NEEDED = ("started_at", "status")
"""The columns without which a table is none of calls."""

_MOST = 2**53  # the whole numbers that sums and every file format keep exactly
_LONGEST_S = 1e9
_FIRST_YEAR, _LAST_YEAR = 1970, 2199  # within them, nanoseconds and their sums stay in 64 bits
_NOT_BETWEEN = f"not between {_FIRST_YEAR} and {_LAST_YEAR}"
_WHOLE = re.compile(r"\d{1,19}(\.0*)?", re.ASCII)
_FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


class _Wrong(Exception):
    """A value that cannot stand in its column."""

    def __init__(self, row: int, value: Any, why: str) -> None:
        super().__init__(why)
        self.row, self.value, self.why = row, value, why


def columns_of(frame: pd.DataFrame, origin: str) -> Columns:
    """The calls in `frame`; columns that are not ours are left out, ours that lack are unknown.

    Raises
    ------
    UsageError
        When it holds no calls of ours, in a line that begins with `origin`.
    """
    import numpy as np

    _check_names(frame, origin)
    columns = Columns(max(1, len(frame)))
    for column in COLUMNS:
        if column.name not in frame.columns:
            continue
        try:
            values, is_known = _reader_of(column)(frame[column.name])
        except _Wrong as wrong:
            raise UsageError(_told(origin, column.name, wrong)) from None
        if column.name in NEEDED and not is_known.all():
            row = int(np.argmin(is_known))
            raise UsageError(f"{origin}: call {row + 1} has no {column.name}.")
        if is_known.any():  # else it stays blank, which costs nothing
            columns.data[column.name] = values
            if column.kind == "count":
                columns.mask[column.name] = ~is_known
    columns.filled = len(frame)
    if len(frame):
        for code, word in enumerate(STATUSES):
            columns.data[STATUS_CODE][columns.data["status"] == word] = code
    return columns


def _check_names(frame: pd.DataFrame, origin: str) -> None:
    names = list(frame.columns)
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise UsageError(
            f"{origin} holds no calls: it has no column {' and no column '.join(lacking)}."
        )
    ours = [column.name for column in COLUMNS]
    twice = sorted({name for name in ours if names.count(name) > 1})
    if twice:
        raise UsageError(f"{origin} has the column {twice[0]} twice.")


def _told(origin: str, name: str, wrong: _Wrong) -> str:
    shown = repr(wrong.value)
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    return f"{origin}: {name} of call {wrong.row + 1} is {shown}, which is {wrong.why}."


# -- one reader a kind: the values, and where they are known ---------------------------------------


def _texts(series: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    objects, is_known = _objects(series)
    rows = np.flatnonzero(is_known)
    known = [objects[row] for row in rows.tolist()]
    if set(map(type, known)) - {str}:
        known = [_text(row, value) for row, value in zip(rows.tolist(), known, strict=True)]
    shared: dict[str, str] = {}  # equal texts as one object, as the store has them
    found = np.full(len(objects), np.nan, object)
    found[rows] = np.array(list(map(shared.setdefault, known, known)), object)
    return found, is_known


def _statuses(series: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Texts that are one of `STATUSES`: what is none would be in no rate and no count."""
    found, is_known = _texts(series)
    for row in is_known.nonzero()[0].tolist() if {*found[is_known]} - {*STATUSES} else ():
        if found[row] not in STATUSES:
            raise _Wrong(row, found[row], f"none of {', '.join(STATUSES)}")
    return found, is_known


def _text(row: int, value: Any) -> str:
    """A text, also where pandas made a number or a flag of it."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (bool, int, float)):
        return str(value)
    raise _Wrong(row, value, "no text")


def _counts(series: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    objects, is_known = _objects(series)
    rows = np.flatnonzero(is_known)
    found = np.zeros(len(objects), np.int64)
    made: dict[str, int] = {}  # a text that comes again is read once
    for row in rows.tolist():
        value = objects[row]
        if type(value) is not str:
            found[row] = _count(row, value)
            continue
        if value not in made:
            made[value] = _count(row, value)
        found[row] = made[value]
    return found, is_known


def _count(row: int, value: Any) -> int:
    if type(value) is str and _WHOLE.fullmatch(value):
        count = int(value.partition(".")[0])
    elif type(value) is int:
        count = value
    elif isinstance(value, (float, Integral)) and type(value) is not bool and value == value // 1:
        count = int(value)
    else:
        raise _Wrong(row, value, "no whole number")
    if not 0 <= count <= _MOST:
        raise _Wrong(row, value, f"not between 0 and {_MOST:,}")
    return count


def _numbers(series: pd.Series[Any], *, least: float, most: float) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    objects, is_known = _objects(series)
    found = np.full(len(objects), np.nan)
    for row in np.flatnonzero(is_known).tolist():
        value = objects[row]
        try:
            number = float("x" if isinstance(value, bool) else value)
        except (TypeError, ValueError, OverflowError):
            raise _Wrong(row, value, "no number") from None
        if not least <= number <= most:
            raise _Wrong(row, value, f"not between {least:g} and {most:g}")
        found[row] = number
    return found, is_known


def _flags(series: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    objects, is_known = _objects(series)
    found = np.zeros(len(objects), bool)
    for row in np.flatnonzero(is_known).tolist():
        flag = _FLAGS.get(str(objects[row]).strip().lower())
        if flag is None:
            raise _Wrong(row, objects[row], "neither True nor False")
        found[row] = flag
    return found, is_known


def _times(series: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Nanoseconds since the epoch; without a zone it is UTC, as the column is."""
    import numpy as np
    import pandas as pd

    is_known = series.notna().to_numpy(dtype=bool)
    if not pd.api.types.is_datetime64_any_dtype(series.dtype):
        series = _parsed(series)
    moments = series.dt.tz_localize("UTC") if series.dt.tz is None else series.dt.tz_convert("UTC")
    years = moments.dt.year.to_numpy()
    odd = is_known & ((years < _FIRST_YEAR) | (years > _LAST_YEAR))
    if odd.any():
        row = int(np.argmax(odd))
        raise _Wrong(row, str(moments.iloc[row]), _NOT_BETWEEN)
    return moments.dt.as_unit("ns").to_numpy(dtype="datetime64[ns]").astype(np.int64), is_known


def _parsed(series: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    texts = series.astype(object)
    for row, (value, known) in enumerate(zip(texts.tolist(), texts.notna().tolist(), strict=True)):
        if known and not isinstance(value, (str, datetime)):
            raise _Wrong(row, value, "no time")
    try:
        return pd.to_datetime(texts, format="ISO8601", utc=True, errors="raise")
    except (ValueError, OverflowError) as problem:
        parsed = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
        row = int((parsed.isna() & texts.notna()).to_numpy().argmax())
        is_far = isinstance(problem, pd.errors.OutOfBoundsDatetime)  # in pandas 2, of short times
        raise _Wrong(row, texts.iloc[row], _NOT_BETWEEN if is_far else "no time") from None


def _objects(series: pd.Series[Any]) -> tuple[list[Any], np.ndarray]:
    """The values as Python has them, and where they are known."""
    return series.astype(object).tolist(), series.notna().to_numpy(dtype=bool)


def _reader_of(column: Column) -> Reader:
    if column.name in _OWN:
        return _OWN[column.name]
    if column.unit == "s":
        return partial(_numbers, least=0.0, most=_LONGEST_S)
    return _READERS[column.kind]


_OWN: dict[str, Reader] = {
    "status": _statuses, "score": partial(_numbers, least=-1.0, most=1.0),
}  # fmt: skip


_READERS: dict[Kind, Reader] = {
    "text": _texts,
    "count": _counts,
    "number": partial(_numbers, least=float(-_MOST), most=float(_MOST)),
    "flag": _flags,
    "time": _times,
}
