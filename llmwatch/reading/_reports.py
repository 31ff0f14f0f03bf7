"""A report of what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ..exporters import Report, Written, write_report
from ._comparisons import Comparisons
from ._line import _without_price, line

if TYPE_CHECKING:
    import os

    from ..compare import Comparison

__all__ = ["Reports"]


class Reports(Comparisons):
    """Rows as a page for people."""

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write one page that tells what happened: figures, charts, tables, errors, alerts.

        It needs no script and no network to be read, in light and dark, on a telephone and on
        paper, and has no previews of prompts and answers in it. What the figures do not contain
        (unknown prices, unreported tokens) is said. Where calls have two tags or more, these are
        compared.

        Parameters
        ----------
        path : str or path-like
            Where to, ending in .html; the folder must exist.
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        Written
            The path, the calls in it, its size, and how many calls are older than memory.

        Raises
        ------
        UsageError
            When `path` is not the name of an HTML file.
        ExportError
            When it cannot be written, or exists and `overwrite` is not given.

        Examples
        --------
        >>> llmwatch.session.report("session.html")  # doctest: +SKIP
        180 rows in session.html
        """
        view = self._now()
        alerts: Any = getattr(self, "alerts", None)  # a session has them, a loaded file has none
        report = Report(
            view=view,
            line=line(view, len(self._in_flight())),
            unpriced=tuple(_without_price(view)),
            comparison=self._of_tags(),
            alerts=None if alerts is None else alerts.history,
        )
        return write_report(report, path, overwrite=overwrite)

    def _of_tags(self) -> Comparison | None:
        """The tags against each other, where there are two that can be compared."""
        try:
            return self.compare(by="tag")
        except UsageError:
            return None
