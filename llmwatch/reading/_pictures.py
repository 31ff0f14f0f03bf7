"""Rows as pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ._comparisons import Comparisons
from ._spans import SpanTable
from ._tables import Tables

if TYPE_CHECKING:
    import pandas as pd

    from ..charts import Chart, Theme

__all__ = ["Pictures"]


class Pictures(Tables, SpanTable, Comparisons):
    """Rows as Altair charts."""

    def chart(
        self,
        kind: str = "latency",
        *,
        by: str | None = None,
        threshold: float | None = None,
        baseline: Any = None,
        groups: Iterable[Any] | None = None,
        theme: Theme = None,
        width: int = 640,
        height: int | None = None,
    ) -> Chart:
        """Draw the calls.

        Parameters
        ----------
        kind : str
            "latency": each call over time on a log scale, errors as crosses; "tokens": in and out
            per step of time; "cost": so far, with what it leaves out; "errors": over time and by
            type; "timeline": calls, latency, error rate and tokens at a glance; "waterfall": what
            ran when, spans where there are any; "compare": groups against a baseline.
        by : str, optional
            What colours stand for in "latency" and "cost" ("model" if left out; any column, "cell"
            or a label), and what is compared in "compare" ("tag" if left out).
        threshold : float, optional
            Seconds; a dashed line in "latency".
        baseline : optional
            The group that "compare" compares with; the first seen if left out.
        groups : iterable, optional
            Only these are compared in "compare": 20 at most.
        theme : "light", "dark" or None
            For white or near-black ground. None is transparent and reads on both.
        width, height : int
            Pixels of the plot. The rows of "waterfall" and "compare" have their own height.

        Returns
        -------
        altair.LayerChart or altair.VConcatChart
            It shows itself without a network, and `chart.save("latency.png")` (.svg, .json; .html
            with `inline=True`) writes it. Its data is in it: beyond 5,000 calls it is summed up
            first, and the chart says so. Times are local.

        Raises
        ------
        UsageError
            For a kind, group or option that there is not.

        Examples
        --------
        >>> llmwatch.session.chart("latency", threshold=10)  # doctest: +SKIP
        """
        from ..charts import check, draw, draw_one_sided
        from ..compare import TooFewGroups

        check(kind, by=by, threshold=threshold, baseline=baseline, groups=groups)
        try:
            frame = self._frame(kind, by, baseline, groups)
        except TooFewGroups as why:
            return draw_one_sided(str(why), theme=theme, width=width)
        return draw(
            kind, frame, by=by, threshold=threshold, theme=theme, width=width, height=height
        )

    def _frame(
        self, kind: str, by: str | None, baseline: Any, groups: Iterable[Any] | None
    ) -> pd.DataFrame:
        """What a kind is drawn from."""
        if kind == "compare" and len(self._now()):
            return self.compare(by=by or "tag", baseline=baseline, groups=groups).differences
        if kind == "waterfall":
            self._settle()
            return self.spans if self._spans() else self.calls
        return self.calls
