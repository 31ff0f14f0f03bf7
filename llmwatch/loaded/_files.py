"""Exported files as DataFrames of what stands in them: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from ..exceptions import UsageError
from ..exporters import armed
from ..semconv import COLUMNS, NAMES
from ..words import clean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIXES", "format_of", "read"]

_BLOCK = 2**20  # bytes read at a time
_LONGEST = 64 * _BLOCK  # bytes in a line; what is longer is no table
_QUOTED = re.compile(rb'"[^"]*"')
_TEXTS = {column.name for column in COLUMNS if column.kind == "text"}


def read(path: Path) -> pd.DataFrame:
    """The table in a file, its values as they stand there.

    Raises
    ------
    UsageError
        In one line, for whatever is wrong with it.
    """
    if not path.is_file():
        raise UsageError(f"{path} is no file." if path.exists() else f"there is no {path}.")
    reader = _READERS[format_of(path) or _no_format(path)]
    try:
        return reader(path)
    except UsageError:
        raise
    except (OSError, EOFError) as problem:
        reason = clean(str(getattr(problem, "strerror", None) or problem), 200)
        raise UsageError(f"could not read {path}: {reason}.") from None
    except (MemoryError, RecursionError, ValueError, csv.Error, zlib.error):
        raise UsageError(
            f"{path} cannot be read: it is damaged, or not what its name says."
        ) from None


def format_of(path: Path) -> str | None:
    """The suffix that tells the format, without `.gz`; None for a name that tells none."""
    name = path.name.lower()
    found = Path(name.removesuffix(".gz")).suffix
    if found not in _READERS or (name.endswith(".gz") and found == ".parquet"):
        return None
    return found


def _no_format(path: Path) -> str:
    named = path.name or str(path)
    raise UsageError(f"{named!r} names no format: load one of {', '.join(SUFFIXES)}.")


# -- the formats ----------------------------------------------------------------------------------


def _csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    tail = _scan(path)
    if tail is None:
        raise UsageError(f"{path} is empty.")
    with _opened(path) as file:
        header = next(csv.reader([file.readline(_LONGEST).decode("utf-8-sig")]), [])
    _check_twice(path, header)
    if tail and _is_cut(path, tail, len(header)):
        raise UsageError(f"{path} is cut: its last line is not whole.")
    try:
        with _opened(path) as file:
            frame = pd.read_csv(
                file, dtype=object, keep_default_na=False, na_values=[""], encoding="utf-8-sig",
                low_memory=False,
            )  # fmt: skip
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except pd.errors.ParserError as problem:
        raise UsageError(
            f"{path} is no whole CSV: {str(problem).rpartition('error:')[2].strip()}."
        ) from None
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first column for an index
        raise UsageError(f"{path} has lines with more values than it has columns.")
    for name in _TEXTS.intersection(frame.columns):
        frame[name] = _armed(frame[name])
    return frame


def _is_cut(path: Path, tail: bytes, width: int) -> bool:
    """Whether the last row lacks values; `tail` is its last line, and all of it as a rule."""
    try:
        if len(next(csv.reader([tail.decode("utf-8", "replace")]))) == width:
            return False
    except csv.Error:  # a text longer than that module reads
        pass
    return _QUOTED.sub(b"", _last_row(path)).count(b",") + 1 != width


def _last_row(path: Path) -> bytes:
    """From the last line end that is in no quotes."""
    row: list[bytes] = []
    is_open = False
    with _opened(path) as file:
        for line in file:
            if not is_open:
                row = []
            row.append(line)
            is_open ^= line.count(b'"') % 2 == 1
    return b"".join(row)


def _armed(texts: pd.Series[Any]) -> pd.Series[Any]:
    """The texts as they were before they were disarmed; each is looked at once."""
    different = set(texts.dropna().tolist())
    changed = {text: new for text in different if (new := armed(text)) != text}
    return texts.map(lambda text: changed.get(text, text)) if changed else texts


def _jsonl(path: Path) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in NAMES}
    seen: set[str] = set()
    if _scan(path) is None:
        return pd.DataFrame(columns=list(NAMES))  # a session without calls
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                row = _object(path, number, line)
                seen |= row.keys()
                for name, values in columns.items():
                    values.append(row.get(name))
    return pd.DataFrame(
        {name: pd.Series(v, dtype=object) for name, v in columns.items() if name in seen}
    )


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise UsageError(f"{path}: line {number} is no JSON object, or is cut.")
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key twice")
    return row


def _refuse(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity are no JSON


def _parquet(path: Path) -> pd.DataFrame:
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError(
            'reading Parquet needs pyarrow: pip install "jupyter-llmwatch[parquet]".'
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            _check_twice(path, names)
            table = file.read(columns=[name for name in names if name in NAMES])
            # Without its metadata: what a file says of pandas is not to be followed blindly.
            frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    except pyarrow.ArrowException:
        raise UsageError(f"{path} is no whole Parquet file.") from None
    return frame


_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
SUFFIXES = (*_READERS, ".csv.gz", ".jsonl.gz")


# -- text files -----------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    packed = path.name.lower().endswith(".gz")
    with cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb") as file:
        yield file


def _scan(path: Path) -> bytes | None:
    """What follows the last line end; None for an empty file. Before anything is parsed."""
    rest: list[bytes] = []
    is_empty = True
    with _opened(path) as file:
        while block := file.read(_BLOCK):
            is_empty = False
            if b"\0" in block:
                raise UsageError(f"{path} is not text: it is damaged, or not what its name says.")
            _, newline, tail = block.rpartition(b"\n")
            rest = [tail] if newline else [*rest, block]
            if len(rest) > _LONGEST // _BLOCK:
                raise UsageError(f"{path} has a line of more than {_LONGEST // 2**20} MiB.")
    return None if is_empty else b"".join(rest)


def _check_twice(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if name in NAMES and names.count(name) > 1})
    if twice:
        raise UsageError(f"{path} has the column {twice[0]} twice.")
