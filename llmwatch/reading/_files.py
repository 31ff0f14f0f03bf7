"""Rows as files, and to an OpenTelemetry collector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._source import Source

if TYPE_CHECKING:
    import os

    from ..exporters import Sent, Written

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
        from ..exporters import to_csv

        return to_csv(self._now(), path, overwrite=overwrite)

    def to_jsonl(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write the calls as strict JSON, one object a line; see `to_csv`."""
        from ..exporters import to_jsonl

        return to_jsonl(self._now(), path, overwrite=overwrite)

    def to_parquet(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write the calls as Parquet, with all types (needs pyarrow); see `to_csv`."""
        from ..exporters import to_parquet

        return to_parquet(self._now(), path, overwrite=overwrite)

    def to_otlp(
        self, endpoint: str, headers: Mapping[str, str] | None = None, *, content: bool = False
    ) -> Sent:
        """Send the calls and spans to an OpenTelemetry collector, over OTLP/HTTP.

        Spans in the words of the GenAI conventions, and the calls as GenAI client metrics. The
        same call has the same ids each time. ``OTEL_SERVICE_NAME``, ``OTEL_RESOURCE_ATTRIBUTES``
        and ``OTEL_EXPORTER_OTLP_HEADERS`` hold.

        Parameters
        ----------
        endpoint : str
            The collector's address, such as ``"http://localhost:4318"``.
        headers : mapping, optional
            Sent along, such as a key.
        content : bool
            Whether what was asked and answered goes with it, as far as it is kept, and what an
            error says, since that may quote it.

        Returns
        -------
        Sent
            How many spans, and whether the collector takes metrics, too.

        Raises
        ------
        UsageError
            When the address or the headers can be none.
        ExportError
            When no collector answers there within 10 s, or does not take them; or when
            OpenTelemetry's exporter is not installed.
        """
        from ..exporters import to_otlp

        view = self._now()
        return to_otlp(
            view.calls(), self._spans(), endpoint, headers, content=content, older=view.older
        )
