"""`load`: what was exported, to be read again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from ..exceptions import UsageError
from ._files import SUFFIXES, format_of, read
from ._loaded import Loaded
from ._values import columns_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load"]


def load(source: str | os.PathLike[str] | pd.DataFrame) -> Loaded:
    """Read calls back from a file, a folder of files, or a DataFrame, to be read like a session.

    Parameters
    ----------
    source : str, path-like or pandas.DataFrame
        A `.csv`, `.jsonl` or `.parquet` that llmwatch wrote (the first two also with `.gz`); a
        folder, of which all such files are read; or a frame with columns of `.calls`. Of those
        only `started_at` and `status` must be there: what lacks is unknown, what is not ours is
        left out, and a time without a zone is UTC.

    Returns
    -------
    Loaded
        With `.calls`, `.summary()`, `.timeline()`, `.to_csv(path)` and the rest of the reading
        interface. In a folder, a call that stands in several files is read once, from the newest
        of them; calls come in the order they started.

    Raises
    ------
    UsageError
        In one line, for what cannot be read: no such file, not ours, damaged.

    Examples
    --------
    >>> llmwatch.load("calls.csv").summary(by="model")  # doctest: +SKIP
    """
    if _is_frame(source):
        return Loaded(columns_of(source, "the DataFrame"))
    path = _path(source)
    try:
        frame = _folder(path) if path.is_dir() else read(path)
    except OSError as problem:
        raise UsageError(f"could not read {path}: {problem.strerror or problem}.") from None
    return Loaded(columns_of(frame, str(path)))


def _is_frame(source: Any) -> TypeGuard[pd.DataFrame]:
    import pandas as pd

    return isinstance(source, pd.DataFrame)


def _path(source: Any) -> Path:
    if not isinstance(source, (str, os.PathLike)) or not str(source).strip() or "\0" in str(source):
        raise UsageError(f'{source!r} is no file: give e.g. llmwatch.load("calls.csv").')
    try:
        return Path(source).expanduser()
    except RuntimeError:
        raise UsageError(f"there is no home folder for {str(source)!r}.") from None


def _folder(folder: Path) -> pd.DataFrame:
    """All tables in a folder and its folders, each call once."""
    import pandas as pd

    paths = sorted(
        (path for path in folder.rglob("[!.]*") if format_of(path) and path.is_file()),
        key=lambda path: (path.stat().st_mtime_ns, path.name),
    )
    if not paths:
        raise UsageError(f"{folder} holds no file of {', '.join(SUFFIXES)}.")
    frames = [Loaded(columns_of(read(path), str(path))).calls for path in paths]
    calls = pd.concat(frames, ignore_index=True)
    is_older = calls["call_id"].notna() & calls["call_id"].duplicated(keep="last")
    return calls[~is_older].sort_values("started_at", kind="stable", ignore_index=True)
