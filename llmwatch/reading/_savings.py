"""What caching saved and what another model would have cost: as a table and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from html import escape
from operator import add
from typing import TYPE_CHECKING, Any

from ..frames import text_dtype
from ..words import apart, clean, dollars, percent, plural, tokens
from ._accounts import Account

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Savings"]

_CACHE = (
    "n", "input_tokens", "cached_input_tokens", "cache_write_tokens", "cost_usd",
    "uncached_cost_usd", "saved_usd",
)  # fmt: skip
_OTHER = ("compared", "compared_cost_usd", "other_cost_usd", "other_saved_usd", "uncompared")
_SHOWN = (
    "n", "cached_input_tokens", "cache_write_tokens", "cost_usd", "uncached_cost_usd", "saved_usd",
)  # fmt: skip
_HEADS = ("model", "calls", "cached", "written", "cost", "without a cache", "saved")
_LEFT_OUT = ("unpriced", "estimated", "untraced")
_NO_MODEL = "(no model)"


class Savings:
    """What caching saved, per model, and what the same tokens would have cost on another one.

    Made by `.savings()`. Money is in USD.
    """

    def __init__(self, accounts: Mapping[str, Account], model: str | None, older: int) -> None:
        self._accounts = accounts
        self.model = model
        """The other model, if one was asked for."""
        self.older = older
        """How many calls have left memory, so are in no figure."""

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a model.

        Columns: `n`, `input_tokens`, `cached_input_tokens`, `cache_write_tokens`, `cost_usd`,
        `uncached_cost_usd` and `saved_usd` (negative where writing to the cache cost more than
        reading from it saved) of the calls whose price is known; with another model `compared`
        (calls), `compared_cost_usd` (what they cost), `other_cost_usd` (what they would have) and
        `other_saved_usd`, and `uncompared` (calls without a price there); and the calls left out: `unpriced`, `estimated` (tokens that nobody
        reported), `untraced` (priced otherwise than here). Money is missing where no call has it.
        """
        import pandas as pd

        rows = [self._row(account) for account in self._accounts.values()]
        names = [name or _NO_MODEL for name in self._accounts]
        index = pd.Index(names, name="model", dtype=text_dtype())
        return pd.DataFrame(rows, index=index, columns=list(self._columns))

    @cached_property
    def total(self) -> pd.Series[Any]:
        """The sum over all models, by the columns of `table`."""
        import pandas as pd

        return pd.Series(self._row(self._whole), dtype=object)

    @property
    def verdict(self) -> str:
        """In words: a line a model, and one for all where there are several."""
        return "\n".join(self._sentences())

    def __repr__(self) -> str:
        return self.verdict.replace("\u202f", " ")

    def _repr_html_(self) -> str:
        lines = "".join(f"<div>{_bold(line)}</div>" for line in self._sentences())
        return f'<div class="tex2jax_ignore mathjax_ignore">{lines}{self._table_html()}</div>'

    # -- figures ------------------------------------------------------------------------------

    @property
    def _columns(self) -> tuple[str, ...]:
        return (*_CACHE, *(_OTHER if self.model is not None else ()), *_LEFT_OUT)

    @property
    def _whole(self) -> Account:
        return reduce(add, self._accounts.values(), Account())

    def _row(self, account: Account) -> dict[str, Any]:
        row = {name: getattr(account, name) for name in self._columns}
        for names, n in ((_CACHE, account.n), (_OTHER, account.compared)):
            if not n:  # a sum over no call is unknown, not 0
                row |= {name: float("nan") for name in names if name in row and "usd" in name}
        return row

    # -- words --------------------------------------------------------------------------------

    def _sentences(self) -> Iterator[str]:
        if not self._accounts:
            yield "no calls: nothing to save."
        short = apart(self._accounts)
        for name, account in self._accounts.items():
            yield self._sentence(short[name] or _NO_MODEL, account)
        if len(self._accounts) > 1:
            yield self._sentence("in all", self._whole)
        if self.older:
            yield f"{plural(self.older, 'call')} that left memory: in no figure here."

    def _sentence(self, name: str, account: Account) -> str:
        parts = [f"{name}: {_cached(account)}"]
        if self.model is not None:
            parts.append(self._on_the_other(account))
        out = ", ".join(_left_out(account))
        return " ".join(part for part in [*parts, out and f"Left out: {out}."] if part)

    def _on_the_other(self, account: Account) -> str:
        other = clean(self.model)
        if not account.compared:
            return f"On {other}: no call to compare."
        before, there = account.compared_cost_usd, account.other_cost_usd
        amount = f"{dollars(there)} instead of {dollars(before)}{_change(there, before)}"
        if dollars(there) == dollars(before):
            amount = f"the same, {dollars(there)}"
        return f"On {other} the same tokens would have cost {amount} (n = {account.compared:,})."

    def _table_html(self) -> str:
        short = apart(self._accounts)
        rows = [(short[name] or _NO_MODEL, account) for name, account in self._accounts.items()]
        if not rows:
            return ""
        if len(rows) > 1:
            rows.append(("in all", self._whole))
        heads = [
            *_HEADS,
            *((f"on {clean(self.model)}", "saved there") if self.model is not None else ()),
        ]
        top = "".join(f"<th>{escape(head)}</th>" for head in heads)
        body = "".join(self._row_html(name, account) for name, account in rows)
        return (
            '<div style="overflow-x:auto"><table style="font-variant-numeric:tabular-nums">'
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _row_html(self, name: str, account: Account) -> str:
        row = self._row(account)
        names = _SHOWN if self.model is None else (*_SHOWN, "other_cost_usd", "other_saved_usd")
        cells = (dollars(row[one]) if "usd" in one else tokens(row[one]) for one in names)
        head = f'<th scope="row" style="text-align:left">{escape(name)}</th>'
        return f"<tr>{head}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _bold(sentence: str) -> str:
    """As HTML, the name at its beginning bold."""
    name, colon, rest = sentence.partition(": ")
    return f"<b>{escape(name)}</b>{colon}{escape(rest)}" if colon else escape(sentence)


def _cached(account: Account) -> str:
    n = f"(n = {account.n:,})"
    if not account.n:
        return "no call with a known price."
    if not account.cached_input_tokens and not account.cache_write_tokens:
        return f"nothing came from a cache {n}."
    saved = account.saved_usd
    read, wrote = tokens(account.cached_input_tokens), tokens(account.cache_write_tokens)
    if saved < 0:
        return (
            f"caching cost {dollars(-saved)} more than it saved: {wrote} tokens written, "
            f"{read} read {n}."
        )
    share = saved / account.uncached_cost_usd if account.uncached_cost_usd else 0.0
    return f"caching saved {dollars(saved)}, {percent(share)} of the cost without it {n}."


def _change(there: float, before: float) -> str:
    if not before:
        return ""
    share = there / before - 1
    return f": {percent(abs(share))} {'less' if share < 0 else 'more'}"


def _left_out(account: Account) -> Iterator[str]:
    if account.unpriced:
        yield f"{plural(account.unpriced, 'call')} of unknown price"
    if account.estimated:
        yield f"{plural(account.estimated, 'call')} with estimated tokens"
    if account.uncompared:
        yield f"{plural(account.uncompared, 'call')} without a price there"
    if account.untraced:
        yield f"{plural(account.untraced, 'call')} priced otherwise than here"
