"""A report of what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import UsageError
from ._comparisons import Comparisons
from ._line import line, without_price

if TYPE_CHECKING:
    import os

    from ..compare import Comparison
    from ..exporters import Written
    from ..store import View

__all__ = ["Reports"]


class Reports(Comparisons):
    """Rows as a page for people."""

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Written:
        """Write one page that tells what happened: figures, charts, tables, errors, alerts.

        It needs no script and no network to be read, in light and dark, on a telephone and on
        paper, and has no previews of prompts and answers in it. What the figures do not contain
        (unknown prices, unreported tokens) is said. Where calls have two tags or more, these are
        compared, or a line says why not: there are more than 20.

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
        from ..exporters import Report, write_report

        view = self._now()
        alerts: Any = getattr(self, "alerts", None)  # a session has them, a loaded file has none
        comparison, why = self._of_tags(view)
        report = Report(
            view=view,
            line=line(view, len(self._in_flight())),
            unpriced=tuple(without_price(view)),
            comparison=comparison,
            uncompared=why,
            alerts=None if alerts is None else alerts.history,
        )
        return write_report(report, path, overwrite=overwrite)

    def _of_tags(self, view: View) -> tuple[Comparison | None, str]:
        """The tags against each other, where there are two; or why these cannot be compared."""
        tags = {tag for tag in view.arrays("tag")["tag"].tolist() if isinstance(tag, str)}
        if len(tags) < 2:
            return None, ""
        try:
            return self.compare(by="tag"), ""
        except UsageError as why:  # too many of them
            return None, str(why)
