"""What it has cost so far, by model; and what the sum does not contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..words import dollars, plural
from ._calls import Calls, named
from ._clock import moment
from ._foreign import readable
from ._look import Look
from ._parts import (
    Chart,
    Key,
    Rows,
    empty,
    heading,
    layer,
    panel,
    steps_of,
    time_axis,
    tips,
    value_axis,
)

if TYPE_CHECKING:
    import altair as alt
    import numpy as np

__all__ = ["cost"]

_MOMENTS = 200  # at which the sums are taken
_NAMED = 3
_TIPS = (("key", "of"), ("when", "until"), ("words", "so far"), ("all", "in all"))


def cost(calls: Calls, look: Look, *, width: int, height: int, by: str) -> Chart:
    """The cumulated cost, stacked by group, with estimates dashed on top."""
    import numpy as np

    if not len(calls):
        return empty("Cost so far", "no calls yet", width, height)
    told = calls.numbers("cost_usd")
    guessed = np.where(np.isnan(told), calls.numbers("estimated_cost_usd"), np.nan)
    notes = _notes(calls, told, guessed)
    if np.isnan(told).all() and np.isnan(guessed).all():
        return _nothing(notes, width, height)
    unknown = "unknown model" if by == "model" else f"no {by}"
    series, names = named(calls.group(by), len(look.series) + 1, unknown)
    colour_of = dict(zip(names, look.colours(names), strict=True))
    moments = _moments(calls)
    sums = {name: _so_far(calls, told, moments, np.array(series) == name) for name in names}
    names = [name for name in names if sums[name][-1] > 0]
    total = _so_far(calls, told, moments)
    on_top = total + _so_far(calls, guessed, moments)
    ticks, high = steps_of(float(on_top[-1]), dollars)
    x = time_axis(float(moments[0]), float(moments[-1]))
    layers: list[alt.Chart] = []
    if names:
        key = Key(names, [colour_of[name] for name in names], width)
        layers.append(
            layer(_rows(moments, {name: sums[name] for name in names}, total))
            .mark_area(interpolate="step-after", opacity=0.8)
            .encode(
                x=x, y=value_axis("y", ticks, 0, high), y2="y2:Q", color=key.colour(),
                tooltip=tips(*_TIPS),
            )
        )  # fmt: skip
    if on_top[-1] > total[-1]:
        dashed = layer(_line(moments, on_top)).mark_line(
            interpolate="step-after", strokeDash=[3, 3], strokeWidth=1.4, color=look.muted
        )
        layers.append(dashed.encode(x=x, y=value_axis("y", ticks, 0, high), tooltip=tips(*_TIPS)))
    return panel(layers, heading("Cost so far", notes, width), width, height)


def _moments(calls: Calls) -> np.ndarray:
    """The ends of the calls, no more than `_MOMENTS`, from the first start to a little later."""
    import numpy as np

    ended = np.unique(calls.ended)
    if len(ended) > _MOMENTS:
        ended = np.unique(np.quantile(ended, np.linspace(0, 1, _MOMENTS), method="higher"))
    first, last = float(calls.started[0]), float(ended[-1])
    room = max((last - first) * 0.02, 1.0)
    edges: np.ndarray = np.unique(np.concatenate([[first], ended, [last + room]]))
    return edges


def _so_far(
    calls: Calls, values: np.ndarray, moments: np.ndarray, where: np.ndarray | None = None
) -> np.ndarray:
    """The sum of the known values of the calls that were over at each of `moments`."""
    import numpy as np

    order = np.argsort(calls.ended, kind="stable")
    known = np.nan_to_num(values if where is None else np.where(where, values, np.nan))[order]
    running = np.concatenate([[0.0], np.cumsum(known)])
    total: np.ndarray = running[np.searchsorted(calls.ended[order], moments, side="right")]
    return total


def _rows(moments: np.ndarray, sums: dict[str, np.ndarray], total: np.ndarray) -> Rows:
    rows: Rows = []
    for at, when in enumerate(moments.tolist()):
        below = 0.0
        for name, values in sums.items():
            above = below + float(values[at])
            rows.append({
                "t": when, "y": below, "y2": above, "key": name, "when": moment(when),
                "words": dollars(float(values[at])), "all": dollars(float(total[at])),
            })  # fmt: skip
            below = above
    return rows


def _line(moments: np.ndarray, values: np.ndarray) -> Rows:
    return [
        {"t": t, "y": y, "key": "with estimates", "when": moment(t), "words": f"~{dollars(y)}",
         "all": f"~{dollars(y)}"}
        for t, y in zip(moments.tolist(), values.tolist(), strict=True)
    ]  # fmt: skip


def _notes(calls: Calls, told: np.ndarray, guessed: np.ndarray) -> list[str]:
    import numpy as np

    known = ~np.isnan(told)
    words = [dollars(float(np.nansum(told)))] if known.any() else []
    if len(np.unique(calls.ended)) > _MOMENTS:
        words.append(f"{plural(len(calls), 'call')}, summed up at {_MOMENTS} moments")
    if not np.isnan(guessed).all():
        words.append(f"~{dollars(float(np.nansum(guessed)))} estimated on top (dashed)")
    missing = ~known & np.isnan(guessed) & ~calls.refused()
    count = int(missing.sum())
    if count:
        models = [m for m, gone in zip(calls.texts("model"), missing, strict=True) if gone and m]
        names = [readable(model, 32) for model in dict.fromkeys(models)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        of = f" ({', '.join(names[:_NAMED])}{more})" if names else ""
        words.append(f"not in it: {plural(count, 'call')} of unknown price{of}")
    return [" · ".join(words)] if words else []


def _nothing(notes: list[str], width: int, height: int) -> Chart:
    chart = empty("Cost so far", "no cost is known", width, height)
    chart.title = heading("Cost so far", notes, width)
    return chart
