"""Ways out: one file per destination, each takes the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..late import late

if TYPE_CHECKING:
    from ._events import ToFile, ToLogger
    from ._files import place_of
    from ._grafana import write_dashboard
    from ._jsonlog import JsonLog
    from ._labels import label_names
    from ._lines import LineFile
    from ._meter import Meter
    from ._otlp import Sent, to_otlp
    from ._otlp_stream import OtlpStream
    from ._otlp_wire import Wire
    from ._prometheus import Scrape, push, registry_of, text_of
    from ._prometheus_rules import PrometheusRules, write_rules
    from ._prometheus_server import PrometheusServer, listening
    from ._report import Report, write_report
    from ._tables import SUFFIXES, Written, armed, to_csv, to_jsonl, to_parquet, write_table

__all__ = [
    "SUFFIXES",
    "JsonLog",
    "LineFile",
    "Meter",
    "OtlpStream",
    "PrometheusRules",
    "PrometheusServer",
    "Report",
    "Scrape",
    "Sent",
    "ToFile",
    "ToLogger",
    "Wire",
    "Written",
    "armed",
    "label_names",
    "listening",
    "place_of",
    "push",
    "registry_of",
    "text_of",
    "to_csv",
    "to_jsonl",
    "to_otlp",
    "to_parquet",
    "write_dashboard",
    "write_report",
    "write_rules",
    "write_table",
]

__getattr__ = late(
    __name__,
    {
        "JsonLog": "_jsonlog",
        "LineFile": "_lines",
        "Meter": "_meter",
        "OtlpStream": "_otlp_stream",
        "PrometheusRules": "_prometheus_rules",
        "PrometheusServer": "_prometheus_server",
        "Report": "_report",
        "SUFFIXES": "_tables",
        "Scrape": "_prometheus",
        "Sent": "_otlp",
        "ToFile": "_events",
        "ToLogger": "_events",
        "Wire": "_otlp_wire",
        "Written": "_tables",
        "armed": "_tables",
        "label_names": "_labels",
        "listening": "_prometheus_server",
        "place_of": "_files",
        "push": "_prometheus",
        "registry_of": "_prometheus",
        "text_of": "_prometheus",
        "to_csv": "_tables",
        "to_jsonl": "_tables",
        "to_otlp": "_otlp",
        "to_parquet": "_tables",
        "write_dashboard": "_grafana",
        "write_report": "_report",
        "write_rules": "_prometheus_rules",
        "write_table": "_tables",
    },
)
