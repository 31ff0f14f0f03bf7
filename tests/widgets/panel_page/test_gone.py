"""The kernel is lost, or a view is out of sight: nothing is waited for, or counted, for ever."""

from __future__ import annotations

from tests.widgets.panel import Made, drawn, show, whole
from tests.widgets.panel_page.plain import calls, flying, full, news, sent


def test_what_a_lost_kernel_was_asked_for_is_not_queued_for_ever(page):
    """Once it is there again what it did not hear can be asked for again, and one is told."""
    state = whole(full())
    root = show(page, state, charts=False)
    root.get_by_label("Resume recording").click()
    drawn(page)
    assert root.locator(".lw-head .lw-queued").inner_text() == "queued"
    page.evaluate("model.lose()")
    drawn(page)
    assert root.locator(".lw-head .lw-queued").inner_text() == ""  # nobody knows whether it is
    page.evaluate("state => model.set('whole', state)", {**state, "seq": 5})
    root.get_by_text("The kernel was away: what was queued may not be done.").wait_for()
    assert root.locator(".lw-head .lw-queued").inner_text() == ""
    root.get_by_label("Resume recording").click()
    assert [order["do"] for order in sent(page)] == ["resume", "whole", "resume"]


def test_time_stands_still_where_the_kernel_is_gone(page):
    """A call that was in flight grows no older, and none leaves its window of time."""
    page.clock.install()
    session = Made(*calls(60))
    session.flying = [flying(age_s=200.0)]
    root = show(page, whole(session), charts=False)
    root.get_by_label("Time", exact=True).select_option("last 5 min")
    page.clock.run_for(100)
    before = root.locator("[data-tile=calls] .lw-value").inner_text()
    page.evaluate("model.lose()")
    page.clock.run_for(100)
    assert root.locator(".lw-running").inner_text() == "kernel gone"
    assert root.locator(".lw-running").get_attribute("data-stuck") is None
    aged = root.locator(".lw-row[data-status=running] .lw-time").inner_text()
    page.clock.run_for(600_000)
    root.get_by_label("Order of the calls").select_option(label="slowest first")
    page.clock.run_for(100)
    assert root.locator("[data-tile=calls] .lw-value").inner_text() == before
    assert root.locator(".lw-row[data-status=running] .lw-time").inner_text() == aged


def test_a_kernel_that_is_gone_is_asked_for_nothing(page):
    """Its calls went with it: the panel says so, where it would wait for a file for ever."""
    root = show(page, whole(full()), charts=False)
    page.evaluate("model.lose()")
    drawn(page)
    root.get_by_label("Export").click()
    root.get_by_text("Calls as CSV").click()
    root.get_by_text("The kernel is gone, and the calls with it.").wait_for()
    assert [order["do"] for order in sent(page)] == ["whole"]


def test_an_answer_is_heard_out_of_sight(page):
    """A view that is hidden meanwhile hears it, though later messages do not repeat it."""
    state = whole(full())
    root = show(page, state, charts=False)
    root.get_by_label("Resume recording").click()
    page.evaluate("document.getElementById('panel').style.display = 'none'")
    drawn(page)
    (asked,) = sent(page)
    news(root, state, 1, 0, answers=[{"id": asked["id"]}])
    news(root, state, 2, 1, answers=[{"id": asked["id"] + 1_000_000}])
    page.evaluate("document.getElementById('panel').style.display = ''")
    drawn(page)
    assert root.locator(".lw-head .lw-queued").inner_text() == ""
