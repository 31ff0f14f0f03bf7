"""A file that lines are added to, for as long as a process lives: whole lines, a bounded size.

Several processes may add to the same file. Each line is one write behind the end, which operating
systems do in one step, and whoever turns the file over waits for nobody but others who do.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from .. import faults
from ..exceptions import ExportError

__all__ = ["LineFile"]

try:
    import fcntl
except ImportError:  # Windows, where a file that others have open cannot be renamed anyway
    _locks: ModuleType | None = None
else:
    _locks = fcntl

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)


class LineFile:
    """Adds lines to a file; `write` never raises, what it could not do is told in diagnostics.

    Parameters
    ----------
    path : pathlib.Path
        An absolute path; the folder must exist.
    max_bytes : int
        The file is put aside, as ``NAME.1``, before it grows beyond; 0 for never.
    backups : int
        How many of those put aside are kept.

    Raises
    ------
    ExportError
        When the file cannot be opened.
    """

    def __init__(self, path: Path, max_bytes: int, backups: int) -> None:
        self.path, self.max_bytes, self.backups = path, max_bytes, backups
        self._file: int | None = None
        self._torn = False
        try:
            self._check()
            self._open()
        except ExportError:
            raise
        except OSError as problem:
            raise ExportError(f"could not write {path}: {_reason(problem)}.") from None

    def write(self, lines: Sequence[bytes]) -> None:
        """Add lines, each with its line end."""
        done = 0
        try:
            faults.check("log")
            self._follow()
            for line in lines:
                self._put(line)
                done += 1
        except Exception as problem:
            said = f"could not write {self.path}: {_reason(problem)}; these lines are lost"
            for _ in range(len(lines) - done):
                faults.note("log", said)

    def close(self) -> None:
        """Close it; what is written later opens it again."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    # -- the file -----------------------------------------------------------------------------

    def _check(self) -> None:
        """One line for what would never be a log, before anything waits for it."""
        place = self.path
        if not place.parent.is_dir():
            raise ExportError(f"there is no folder {place.parent}: make it, or choose another.")
        if place.is_dir():
            raise ExportError(
                f"{place} is a folder: give a file in it, e.g. {place / 'llm.jsonl'}."
            )
        if place.exists() and not place.is_file():
            raise ExportError(f"{place} is no plain file: choose another name.")

    def _open(self) -> int:
        self._file = os.open(self.path, _FLAGS, 0o600)
        self._size = os.fstat(self._file).st_size
        return self._file

    def _follow(self) -> None:
        """See that what is open is what stands under the name: others delete and turn over."""
        if self._file is not None and self._is_here(self._file):
            self._size = os.fstat(self._file).st_size
        else:
            self.close()
            self._open()

    def _is_here(self, file: int) -> bool:
        try:
            named, ours = self.path.stat(), os.fstat(file)
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)

    def _put(self, line: bytes) -> None:
        if self.max_bytes and self._size and self._size + len(line) > self.max_bytes:
            self._turn_over()
        file = self._file if self._file is not None else self._open()
        if self._torn:  # what a full disk broke off must not swallow this line, too
            line = b"\n" + line
        written = os.write(file, line)
        self._size += written
        self._torn = written < len(line)
        if self._torn:
            raise OSError(f"{written} of {len(line)} bytes were taken")

    # -- turning over -------------------------------------------------------------------------

    def _turn_over(self) -> None:
        file = self._file
        if file is None or not self.backups:
            return
        try:
            self._lock(file)
            if self._is_here(file):  # else another process was quicker
                self._put_aside()
        except OSError as problem:
            faults.note("log", f"could not put {self.path} aside: {_reason(problem)}")
        self.close()  # and with it the lock
        self._open()

    def _lock(self, file: int) -> None:
        if _locks is not None:
            _locks.flock(file, _locks.LOCK_EX)

    def _put_aside(self) -> None:
        if _locks is None:
            self.close()
        for number in range(self.backups - 1, -1, -1):
            older = self._numbered(number)
            if stat.S_ISREG(_mode(older)):
                older.replace(self._numbered(number + 1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _reason(problem: BaseException) -> str:
    return getattr(problem, "strerror", None) or str(problem)
