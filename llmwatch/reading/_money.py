"""Rows as money: what caching saved, and what another model would have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import UsageError
from ._source import Source

if TYPE_CHECKING:
    from ._savings import Savings

__all__ = ["Money"]


class Money(Source):
    """What was paid, and what it would have been otherwise."""

    def savings(self, model: str | None = None) -> Savings:
        """What caching saved, per model, and what the same tokens would have cost on another one.

        A call is priced as when it was made, at its own service tier. Calls of unknown price, or
        whose tokens are only estimated, are left out, and their number is said.

        Parameters
        ----------
        model : str, optional
            The other model, such as "gpt-5-nano", or with who sells it in front:
            "groq/llama-3.3-70b-versatile". It is taken to read and write just as many tokens,
            which another model hardly does: it splits text in its own way, and answers at its
            own length.

        Returns
        -------
        Savings
            `.table` (a DataFrame, one row a model), `.total` and, in words, `.verdict`.

        Raises
        ------
        UsageError
            For a model whose price is unknown.

        Examples
        --------
        >>> session.savings(model="gpt-5-nano")  # doctest: +SKIP
        gpt-5-mini: caching saved $0.0041, 31 % of the cost without it (n = 24).
        On gpt-5-nano the same tokens would have cost $0.0018 instead of $0.0091: 80 % less (n = 24).
        """
        from ._accounts import accounts, providers_in
        from ._savings import Savings

        view, prices = self._now(), self._prices()
        other = None
        if model is not None:
            if not isinstance(model, str) or not model.strip():
                raise UsageError('savings: give the name of a model, e.g. model="gpt-5-nano".')
            other = prices.offer(model.strip(), providers_in(view))
            if other is None:
                raise UsageError(
                    f"savings: {model!r} has no known price: llmwatch.price({model!r}, "
                    "input=…, output=…), in USD per million tokens."
                )
        return Savings(accounts(view, prices, other), model, view.older)
