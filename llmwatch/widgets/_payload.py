"""What a refresh says beside its calls: figures and sparklines, bounded for any session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..semconv import STATUSES
from ..summary import NEEDED, summarize
from ..totals import codes_of, known
from ._rows import rounded

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NEEDED", "buckets", "figures"]

_MOST = 30  # stretches of time in a sparkline
_S = 1_000_000_000
_WIDTHS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
)  # fmt: skip
_FIGURES = (
    "requests", "qps", "error_rate", "rate_n", "latency_p50_s", "latency_p95_s", "latency_n",
    "ttft_p50_s", "output_tokens_per_s", "input_tokens", "output_tokens", "tokens", "cost_usd",
    "unpriced", "unmeasured", "estimated_tokens", "estimated_cost_usd", "satisfaction",
    "satisfaction_n", "cancelled", "partial",
)  # fmt: skip
_CAUSES, _CAUSE = 5, 120  # errors that are told by their names; letters of such a name


def figures(columns: Mapping[str, np.ndarray], now_ns: int, past: Any) -> dict[str, Any]:
    """The figures that the tiles show, None where there is nothing to say."""
    found = summarize(columns, now_ns=now_ns, past=past)
    said: dict[str, Any] = {name: _plain(found[name]) for name in _FIGURES}
    said["errors"] = {word[:_CAUSE]: n for word, n in list(found["errors"].items())[:_CAUSES]}
    said["first_ms"] = _first_ms(columns["started_at"], past)
    return said


def _plain(value: float) -> float | None:
    return value if isinstance(value, int) else rounded(value, 7)


def _first_ms(started: np.ndarray, past: Any) -> int | None:
    """When the first call of all began."""
    firsts = [past.first_ns] if past is not None and past.first_ns is not None else []
    if len(started):
        firsts.append(int(started.min()))
    return min(firsts) // 1_000_000 if firsts else None


def buckets(columns: Mapping[str, np.ndarray]) -> dict[str, Any] | None:
    """The calls over time, in at most 30 stretches of a round length; None without calls.

    Stretches lie on multiples of their length, so that only the last one changes as time goes on.
    """
    import numpy as np

    started = columns["started_at"]
    if not len(started):
        return None
    first, last = int(started.min()), int(started.max())
    width = _width_s(first, last) * _S
    edge = first // width * width
    place = (started - edge) // width
    count = int(place.max()) + 1
    ok = codes_of(columns) == STATUSES.index("ok")
    failed = codes_of(columns) == STATUSES.index("error")
    said: dict[str, Any] = {"start_ms": edge // 1_000_000, "width_ms": width // 1_000_000}
    said["calls"] = np.bincount(place, minlength=count).tolist()
    said["errors"] = np.bincount(place[failed], minlength=count).tolist()
    said["p50"], said["p95"] = _percentiles(columns, place, ok, count)
    for name, column in (("input", "input_tokens"), ("output", "output_tokens"),
                         ("cost", "cost_usd")):  # fmt: skip
        said[name] = _sums(columns[column], place, count)
    return said


def _width_s(first: int, last: int) -> int:
    """The shortest round length of which 30 hold all; beyond a day, whole days."""
    for width in _WIDTHS:
        if last // (width * _S) - first // (width * _S) < _MOST:
            return width
    day = _WIDTHS[-1]
    return day * -(-(last - first) // (day * _S * (_MOST - 1)))


def _sums(column: np.ndarray, place: np.ndarray, count: int) -> list[float | None]:
    import numpy as np

    values, is_known = known(column)
    sums = np.bincount(place[is_known], values[is_known].astype(float), count)
    return [rounded(value) for value in sums.tolist()]


def _percentiles(
    columns: Mapping[str, np.ndarray], place: np.ndarray, ok: np.ndarray, count: int
) -> tuple[list[float | None], list[float | None]]:
    import numpy as np

    latency, is_known = known(columns["latency_s"])
    chosen = ok & is_known
    place, latency = place[chosen], latency[chosen]
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=count))
    parts = np.split(latency[order], ends[:-1])
    pairs = [np.percentile(part, (50, 95)) if len(part) else (None, None) for part in parts]
    return [rounded(low) for low, _ in pairs], [rounded(high) for _, high in pairs]
