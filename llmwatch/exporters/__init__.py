"""Ways out: one file per destination, each takes the same rows."""

from __future__ import annotations

from ._tables import SUFFIXES, Written, armed, to_csv, to_jsonl, to_parquet, write_table

__all__ = ["SUFFIXES", "Written", "armed", "to_csv", "to_jsonl", "to_parquet", "write_table"]
