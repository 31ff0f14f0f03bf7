"""Numbers over rows: the summary."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..summary import NEEDED, summarize
from ._source import Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Figures"]


class Figures(Source):
    """Rows as numbers."""

    def summary(
        self,
        window: str | timedelta | float | None = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
    ) -> pd.Series[Any]:
        """The figures of all calls, or of those started in a stretch of time.

        Parameters
        ----------
        window : str, timedelta or float, optional
            Look back that far from now (or from `until`): "5min", "1h", seconds.
        since, until : datetime, date or str, optional
            Calls started from `since` on and before `until`; local time where no zone is given.

        Returns
        -------
        pandas.Series
            By figure: `requests`, `error_rate`, `latency_p95_s`, `cost_usd`, ... Rates are over
            calls of status ok and error, percentiles over ok ones, with their n beside them. NaN
            where there is nothing to say.

        Raises
        ------
        UsageError
            For a window or a time that cannot be read.

        Examples
        --------
        >>> w.summary(window="5min").latency_p95_s  # doctest: +SKIP
        1.83
        """
        import pandas as pd

        return pd.Series(self._figures(window, since, until), dtype=object)

    def _figures(self, window: Any = None, since: Any = None, until: Any = None) -> dict[str, Any]:
        view = self._now()
        return summarize(
            view.arrays(*NEEDED),
            now_ns=time.time_ns(),
            window=window,
            since=since,
            until=until,
            in_flight=[row["age_s"] for row in self._in_flight()],
            past=view.past,
        )
