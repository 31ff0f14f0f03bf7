"""A session at a glance: calls, latency, error rate and tokens, in rows over one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from ..words import UNKNOWN, percent, plural, seconds, tokens
from ._calls import Calls
from ._clock import Steps, moment, steps_over
from ._look import Look
from ._parts import (
    Chart,
    Key,
    Rows,
    empty,
    heading,
    layer,
    log_ticks,
    panel,
    steps_of,
    time_axis,
    tips,
    value_axis,
)
from ._stacks import stacked, sums
from ._tokens import token_colours, token_sums

if TYPE_CHECKING:
    import altair as alt
    import numpy as np

__all__ = ["timeline"]

_STEPS = 48


def timeline(calls: Calls, look: Look, *, width: int, height: int) -> Chart:
    """Rows over one axis; percentiles are over `ok` calls, the rate over ok + error."""
    import altair as alt

    if not len(calls):
        return empty("Timeline", "no calls yet", width, height)
    steps = steps_over(calls.started[0], calls.started[-1], _STEPS)
    draw = _Rows(calls, look, steps, width, max(40, height // 4))
    rows = [draw.calls_row(), draw.latency_row(), draw.rate_row(), draw.tokens_row()]
    kept = [row for row in rows if row is not None]
    kept[-1] = draw.with_time(kept[-1])
    chart: alt.VConcatChart = alt.vconcat(*kept, spacing=10)
    chart.resolve = alt.Resolve(scale=alt.ScaleResolveMap(color="independent", x="shared"))
    return chart


class _Rows:
    """The rows of the picture, each a panel."""

    def __init__(self, calls: Calls, look: Look, steps: Steps, width: int, height: int) -> None:
        self.calls, self.look, self.steps = calls, look, steps
        self.width, self.height = width, height
        self.places = steps.places(calls.started)
        self.ok, self.failed = calls.is_status("ok"), calls.is_status("error")
        self.x = time_axis(steps.start, steps.end, labelled=False)

    def with_time(self, row: alt.LayerChart) -> alt.LayerChart:
        """`row` with the words under the ends of its time axis."""
        x = time_axis(self.steps.start, self.steps.end)
        row = row.copy()
        row.layer = [one.encode(x=x) for one in row.layer]
        return row

    def calls_row(self) -> alt.LayerChart:
        """Calls per step, the failed ones on top."""
        count = self.steps.number
        series = {
            "calls": sums(self.places, (~self.failed).astype(float), count),
            "errors": sums(self.places, self.failed.astype(float), count),
        }
        names = ["calls", *(["errors"] if self.failed.any() else [])]
        key = Key(names, [self.look.into, self.look.bad][: len(names)], self.width)
        shown = {name: series[name] for name in names}
        bars = stacked(self.steps, shown, tokens, key.colour(), labelled=False, whole=True)
        note = f"{plural(len(self.calls), 'call')}, per {self.steps.word}"
        return self._panel([bars], "Calls", note)

    def latency_row(self) -> alt.LayerChart | None:
        """Median and 95th percentile."""
        import numpy as np

        took = self.calls.numbers("latency_s")
        well = self.ok & ~np.isnan(took)
        if not well.any():
            return None
        series = {"p50": 50, "p95": 95}
        rows = [row for name, q in series.items() for row in self._percentiles(name, q, well)]
        known = [row["y"] for row in rows if row["y"]] or [0.0]  # no scale of logarithms has a 0
        ticks, low, high = log_ticks(min(known), max(known))
        key = Key(list(series), [self.look.into, self.look.out], self.width)
        y = value_axis("y", ticks, low, high, log=True)
        marks = self._lines(rows, y, key.colour())
        note = f"{plural(int(well.sum()), 'call')} that went well"
        return self._panel(marks, "Latency", note)

    def _percentiles(self, name: str, q: int, well: np.ndarray) -> Rows:
        import numpy as np

        took = self.calls.numbers("latency_s")
        order = np.argsort(self.places[well], kind="stable")
        at, values = self.places[well][order], took[well][order]
        cuts = np.searchsorted(at, np.arange(self.steps.number + 1))
        rows = []
        for step in range(self.steps.number):
            mine = values[cuts[step] : cuts[step + 1]]
            value = float(np.percentile(mine, q)) if len(mine) else None
            rows.append(self._row(step, name, value, seconds(value), len(mine)))
        return rows

    def rate_row(self) -> alt.LayerChart | None:
        """The share of calls that failed."""
        import numpy as np

        count = self.steps.number
        failed = sums(self.places, self.failed.astype(float), count)
        rated = failed + sums(self.places, self.ok.astype(float), count)
        if not failed.any():
            return None
        with np.errstate(invalid="ignore"):
            rates = failed / rated
        rows = [
            self._row(at, "error rate", None if isnan(rate) else rate, percent(rate), int(n))
            for at, (rate, n) in enumerate(zip(rates.tolist(), rated.tolist(), strict=True))
        ]
        ticks, high = steps_of(float(np.nanmax(rates)), percent)
        key = Key(["error rate"], [self.look.bad], self.width)
        marks = self._lines(rows, value_axis("y", ticks, 0, high), key.colour(shown=False))
        whole = percent(failed.sum() / rated.sum()) if rated.sum() else UNKNOWN
        return self._panel(marks, "Error rate", f"{whole} in all")

    def tokens_row(self) -> alt.LayerChart | None:
        """Tokens in and out."""
        series = token_sums(self.calls, self.steps)
        if not series:
            return None
        colours = token_colours(self.look)
        key = Key(list(series), [colours[name] for name in series], self.width)
        bars = stacked(self.steps, series, tokens, key.colour(), labelled=False, whole=True)
        return self._panel([bars], "Tokens", "")

    def _row(self, step: int, name: str, value: float | None, words: str, n: int) -> dict[str, Any]:
        left, right = self.steps.edges(step)
        return {"t": (left + right) / 2, "y": value, "key": name, "when": moment(left),
                "words": words, "n": f"{n:,}"}  # fmt: skip

    def _lines(self, rows: Rows, y: Any, colour: Any) -> list[alt.Chart]:
        """Lines that break where nothing is known, and points for what stands alone."""
        known = [row for row in rows if row["y"] is not None]
        tooltip = tips(("key", "what"), ("when", "from"), ("words", "is"), ("n", "calls"))
        line = layer(rows).mark_line(strokeWidth=1.6)
        point = layer(known).mark_point(filled=True, size=14 if len(known) > 30 else 36)
        return [
            line.encode(x=self.x, y=y, color=colour),
            point.encode(x=self.x, y=y, color=colour, tooltip=tooltip),
        ]

    def _panel(self, marks: Sequence[alt.Chart], title: str, note: str) -> alt.LayerChart:
        title = heading(title, [note] if note else [], self.width, size=12)
        return panel(marks, title, self.width, self.height)
