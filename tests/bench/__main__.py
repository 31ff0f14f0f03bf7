"""Print the speed table; exit 1 when a figure is over its limit."""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import (
    Row,
    bench_alerts,
    bench_calls,
    bench_compare,
    bench_dashboard,
    bench_figures,
    bench_metrics,
    bench_spans,
    bench_start,
    bench_store,
)

SOURCES: tuple[Callable[[], list[Row]], ...] = (
    bench_alerts.rows,
    bench_calls.rows,
    bench_compare.rows,
    bench_dashboard.rows,
    bench_figures.rows,
    bench_metrics.rows,
    bench_spans.rows,
    bench_start.rows,
    bench_store.rows,
)


def _line(row: Row) -> str:
    floor = f"{row.floor:12,.1f}" if row.floor is not None else " " * 12
    mark = "ok" if row.value <= row.limit else "OVER"
    return f"{row.name:52} {row.value:10,.2f} {row.limit:10,.1f} {floor} {row.unit:6} {mark}"


def main() -> int:
    """Measure everything and print it as it comes."""
    print(f"{'figure':52} {'measured':>10} {'at most':>10} {'bare':>12} {'unit':6}")
    over = 0
    for source in SOURCES:
        for row in source():
            print(_line(row), flush=True)
            over += row.value > row.limit
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
