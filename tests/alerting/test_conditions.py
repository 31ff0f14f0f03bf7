"""What can be written as a condition, what it means, and when it is over for certain."""

from __future__ import annotations

from datetime import timedelta
from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmwatch import faults
from llmwatch.alerting._conditions import condition_of, nothing, wilson
from llmwatch.alerting._quantities import length_s
from llmwatch.exceptions import UsageError
from llmwatch.semconv import FIGURES


def measure(condition, min_calls=5, **figures):
    """What a condition says of these figures, the others being those of no calls."""
    return condition_of(condition).measure(nothing() | {"requests": 100} | figures, min_calls)


@pytest.mark.parametrize(
    ("text", "figure", "comparison", "threshold"),
    [
        ("error_rate > 10%", "error_rate", ">", 0.1),
        ("error_rate>0.1", "error_rate", ">", 0.1),
        ("success_rate < 99.5 %", "success_rate", "<", 0.995),
        ("latency_p95_s > 10", "latency_p95_s", ">", 10),
        ("latency_p95_s > 10s", "latency_p95_s", ">", 10),
        ("ttft_p95_s >= 800ms", "ttft_p95_s", ">=", 0.8),
        ("ttft_p95_s ≥ 800 ms", "ttft_p95_s", ">=", 0.8),
        ("oldest_active_s > 2min", "oldest_active_s", ">", 120),
        ("latency_mean_s > 1h30min", "latency_mean_s", ">", 5400),
        ("cost_usd > $0.50", "cost_usd", ">", 0.5),
        ("cost_usd > .5", "cost_usd", ">", 0.5),
        ("cost_usd > 2 USD", "cost_usd", ">", 2),
        ("tokens > 1M", "tokens", ">", 1e6),
        ("tokens > 1,000,000", "tokens", ">", 1e6),
        ("tokens > 1_000_000", "tokens", ">", 1e6),
        ("tokens > 1e6", "tokens", ">", 1e6),
        ("output_tokens <= 20k", "output_tokens", "<=", 20_000),
        ("satisfaction < -0.2", "satisfaction", "<", -0.2),
        ("qps > 5/s", "qps", ">", 5),
        ("errors >= 3", "errors", ">=", 3),
    ],
)
def test_what_a_text_means(text, figure, comparison, threshold):
    """A figure, a comparison and a number with its unit, in the unit of the figure."""
    read = condition_of(text)
    assert (read.figure.name, read.comparison) == (figure, comparison)
    assert read.threshold == threshold


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_watched(name):
    """There is no figure of a summary that no rule can hold against a number."""
    assert condition_of(f"{name} > 0.5").figure.name == name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("eror_rate > 1%", "did you mean error_rate"),
        ("latency > 1s", "did you mean latency_p95_s"),
        ("TOKENS > 1M", "did you mean tokens?"),
        ("p95 > 1s", "did you mean latency_p95_s"),
        ("xyz > 1", "no figure 'xyz'. There are requests"),
        ("error_rate > 10", "a share: write 10% or 0.1"),
        ("latency_p95_s > 10%", "a time: write 10s"),
        ("latency_p95_s > $1", "a time: write 10s"),
        ("tokens > 0,5", "a count: write 500"),
        ("cost_usd > -1", "an amount in USD"),
        ("cost_usd > 1e999", "an amount in USD"),
        ("satisfaction > 2", "a score from -1 to 1"),
        ("error_rate == 10%", "comparisons: > >= < <="),
        ("error_rate >> 10%", "comparisons: > >= < <="),
        ("error_rate > 10% and tokens > 1", "a share"),
        ("error_rate", "units: %, ms, s"),
        ("", "units: %, ms, s"),
        (7, "units: %, ms, s"),
        (None, "units: %, ms, s"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(text, told):
    """The line says what is wrong, how it is written, and which figures and units there are."""
    with pytest.raises(UsageError) as problem:
        condition_of(text)
    assert told in str(problem.value)
    assert "oldest_active_s" in str(problem.value)
    assert "%, ms, s, min, h, $, k, M." in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("error_rate >= 100%", "error_rate > 99%"),
        ("error_rate > 1", "error_rate > 99%"),
        ("success_rate <= 0%", "success_rate < 1%"),
        ("success_rate < 0", "success_rate < 1%"),
    ],
)
def test_a_share_that_is_never_certain_is_refused(text, instead):
    """The Wilson interval never gets to all or none; the line says what can fire, and it can."""
    with pytest.raises(UsageError, match=f'never fires, .*: write "{instead}"'):
        condition_of(text)
    name = instead.partition(" ")[0]
    assert measure(instead, **{name: float(">" in instead), "rate_n": 1000}).over


@pytest.mark.parametrize("text", ["error_rate > 10", "tokens > 5x", "error_rate >= 100%", "x > 1"])
def test_each_refusal_of_a_text_ends_with_the_units(text):
    """Also where the figure is known, and only its number is not."""
    with pytest.raises(UsageError, match=r"%, ms, s, min, h, \$, k, M\.$"):
        condition_of(text)


def test_an_unknown_figure_lists_all_figures_and_units():
    """Who cannot know the names finds them in the line."""
    with pytest.raises(UsageError) as problem:
        condition_of("nonsense > 1")
    assert all(name in str(problem.value) for name in (*FIGURES, "%", "ms", "min", "$", "k", "M"))


@given(st.text(max_size=40))
def test_no_text_makes_it_fail_otherwise(text):
    """Whatever is typed is read or refused in one line."""
    try:
        condition_of(f"tokens > {text}")
    except UsageError as problem:
        assert "\n" not in str(problem) or "\n" in text


@pytest.mark.parametrize(
    ("length", "seconds"),
    [("5min", 300), ("90s", 90), ("1h30min", 5400), ("0s", 0), ("0", 0), (2.5, 2.5),
     (timedelta(minutes=2), 120), ("500ms", 0.5)],
)  # fmt: skip
def test_lengths_of_time(length, seconds):
    """Text with units, seconds, or a timedelta."""
    assert length_s("window", length) == seconds


@pytest.mark.parametrize("length", ["5", "5x", "min", "", -1, nan, True, None, "1e3s", 1e12])
def test_what_is_no_length_of_time(length):
    """It is refused, and the line names the argument."""
    with pytest.raises(UsageError, match=r'^window=.*window="5min"'):
        length_s("window", length)


@pytest.mark.parametrize(
    ("failed", "of", "over"),
    [(1, 1, False), (3, 3, False), (5, 5, True), (1, 5, False), (2, 5, True), (9, 36, True),
     (5, 36, False), (101, 1000, False), (125, 1000, True)],
)  # fmt: skip
def test_a_rate_must_be_over_for_certain(failed, of, over):
    """One failure of one call is no alert, five of five are: the Wilson interval decides."""
    found = measure("error_rate > 10%", error_rate=failed / of, rate_n=of)
    assert found.over is over


def test_a_rate_that_should_be_high_is_certain_the_other_way():
    """Of `success_rate < 95%` the upper end of the interval must be under."""
    low = measure("success_rate < 95%", success_rate=0.9, rate_n=20)
    sure = measure("success_rate < 95%", success_rate=0.9, rate_n=1000)
    assert (low.over, sure.over) == (False, True)


def test_the_interval_is_that_of_the_books():
    """Wilson's interval of 9 in 36, and of 0 and all of 5, to four digits."""
    assert wilson(9 / 36, 36) == pytest.approx((0.1375, 0.4107), abs=5e-5)
    assert wilson(0, 5) == pytest.approx((0, 0.4345), abs=5e-5)
    assert wilson(1, 5) == pytest.approx((0.5655, 1), abs=5e-5)


def test_a_count_needs_no_calls():
    """`min_calls` is for what may be chance: one call that costs a dollar did cost it."""
    assert measure("cost_usd > $0.50", cost_usd=1.0, requests=1).over
    assert measure("active > 2", active=3, requests=0).over
    assert not measure("latency_p95_s > 1s", latency_p95_s=9.0, latency_n=4).over
    assert measure("latency_p95_s > 1s", latency_p95_s=9.0, latency_n=5).over
    assert measure("latency_p95_s > 1s", min_calls=1, latency_p95_s=9.0, latency_n=1).over


@pytest.mark.parametrize(
    ("text", "name", "near", "clear"),
    [
        ("latency_p95_s > 10s", "latency_p95_s", 9.1, 8.9),
        ("error_rate > 10%", "error_rate", 0.091, 0.089),
        ("success_rate < 95%", "success_rate", 0.954, 0.956),
        ("satisfaction < -0.5", "satisfaction", -0.46, -0.44),
        ("tokens > 100", "tokens", 91, 90),
        ("errors > 0", "errors", 1, 0),
        ("requests < 10", "requests", 10, 11),
        ("latency_p95_s >= 10s", "latency_p95_s", 9.5, 8.0),
    ],
)
def test_a_tenth_of_the_threshold_is_near_it(text, name, near, clear):
    """Near the threshold it is neither over nor clear of it; farther on the good side it is."""
    n = {"latency_n": 50, "rate_n": 50, "satisfaction_n": 50}
    assert measure(text, **n | {name: near}).clear is False
    assert measure(text, **n | {name: clear}).clear is True


@pytest.mark.parametrize(("value", "clear", "far"), [(0.05, False, False), (0.1, True, False),
                                                    (-0.4, False, False), (-0.5, False, True)])  # fmt: skip
def test_nought_is_no_end_of_a_score(value, clear, far):
    """Near "more thumbs down than up" there is something on both sides, up to 1 and -1."""
    found = measure("satisfaction < 0", satisfaction=value, satisfaction_n=50)
    assert (found.clear, found.far) == (clear, far)


def test_the_unknown_is_neither():
    """With calls whose figure is unknown it is not over, nor clear; without calls it is clear."""
    unknown = measure("latency_p95_s > 1s", requests=3)
    nobody = measure("latency_p95_s > 1s", requests=0)
    assert (unknown.over, unknown.clear, isnan(unknown.value)) == (False, False, True)
    assert (nobody.over, nobody.clear) == (False, True)


def test_the_break_down_counts_as_its_sum():
    """`errors` is a dict by error type; a rule holds the sum of it against its number."""
    assert measure("errors > 2", errors={"RateLimitError": 2, "APITimeoutError": 1}).value == 3


# -- functions ------------------------------------------------------------------------------------


def test_a_function_sees_the_figures_both_ways():
    """By attribute and by item, and what it gives is the value; above 0 it holds."""
    found = measure(lambda f: f.tokens / 10 + f["requests"], tokens=50)
    assert (found.value, found.over) == (105, True)
    assert measure(lambda f: f.tokens > 50, tokens=50).over is False


def test_a_function_that_misspells_a_figure_is_told_at_once():
    """When the rule is made, not when it is looked at."""
    with pytest.raises(UsageError, match=r"no figure 'eror_rate'; did you mean error_rate"):
        condition_of(lambda f: f.eror_rate > 0.1)


def test_a_function_that_gives_no_number_is_told_at_once():
    """A text is no answer."""
    with pytest.raises(UsageError, match=r"gives 'high': a condition gives True"):
        condition_of(lambda f: "high")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda: True, "condition raised TypeError: "),
        (lambda f, g: True, "condition raised TypeError: "),
        (lambda f: f.tokens > LIMT, "raised NameError: name 'LIMT' is not defined; "),  # noqa: F821
        (lambda f: f.requests and f.tokens.total > 1, "raised AttributeError: "),
        (lambda f: f.errors > 3, "raised TypeError: "),
    ],
)
def test_a_function_that_is_broken_is_told_at_once(function, told):
    """What no figures can mend never becomes a rule."""
    with pytest.raises(UsageError, match=told):
        condition_of(function)


def test_what_a_function_raises_is_folded_into_one_line():
    """Whatever the reason looks like."""

    def broken(f):
        raise RuntimeError("first\nsecond")

    with pytest.raises(UsageError, match=r"^broken raised RuntimeError: first second; .*\.$"):
        condition_of(broken)


@pytest.mark.parametrize(
    "function",
    [
        lambda f: f.tokens / (f.requests - 1) > 5,
        lambda f: f.errors["RateLimitError"] > 3,
        lambda f: max(f.errors.values()) > 3,
        lambda f: f.latency_p95_s > 10 and f.ttft_p95_s > 1,
    ],
)
def test_a_function_may_depend_on_what_there_is(function):
    """What other figures would mend is no reason to refuse it."""
    assert condition_of(function).figure.kind == "made"


def test_a_function_that_raises_says_nothing():
    """It neither fires nor is it clear, and diagnostics say why."""
    faults.clear()
    found = measure(lambda f: f.tokens / (f.requests - 100), tokens=50)
    assert (found.over, found.clear) == (False, False)
    assert ["ZeroDivisionError" in fault.message for fault in faults.table()] == [True]
    faults.clear()


@pytest.mark.parametrize(
    ("function", "known", "is_clear"),
    [
        (lambda f: f["error_rate"] > 0.1, {}, False),
        (lambda f: f.requests > 5 and f.error_rate > 0.1, {}, False),
        (lambda f: f.requests > 500 and f.error_rate > 0.1, {}, True),
        (lambda f: f.error_rate > 0.1 or f.satisfaction < -0.5, {"error_rate": 0.0}, True),
        (lambda f: f.error_rate > 0.1 or f.satisfaction < -0.5, {}, False),
        (lambda f: f.oldest_active_s > 120, {}, True),
        (lambda f: f["error_rate"] > 0.1, {"requests": 0}, True),
    ],
)
def test_the_no_of_a_function_that_asked_for_the_unknown_says_nothing(function, known, is_clear):
    """As text says nothing of it; counts alone are always known, and without calls it is clear."""
    found = measure(function, **known)
    assert (found.over, found.clear) == (False, is_clear)


@pytest.mark.parametrize(
    ("function", "is_blank"),
    [(lambda f: f.latency_p95_s > 5, True), (lambda f: f.oldest_active_s > 5, False)],
)
def test_a_call_in_flight_is_looked_at_where_it_is_asked_for(function, is_blank):
    """To a function of calls that are over, a window in which none ended is empty."""
    found = measure(function, requests=0, active=1, oldest_active_s=1.0)
    assert (found.over, found.clear, found.blank) == (False, True, is_blank)


def test_the_yes_of_a_function_stands():
    """What it asked for besides may be unknown."""
    assert measure(lambda f: f.error_rate > 0.1 or f.tokens > 50, tokens=60).over


def test_a_function_may_not_know():
    """None is the unknown, as NaN is."""
    found = measure(lambda f: None, tokens=50)
    assert (found.over, found.clear, isnan(found.value)) == (False, False, True)
