"""A person's own price wins over the list, and a wrong one is told in one line."""

from __future__ import annotations

import math
import threading
from decimal import Decimal

import pytest

from llmwatch.exceptions import UsageError
from llmwatch.pricing import Price, PriceBook
from tests.pricing.plain import MILLION, UNKNOWN, close, price


def test_a_persons_price_wins():
    """It holds for the exact name, over the list and wherever the model runs."""
    book = PriceBook()
    book.set("gpt-4o-mini", input=1, output=2)
    both = {"input_tokens": 1000, "output_tokens": 1000}
    assert price(book, **both) == (close(0.003), "user")
    assert price(book, url="http://localhost:8000/v1", **both) == (close(0.003), "user")
    assert price(book, model="x", request_model="gpt-4o-mini", **both) == (close(0.003), "user")
    assert price(book, model="gpt-4o-mini-2024-07-18", **both).source == "price list"


def test_a_price_set_again_replaces_the_first():
    """The last word counts, and 0 is a price."""
    book = PriceBook()
    book.set("my-llama", input=1, output=1)
    book.set("my-llama", input=0, output=0)
    assert price(book, model="my-llama", input_tokens=5, output_tokens=5) == Price(0.0, "user")


def test_a_persons_price_of_cached_input():
    """With it cached tokens cost it; without it a call that read from a cache is unpriced."""
    book = PriceBook()
    usage = {"input_tokens": MILLION, "output_tokens": 0, "cached_input_tokens": 400_000}
    book.set("my-llama", input=1, output=2)
    assert price(book, model="my-llama", **usage) == UNKNOWN
    assert price(book, model="my-llama", **(usage | {"cached_input_tokens": 0})).cost_usd == 1.0
    book.set("my-llama", input=1, output=2, cached_input=0.5)
    assert price(book, model="my-llama", **usage) == (close(0.8), "user")


def test_a_persons_price_needs_the_figures_too():
    """Tokens that nobody told cost nobody knows what; embeddings have none to tell."""
    book = PriceBook()
    book.set("my-llama", input=1, output=2)
    assert price(book, model="my-llama", input_tokens=5) == UNKNOWN
    only_in = {"model": "my-llama", "input_tokens": MILLION, "operation": "embeddings"}
    assert price(book, **only_in) == (close(1.0), "user")


BAD = [-1, math.nan, math.inf, "0.5", True, Decimal(-1), [1]]


@pytest.mark.parametrize(
    ("name", "bad"),
    [(name, bad) for name in ("input", "output", "cached_input") for bad in BAD]
    + [("input", None), ("output", None)],
)
def test_a_bad_price_is_one_line(name, bad):
    """It names the argument and what to give, and leaves the old price."""
    book = PriceBook()
    book.set("my-llama", input=1, output=1, cached_input=1)
    with pytest.raises(UsageError, match=rf"price: {name}=.* USD per million tokens") as caught:
        book.set("my-llama", **({"input": 2, "output": 2, "cached_input": 2} | {name: bad}))
    assert "\n" not in str(caught.value)
    assert price(book, model="my-llama", input_tokens=MILLION, output_tokens=0).cost_usd == 1.0


@pytest.mark.parametrize("bad", ["", "  ", None, 5])
def test_a_bad_name_is_one_line(bad):
    """A price needs the name of a model."""
    with pytest.raises(UsageError, match="not the name of a model"):
        PriceBook().set(bad, input=1, output=1)


def test_numbers_of_other_kinds_are_prices():
    """Decimal and numpy numbers are numbers."""
    import numpy as np

    book = PriceBook()
    book.set("my-llama", input=Decimal("1.5"), output=np.float32(2))
    paid = price(book, model="my-llama", input_tokens=MILLION, output_tokens=MILLION)
    assert paid == (close(3.5), "user")


def test_setting_while_asking():
    """A thread that prices sees either the old price or the new one, never anything else."""
    book = PriceBook()
    book.set("my-llama", input=1, output=1)
    seen, done = set(), threading.Event()

    def ask():
        while not done.is_set():
            seen.add(price(book, model="my-llama", input_tokens=MILLION, output_tokens=0))

    worker = threading.Thread(target=ask)
    worker.start()
    for number in range(300):
        book.set("my-llama", input=1 + number % 2, output=1)
        book.set(f"other-{number}", input=1, output=1)
    done.set()
    worker.join(60)
    assert seen <= {Price(1.0, "user"), Price(2.0, "user")}
    for name, cost in (("other-0", 1.0), ("other-299", 1.0), ("my-llama", 2.0)):
        assert price(book, model=name, input_tokens=MILLION, output_tokens=0).cost_usd == cost
