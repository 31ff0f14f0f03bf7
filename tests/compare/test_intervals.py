"""The intervals of a comparison: whose they are, what pairs change, and where formulas begin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from llmwatch.records import Call
from tests.compare.plain import asked, group, lognormal, row, sentence
from tests.source import Source

Z = stats.norm.ppf(0.975)


def compared(figure: str, a: dict, b: dict, n: int = 40, **options):
    comparison = Source(group("a", n, **a), group("b", options.pop("other", n), **b)).compare(
        **options
    )
    return row(comparison, figure)


def failing(failed: int, n: int) -> list[str]:
    return ["error"] * failed + ["ok"] * (n - failed)


def rates(k: int, n: int, other_k: int, other_n: int, **columns):
    """The rate of `b`, k of n, against that of `a`."""
    source = Source(
        group("a", other_n, status=failing(other_k, other_n)), group("b", n, status=failing(k, n))
    )
    return row(source.compare(), "error_rate")


def wilson(k: int, n: int) -> tuple[float, float]:
    middle = (k + Z**2 / 2) / (n + Z**2)
    half = Z * math.sqrt(k * (n - k) / n + Z**2 / 4) / (n + Z**2)
    return middle - half, middle + half


# -- the bootstrap --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "statistic"),
    [("latency_p50_s", np.median), ("latency_p95_s", lambda x, axis: np.quantile(x, 0.95, axis))],
)
def test_percentiles_have_the_interval_that_scipy_gives(figure, statistic):
    """Its percentile bootstrap, seeded: to the last digit."""
    a, b = lognormal(40, 1), lognormal(40, 2, 1.5)
    found = compared(figure, {"latency_s": a}, {"latency_s": b}, seed=9)
    theirs = stats.bootstrap(
        (b, a), lambda x, y, axis: statistic(x, axis=axis) - statistic(y, axis=axis),
        vectorized=True, method="percentile", rng=np.random.default_rng(9),
    ).confidence_interval  # fmt: skip
    assert (found["low"], found["high"]) == pytest.approx((theirs.low, theirs.high))
    assert found["method"] == "bootstrap"


def test_means_have_the_width_of_student():
    """At n = 10 the plain percentiles are too narrow by sqrt(10 / 9) and by t over z."""
    a, b = lognormal(10, 1, 1, 0.1), lognormal(10, 2, 1, 0.1)
    found = compared("cost_usd_per_call", {"cost_usd": a}, {"cost_usd": b}, n=10)
    plain = stats.bootstrap(
        (b, a), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis), vectorized=True,
        method="percentile", rng=1,
    ).confidence_interval  # fmt: skip
    wider = math.sqrt(10 / 9) * stats.t.ppf(0.975, 9) / Z
    assert (found["high"] - found["low"]) / (plain.high - plain.low) == pytest.approx(
        wider, rel=0.06
    )


def test_the_ratio_has_an_interval_of_its_own():
    """That of b / a - 1: the baseline's own error is in it, the sign is that of the difference."""
    a, b = lognormal(40, 1, 0.01), lognormal(40, 2, 0.03)
    found = compared("cost_usd_per_call", {"cost_usd": a}, {"cost_usd": b})
    assert found["relative"] == pytest.approx(b.mean() / a.mean() - 1)
    assert found["relative_low"] < found["relative"] < found["relative_high"]
    fixed = (found["high"] - found["low"]) / a.mean()
    assert found["relative_high"] - found["relative_low"] > 1.2 * fixed


def test_no_share_of_nothing():
    """Against a baseline of 0 there is a difference and no ratio; it is told in dollars."""
    b = lognormal(20, 1, 0.01)
    comparison = Source(group("a", 20, cost_usd=0.0), group("b", 20, cost_usd=b)).compare()
    found = row(comparison, "cost_usd_per_call")
    assert found["finding"] == "higher"
    assert found[["relative", "relative_low", "relative_high"]].isna().all()
    assert "b costs $0.01" in comparison.verdict


# -- rates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_rates_have_the_intervals_that_newcombe_published(counts, low, high):
    """Table II of Newcombe 1998, method 10; no failure at all has width, too."""
    found = rates(*counts)
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=5e-5)
    assert found["method"] == "Newcombe"


def test_the_p_of_a_rate_is_where_its_interval_begins_to_hold_nothing():
    """At the level 1 - p one end lies on 0: computed here from Wilson's formula by hand."""
    found = rates(9, 10, 3, 10)
    z = stats.norm.isf(found["p"] / 2)
    ends = []
    for k in (9, 3):
        middle = (k + z**2 / 2) / (10 + z**2)
        half = z * math.sqrt(k * (10 - k) / 10 + z**2 / 4) / (10 + z**2)
        ends.append((middle - half, middle + half))
    low = 0.6 - math.hypot(0.9 - ends[0][0], ends[1][1] - 0.3)
    assert low == pytest.approx(0, abs=1e-6)
    assert rates(3, 10, 3, 10)["p"] == 1


def test_rates_of_the_same_requests_go_together():
    """Newcombe's method for pairs, by hand: both fail in 14, one in 5, none in 22."""
    states = failing(19, 41), failing(14, 41)
    found = compared(
        "error_rate", {"status": states[1], "request_preview": asked(41)},
        {"status": states[0], "request_preview": asked(41)}, n=41,
    )  # fmt: skip
    assert (found["paired"], found["n"]) == (True, 41)
    p, q = 19 / 41, 14 / 41
    (low, high), (other_low, other_high) = wilson(19, 41), wilson(14, 41)
    phi = (14 * 22 - 5 * 0 - 41 / 2) / math.sqrt(19 * 22 * 14 * 27)
    down, up = (p - low, other_high - q), (high - p, q - other_low)
    ends = [
        p - q - math.sqrt(down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2),
        p - q + math.sqrt(up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2),
    ]
    assert [found["low"], found["high"]] == pytest.approx(ends)
    alone = rates(19, 41, 14, 41)
    assert found["high"] - found["low"] < alone["high"] - alone["low"]


def test_thumbs_are_shares():
    """Ten thumbs up of ten may still be nine of ten: the interval is twice that of the rate."""
    thumbs = [1.0] * 10, [1.0] * 3 + [-1.0] * 7
    found = compared("satisfaction", {"score": thumbs[1]}, {"score": thumbs[0]}, n=10)
    rate = rates(10, 10, 3, 10)
    assert found["difference"] == pytest.approx(1.4)
    assert (found["low"], found["high"]) == pytest.approx((2 * rate["low"], 2 * rate["high"]))
    assert found["method"] == "Newcombe"
    alike = compared("satisfaction", {"score": 1.0}, {"score": 1.0}, n=10)
    assert (alike["low"], alike["high"]) == pytest.approx((-0.5551, 0.5551), abs=1e-4)


def test_scores_between_are_means():
    """Ratings on a finer scale go through the bootstrap, told in points of the scale."""
    a, b = np.linspace(-1, 0, 20), np.linspace(0, 1, 20)
    comparison = Source(group("a", 20, score=a), group("b", 20, score=b)).compare()
    assert row(comparison, "satisfaction")["method"] == "bootstrap"
    assert math.isnan(row(comparison, "satisfaction")["relative"])
    assert "b's mean score is 1.00 higher than a's" in comparison.verdict


@pytest.mark.parametrize("n", [20, 1000])
def test_a_score_is_no_share_of_another(n):
    """Also where all are above nought: four stars and five differ by half a point, not in per cent."""
    a, b = ([low + 0.5 * (i % 2) for i in range(n)] for low in (0.5, 0.1))
    comparison = Source(group("a", n, score=a), group("b", n, score=b)).compare()
    found = row(comparison, "satisfaction")
    assert all(math.isnan(found[name]) for name in ("relative", "relative_low", "relative_high"))
    said = sentence(comparison, "mean score")
    assert said.startswith("b's mean score is 0.40 lower than a's (95 % CI 0.")
    assert said.count("%") == 1


# -- pairs ----------------------------------------------------------------------------------------


def test_the_same_requests_are_compared_pair_by_pair():
    """What makes a request slow in both groups is no difference: the interval is far narrower."""
    slow, order = lognormal(40, 1, 1, 1.0), np.random.default_rng(3).permutation(40)
    b = slow * lognormal(40, 2, 0.8, 0.05)
    texts = asked(40)
    shuffled = {"latency_s": b[order], "request_preview": [texts[i] for i in order]}
    together = compared("latency_p50_s", {"latency_s": slow, "request_preview": texts}, shuffled)
    apart = compared("latency_p50_s", {"latency_s": slow}, {"latency_s": b[order]})
    assert (together["paired"], apart["paired"]) == (True, False)
    assert together["n"] == together["n_baseline"] == 40
    assert together["difference"] == pytest.approx(apart["difference"])
    assert together["high"] - together["low"] < 0.7 * (apart["high"] - apart["low"])
    assert (together["finding"], apart["finding"]) == ("lower", "no evidence")


def test_a_pair_whose_call_failed_is_left_out():
    """Latencies are of ok calls: 38 pairs, and the values are those of these alone."""
    a, b = lognormal(40, 1), lognormal(40, 2)
    found = compared(
        "latency_p50_s", {"latency_s": a, "request_preview": asked(40)},
        {"latency_s": b, "request_preview": asked(40), "status": failing(2, 40)},
    )  # fmt: skip
    assert (found["paired"], found["n"]) == (True, 38)
    assert found["baseline_value"] == pytest.approx(np.median(a[2:]))
    assert found["value"] == pytest.approx(np.median(b[2:]))


@pytest.mark.parametrize(
    ("texts", "others"),
    [
        ([f"{i}" + "x" * 198 + "…" for i in range(10, 50)],) * 2,
        ([f"{i} …" for i in range(40)],) * 2,
        ([f"my key is [redacted] {i}" for i in range(40)],) * 2,
        (["the same"] * 40,) * 2,
        ([None] * 40,) * 2,
        ([""] * 40,) * 2,
        (asked(40), asked(40, 9)),
        (asked(40), asked(40, 100)),
        (asked(9) + [None] * 2, asked(9) + [None] * 2),
    ],
    ids=["cut", "cut-short", "redacted", "only-one", "unknown", "empty", "few-alike", "none-alike",
         "few"],
)  # fmt: skip
def test_what_may_be_another_request_is_no_pair(texts, others):
    """Cut, redacted, mostly different texts, or but one: the groups stand on their own."""
    n = len(texts)
    found = compared(
        "cost_usd_per_call", {"cost_usd": lognormal(n, 1), "request_preview": texts},
        {"cost_usd": lognormal(n, 2), "request_preview": others}, n=n,
    )  # fmt: skip
    assert not found["paired"]
    assert found["n"] == n


@pytest.mark.parametrize(
    "text",
    [
        "{} in full " + "x" * 300,
        "{} in full " + "x" * 300 + "…",
        "{} and so on...",
        "{}" + "y" * 198,
    ],
)
def test_a_text_that_is_whole_makes_a_pair(text):
    """Also a long one, kept in full, whatever it ends with."""
    texts = [text.format(i) for i in range(10, 50)]
    found = compared(
        "cost_usd_per_call", {"cost_usd": lognormal(40, 1), "request_preview": texts},
        {"cost_usd": lognormal(40, 2), "request_preview": texts},
    )  # fmt: skip
    assert found["paired"]


def test_ten_pairs_are_enough():
    """The smallest number that is compared at all, with room for the skew of a few pairs."""
    a, b = lognormal(10, 1), lognormal(10, 2)
    texts = {"request_preview": asked(10)}
    found = compared("cost_usd_per_call", {"cost_usd": a} | texts, {"cost_usd": b} | texts, n=10)
    assert found["paired"]
    assert found["n"] == 10
    student = stats.ttest_1samp(b - a, 0).confidence_interval(0.95)
    assert found["high"] - found["low"] > student.high - student.low


def test_a_request_sent_again_is_paired_with_the_same_time():
    """Each of ten questions twice, in another order: the first time with the first."""
    texts = asked(10) * 2
    a, b = lognormal(20, 1, 1, 1.0), lognormal(20, 2)
    order = np.random.default_rng(3).permutation(10)
    order = np.concatenate([order, 10 + order])
    found = compared(
        "cost_usd_per_call", {"cost_usd": a, "request_preview": texts},
        {"cost_usd": b[order], "request_preview": [texts[i] for i in order]}, n=20,
    )  # fmt: skip
    assert (found["paired"], found["n"]) == (True, 20)
    straight = compared(
        "cost_usd_per_call", {"cost_usd": a, "request_preview": [f"{i}" for i in range(20)]},
        {"cost_usd": b, "request_preview": [f"{i}" for i in range(20)]}, n=20,
    )  # fmt: skip
    # Which pair is drawn when differs by the order, so the ends do by a little.
    assert (found["low"], found["high"]) == pytest.approx(
        (straight["low"], straight["high"]), abs=0.05 * (straight["high"] - straight["low"])
    )


def test_what_was_sent_is_known_beyond_its_preview():
    """Long texts that begin alike: pairs where the digest of the whole is the same."""
    cut = ["x" * 200 + "…"] * 12
    ours = {"request_preview": cut, "request_digest": list(range(1, 13))}
    a, b = {"cost_usd": lognormal(12, 1)} | ours, {"cost_usd": lognormal(12, 2)} | ours
    assert compared("cost_usd_per_call", a, b, n=12)["paired"]
    others = b | {"request_digest": list(range(21, 33))}
    assert not compared("cost_usd_per_call", a, others, n=12)["paired"]
    some = {"request_preview": asked(12), "request_digest": [1, 2, 3, -4, -5, 6] + [None] * 6}
    assert compared("cost_usd_per_call", a | some, b | some, n=12)["paired"]


def test_requests_in_common_that_are_too_few_for_pairs_are_told_of():
    """Half of them: all calls are compared, and the person reads why."""
    few = Source(
        group("a", 20, request_preview=asked(20)), group("b", 20, request_preview=asked(20, 10))
    )
    assert (
        "b and a: 10 requests in common, under four fifths of the calls, so all are compared, "
        "not pairs."
    ) in repr(few.compare())
    all_alike = Source(*(group(tag, 20, request_preview=asked(20)) for tag in "ab"))
    assert "in common" not in repr(all_alike.compare())
    only_one = Source(*(group(tag, n, request_preview="Hi") for tag, n in (("a", 20), ("b", 60))))
    assert "in common" not in repr(only_one.compare())


# -- large and lopsided samples -------------------------------------------------------------------


def test_large_means_have_the_interval_of_welch():
    """From 1,000 calls on, within a hundredth of scipy's, and the ratio beside it."""
    a, b = lognormal(1500, 1), lognormal(1000, 2, 1.03)
    found = compared("cost_usd_per_call", {"cost_usd": a}, {"cost_usd": b}, n=1500, other=1000)
    theirs = stats.ttest_ind(b, a, equal_var=False)
    ends = theirs.confidence_interval()
    assert found["method"] == "Student"
    width = ends.high - ends.low
    assert [found["low"], found["high"]] == pytest.approx([*ends], abs=width / 100)
    assert found["p"] == pytest.approx(theirs.pvalue, rel=0.05)
    assert found["relative_low"] < found["relative"] < found["relative_high"]


def test_large_percentiles_have_the_intervals_of_their_ranks():
    """Distribution-free, squared and added: near the bootstrap's of the same data."""
    a, b = lognormal(1000, 1), lognormal(1000, 2, 1.2)
    found = compared("latency_p95_s", {"latency_s": a}, {"latency_s": b}, n=1000)
    theirs = stats.bootstrap(
        (b, a), lambda x, y, axis: np.quantile(x, 0.95, axis) - np.quantile(y, 0.95, axis),
        vectorized=True, method="percentile", n_resamples=2000, rng=1,
    ).confidence_interval  # fmt: skip
    width = theirs.high - theirs.low
    assert found["method"] == "order statistics"
    assert [found["low"], found["high"]] == pytest.approx([*theirs], abs=width / 6)


@pytest.mark.parametrize("figure", ["cost_usd_per_call", "latency_p50_s"])
def test_large_samples_use_their_pairs(figure):
    """Of 1,000 pairs that go together the interval is narrower than without them."""
    a = lognormal(1000, 1, 1, 1.0)
    b = a * lognormal(1000, 2, 1, 0.1)
    column = {"cost_usd_per_call": "cost_usd", "latency_p50_s": "latency_s"}[figure]
    texts = {"request_preview": asked(1000)}
    together = compared(figure, {column: a} | texts, {column: b} | texts, n=1000)
    apart = compared(figure, {column: a}, {column: b}, n=1000)
    assert (together["paired"], apart["paired"]) == (True, False)
    assert together["high"] - together["low"] < 0.6 * (apart["high"] - apart["low"])


def test_a_large_sample_that_does_not_vary():
    """A constant group beside one that varies has no width of its own, and no warning is given."""
    found = compared(
        "cost_usd_per_call", {"cost_usd": 0.5}, {"cost_usd": lognormal(1000, 1)}, n=1000
    )
    almost = np.array([0.5] * 999 + [0.5 + 1e-15])
    other = compared(
        "cost_usd_per_call", {"cost_usd": almost}, {"cost_usd": lognormal(1000, 1)}, n=1000
    )
    assert (found["low"], found["high"]) == pytest.approx((other["low"], other["high"]))
    alone = stats.ttest_1samp(lognormal(1000, 1), 0.5).confidence_interval()
    assert [found["low"], found["high"]] == pytest.approx([alone.low - 0.5, alone.high - 0.5])


def test_a_lopsided_median_takes_the_ranks_of_the_small_group():
    """Ten calls beside sixty: exact for any distribution, so ten are enough."""
    a, b = lognormal(60, 1), lognormal(10, 2, 9)
    found = compared("latency_p50_s", {"latency_s": a}, {"latency_s": b}, n=60, other=10)
    assert (found["method"], found["finding"]) == ("order statistics", "higher")
    ranked = np.sort(b)
    assert found["high"] - found["low"] > (ranked[8] - ranked[1]) * 0.99


def test_huge_numbers():
    """Whole numbers beyond what a float tells apart are compared nevertheless."""
    big = [2**53 + 2 * i for i in range(12)]
    calls = [
        Call(call_id=f"{tag}{i}", session_id="s", started_at=i, status="ok", tag=tag, input_tokens=n)
        for tag, shift in (("a", 0), ("b", 2**40)) for i, n in enumerate(x + shift for x in big)
    ]  # fmt: skip
    found = row(Source(calls).compare(), "input_tokens_per_call")
    assert found["difference"] == 2**40
    assert found["finding"] == "higher"
