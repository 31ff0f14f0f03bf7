"""Rows as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exporters import Written, to_csv, to_jsonl, to_parquet
from ._source import Source

if TYPE_CHECKING:
    import os

__all__ = ["Files"]


class Files(Source):
    """Rows as files, written beside and renamed, never over what is there unasked."""

    def to_csv(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write the calls as CSV that opens right in Excel and pandas.

        Parameters
        ----------
        path : str or path-like
            Where to; the folder must exist.
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        Written
            The path, the rows in it, and how many calls are older than memory.

        Raises
        ------
        ExportError
            When it cannot be written, or exists and `overwrite` is not given.
        """
        return to_csv(self._now(), path, overwrite=overwrite)

    def to_jsonl(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write the calls as strict JSON, one object a line; see `to_csv`."""
        return to_jsonl(self._now(), path, overwrite=overwrite)

    def to_parquet(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write the calls as Parquet, with all types (needs pyarrow); see `to_csv`."""
        return to_parquet(self._now(), path, overwrite=overwrite)
