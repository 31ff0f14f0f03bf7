"""Tables on disk: CSV, JSON Lines, Parquet; written beside and renamed, so never half a file.

Text from a model is data in each of them: a spreadsheet computes no formula of it, a strict JSON
parser reads it, and what no file can hold (NUL, half a surrogate pair) is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import ExportError, UsageError
from ..store import View
from ._files import Target, beside, place_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIXES", "Written", "armed", "to_csv", "to_jsonl", "to_parquet", "write_table"]

# What a spreadsheet takes for the start of a formula; the wide forms where it speaks Japanese.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    rows : int
        Rows in it.
    bytes : int
        Its size.
    older : int
        Calls that are not in it, since they had left memory.
    """

    path: Path
    rows: int
    bytes: int
    older: int = 0

    def __str__(self) -> str:
        left_out = f" ({self.older:,} older ones had left memory)" if self.older else ""
        noun = "row" if self.rows == 1 else "rows"
        return f"{self.rows:,} {noun} in {self.path}{left_out}"

    __repr__ = __str__


def write_table(table: pd.DataFrame | View, path: Target, *, overwrite: bool = False) -> Written:
    """Write `table` in the format that the suffix of `path` names: .csv, .jsonl or .parquet.

    Parameters
    ----------
    table : pandas.DataFrame or View
        The rows; the index is left out.
    path : str or path-like
        Where to. ``~`` is the home folder; the folder must exist.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Written
        The path, how many rows, and how many calls are older than memory.

    Raises
    ------
    UsageError
        When the name cannot be meant: no such format, no file name.
    ExportError
        When the file cannot be written, or exists and `overwrite` is not given.
    """
    place = place_of(path)
    writer = _WRITERS.get(place.suffix.lower())
    if writer is None:
        known = ", ".join(_WRITERS)
        raise UsageError(f"{place.name or str(path)!r} names no format: end it in one of {known}.")
    frame = table.frame() if isinstance(table, View) else table
    older = table.older if isinstance(table, View) else 0
    with beside(place, overwrite) as temporary:
        writer(frame, temporary)
        size = temporary.stat().st_size
    return Written(place, len(frame), size, older)


def to_csv(table: pd.DataFrame | View, path: Target, *, overwrite: bool = False) -> Written:
    """Write a CSV file that opens right in Excel and in pandas; see `write_table`.

    UTF-8 with a byte order mark (Excel takes it for Latin-1 without one, `pandas.read_csv` drops
    it), lines as in RFC 4180, times in ISO 8601 with offset, unknown values empty. Text that a
    spreadsheet would compute gets a ``'`` in front.
    """
    return write_table(table, _named(path, ".csv", "to_csv"), overwrite=overwrite)


def to_jsonl(table: pd.DataFrame | View, path: Target, *, overwrite: bool = False) -> Written:
    """Write one strict JSON object a line, in ASCII, unknown values as null; see `write_table`."""
    return write_table(table, _named(path, ".jsonl", "to_jsonl"), overwrite=overwrite)


def to_parquet(table: pd.DataFrame | View, path: Target, *, overwrite: bool = False) -> Written:
    """Write a Parquet file, with all types; needs pyarrow; see `write_table`."""
    return write_table(table, _named(path, ".parquet", "to_parquet"), overwrite=overwrite)


# -- the formats ----------------------------------------------------------------------------------


def _csv(frame: pd.DataFrame, path: Path) -> None:
    ready = _mapped(frame, lambda text: _disarmed(_writable(text)))
    ready.columns = [_disarmed(_writable(str(name))) for name in ready.columns]  # of labels, too
    # With any other line end, Python's csv leaves a lone carriage return unquoted: a torn row.
    ready.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _jsonl(frame: pd.DataFrame, path: Path) -> None:
    import json

    ready = _mapped(frame, _writable)
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, default=str).encode
    names = [str(name) for name in ready.columns]
    lists = [_plain(ready.iloc[:, at]) for at in range(len(names))]
    with path.open("w", encoding="ascii", newline="\n") as file:
        for values in zip(*lists, strict=True):
            file.write(encode(dict(zip(names, values, strict=True))) + "\n")


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    try:
        import_module("pyarrow")
    except ImportError:
        raise ExportError(
            'Parquet needs pyarrow: pip install "jupyter-llmwatch[parquet]", or write a .csv.'
        ) from None
    _mapped(frame, _writable, times=False).to_parquet(path, index=False, engine="pyarrow")


_WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
SUFFIXES: tuple[str, ...] = tuple(_WRITERS)
"""The suffixes that `write_table` knows."""


def _mapped(
    frame: pd.DataFrame, clean: Callable[[str], str], *, times: bool = True
) -> pd.DataFrame:
    """A copy with `clean` applied to every text and, with `times`, times as ISO text."""
    import pandas as pd

    ready = frame.copy(deep=False)
    for at, kind in enumerate(frame.dtypes):
        column = frame.iloc[:, at]
        if isinstance(kind, pd.DatetimeTZDtype):
            if times:
                ready.isetitem(at, _iso(column))
        elif pd.api.types.is_string_dtype(kind) or pd.api.types.is_object_dtype(kind):
            changed = _changes(column.to_numpy(dtype=object).tolist(), clean)
            if changed:
                ready.isetitem(at, [changed.get(v, v) for v in column.tolist()])
    return ready


def _changes(texts: list[Any], clean: Callable[[str], str]) -> dict[str, str]:
    """What becomes of those texts that are not clean; each is looked at once."""
    different = {text for text in texts if isinstance(text, str)}
    return {text: new for text in different if (new := clean(text)) != text}


def _iso(times: pd.Series[Any]) -> list[str | None]:
    """Times as ``2026-01-31T14:00:00.123456789+00:00``."""
    import numpy as np

    moments = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    texts = np.datetime_as_string(moments).tolist()
    return [None if text == "NaT" else text + "+00:00" for text in texts]


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Values that JSON has, None for what is unknown or infinite."""
    missing = column.isna().tolist()
    values = zip(column.tolist(), missing, strict=True)
    return [None if gone or _is_infinite(value) else value for value, gone in values]


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and isinf(value)


def _writable(text: str) -> str:
    """`text` without NUL and lone surrogates, which no file format here can hold."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def _disarmed(text: str) -> str:
    """`text` with a ``'`` in front where a spreadsheet would compute it, or where one stood."""
    return "'" + text if text.lstrip("'").startswith(_FORMULA) else text


def armed(text: str) -> str:
    """The text of a call, as it was before `to_csv` put a ``'`` in front."""
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(_FORMULA) else text


def _named(path: Target, suffix: str, method: str) -> Target:
    place = place_of(path)
    if place.suffix.lower() != suffix:
        raise UsageError(f"{method} writes {suffix} files: call it {place.stem + suffix!r}.")
    return place
