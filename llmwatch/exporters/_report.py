"""The report: a session in one page that needs no script, no network and no llmwatch to be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..compare import Comparison
from ..exceptions import UsageError
from ..semconv import NAMES
from ..store import View
from ..words import plural, price_hint, tokens
from ._files import Target, beside, place_of
from ._report_figures import Figures, failed
from ._report_html import code, foreign, items, section, text
from ._report_pictures import compared, pictures
from ._report_style import POLICY, STYLE
from ._report_tables import (
    alerts_table,
    by_cell,
    by_word,
    calls_table,
    errors_table,
    moment,
    slowest,
)
from ._tables import Written

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Report", "write_report"]

_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report is about.

    Attributes
    ----------
    view : View
        The calls.
    line : str
        What they came to, in one line.
    unpriced : tuple of str
        Models that lack nothing but a price.
    comparison : Comparison, optional
        Groups of them against each other.
    uncompared : str
        Why there is none, where one may expect it.
    alerts : pandas.DataFrame, optional
        What fired, as `alerts.history` tells it.
    """

    view: View
    line: str
    unpriced: tuple[str, ...] = ()
    comparison: Comparison | None = None
    uncompared: str = ""
    alerts: pd.DataFrame | None = None


def write_report(report: Report, path: Target, *, overwrite: bool = False) -> Written:
    """Write `report` as one HTML file.

    Parameters
    ----------
    report : Report
        The calls, and what else there is to say of them.
    path : str or path-like
        Where to, ending in .html; the folder must exist.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Written
        The path, how many calls it is about, its size, and how many had left memory.

    Raises
    ------
    UsageError
        When the name is none of an HTML file.
    ExportError
        When it cannot be written, or exists and `overwrite` is not given.
    """
    place = place_of(path)
    if place.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"a report is an .html file: call it {place.stem + '.html'!r}.")
    with beside(place, overwrite) as temporary:
        temporary.write_text(page(report), encoding="utf-8", newline="\n")
        size = temporary.stat().st_size
    return Written(place, len(report.view), size, report.view.older)


def page(report: Report) -> str:
    """The page."""
    now_ns = time.time_ns()
    columns = report.view.arrays(*NAMES, "status_code")
    figures = Figures(columns, now_ns, report.view.past)
    parts = [_head(report, columns, now_ns), _alerts(report)]
    if figures.of["requests"]:
        parts += [_tiles(figures), _left_out(report, figures)]
    if len(report.view):
        parts += _body(report, columns, now_ns)
    inside = "".join(parts)
    # The two classes keep MathJax from what stands between two dollars, where the page is framed.
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>llmwatch report</title>\n<style>{STYLE}</style></head>\n"
        f'<body class="tex2jax_ignore mathjax_ignore">\n{inside}</body></html>\n'
    )


def _head(report: Report, columns: Mapping[str, np.ndarray], now_ns: int) -> str:
    """What this is, of when, and what it came to."""
    notebooks = list(dict.fromkeys(n for n in columns["notebook"].tolist() if isinstance(n, str)))
    of = f" · {foreign(notebooks[-1])}" if notebooks else ""
    started = columns["started_at"]
    when = ""
    if len(started):
        when = f"{moment(int(started.min()))} to {moment(int(started.max()))} · "
    written = f"{when}written {moment(now_ns)}, times in {_zone()}"
    line = report.line if report.view.past.requests or len(started) else "no calls yet"
    return (
        f"<header><h1>llmwatch report{of}</h1><p>{text(line)}</p>"
        f'<p class="muted">{text(written)}</p></header>\n'
    )


def _zone() -> str:
    offset = datetime.now(UTC).astimezone().strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


def _tiles(figures: Figures) -> str:
    """The six figures one asks for first, and what people thought."""
    of = figures.of
    rate = f"{of['qps']:.3g} a second" if of["qps"] > 0 else ""
    tiles = [
        ("Calls", figures.calls, rate),
        ("p50", figures.time("latency_p50_s"), f"n {of['latency_n']:,}"),
        ("p95", figures.time("latency_p95_s"), f"first token {figures.time('ttft_p50_s')}"),
        ("Errors", figures.errors, _commonest(of["errors"])),
        ("Tokens", f"{figures.side('input_tokens')} → {figures.side('output_tokens')}", _retries(of)),
        ("Cost", figures.cost_short, f"{figures.unpriced:,} not priced" if figures.unpriced else ""),
    ]  # fmt: skip
    if figures.score:
        tiles.append(("Satisfaction", figures.score, plural(of["satisfaction_n"], "rating")))
    inside = "".join(_tile(*tile, is_bad=tile[0] == "Errors" and tile[1] != "0") for tile in tiles)
    return f'<div class="tiles">{inside}</div>\n'


def _tile(name: str, value: str, note: str, *, is_bad: bool) -> str:
    bad = ' class="bad"' if is_bad else ""
    return (
        f'<div class="tile"><span class="muted">{text(name)}</span><b{bad}>{text(value)}</b>'
        f'<span class="n">{foreign(note, missing="")}</span></div>'
    )


def _commonest(errors: Mapping[str, int]) -> str:
    kind = next(iter(errors), "")
    return f"{errors[kind]:,} × {kind}" if kind else ""


def _retries(of: Mapping[str, Any]) -> str:
    attempts, requests = of["attempts"], of["requests"]
    more = int(attempts - requests) if attempts > requests else 0
    return plural(more, "retry", "retries") if more else ""


def _left_out(report: Report, figures: Figures) -> str:
    """What the sums above do not contain, and what is only estimated."""
    lines = []
    if figures.unpriced:
        lines.append(f"{text(plural(figures.unpriced, 'call'))} of unknown price, in no sum")
    if report.unpriced:
        words, typed = price_hint(report.unpriced)
        lines.append(f"{text(words)} {code(typed)}")
    if figures.unmeasured:
        lines.append(f"{text(plural(figures.unmeasured, 'call'))} whose tokens nobody reported")
    if figures.estimated:
        guess = tokens(figures.of["estimated_tokens"])
        lines.append(
            f"~ marks what is estimated: {text(guess)} tokens of "
            f"{text(plural(figures.estimated, 'call'))} that reported none or not all"
        )
    if report.view.older:
        lines.append(
            f"{text(plural(report.view.older, 'call'))} had left memory: in the sums above, not in "
            "percentiles, charts and tables"
        )
    return section("Not in these figures", items(lines))


def _alerts(report: Report) -> str:
    return section("Alerts", alerts_table(report.alerts))


def _body(report: Report, columns: Mapping[str, np.ndarray], now_ns: int) -> list[str]:
    """The charts and tables."""
    frame = report.view.frame()
    wrong = bool(failed(columns).any())
    return [
        section("At a glance", pictures(frame, has_errors=wrong)),
        section("By model", by_word(columns, "model", "model", now_ns)),
        section("By tag", by_word(columns, "tag", "tag", now_ns)),
        _comparison(report),
        section("By cell", by_cell(columns, now_ns)),
        section("Errors", errors_table(columns, now_ns) if wrong else ""),
        section("Slowest", slowest(columns)),
        section("Calls", calls_table(columns)),
    ]


def _comparison(report: Report) -> str:
    """The tags against each other, in words and as a picture; or why they are not."""
    comparison = report.comparison
    if comparison is None:
        why = f"<p>{foreign(report.uncompared, 500)}</p>" if report.uncompared else ""
        return section("Not compared by tag", why)
    sentences = [foreign(line, 500) for line in comparison.verdict.splitlines() if line]
    notes = "".join(f'<p class="muted">{foreign(line, 500)}</p>' for line in comparison.notes)
    return section(f"Compared by {comparison.by}", items(sentences), compared(comparison), notes)
