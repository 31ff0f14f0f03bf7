"""What a call cost: by the person's own price, else by the price list of genai-prices.

The list gives the prices; the sum is ours, because it is a handful of products and the list's
own calculation takes ten times as long. What cannot be known is not guessed: no model, no price
of a part (cached, audio) that was used, a service tier without a price: the cost is None.

A cost is that of the tokens. Fees that a provider asks per use of a tool (web searches) do not
show in the usage of a call, so they are not in it.
"""

from __future__ import annotations

from ._book import Price, PriceBook
from ._columns import TokenColumns, costs_of
from ._offers import Offer
from ._rates import Rates, Tokens

__all__ = ["Offer", "Price", "PriceBook", "Rates", "TokenColumns", "Tokens", "costs_of"]
