"""Tokens over time: bars of what went in and what came out, the estimated ones lighter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..words import plural, tokens
from ._calls import Calls
from ._clock import Steps, steps_over
from ._look import Look
from ._parts import Chart, Key, empty, heading, panel
from ._stacks import stacked, sums

if TYPE_CHECKING:
    import numpy as np

__all__ = ["token_bars", "token_sums"]

_SIDES = (("in", "input_tokens"), ("out", "output_tokens"))


def token_bars(calls: Calls, look: Look, *, width: int, height: int) -> Chart:
    """Tokens in and out, stacked per step of time."""
    if not len(calls):
        return empty("Tokens", "no calls yet", width, height)
    steps = steps_over(calls.started[0], calls.started[-1])
    series = token_sums(calls, steps)
    if not series:
        return empty("Tokens", "no tokens are known", width, height)
    colours = token_colours(look)
    names = list(series)
    key = Key(names, [colours[name] for name in names], width)
    bars = stacked(steps, series, tokens, key.colour(), whole=True)
    return panel([bars], heading("Tokens", _notes(calls, series, steps), width), width, height)


def token_colours(look: Look) -> dict[str, str]:
    """The colour of each series of tokens."""
    return {
        "in": look.into, "~in": look.pale(look.into),
        "out": look.out, "~out": look.pale(look.out),
    }  # fmt: skip


def token_sums(calls: Calls, steps: Steps) -> dict[str, np.ndarray]:
    """Tokens per step by series: in, ~in, out, ~out, those that there are."""
    import numpy as np

    places = steps.places(calls.started)
    found = {}
    for name, column in _SIDES:
        told, guessed = calls.numbers(column), calls.numbers(f"estimated_{column}")
        found[name] = sums(places, told, steps.number)
        found[f"~{name}"] = sums(places, np.where(np.isnan(told), guessed, np.nan), steps.number)
    return {name: values for name, values in found.items() if values.sum() > 0}


def unmeasured(calls: Calls) -> int:
    """Calls that were answered and whose tokens nobody knows or estimated."""
    import numpy as np

    unknown = ~calls.refused()
    for _, column in _SIDES:
        unknown &= np.isnan(calls.numbers(column)) & np.isnan(calls.numbers(f"estimated_{column}"))
    return int(unknown.sum())


def _notes(calls: Calls, series: dict[str, np.ndarray], steps: Steps) -> list[str]:
    import numpy as np

    sides = [calls.numbers(column) for _, column in _SIDES]
    told = [None if np.isnan(side).all() else float(np.nansum(side)) for side in sides]
    words = (
        f"{' → '.join(map(tokens, told))} tokens" if told != [None, None] else "no tokens reported"
    )
    words += f", per {steps.word}"
    guessed = sum(float(series[name].sum()) for name in ("~in", "~out") if name in series)
    if guessed:
        words += f" · ~{tokens(guessed)} estimated on top (lighter)"
    missing = unmeasured(calls)
    return [words + (f" · {plural(missing, 'call')} not measured" if missing else "")]
