"""What comes in while one looks is drawn in place, counted once, and bounded."""

from __future__ import annotations

import json

from llmwatch.widgets._refresh import Refresher
from tests.widgets.panel import Made, drawn, show, whole
from tests.widgets.panel_page.plain import calls, flying, news, sent, tile


def test_news_comes_in_and_what_was_missed_is_asked_for(page):
    """News of the state at hand is applied once; where some is missing, the whole is asked for."""
    state = whole(Made(*calls(10)))
    root = show(page, state, charts=False)
    fresh = whole(Made(*calls(11)))
    news(root, fresh, 1, 0, rows=[fresh["rows"][-1]])
    assert tile(root, "calls") == "11"
    assert root.locator(".lw-row").count() == 11
    news(root, state, 1, 0)
    assert tile(root, "calls") == "11"
    news(root, state, 9, 8)
    assert tile(root, "calls") == "11"
    assert sent(page) == [{"do": "whole"}]


def test_what_one_reads_stays_under_the_eye(page):
    """However many calls come, a call that is open stays open, and where it is on the screen."""
    state = whole(Made(*calls(200)))
    root = show(page, state, charts=False)
    page.set_viewport_size({"width": 320, "height": 600})
    line = root.locator(".lw-line").nth(1)
    line.click()
    detail = root.locator(".lw-detail")
    place = detail.bounding_box()["y"]
    for turn in range(1, 5):
        first = 190 + 10 * turn
        rows = [[first + n, *row[1:]] for n, row in enumerate(state["rows"][:10])]
        news(root, state, turn, turn - 1, rows=rows, total=first + 10)
        assert abs(detail.bounding_box()["y"] - place) < 1.5
    rows = [[240 + n, *row[1:]] for n, row in enumerate(state["rows"][:100])]
    news(root, state, 5, 4, rows=rows, total=340)
    assert root.locator(".lw-row").count() == 51  # behind the others, but there
    assert "Question 198" in detail.inner_text()


def test_another_page_takes_nothing_away(page):
    """Who comes is told the newest calls, and all pages hear it: more may be here already."""
    state = whole(Made(*calls(40)))
    root = show(page, state, charts=False)
    page.evaluate("state => model.set('whole', state)", {**state, "rows": state["rows"][-10:]})
    drawn(page)
    assert root.locator(".lw-row").count() == 40
    fewer = {**state, "rows": state["rows"][-10:], "seq": state["seq"] + 1}
    page.evaluate("state => model.set('whole', state)", fewer)  # something was missed: all is new
    drawn(page)
    assert root.locator(".lw-row").count() == 10


def test_calls_that_are_not_here_are_told_of(page):
    """Where calls are missing between two rows a line says how many, and the end where all are."""
    state = whole(Made(*calls(10)))
    root = show(page, state, charts=False)
    assert root.locator(".lw-gap").count() == 0
    assert not root.get_by_text("calls are here").is_visible()
    late = [[1_000, *state["rows"][-1][1:]]]
    news(root, state, 1, 0, rows=late, total=1_001)
    assert root.locator(".lw-rows > li").nth(1).inner_text() == "990 calls between, not shown here"
    said = "11 of 1,001 calls are here, all in llmwatch.session.calls"
    assert root.get_by_text(said).is_visible()
    root.get_by_label("Order of the calls").select_option(label="slowest first")
    drawn(page)
    assert root.locator(".lw-gap").count() == 0
    assert root.get_by_text(said).is_visible()
    root.get_by_label("Order of the calls").select_option(label="newest first")
    news(
        root, state, 2, 1, rows=[[n, *state["rows"][0][1:]] for n in range(10, 1_000)], total=1_001
    )
    assert root.locator(".lw-gap").count() == 0


def test_a_flood_is_all_here_in_the_end(page):
    """Also where it is the first that happens: what had no room comes later, and is not dropped.

    It stands in its place, so that it is the oldest that goes when there are too many.
    """
    session, told, now = Made(), [], [0.0]
    refresher = Refresher(session, told.append, clock=lambda: now[0])
    root = show(page, json.loads(json.dumps(refresher.whole())), charts=False)
    now[0] = 60.0
    rest = root.locator(".lw-calls .lw-rest")
    for size, said in ((400, "400 of 400"), (800, "900 of 1,200"), (600, "1,000 of 1,800"),
                       (50, "1,000 of 1,850")):  # fmt: skip
        session.store.append(calls(size))
        while refresher.refresh():
            page.evaluate("news => model.set('news', news)", told[-1])
            drawn(page)
        assert rest.text_content().startswith(f"{said} calls are here")
    while (more := root.locator(".lw-wide")).is_visible():
        more.click()
        drawn(page)
    assert root.locator(".lw-gap").all_inner_texts() == ["100 calls between, not shown here"]


def test_time_runs_while_a_call_is_in_flight(page):
    """The age of the oldest is counted by the browser's clock; nobody has to tell it."""
    session = Made(*calls(3))
    session.flying = [flying(age_s=125.3)]
    root = show(page, whole(session), charts=False)
    running = root.locator(".lw-running").first
    before = running.inner_text()
    assert "1 running · 2\u202fmin" in before
    page.wait_for_function("text => document.querySelector('.lw-running').innerText !== text",
                           arg=before)  # fmt: skip
    assert running.get_attribute("data-stuck") is not None


def test_the_window_is_bounded(page):
    """After 10,000 calls the page holds as many elements as after 1,000."""
    state = whole(Made(*calls(500)))
    root = show(page, state, charts=False)
    nodes = "document.querySelectorAll('*').length"
    counts = []
    for turn in range(1, 101):
        rows = [[500 + turn * 100 + n, *row[1:]] for n, row in enumerate(state["rows"][:100])]
        news(root, state, turn, turn - 1, rows=rows, total=500 + turn * 100)
        if turn in (10, 100):
            counts.append(page.evaluate(nodes))
    assert counts[0] == counts[1]
    assert root.locator(".lw-row").count() == 50


def test_charts_live_on(page):
    """New calls enter the views that are there; a PNG and an SVG of them can be had."""
    state = whole(Made(*calls(30)))
    root = show(page, state)
    page.evaluate("document.querySelectorAll('canvas').forEach((it, n) => { it.mine = n; })")
    fresh = whole(Made(*calls(31)))
    news(root, fresh, 1, 0, rows=[fresh["rows"][-1]])
    assert page.evaluate("[...document.querySelectorAll('canvas')].map(it => it.mine)") == [0, 1, 2]
    label = root.locator("[data-picture=latency] .lw-canvas").get_attribute("aria-label")
    assert label.startswith("Latency: 31 calls from")
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as download:
            root.get_by_label("Export").click()
            root.get_by_text(f"Latency as {kind}").click()
        with open(download.value.path(), "rb") as file:  # noqa: PTH123  # a path of Playwright's
            taken = file.read()
            assert taken.startswith(start)
    drawing = taken.decode()
    assert "Latency</text>" in drawing
    assert "claude-haiku-4.5</text>" in drawing  # the keys are in the picture
    assert '<rect width="' in drawing  # and so is its ground


def test_a_window_of_time_moves_on(page):
    """Where nothing happens, calls leave "last 5 min" all the same."""
    page.clock.install()
    root = show(page, whole(Made(*calls(60))), charts=False)
    root.get_by_label("Time", exact=True).select_option("last 5 min")
    page.clock.run_for(2_000)
    assert 0 < int(tile(root, "calls")) < 60
    page.clock.run_for(1_800_000)
    assert tile(root, "calls") == "0"


def test_a_call_older_than_all_that_is_here_is_not_taken(page):
    """One told alone, far below the others, would leave a hole that nobody can read."""
    state = whole(Made(*calls(30)))
    first, *others = state["rows"]
    root = show(page, {**state, "rows": others}, charts=False)
    news(root, state, 1, 0, rows=[first])
    assert page.evaluate("document.querySelectorAll('.lw-row').length") == len(others)
