"""The figures a rule can watch: what kind of number each is, and what people call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from math import isnan
from typing import Any, NamedTuple

from ..exceptions import UsageError
from ..semconv import FIGURES

__all__ = ["Figure", "Figures", "asked_of_flight", "figure_of", "said_nothing", "unknown_figure"]


class Figure(NamedTuple):
    """One figure of `semconv.FIGURES`, as rules know it."""

    name: str
    kind: str
    """`rate`, `score`, `seconds`, `usd`, `per_s`, `count`, or `made` by a person's function."""
    n: str = ""
    """The figure that says of how many calls it speaks; empty for a count or a sum, which is as
    certain with one call as with a hundred, so that `min_calls` does not apply."""
    word: str = ""
    """What is said beside the number: "p95", "tokens"."""

    @property
    def looks_at_flight(self) -> bool:
        """Whether it speaks of the calls that are not over."""
        return self.name in ("active", "oldest_active_s")


_TABLE = (
    Figure("requests", "count", word="calls"),
    Figure("active", "count", word="calls in flight"),
    Figure("oldest_active_s", "seconds", word="oldest call"),
    Figure("cancelled", "count", word="cancelled calls"),
    Figure("partial", "count", word="partial calls"),
    Figure("qps", "per_s", n="requests", word="calls/s"),
    Figure("success_rate", "rate", n="rate_n", word="ok"),
    Figure("error_rate", "rate", n="rate_n"),
    Figure("latency_mean_s", "seconds", n="latency_n", word="mean"),
    Figure("latency_p50_s", "seconds", n="latency_n", word="p50"),
    Figure("latency_p95_s", "seconds", n="latency_n", word="p95"),
    Figure("latency_p99_s", "seconds", n="latency_n", word="p99"),
    Figure("ttft_p50_s", "seconds", n="ttft_n", word="first token p50"),
    Figure("ttft_p95_s", "seconds", n="ttft_n", word="first token p95"),
    Figure("output_tokens_per_s", "per_s", n="output_tokens_per_s_n", word="tokens/s"),
    Figure("input_tokens", "count", word="input tokens"),
    Figure("output_tokens", "count", word="output tokens"),
    Figure("tokens", "count", word="tokens"),
    Figure("cost_usd", "usd"),
    Figure("unpriced", "count", word="calls of unknown price"),
    Figure("unmeasured", "count", word="calls of unknown tokens"),
    Figure("estimated_tokens", "count", word="estimated tokens"),
    Figure("estimated_cost_usd", "usd", word="estimated"),
    Figure("attempts", "count", word="attempts"),
    Figure("satisfaction", "score", n="satisfaction_n", word="satisfaction"),
    Figure("errors", "count", word="errors"),
)
_BY_NAME = {figure.name: figure for figure in _TABLE}
_OF_FLIGHT = {figure.name for figure in _TABLE if figure.looks_at_flight}
_AT_TIMES_UNKNOWN = {  # of what is in flight nothing is unknown: there is none
    figure.name for figure in _TABLE if figure.kind != "count" and figure.name not in _OF_FLIGHT
}


def figure_of(name: str) -> Figure:
    """The figure called `name`; `UsageError` with the nearest one where there is none."""
    if name not in _BY_NAME:
        raise unknown_figure(name)
    return _BY_NAME[name]


def unknown_figure(name: str) -> UsageError:
    """One line: which figure may have been meant, which there are, in what units."""
    word = name.lower()
    near = [known for known in FIGURES if word in known] if len(word) > 2 else []
    near.sort(key=lambda known: (known != word, "p95" not in known))  # a mere "latency": its p95
    near = near or get_close_matches(word, FIGURES, n=1, cutoff=0.5)
    guess = f"; did you mean {near[0]}?" if near else "."
    return UsageError(
        f"no figure {name!r}{guess} There are {', '.join(FIGURES)}; "
        "numbers take %, ms, s, min, h, $, k, M."
    )


class Figures(Mapping[str, Any]):
    """The figures of one look at the calls, as `f["error_rate"]` and as `f.error_rate`.

    What a rule's function is given: no pandas is loaded where rules are looked at. It keeps in
    mind whether a figure was asked for that nobody knows, since all comparisons with NaN are False.
    """

    __slots__ = ("_is_answered", "_is_unknown", "_sees_flight", "_values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._is_answered = self._is_unknown = self._sees_flight = False

    def __getitem__(self, name: str) -> Any:
        try:
            value = self._values[name]
        except KeyError:
            raise unknown_figure(str(name)) from None
        self._sees_flight |= name in _OF_FLIGHT
        if name in _AT_TIMES_UNKNOWN:
            is_nan = value is None or isnan(value)
            self._is_unknown |= is_nan
            self._is_answered |= not is_nan
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Figures({dict(self._values)!r})"


def asked_of_flight(figures: Figures) -> bool:
    """Whether a figure was asked for that speaks of calls that are not over."""
    return figures._sees_flight


def said_nothing(figures: Figures) -> bool:
    """Whether of what can be unknown, as a count cannot, all that was asked for was."""
    return figures._is_unknown and not figures._is_answered
