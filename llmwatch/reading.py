"""Reading what was recorded: the same interface for a session and for a watch."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from datetime import date, datetime, timedelta
from html import escape
from math import isnan
from typing import TYPE_CHECKING, Any

from .exceptions import UsageError
from .exporters import Written, to_csv, to_jsonl, to_parquet
from .semconv import NAMES
from .store import View
from .summary import NEEDED, summarize
from .widgets import dollars, plural

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["Reading"]

_ACTIVE = {
    "started_at": "datetime64[ns, UTC]", "age_s": "float64", "operation": "str",
    "provider": "str", "model": "str", "stream": "boolean", "attempts": "Int64",
    "chunks": "Int64", "output_tokens": "Int64", "estimated_output_tokens": "Int64",
    "since_last_chunk_s": "float64", "tag": "str", "user": "str", "feature": "str",
    "execution_count": "Int64",
}  # fmt: skip
_OF_SLOW = (
    "model", "status", "latency_s", "ttft_s", "input_tokens", "output_tokens", "attempts",
    "retry_wait_s", "tag", "execution_count",
)  # fmt: skip
_OF_ERRORS = (
    "started_at", "model", "error_type", "error_code", "error_message", "http_status",
    "attempts", "latency_s", "tag", "execution_count",
)  # fmt: skip


class Reading(ABC):
    """What can be asked of recorded calls.

    A source of rows says what can be read, what is in flight, and how to wait for what is queued.
    """

    @abstractmethod
    def _view(self) -> View:
        """The rows as they are now."""

    @abstractmethod
    def _in_flight(self) -> list[dict[str, Any]]:
        """The calls that are not over, each with its `age_s`."""

    @abstractmethod
    def _settle(self) -> None:
        """Wait until what ended is recorded."""

    # -- tables -------------------------------------------------------------------------------

    @property
    def calls(self) -> pd.DataFrame:
        """One row a finished call, oldest first.

        Cheap to ask for again and again; what is done to it does not reach what was recorded.
        """
        return self._now().frame()

    @property
    def active(self) -> pd.DataFrame:
        """One row a call in flight: its age, and what came so far."""
        import pandas as pd

        rows = self._in_flight()
        columns = {name: [row.get(name) for row in rows] for name in _ACTIVE}
        return pd.DataFrame({name: _series(columns[name], kind) for name, kind in _ACTIVE.items()})

    def slowest(self, n: int = 5) -> pd.DataFrame:
        """The `n` calls that took longest, the slowest first; the telling columns in front.

        The index is that of `calls`.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise UsageError(f"slowest({n!r}): give how many, e.g. slowest(5).")
        calls = self.calls
        return _led(calls.loc[calls["latency_s"].dropna().nlargest(n).index], _OF_SLOW)

    def errors(self) -> pd.DataFrame:
        """The failed calls, oldest first; the telling columns in front.

        The index is that of `calls`.
        """
        calls = self.calls
        return _led(calls[calls["status"] == "error"], _OF_ERRORS)

    def by_cell(self) -> pd.DataFrame:
        """One row a run of a notebook cell that made calls, in the order of their first call.

        Returns
        -------
        pandas.DataFrame
            `execution_count` (missing for calls made outside cells), `cell_id`, `started_at`,
            `calls`, `errors`, `input_tokens`, `output_tokens`, `cost_usd`, `unpriced` and
            `latency_max_s`. A sum leaves out what is unknown, and is missing where nothing is
            known.
        """
        calls = self.calls
        failed = calls["status"] == "error"
        groups = calls.assign(errors=failed, unpriced=calls["cost_usd"].isna() & ~failed).groupby(
            "cell_run_id", dropna=False, sort=False
        )
        sums = groups[["input_tokens", "output_tokens", "cost_usd"]].sum(min_count=1)
        table = groups.agg(
            execution_count=("execution_count", "first"),
            cell_id=("cell_id", "first"),
            started_at=("started_at", "min"),
            calls=("call_id", "size"),
            errors=("errors", "sum"),
            unpriced=("unpriced", "sum"),
            latency_max_s=("latency_s", "max"),
        ).join(sums)
        order = [
            "execution_count", "cell_id", "started_at", "calls", "errors", "input_tokens",
            "output_tokens", "cost_usd", "unpriced", "latency_max_s",
        ]  # fmt: skip
        return table.reset_index(drop=True)[order]

    # -- figures ------------------------------------------------------------------------------

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

    # -- out ----------------------------------------------------------------------------------

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

    # -- shown --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._now())

    def __bool__(self) -> bool:
        return True  # a watch without calls is still one: `w or other` must not pass it over

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {_line(self._figures())}>"

    def _repr_html_(self) -> str:
        return f"<div><b>{escape(type(self).__name__)}</b> {escape(_line(self._figures()))}</div>"

    def _now(self) -> View:
        self._settle()
        return self._view()


def _series(values: list[Any], kind: str) -> pd.Series[Any]:
    import pandas as pd

    if kind.startswith("datetime"):
        return pd.Series(pd.to_datetime(pd.array(values, dtype="Int64"), unit="ns", utc=True))
    return pd.Series(values, dtype=kind)


def _led(frame: pd.DataFrame, first: tuple[str, ...]) -> pd.DataFrame:
    return frame[[*first, *(name for name in NAMES if name not in first)]]


def _line(figures: dict[str, Any]) -> str:
    """Totals in one line; what is unknown is called so."""
    parts = [plural(figures["requests"], "call")]
    if figures["active"]:
        parts.append(f"{figures['active']:,} in flight")
    if figures["requests"]:
        parts.append(
            f"{_known(figures['input_tokens'])} → {_known(figures['output_tokens'])} tokens"
        )
        parts.append(_cost(figures))
        parts.append(plural(sum(figures["errors"].values()), "error"))
    return " · ".join(parts)


def _known(n: float) -> str:
    return "?" if isnan(n) else f"{n:,.0f}"


def _cost(figures: dict[str, Any]) -> str:
    cost, unpriced = figures["cost_usd"], figures["unpriced"]
    if isnan(cost):
        return "cost unknown"
    return dollars(cost) + (f" + {plural(unpriced, 'call')} of unknown price" if unpriced else "")
