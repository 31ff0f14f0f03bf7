"""Ways out: one file per destination, each takes the same rows."""

from __future__ import annotations

from ._report import Report, write_report
from ._tables import SUFFIXES, Written, armed, to_csv, to_jsonl, to_parquet, write_table

__all__ = [
    "SUFFIXES",
    "Report",
    "Written",
    "armed",
    "to_csv",
    "to_jsonl",
    "to_parquet",
    "write_report",
    "write_table",
]
