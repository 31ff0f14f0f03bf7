"""The panel as a picture: what stands in a saved notebook, where nothing is live any more.

The HTML needs no script and no style sheet, since JupyterLab drops both in a notebook it does not
trust. Where the live panel is on the page, its style sheet hides the picture.
"""

from __future__ import annotations

import time
from html import escape
from typing import Any

from ..colours import BAD, WARN
from ..semconv import STATUSES
from ..totals import codes_of, known
from ..words import plural
from ._drawing import CHARTED, drawn
from ._firing import firing_of
from ._newest import newest_html, rows_text
from ._payload import NEEDED, buckets, figures
from ._tiles import FAINT, Tile, tiles, tiles_html

__all__ = ["Still"]

_ROWS = 10
_LOOKS = {"critical": ("✕", BAD), "warning": ("▲", WARN), "info": ("●", "")}
_BOX = 'class="llmwatch-still tex2jax_ignore mathjax_ignore"'


class Still:
    """What a session came to, as HTML and as text.

    Parameters
    ----------
    source : object
        The session: `.store`, `.running`.
    """

    def __init__(self, source: Any) -> None:
        view = source.store.view()
        columns = self._columns = view.arrays(*dict.fromkeys((*NEEDED, *CHARTED)))
        self._session_id = source.session_id
        self._budget = getattr(source, "budget", None)
        self._running = source.running
        firing = firing_of(source)
        self._alerts, self._threshold_s = firing.told(), firing.threshold_s()
        self._more = firing.count - len(self._alerts)
        ok = codes_of(columns) == STATUSES.index("ok")
        latency, is_known = known(columns["latency_s"][ok])
        self._slowest = max(latency[is_known].tolist(), default=None)
        self._at_ns = time.time_ns()
        self._figures = figures(columns, self._at_ns, view.past)
        self._buckets = buckets(columns)
        self._total = round(self._figures["requests"])
        self._calls = view.calls(_ROWS, newest_first=True)

    def charts(self, *, apart: bool = False) -> str:
        """Its charts, as HTML of at most some 60 KB: 0.2 s of work, the first time 1 s.

        `apart` leaves it to another process, which takes 1 s each time, and stops nothing here.
        """
        if self._buckets is None:
            return ""
        return drawn(
            self._columns, self._buckets, threshold_s=self._threshold_s,
            cost_usd=self._figures["cost_usd"], budget=self._budget, apart=apart,
        )  # fmt: skip

    def html(self, charts: str = "") -> str:
        """The picture, some 10 KB of it beside its charts."""
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(self._at_ns / 1e9))
        return (
            f'<div {_BOX} data-session="{self._session_id}"><div><b>llmwatch</b> '
            f'<span style="{FAINT}">{" · ".join([f"as of {at}", *self._open()])}</span></div>'
            f"{''.join(map(_alert, self._alerts))}{self._others_html()}"
            f"{tiles_html(self._tiles())}{self._rated_html()}"
            f'<div style="display:flex;flex-wrap:wrap;align-items:flex-end">{charts}</div>'
            f"{newest_html(self._calls, self._total)}</div>"
        )

    def text(self) -> str:
        """The same in lines."""
        said = [f"{tile.label} {tile.value}" for tile in self._tiles()]
        if self._figures["satisfaction_n"]:
            said.append(f"Satisfaction {self._figures['satisfaction']:.2f}")
        said += [*self._open(), *(alert["message"] for alert in self._alerts)]
        lines = ["llmwatch: " + " · ".join(said), *rows_text(self._calls)]
        return "\n  ".join(lines).replace("\u202f", " ")

    def _open(self) -> list[str]:
        """What no figure counts yet."""
        return [f"{self._running:,} running"] if self._running else []

    def _tiles(self) -> list[Tile]:
        return tiles(
            self._figures, self._buckets or {}, slowest=self._slowest, budget=self._budget,
            alarmed={alert["figure"] for alert in self._alerts},
        )  # fmt: skip

    def _others_html(self) -> str:
        return (
            f'<div style="{FAINT}">{plural(self._more, "more alert")}</div>' if self._more else ""
        )

    def _rated_html(self) -> str:
        f = self._figures
        if not f["satisfaction_n"]:
            return ""
        words = f"Satisfaction {f['satisfaction']:.2f} · n {f['satisfaction_n']:,.0f}"
        return f'<div data-tile="satisfaction" style="{FAINT}">{words}</div>'


def _alert(told: dict[str, Any]) -> str:
    mark, ink = _LOOKS[told["severity"]]  # a mark, too: where no style counts all ink is the same
    return (
        f'<div><b style="{ink}">{mark} <bdi>{escape(told["message"])}</bdi></b> '
        f'<bdi style="{FAINT}">{escape(told["detail"])}</bdi></div>'
    )
