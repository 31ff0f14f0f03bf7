"""Spans as a table: what the person named, and the calls in it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..frames import series
from ..records import Span
from ..semconv import SPAN_COLUMNS, Column
from ._source import Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SpanTable"]

_OWN = {"name", "kind", "ended_at", "duration_s", "calls", "attributes"}  # calls have none such


class SpanTable(Source):
    """Spans, and calls as spans."""

    @property
    def spans(self) -> pd.DataFrame:
        """One row a span and one row a call, in the order in which they began.

        Returns
        -------
        pandas.DataFrame
            The columns of `semconv.SPAN_COLUMNS`: `name`, `kind` ("span" or "llm"), `status`,
            `started_at`, `ended_at` (missing while a span is open), `duration_s` (s), `trace_id`,
            `span_id`, `parent_span_id`, `calls`, `attributes` and what else is known of them.
            Spans that have left memory (`max_calls`) are not in it.
        """
        import pandas as pd

        calls, spans = self._now().frame(), self._spans()
        table = pd.DataFrame(
            {column.name: pd.concat([_told(column, spans), _of_calls(column, calls)])
             for column in SPAN_COLUMNS}
        )  # fmt: skip
        # Spans first where two began at once: what is around a call begins no later.
        return table.reset_index(drop=True).sort_values(
            "started_at", kind="stable", ignore_index=True
        )


def _told(column: Column, spans: list[Span]) -> pd.Series[Any]:
    if column.name == "kind":
        return series(["span"] * len(spans), column.dtype)
    if column.name == "ended_at":
        return series([_ended_ns(span) for span in spans], column.dtype)
    if column.name not in Span.__dataclass_fields__:
        return series([None] * len(spans), column.dtype)
    return series(list(map(attrgetter(column.name), spans)), column.dtype)


def _ended_ns(span: Span) -> int | None:
    return None if span.duration_s is None else span.started_at + round(span.duration_s * 1e9)


def _of_calls(column: Column, calls: pd.DataFrame) -> pd.Series[Any]:
    import pandas as pd

    if column.name not in _OWN:
        return calls[column.name]
    if column.name == "name":
        operation, model = calls["operation"].fillna("call"), calls["model"].fillna("")
        return (operation + " " + model).str.strip()
    if column.name == "kind":
        return series(["llm"] * len(calls), column.dtype)
    if column.name == "duration_s":
        return calls["latency_s"]
    if column.name == "ended_at":
        return calls["started_at"] + pd.to_timedelta(calls["latency_s"], unit="s")
    return series([None] * len(calls), column.dtype)
