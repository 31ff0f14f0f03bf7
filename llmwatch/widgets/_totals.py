"""The figures of a receipt's line: sums over its calls that never hide what they leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..records import Call
from ..totals import is_refused
from ._advice import unpriced_models

__all__ = ["Totals", "total"]

_Number = TypeVar("_Number", int, float)

_P95_FROM = 20  # below that, a 95th percentile is the maximum under a finer name
_WITHOUT_OUTPUT = ("embeddings",)
_IN_TOKENS = ("chat", "text_completion", "generate_content", *_WITHOUT_OUTPUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over finished calls; `None` where no call says anything.

    Tokens and cost hold the estimates where nothing was reported, and then say so. A refused call
    of which nothing is known cost nothing that anybody reports: it is not missing from a sum.
    """

    calls: int
    statuses: Counter[str]
    input: int | None
    output: int | None
    input_estimated: bool
    output_estimated: bool
    cached_share: float | None
    """Of the reported input, 0 to 1."""
    unmeasured: int
    """Calls of unknown tokens."""
    cost: float | None
    """USD, of the priced calls alone."""
    estimated_cost: float | None
    """USD, of the calls that have an estimate alone."""
    unpriced: int
    """Calls of unknown price."""
    unpriced_models: tuple[str, ...] = ()
    """What they asked for, as far as they lack nothing but a price."""
    longest: float | None
    """The largest latency, seconds."""
    p95: float | None
    """95th percentile of latency over ok calls, seconds; from 20 of them on."""
    first_token: float | None
    """Median time to the first token, seconds."""
    retries: int


def total(calls: Sequence[Call]) -> Totals:
    """Add up `calls`."""
    told = [call for call in calls if not _failed_untold(call)]
    ok = [c.latency_s for c in calls if c.status == "ok" and c.latency_s is not None]
    return Totals(
        calls=len(calls),
        statuses=Counter(call.status for call in calls),
        input=_sum(_either(c.input_tokens, c.estimated_input_tokens) for c in told),
        output=_sum(_either(c.output_tokens, c.estimated_output_tokens) for c in told),
        input_estimated=any(_guessed(c.input_tokens, c.estimated_input_tokens) for c in told),
        output_estimated=any(_guessed(c.output_tokens, c.estimated_output_tokens) for c in told),
        cached_share=_share(calls),
        unmeasured=sum(map(_is_unmeasured, told)),
        cost=_sum(c.cost_usd for c in calls),
        estimated_cost=_sum(c.estimated_cost_usd for c in calls if c.cost_usd is None),
        unpriced=sum(c.cost_usd is None and c.estimated_cost_usd is None for c in told),
        unpriced_models=tuple(unpriced_models(calls)),
        longest=max((c.latency_s for c in calls if c.latency_s is not None), default=None),
        p95=_percentile(ok, 0.95) if len(ok) >= _P95_FROM else None,
        first_token=_percentile([c.ttft_s for c in calls if c.ttft_s is not None], 0.5),
        retries=sum(max(0, (call.attempts or 1) - 1) for call in calls),
    )


def _failed_untold(call: Call) -> bool:
    """Whether the call was refused and nobody said that it used, or cost, anything."""
    figures = (call.input_tokens, call.output_tokens, call.cost_usd, call.estimated_input_tokens,
               call.estimated_output_tokens, call.estimated_cost_usd)  # fmt: skip
    is_free = is_refused(call.status, call.http_status, call.chunks)
    return is_free and all(figure is None for figure in figures)


def _is_unmeasured(call: Call) -> bool:
    if call.operation not in _IN_TOKENS:
        return False
    into = _either(call.input_tokens, call.estimated_input_tokens)
    out = _either(call.output_tokens, call.estimated_output_tokens)
    return into is None or (out is None and call.operation not in _WITHOUT_OUTPUT)


def _either(reported: int | None, estimated: int | None) -> int | None:
    return reported if reported is not None else estimated


def _guessed(reported: int | None, estimated: int | None) -> bool:
    return reported is None and estimated is not None


def _share(calls: Sequence[Call]) -> float | None:
    into = _sum(call.input_tokens for call in calls)
    cached = _sum(call.cached_input_tokens for call in calls if call.input_tokens is not None)
    return min(1.0, cached / into) if into and cached is not None else None


def _sum(values: Iterable[_Number | None]) -> _Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The percentile, interpolated linearly between ranks (as numpy's default does)."""
    if not values:
        return None
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)
