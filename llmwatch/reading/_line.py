"""What a source of calls came to, in one line that hides nothing it leaves out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..semconv import STATUSES
from ..totals import BEGUN, SUMMED, Totals, known, refused
from ..words import money, plural, price_hint, tokens

if TYPE_CHECKING:
    from ..store import View

__all__ = ["line", "without_price"]

_NEEDED = ("status_code", "started_at", "latency_s", "error_type", *SUMMED)
_INPUT_ONLY = "embeddings"


def line(view: View, in_flight: int) -> str:
    """Calls, tokens, money and errors; estimates carry `~`, and what has no price is named."""
    totals = view.past + Totals.of(view.arrays(*_NEEDED))
    parts = [plural(totals.requests, "call")]
    if in_flight:
        parts.append(f"{in_flight:,} in flight")
    if totals.requests:
        models = without_price(view)
        parts += [_tokens(totals), _money(totals, models)]
        parts.append(plural(sum(totals.errors.values()), "error"))
        parts += [" ".join(price_hint(models))] if models else []
    if view.older:
        parts.append(f"{view.older:,} of them have left memory")
    return " · ".join(part for part in parts if part).replace("\u202f", " ")


def _tokens(totals: Totals) -> str:
    sides = [_side(totals, name) for name in ("input_tokens", "output_tokens")]
    if sides == ["", ""]:
        return "tokens unknown" if totals.answered else ""
    # Whoever reports anything reports the input: an estimate of it is of a call without usage.
    missing = totals.unmeasured - totals.counts["estimated_input_tokens"]
    note = f" ({plural(missing, 'call')} unmeasured)" if missing > 0 else ""
    return " → ".join(side or tokens(None) for side in sides) + f" tokens{note}"


def _side(totals: Totals, name: str) -> str:
    """What is known and what is estimated, together; nothing where neither is."""
    guesses = totals.counts[f"estimated_{name}"]
    if not guesses and not totals.counts[name]:
        return ""
    return ("~" if guesses else "") + tokens(totals.sums[name] + totals.sums[f"estimated_{name}"])


def _money(totals: Totals, models: list[str]) -> str:
    estimates = totals.counts["estimated_cost_usd"]
    if not (totals.counts["cost_usd"] or estimates or totals.unpriced):
        return ""  # refused calls alone: they cost nothing that anybody reports
    return money(
        totals.sums["cost_usd"] if totals.counts["cost_usd"] else None,
        totals.sums["estimated_cost_usd"] if estimates else None,
        totals.unpriced - estimates,
        models,
    )


def without_price(view: View) -> list[str]:
    """The models of calls that lack nothing but a price, those of most calls first."""
    columns = view.arrays(
        "model", "operation", "status_code", "cost_usd", "estimated_cost_usd", "input_tokens",
        "output_tokens", "estimated_input_tokens", "estimated_output_tokens", *BEGUN,
    )  # fmt: skip
    said = {name: known(columns[name])[1] for name in columns if name.endswith(("usd", "tokens"))}
    lacks = ~said["cost_usd"] & ~said["estimated_cost_usd"]
    lacks &= ~refused(columns["status_code"] == STATUSES.index("error"), columns)
    lacks &= said["input_tokens"] | said["estimated_input_tokens"]
    out = said["output_tokens"] | said["estimated_output_tokens"]
    lacks &= out | (columns["operation"] == _INPUT_ONLY)
    lacking = Counter(columns["model"][lacks].tolist())
    # Of a model with a price some calls lack it for another reason: a tier, a kind of token.
    priced = set(columns["model"][said["cost_usd"]].tolist()) if lacking else set()
    names = [name for name, _ in lacking.most_common() if name not in priced]
    return [name for name in names if isinstance(name, str) and name]
