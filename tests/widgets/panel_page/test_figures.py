"""The browser writes and counts figures as Python does, also of what a filter leaves."""

from __future__ import annotations

import re
import time

import pytest

from llmwatch import words
from llmwatch.alerting import rule_of
from tests.widgets.make import call
from tests.widgets.panel import Made, drawn, show, whole
from tests.widgets.panel_page.plain import calls, flying, news, tile

NUMBERS = (0, 1e-12, 0.00001, 0.0041, 0.0999, 0.123456, 0.5004, 0.906, 0.9994, 0.99951, 1.234, 1.52, 9.994,
           9.996, 12.44, 59.7, 99.46, 99.6, 130.2, 999.4, 3599.2, 3700, 9999.4, 9999.7, 12_500,
           99_960, 284_812, 999_960, 1_234_567, 2.3e9, 1e12)  # fmt: skip


def test_figures_are_written_as_everywhere(page):
    """Script and Python write the same number in the same words."""
    from llmwatch.widgets._assets import esm

    script = esm().partition("export default")[0]
    for name in ("seconds", "tokens", "few_tokens", "dollars", "percent", "rate"):
        values = [n for n in NUMBERS if n <= 1] if name == "percent" else NUMBERS
        there = name.replace("_t", "T")
        shown = page.evaluate(
            f"values => {{ {script}; return values.map(v => {there}(v)) }}", values
        )
        assert shown == [getattr(words, name)(value) for value in values], name
        assert page.evaluate(f"() => {{ {script}; return {there}(null) }}") == words.UNKNOWN


def test_what_stands_at_an_axis_is_short(page):
    """Any amount has at most seven signs there, so that none is cut at the edge.

    It is the amount all the same, and a picture says the same.
    """
    from llmwatch.widgets._assets import esm
    from llmwatch.widgets._drawing import _few_dollars

    script = esm().partition("export default")[0]
    few = f"values => {{ {script}; return values.map(fewDollars) }}"
    shown = page.evaluate(few, NUMBERS)
    assert max(map(len, shown)) <= 7
    assert {"$0.00", "$0.0041", "$12.44", "$285k", "$1.2M"} <= set(shown)
    tops = [float(f"{step}e{n}") for step in (1, 1.5, 2, 3, 5) for n in range(-9, 10)]
    shown = page.evaluate(few, tops)
    assert shown == [_few_dollars(top) for top in tops]
    assert max(map(len, shown)) <= 7
    assert {"$1.5e-5", "$1.5e-4", "$0.0015", "$1.5M"} <= set(shown)


@pytest.mark.parametrize(
    "chosen", [{}, {"Model": "gpt-5"}, {"Tag": "baseline", "Cell": "cell [11]"}]
)
def test_a_filter_shows_the_figures_of_what_fits(page, chosen):
    """The browser alone counts what `summary` would count of these calls."""
    made = calls()
    root = show(page, whole(Made(*made)), charts=False)
    for label, option in chosen.items():
        root.get_by_label(label, exact=True).select_option(label=option)
    drawn(page)
    fits = [
        c for c in made
        if chosen.get("Model", c.model) == c.model and chosen.get("Tag", c.tag) == c.tag
        and chosen.get("Cell", f"cell [{c.execution_count}]") == f"cell [{c.execution_count}]"
    ]  # fmt: skip
    figures = Made(*fits).summary()
    assert tile(root, "calls") == words.tokens(figures.requests)
    assert tile(root, "p50") == words.seconds(figures.latency_p50_s)
    assert tile(root, "errors") == words.percent(figures.error_rate)
    assert tile(root, "tokens") == words.tokens(figures.tokens)
    assert tile(root, "cost") == words.dollars(figures.cost_usd)
    assert root.locator(".lw-row").count() == min(50, len(fits))
    assert not root.locator(".lw-note").is_visible()


def test_a_rate_is_over_the_time_that_summary_takes(page):
    """In a window all of it, of a model the whole session, and till now while calls are in flight."""
    now = time.time_ns()
    ages = [600 - 10 * n for n in range(20)] + [100 - 10 * n for n in range(7)]
    made = [call(call_id=f"c{n}", started_at=now - int(age * 1e9), latency_s=1.0, model="ab"[n % 2])
            for n, age in enumerate(ages)]  # fmt: skip
    session = Made(*made)
    root = show(page, whole(session), charts=False)
    said = root.locator("[data-tile=calls] .lw-context")
    assert said.inner_text() == words.rate(session.summary().qps)
    root.get_by_label("Model", exact=True).select_option(label="a")
    drawn(page)
    assert said.inner_text() == words.rate(session.summary(by="model").qps["a"])
    root.get_by_label("Model: all").click()
    root.get_by_label("Time", exact=True).select_option(label="last 5 min")
    drawn(page)
    assert said.inner_text() == words.rate(session.summary(window="5min").qps) == "1.4\u202f/min"
    session.flying = [flying()]
    root = show(page, whole(session), charts=False)
    assert said.inner_text() == words.rate(27 / 600) == "2.7\u202f/min"


def test_the_slowest_of_few_is_not_called_a_percentile(page):
    """Neither in its label nor in what is told of it."""
    for n, label, title in ((10, "Slowest", None), (60, "p95", "19 of 20 answers came within")):
        root = show(page, whole(Made(*calls(n))), charts=False)
        figure = root.locator("[data-tile=p95]")
        assert figure.locator("dt").inner_text() == label
        assert figure.get_attribute("title") == title


def test_the_slowest_of_few_is_told_where_all_of_them_are_here(page):
    """Among many failures the browser may not have them: then it is what Python counted."""
    made = calls(10, status="ok", latency_s=8.0) + calls(600, status="error", error_type="E")
    root = show(page, whole(Made(*made)), charts=False)
    assert root.locator("[data-tile=p95] dt").inner_text() == "p95"
    assert tile(root, "p95") == words.seconds(8.0)


def test_all_failures_are_counted_and_the_largest_cause_is_named(page):
    """However many causes there are, and whatever they are called; under a filter, too."""
    kinds = ["429", *["BoomError"] * 2, "constructor", *[f"E{n}Error" for n in range(8)]]
    made = [call(call_id=f"c{n}", started_at=time.time_ns() - n, latency_s=1.0, status="error",
                 error_type=kinds[n % 12], tag="ab"[n % 2]) for n in range(120)]  # fmt: skip
    root = show(page, whole(Made(*made)), charts=False)
    said = root.locator("[data-tile=errors] .lw-context")
    assert said.inner_text() == "120 · 20 × Boom"
    root.get_by_label("Tag", exact=True).select_option(label="b")
    drawn(page)
    assert said.inner_text().startswith("60 · 10 × ")


def test_a_failure_without_a_name_is_unknown_under_a_filter_too(page):
    """The browser counts it as Python does."""
    root = show(page, whole(Made(*calls(4, status="error", error_type=None))), charts=False)
    said = root.locator("[data-tile=errors] .lw-context")
    assert said.inner_text() == "4 × unknown"
    root.get_by_label("Tag", exact=True).select_option(index=1)
    drawn(page)
    assert said.inner_text() == "2 × unknown"


def test_a_price_is_what_lacks_only_where_the_tokens_are_known(page):
    """As in a receipt: of a known model whose answer was not counted, no price would be a lie."""
    unknown = {"cost_usd": None, "input_tokens": 5}
    session = Made(
        call(**unknown, output_tokens=None),
        call(**unknown, output_tokens=3),
        call(**unknown, operation="embeddings"),
    )
    root = show(page, whole(session))
    said = root.locator(".lw-row .lw-cost").all_inner_texts()
    assert said == ["no price", "no price", words.UNKNOWN]  # the newest first


def test_an_answer_that_broke_was_paid_for(page):
    """A stream that failed after it had begun counts as unknown and estimated, under a filter, too."""
    unknown = dict.fromkeys(("input_tokens", "output_tokens", "cost_usd"))
    made = calls(12, status="error", http_status=200, error_type="APIError", **unknown,
                 estimated_output_tokens=75, estimated_cost_usd=0.001)  # fmt: skip
    root = show(page, whole(Made(*made)), charts=False)
    for tag, n in (("all tags", 12), ("baseline", 6)):
        root.get_by_label("Tag", exact=True).select_option(label=tag)
        drawn(page)
        assert tile(root, "tokens") == f"~{75 * n}"
        assert tile(root, "cost") == f"~$0.0{n if n > 9 else f'0{n}'}"
        assert root.locator("[data-tile=cost] .lw-context").inner_text() == f"{n} unpriced"


def test_a_filter_over_a_part_says_so(page):
    """Where the browser holds the newest calls only, figures under a filter say of how many."""
    session = Made(*calls(700))
    root = show(page, whole(session), charts=False)
    assert tile(root, "calls") == "700"
    root.get_by_label("Status", exact=True).select_option(label="failed")
    root.locator(".lw-note").wait_for()
    assert root.locator(".lw-note").inner_text() == "of the newest 500 of 700 calls"
    root.get_by_label("Status: all").click()
    root.locator(".lw-note").wait_for(state="hidden")
    assert tile(root, "calls") == "700"


def test_speed_and_budget_stand_at_every_width(page):
    """Tokens a second beside the tokens; a budget with what was spent of it, not of all calls."""
    state = {**whole(Made(*calls(30))), "budget": [0.08, 0.5]}
    root = show(page, state, charts=False)
    for width in (300, 420, 800):
        page.set_viewport_size({"width": width, "height": 900})
        drawn(page)
        assert root.locator("[data-tile=tokens] .lw-aside").inner_text().endswith("/s")
        assert root.locator("[data-tile=cost] .lw-aside").inner_text() == "16\u202f%"
    state = {**whole(Made(*calls(30, status="ok", cost_usd=0.04))), "budget": [0.08, 0.5]}
    root = show(page, state, charts=False)
    assert root.locator("[data-tile=cost] .lw-context").last.inner_text() == "$0.08 of $0.50"


def test_a_call_that_costs_much_is_told_to_the_dollar(page):
    """As in a receipt: no digit of it is lost on its way to the browser."""
    root = show(page, whole(Made(*calls(1, cost_usd=12_345.0))), charts=False)
    assert root.locator(".lw-row .lw-cost").inner_text() == words.dollars(12_345.0) == "$12,345"


def test_a_budget_of_nothing_is_spent(page):
    """Its bar is full, and not as long as it was before."""
    state = whole(Made(*calls(5)))
    root = show(page, {**state, "budget": [0.1, 1.0]}, charts=False)
    filled = root.locator("[data-tile=cost] .lw-bar span")
    assert filled.get_attribute("style") == "width: 10%;"
    news(root, state, 1, 0, budget=[0.0, 0.0])
    assert filled.get_attribute("style") == "width: 100%;"


def test_only_the_figure_of_the_alert_is_red(page):
    """And none under a filter, which shows a part that the alert may not be about."""
    session = Made(*calls(60))
    session.alerts.add(rule_of("half", "latency_p50_s > 1", severity="critical", min_calls=2))
    session.alerts.evaluate()
    root = show(page, whole(session), charts=False)
    red = "root => [...root.querySelectorAll('.lw-tile[data-bad]')].map(it => it.dataset.tile)"
    assert root.evaluate(red) == ["p50", "errors"]
    root.get_by_label("Model", exact=True).select_option("gpt-5")
    drawn(page)
    assert root.evaluate(red) == ["errors"]


def test_the_line_of_a_budget_is_for_all_calls(page):
    """It stands in the chart of the cost, and goes where a filter leaves a part of it."""
    state = {**whole(Made(*calls(30, status="ok"))), "budget": [0.004, 0.01]}
    root = show(page, state)
    key = root.locator("[data-picture=cost] .lw-key")
    assert key.all_inner_texts() == ["budget"]
    root.get_by_label("Model", exact=True).select_option(label="gpt-5")
    key.wait_for(state="detached")


def test_the_latency_chart_begins_with_what_is_here(page):
    """Of a long session the browser draws the newest calls: no empty half looks like silence."""
    made = calls(1_000)
    root = show(page, whole(Made(*made)))
    began = time.strftime("%H:%M", time.localtime(made[500].started_at / 1e9))
    label = root.locator("[data-picture=latency] .lw-canvas").get_attribute("aria-label")
    since = rf"since (\w+ \d+ )?{began}"  # with the day, where it was yesterday's
    assert re.match(f"Latency: 500 of 1,000 calls, {since}, from 400", label)
