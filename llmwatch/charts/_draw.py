"""The kinds of chart there are, and what each takes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..exceptions import UsageError
from ._calls import Calls
from ._compare import compare, one_sided
from ._cost import cost
from ._display import offline
from ._errors import errors
from ._latency import latency
from ._look import Look, Theme, look_of
from ._parts import Chart, style
from ._timeline import timeline
from ._tokens import token_bars
from ._waterfall import waterfall

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "check", "draw", "draw_one_sided"]

KINDS = ("latency", "tokens", "cost", "errors", "timeline", "waterfall", "compare")
"""The charts there are."""

_HEIGHTS = {"latency": 220, "tokens": 160, "cost": 160, "errors": 140, "timeline": 280}
_TAKES_BY = ("latency", "cost", "compare")


def draw(
    kind: str,
    frame: pd.DataFrame,
    *,
    by: str | None = None,
    threshold: float | None = None,
    theme: Theme = None,
    width: int = 640,
    height: int | None = None,
) -> Chart:
    """The chart of one `kind` over `frame`.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    frame : pandas.DataFrame
        Calls, with some or all of the columns of `semconv.COLUMNS` (`started_at` and `status` at
        least); for `waterfall` also spans (`name`, `start`, `end`, `depth`); for `compare` the
        differences of a comparison.
    by : str, optional
        What the colours of `latency` and `cost` stand for: a column, or `cell`; else the model.
    threshold : float, optional
        Seconds at which `latency` gets a dashed line.
    theme : "light", "dark" or None
        Colours on white or near-black ground; None is transparent, and reads on both.
    width, height : int
        Pixels of the plot; the rows of `waterfall` and `compare` have a height of their own.

    Returns
    -------
    altair.LayerChart or altair.VConcatChart
        With its data in it, never more than some thousand points.

    Raises
    ------
    UsageError
        For a kind or option that cannot be meant, and for a frame without the columns it needs.
    """
    check(kind, by=by, threshold=threshold)
    look = look_of(theme)
    width, height = _size("width", width), _size("height", height or _HEIGHTS.get(kind, 200))
    chart = _chart(kind, frame, look, by or "model", threshold, width, height)
    return offline(chart, **style(look))


def draw_one_sided(why: str, *, theme: Theme = None, width: int = 640) -> Chart:
    """The `compare` of calls that are no two groups: empty, and it says `why`."""
    look = look_of(theme)
    return offline(one_sided(why, _size("width", width)), **style(look))


def check(
    kind: str,
    *,
    by: object = None,
    threshold: object = None,
    baseline: object = None,
    groups: object = None,
) -> None:
    """Refuse a kind that is none, and options that the kind does not take, in one line."""
    if kind not in KINDS:
        near = get_close_matches(str(kind), KINDS, 1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise UsageError(f"chart({kind!r})?{hint} There are {', '.join(KINDS)}.")
    if by is not None and kind not in _TAKES_BY:
        raise UsageError(f"by= goes with {', '.join(_TAKES_BY)}, not with {kind}.")
    if by is not None and not isinstance(by, str) and kind != "compare":
        raise UsageError(f'by={by!r}: {kind} takes one word, e.g. by="model".')
    if threshold is not None and kind != "latency":
        raise UsageError(f"threshold= goes with latency, not with {kind}.")
    for name, given in (("baseline", baseline), ("groups", groups)):
        if given is not None and kind != "compare":
            raise UsageError(f"{name}= goes with compare, not with {kind}.")


def _size(name: str, pixels: int) -> int:
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 40 <= pixels <= 10_000:
        raise UsageError(f"{name}={pixels!r} is no number of pixels from 40 to 10,000.")
    return pixels


def _chart(
    kind: str, frame: pd.DataFrame, look: Look, by: str, threshold: float | None, width: int,
    height: int,
) -> Chart:  # fmt: skip
    if kind == "compare":
        return compare(frame, look, width=width)
    if kind == "waterfall":
        return waterfall(frame, look, width=width)
    calls = Calls(frame)
    if kind == "latency":
        return latency(calls, look, width=width, height=height, by=by, threshold=threshold)
    if kind == "cost":
        return cost(calls, look, width=width, height=height, by=by)
    plain = {"tokens": token_bars, "errors": errors, "timeline": timeline}[kind]
    return plain(calls, look, width=width, height=height)
