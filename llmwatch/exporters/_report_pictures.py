"""The charts of the report, as SVG that lies in the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import faults
from ..charts import draw
from ..compare import Comparison
from ..exceptions import ExportError
from ._report_html import text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compared", "pictures"]

_KINDS = (
    ("timeline", "Calls, latency, error rate and tokens over time"),
    ("latency", "Latency of each call, by model"),
    ("tokens", "Tokens in and out over time"),
    ("cost", "Cost so far, by model"),
    ("errors", "Errors over time and by type"),
)
_WIDTH, _WIDE = 340, 520  # pixels of the plot: small enough for a telephone; with names beside it
_SIZE = re.compile(r' width="\d+(?:\.\d+)?" height="\d+(?:\.\d+)?"', re.ASCII)


def pictures(frame: pd.DataFrame, *, has_errors: bool) -> str:
    """The charts of the calls, side by side where there is room."""
    kinds = [pair for pair in _KINDS if has_errors or pair[0] != "errors"]
    drawn = [_figure(kind, lambda: frame, words, _WIDTH) for kind, words in kinds]
    return f'<div class="pictures">{"".join(drawn)}</div>'


def compared(comparison: Comparison) -> str:
    """The chart of a comparison."""
    words = "Differences with their intervals"
    return _figure("compare", lambda: comparison.differences, words, _WIDE)


def _figure(kind: str, frame: Callable[[], pd.DataFrame], words: str, width: int) -> str:
    """One chart; where it cannot be drawn, a line instead: the rest of the report is worth it."""
    try:
        chart = draw(kind, frame(), theme="light", width=width)
        svg = _svg(chart.to_dict(validate=False))
    except ExportError:
        raise
    except Exception as problem:
        faults.note("report", problem)
        return f"<figure><figcaption>{text(words)}: could not be drawn.</figcaption></figure>"
    return f'<figure role="img" aria-label="{text(words)}">{svg}</figure>'


def _svg(spec: dict[str, Any]) -> str:
    """The picture of a chart, without its ground, and without a spoken label on each point."""
    try:
        import vl_convert
    except ImportError:
        raise ExportError(
            "a report needs vl-convert for its charts: pip install vl-convert-python."
        ) from None
    spec["background"] = "transparent"
    spec["config"]["aria"] = False
    svg: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return _SIZE.sub("", svg, count=1)  # the page decides how wide it is
