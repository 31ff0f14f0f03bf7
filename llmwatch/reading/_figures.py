"""Numbers over rows: the summary, whole and by group, and the same over time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, overload

from .. import faults
from ..frames import text_dtype
from ..semconv import COLUMNS
from ..store import View
from ..summary import NEEDED, Grouped, Stretch, group, needed_by, summarize, timeline, words_of
from ._source import Source

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Figures"]

_DTYPES = {c.name: c.dtype for c in COLUMNS if c.kind != "text"} | {
    "cell": "Int64", "stream": "boolean",
}  # fmt: skip


class Figures(Source):
    """Rows as numbers."""

    @overload
    def summary(
        self,
        window: Any = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        by: None = None,
    ) -> pd.Series[Any]: ...

    @overload
    def summary(
        self,
        window: Any = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        *,
        by: str | Iterable[str],
    ) -> pd.DataFrame: ...

    def summary(
        self,
        window: Any = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        by: str | Iterable[str] | None = None,
    ) -> pd.Series[Any] | pd.DataFrame:
        """The figures of all calls, or of those started in a stretch of time, whole or by group.

        Parameters
        ----------
        window : str, timedelta or float, optional
            Look back that far from now (or from `until`): "5min", "1h30min", seconds, or a
            length of time of pandas or numpy.
        since, until : datetime, date or str, optional
            Calls started from `since` on and before `until`; local time where no zone is given.
        by : str or list of str, optional
            One row a group: "model", "tag", "user", "feature", "cell" (a run of a cell, shown as
            its execution count), "error_type", "provider", "operation", any other column of text,
            whole numbers or flags, any label, or several of them.

        Returns
        -------
        pandas.Series or pandas.DataFrame
            By figure: `requests`, `error_rate`, `latency_p95_s`, `cost_usd`, ... Rates are over
            calls of status ok and error, percentiles over ok ones, with their n beside them. NaN
            (<NA>) where there is nothing to say.

            Sums hold what was reported, `estimated_tokens` and `estimated_cost_usd` what was not:
            UTF-8 bytes / 4, which was 23 % under to 11 % over the truth on five kinds of text.
            `unpriced` and `unmeasured` say how many calls `cost_usd` and `tokens` leave out.

            With `by`, a frame with a row a group and the index named by `by`. The group with most
            calls comes first, of equal ones the one seen first; calls without a value are a group
            too, named NaN. `qps` is over the time of all groups, so that it adds up. Groups know
            the calls in memory alone; the whole knows the totals of older ones too.

        Raises
        ------
        UsageError
            For a window, a time or a group that there is not.

        Examples
        --------
        >>> w.summary(window="5min").latency_p95_s  # doctest: +SKIP
        1.83
        >>> w.summary(by="model")[["requests", "cost_usd"]]  # doctest: +SKIP
        """
        import pandas as pd

        if by is None:
            return pd.Series(self._figures(window, since, until), dtype=object)
        words, view, now_ns = words_of(by), self._now(), self._clock_ns()
        span = Stretch.of(now_ns, window, since, until)
        _warn_of_past(view, span)
        columns = view.arrays(*needed_by(words))
        found = group(columns, words, now_ns=now_ns, span=span, in_flight=self._in_flight())
        return _frame(found, _index(found))

    def timeline(
        self,
        freq: Any = "10s",
        by: str | Iterable[str] | None = None,
        window: Any = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
    ) -> pd.DataFrame:
        """The figures of `summary` for each bucket of time, of the calls that started in it.

        Parameters
        ----------
        freq : str, timedelta or float
            How long a bucket is: "10s", "5min", "1D", seconds, or a length of time of pandas
            or numpy. Whole days are days of local time, also those of 23 and 25 hours, and "1W" begins on
            Monday; shorter buckets are counted from midnight of the first day.
        by : str or list of str, optional
            As in `summary`: a row for each group in each bucket.
        window, since, until
            As in `summary`.

        Returns
        -------
        pandas.DataFrame
            A row a bucket, from the first call to the last (or to the end of the stretch that
            was asked for, as far as it has passed). The index `bucket` is when it begins, in
            UTC as `started_at` is; with `by` the groups stand behind it. A bucket without calls
            has `requests` 0, and NaN where that leaves nothing to say. `qps` is over the part of
            the bucket that has passed; `active` counts the calls in flight that started in it.
            Only calls in memory are in it.

        Raises
        ------
        UsageError
            For a length, a time or a group that there is not, and for more than 100,000 rows.

        Examples
        --------
        >>> w.timeline("1min").requests.plot()  # doctest: +SKIP
        """
        words = words_of(by) if by is not None else None
        view, now_ns = self._now(), self._clock_ns()
        span = Stretch.of(now_ns, window, since, until)
        _warn_of_past(view, span)
        columns = view.arrays(*(needed_by(words) if words is not None else NEEDED))
        found = timeline(
            columns, freq, words, now_ns=now_ns, span=span, in_flight=self._in_flight()
        )
        return _frame(found.grouped, _over_time(found.edges, found.grouped))

    def _figures(self, window: Any = None, since: Any = None, until: Any = None) -> dict[str, Any]:
        view, now_ns = self._now(), self._clock_ns()
        return summarize(
            view.arrays(*NEEDED),
            now_ns=now_ns,
            window=window,
            since=since,
            until=until,
            in_flight=[row["age_s"] for row in self._in_flight()],
            past=view.past,
        )


def _warn_of_past(view: View, span: Stretch) -> None:
    past = view.past
    if span.holds(past) or span.cuts(past):
        faults.note("summary", "calls that have left memory are not in figures by group or bucket")


def _frame(found: Grouped, index: pd.Index[Any]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    def column(values: Any) -> Any:
        if isinstance(values, np.ma.MaskedArray):
            return pd.arrays.IntegerArray(np.asarray(values.data), np.ma.getmaskarray(values))
        if isinstance(values, list):
            return pd.Series(values, index=index, dtype=object)
        return values

    return pd.DataFrame({name: column(v) for name, v in found.figures.items()}, index=index)


def _levels(found: Grouped) -> list[pd.Index[Any]]:
    """The groups' values, word by word, in the type of their column."""
    import pandas as pd

    levels = []
    for at, word in enumerate(found.words):
        values = [key[at] for key in found.keys]
        of_run = word == "cell" and any(isinstance(value, str) for value in values)
        kind = "object" if of_run else _DTYPES.get(word, text_dtype())
        levels.append(pd.Index(values, dtype=kind, name=word))
    return levels


def _index(found: Grouped) -> pd.Index[Any]:
    import pandas as pd

    levels = _levels(found)
    return levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)


def _over_time(edges: np.ndarray, found: Grouped) -> pd.Index[Any]:
    """The buckets, each with all groups in it."""
    import numpy as np
    import pandas as pd

    starts = pd.DatetimeIndex(edges[:-1].astype("datetime64[ns]"), name="bucket").tz_localize("UTC")
    if not found.words:
        return starts
    each = np.tile(np.arange(len(found.keys)), len(starts))
    return pd.MultiIndex.from_arrays(
        [starts.repeat(len(found.keys)), *(level.take(each) for level in _levels(found))]
    )
