"""How figures read: exact strings."""

from __future__ import annotations

import math

import pytest

from llmwatch.words import (
    apart,
    clean,
    dollars,
    money,
    percent,
    plural,
    price_hint,
    seconds,
    tokens,
)

DASH = "\N{EN DASH}"


def plain(text):
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 ms"),
        (0.000014, "< 0.1 ms"),
        (0.0004, "0.4 ms"),
        (0.00996, "10 ms"),
        (0.906, "906 ms"),
        (0.9996, "1.00 s"),
        (1.52, "1.52 s"),
        (9.996, "10.0 s"),
        (12.4, "12.4 s"),
        (99.6, "1 min 40 s"),
        (130, "2 min 10 s"),
        (3599.7, "1 h 0 min"),
        (7380, "2 h 3 min"),
        (None, DASH),
        (math.nan, DASH),
        (math.inf, DASH),
    ],
)
def test_seconds(value, words):
    """Three significant digits, from milliseconds to hours, never a digit carried over."""
    assert plain(seconds(value)) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.31, "0.31 s"), (1.82, "1.8 s"), (9.97, "10 s"), (0.042, "42 ms")]
)
def test_seconds_at_a_glance(value, words):
    """Two digits are enough for one line, and a column keeps one unit."""
    assert plain(seconds(value, digits=2, ms_below=0.1)) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0.00 s"), (0.0004, "0.00 s"), (0.012, "0.01 s"), (1.5, "1.50 s")]
)
def test_seconds_without_milliseconds(value, words):
    """No time at all, and next to none, where a column has seconds alone."""
    assert plain(seconds(value, ms_below=0)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (1240, "1,240"),
        (9999, "9,999"),
        (10_000, "10.0 k"),
        (284_800, "284.8 k"),
        (999_960, "1.00 M"),
        (1_250_000, "1.25 M"),
        (3e9, "3.00 G"),
        (None, DASH),
        (math.nan, DASH),
    ],
)
def test_tokens(value, words):
    """Whole below 10,000, then k, M and G."""
    assert plain(tokens(value)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "$0.00"),
        (0.0000075, "$0.0000075"),
        (1e-12, "<$0.000000001"),
        (0.00391, "$0.00391"),
        (0.0041, "$0.0041"),
        (0.1234, "$0.123"),
        (0.5, "$0.50"),
        (0.9996, "$1.00"),
        (12.345, "$12.35"),
        (1234.4, "$1,234"),
        (-0.5, "-$0.50"),
        (None, DASH),
        (math.nan, DASH),
    ],
)
def test_dollars(value, words):
    """Three significant digits below a dollar, then cents, then whole dollars."""
    assert dollars(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 %"),
        (0.0004, "<0.1 %"),
        (0.004, "0.4 %"),
        (0.654, "65 %"),
        (0.996, "99.6 %"),
        (0.9996, ">99.9 %"),
        (1, "100 %"),
        (9.994, "999 %"),
        (23.4, "2,340 %"),
        (None, DASH),
        (math.nan, DASH),
    ],
)
def test_percent(value, words):
    """Only none is 0 % and only all is 100 %."""
    assert plain(percent(value)) == words


def test_a_figure_never_parts_from_its_unit():
    """The space before a unit is a narrow one that no line breaks at."""
    assert seconds(1.52) == "1.52\u202fs"
    assert tokens(10_000) == "10.0\u202fk"
    assert percent(0.5) == "50\u202f%"


def test_plural():
    """One is singular; an irregular plural is given."""
    assert plural(1, "call") == "1 call"
    assert plural(0, "call") == "0 calls"
    assert plural(1200, "retry", "retries") == "1,200 retries"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, ""),
        ("gpt-5", "gpt-5"),
        ("a\nb\r\n\tc", "a b c"),
        ("abc\u202edef\u2066ghi", "abc def ghi"),
        ("a\ud800b\x00c\u200b", "a b c"),
        ("x" * 40, "x" * 40),
        ("x" * 300, "x" * 39 + "…"),
        ("\u202e" * 300 + "x", "…"),
        ("模型-7b", "模型-7b"),
    ],
)
def test_clean(text, shown):
    """Foreign text is one short line of visible characters that encodes."""
    assert clean(text) == shown
    clean(text).encode()


@pytest.mark.parametrize(
    ("total", "shown"),
    [
        ((0.42, None, 0), "$0.42"),
        ((None, None, 0), "$0.00"),
        ((None, None, 2), "cost unknown"),
        ((None, None, 2, ["qwen-x"]), "cost unknown (qwen-x)"),
        ((0.42, None, 3, ["qwen-x"]), "$0.42 + 3 calls of unknown price (qwen-x)"),
        ((0.42, 0.01, 1), "~$0.43 + 1 call of unknown price"),
        ((None, 0.01, 0), "~$0.01"),
        ((0.0, None, 1, ["a", "b", "c", "d"]),
         "$0.00 + 1 call of unknown price (a, b, c and 1 more)"),
    ],
)  # fmt: skip
def test_money(total, shown):
    """A total says what is estimated in it, and what it does not contain."""
    assert money(*total) == shown


def test_price_hint():
    """It names the models as data, and shows what to type for the first."""
    assert price_hint(["qwen-x"]) == (
        "qwen-x has no price:", 'llmwatch.price("qwen-x", input=…, output=…)',
    )  # fmt: skip
    words, code = price_hint(['a"b\n', "c"])
    assert (words, code) == (
        'a"b, c have no price:', 'llmwatch.price("a\\"b", input=…, output=…)',
    )  # fmt: skip
    fine_tuned = "ft:gpt-5-mini-2025-08-07:a-company:a-suffix:AbCd1234"
    words, code = price_hint([fine_tuned])
    assert words == "ft:gpt-5-mini-2025-08-07:a-company:a-su… has no price:"
    assert code == f'llmwatch.price("{fine_tuned}", input=…, output=…)'


def test_names_that_begin_alike_stay_apart():
    """Short ones are as they are; of those that would be cut to the same, the end is kept, or all."""
    long = ["a-model-with-a-long-name · " + tag for tag in ("thorough", "brief", "x" * 300)]
    found = apart(["v1", *long], 24)
    assert found["v1"] == "v1"
    assert found[long[0]] == "a-model-with…· thorough"
    assert len({*found.values()}) == 4
    assert max(map(len, found.values())) <= 24
    middle = [f"{'a' * 30}{word}{'z' * 30}" for word in ("one", "two")]
    assert apart(middle, 24) == {name: name for name in middle}
    assert apart(["x" * 50], 24) == {"x" * 50: "x" * 23 + "…"}
