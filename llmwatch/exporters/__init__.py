"""Ways out: one file per destination, each takes the same rows."""

from __future__ import annotations

from ._labels import label_names
from ._meter import Meter
from ._prometheus import Scrape, push, registry_of, text_of
from ._prometheus_server import PrometheusServer
from ._report import Report, write_report
from ._tables import SUFFIXES, Written, armed, to_csv, to_jsonl, to_parquet, write_table

__all__ = [
    "SUFFIXES",
    "Meter",
    "PrometheusServer",
    "Report",
    "Scrape",
    "Written",
    "armed",
    "label_names",
    "push",
    "registry_of",
    "text_of",
    "to_csv",
    "to_jsonl",
    "to_parquet",
    "write_report",
    "write_table",
]
