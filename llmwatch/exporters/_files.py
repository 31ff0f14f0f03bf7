"""A file that is whole or not there: written beside its place, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from ..exceptions import ExportError, UsageError

__all__ = ["Target", "beside", "place_of"]

Target: TypeAlias = "str | os.PathLike[str]"

_RESERVED = {"CON", "PRN", "AUX", "NUL"} | {f"{n}{i}" for n in ("COM", "LPT") for i in range(1, 10)}


def place_of(path: Target, example: str = "calls.csv") -> Path:
    """The path that is meant, or one line why it can be none, with an `example` of one."""
    if not isinstance(path, (str, os.PathLike)) or not str(path).strip():
        raise UsageError(f'{path!r} is not a file name: give e.g. "{example}".')
    if "\0" in str(path):
        raise UsageError(f"{str(path)!r} is not a file name: it has a NUL character in it.")
    try:
        place = Path(path).expanduser()
    except RuntimeError:
        raise UsageError(f"there is no home folder for {str(path)!r}.") from None
    if place.name.split(".")[0].strip().upper() in _RESERVED:
        raise UsageError(f"{place.name!r} is a device on Windows, not a file: choose another name.")
    return place


@contextmanager
def beside(place: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary file in the same folder, which becomes `place` when all went well."""
    try:
        _check(place, overwrite)
        handle, name = tempfile.mkstemp(prefix=".llmwatch-", suffix=place.suffix, dir=place.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _publish(temporary, place, overwrite)
        finally:
            with suppress(OSError):
                temporary.unlink()
    except ExportError:
        raise
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise ExportError(f"could not write {place}: {reason}.") from None


def _check(place: Path, overwrite: bool) -> None:
    if place.is_dir():
        raise ExportError(f"{place} is a folder: give a file in it, e.g. {place / 'calls.csv'}.")
    if not place.parent.is_dir():
        raise ExportError(f"there is no folder {place.parent}: make it, or choose another place.")
    if os.path.lexists(place) and not overwrite:
        raise _exists(place)


def _exists(place: Path) -> ExportError:
    return ExportError(f"{place} exists: give overwrite=True to replace it, or another name.")


def _publish(temporary: Path, place: Path, overwrite: bool) -> None:
    if not overwrite:
        try:
            os.link(temporary, place)  # unlike a rename, it fails when somebody was quicker
            return
        except FileExistsError:
            raise _exists(place) from None
        except OSError:  # a file system without links
            _check(place, overwrite)
    temporary.replace(place)
