"""The tables one asks for first: the calls, those in flight, the slowest, the errors, by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import UsageError
from ..frames import series
from ..semconv import NAMES
from ..totals import BEGUN, refused
from ._source import Source

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Tables"]

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


class Tables(Source):
    """Rows as DataFrames."""

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
        return pd.DataFrame({name: series(columns[name], kind) for name, kind in _ACTIVE.items()})

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
        unpriced = calls["cost_usd"].isna() & ~_refused(calls, failed)
        groups = calls.assign(errors=failed, unpriced=unpriced).groupby(
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


def _refused(calls: pd.DataFrame, failed: pd.Series[bool]) -> np.ndarray:
    """Which of the failed calls had not begun to be answered."""
    columns = {name: calls[name].to_numpy("float64", na_value=float("nan")) for name in BEGUN}
    return refused(failed.to_numpy(), columns)


def _led(frame: pd.DataFrame, first: tuple[str, ...]) -> pd.DataFrame:
    return frame[[*first, *(name for name in NAMES if name not in first)]]
