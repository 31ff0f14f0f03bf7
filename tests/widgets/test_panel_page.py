"""The panel as a person sees it, in a Chromium without a kernel: nobody answers what it asks."""

from __future__ import annotations

import time

import pytest

from llmwatch import words
from llmwatch.alerting import rule_of
from tests.browser import browser
from tests.widgets.make import call
from tests.widgets.panel import Made, now_ms, show, whole
from tests.widgets.test_receipt_browser import CONTRASTS

CONTRAST = CONTRASTS.replace(".llmwatch-receipt", ".lw-panel")
# What is wider than its place: figures that are cut, and anything that makes the panel scroll.
CUT = """
root => [root, ...root.querySelectorAll(
  '.lw-running, .lw-value, .lw-sums, .lw-row:not([data-status=error]) .lw-time, .lw-alert b')]
  .filter(node => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1
    && getComputedStyle(node).display !== 'inline')
  .map(node => `${node.className}: ${node.textContent.slice(0, 40)}`)
"""
NUMBERS = (0, 1e-12, 0.00001, 0.0041, 0.0999, 0.123456, 0.5004, 0.906, 0.9994, 0.99951, 1.234, 1.52, 9.994,
           9.996, 12.44, 59.7, 99.46, 99.6, 130.2, 999.4, 3599.2, 3700, 9999.4, 9999.7, 99_960,
           284_812, 999_960, 1_234_567, 2.3e9, 1e12)  # fmt: skip


@pytest.fixture(scope="module")
def chrome():
    with browser() as running:
        yield running


@pytest.fixture
def page(chrome):
    """A page at 320 px, on which no script fails."""
    failures = []
    page = chrome.new_page(viewport={"width": 320, "height": 900})
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(("blob:", "data:"))
            else failures.append(request.url))  # fmt: skip
    yield page
    page.close()
    assert failures == []


def calls(n=60, **columns):
    """Calls of the last ten minutes: three models, two tags, every state."""
    now = time.time_ns()
    found = []
    for i in range(n):
        known = {
            "call_id": f"c{i}", "started_at": now - (n - i) * 600_000_000_000 // (n + 1),
            "latency_s": 0.4 + i % 11 / 4, "ttft_s": 0.2, "input_tokens": 400 + 7 * i,
            "output_tokens": 50 + i, "cost_usd": 0.0001 * (1 + i % 5), "finish_reason": "stop",
            "model": ("gpt-5-mini", "gpt-5", "claude-haiku-4.5-20251001")[i % 3],
            "tag": ("prompt-v2", "baseline")[i % 2], "execution_count": 10 + i % 3,
            "request_preview": f"Question {i}", "response_preview": f"Answer {i}",
        }  # fmt: skip
        if i % 10 == 4:
            known |= {"status": "error", "error_type": "RateLimitError", "http_status": 429,
                      "input_tokens": None, "output_tokens": None, "cost_usd": None}  # fmt: skip
        if i % 10 == 7:
            known |= {"status": "partial", "output_tokens": None, "cost_usd": None,
                      "estimated_output_tokens": 75}  # fmt: skip
        found.append(call(**{**known, **columns}))
    return found


def flying(age_s=4.2, **more):
    return {"started_at": time.time_ns() - int(age_s * 1e9), "age_s": age_s, "model": "gpt-5",
            "operation": "chat", "tag": "prompt-v2", "execution_count": 12, **more}  # fmt: skip


def full():
    """Everything there is to see: alerts, calls in flight, a rating, a budget."""
    session = Made(*calls())
    session.alerts.add(rule_of("slow", "latency_p95_s > 2", severity="critical", min_calls=2))
    session.alerts.evaluate()
    session.flying = [flying(estimated_output_tokens=87)]
    session.store.amend({58: {"score": 1.0}})
    return session


def news(root, state, seq, base, **more):
    """Tell the panel something new, and wait until it is drawn."""
    told = {**state, "seq": seq, "base": base, "now_ms": now_ms(), "rows": [], **more}
    del told["fields"]
    root.page.evaluate(
        "news => { model.set('news', news); return new Promise(done =>"
        " requestAnimationFrame(() => requestAnimationFrame(done))); }",
        told,
    )


def tile(root, name):
    return root.locator(f"[data-tile={name}] .lw-value").inner_text()


def order(root):
    return root.locator(".lw-row .lw-time").all_inner_texts()


def sent(page):
    return page.evaluate("sent.filter(message => message.do !== 'vega')")


# -- words and figures -----------------------------------------------------------------------------


def test_figures_are_written_as_everywhere(page):
    """Script and Python write the same number in the same words."""
    from llmwatch.widgets._assets import esm

    script = esm().partition("export default")[0]
    for name in ("seconds", "tokens", "dollars", "percent"):
        values = [n for n in NUMBERS if n <= 1] if name == "percent" else NUMBERS
        shown = page.evaluate(
            f"values => {{ {script}; return values.map(v => {name}(v)) }}", values
        )
        assert shown == [getattr(words, name)(value) for value in values], name
        assert page.evaluate(f"() => {{ {script}; return {name}(null) }}") == words.UNKNOWN


@pytest.mark.parametrize(
    "chosen", [{}, {"Model": "gpt-5"}, {"Tag": "baseline", "Cell": "cell [11]"}]
)
def test_a_filter_shows_the_figures_of_what_fits(page, chosen):
    """The browser alone counts what `summary` would count of these calls."""
    made = calls()
    root = show(page, whole(Made(*made)), charts=False)
    for label, option in chosen.items():
        root.get_by_label(label, exact=True).select_option(label=option)
    page.wait_for_timeout(50)
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


# -- what stands in it -----------------------------------------------------------------------------

SESSIONS = {
    "empty": Made,
    "one": lambda: Made(*calls(1)),
    "full": full,
    "thousand": lambda: Made(*calls(1_000)),
    "errors": lambda: Made(*calls(30, status="error", error_type="APITimeoutError", latency_s=30.0,
                                  error_message="Request timed out.")),
    "unpriced": lambda: Made(*calls(30, cost_usd=None, model="qwen-x")),
    "unknown": lambda: Made(*calls(5, model=None, cost_usd=None, input_tokens=None,
                                   output_tokens=None, latency_s=None, tag=None)),
    "long": lambda: Made(*calls(30, model="meta-llama/" + "Llama-4-Maverick-" * 8, tag="t" * 90)),
    "large": lambda: Made(*calls(300, input_tokens=98_765_432, output_tokens=1_234_567,
                                 latency_s=5_000.0, cost_usd=12_345.678)),
    "chinese": lambda: Made(*calls(30, model="通义千问-最大", tag="提示词第二版",
                                   request_preview="请用一句话概括下面的文字")),
    "rtl": lambda: Made(*calls(30, model="نموذج-كبير", tag="تجربة", request_preview="ما هي العاصمة")),
}  # fmt: skip


@pytest.mark.parametrize("name", SESSIONS)
def test_nothing_is_cut_at_any_width(page, name):
    """At 300, 420 and 800 px every figure is whole and nothing scrolls sideways."""
    root = show(page, whole(SESSIONS[name]()))
    first = root.locator(".lw-line[aria-expanded]").first
    if name != "empty":
        first.click()
    for width in (300, 420, 800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert root.evaluate(CUT) == [], width
    if name == "unpriced":
        assert tile(root, "cost") == words.UNKNOWN
        assert "no price" in root.locator(".lw-row .lw-cost").all_inner_texts()
    if name == "rtl":
        turned = "node => getComputedStyle(node).direction"
        assert root.locator(".lw-row .lw-model").first.evaluate(turned) == "rtl"
    if name == "empty":
        assert root.locator(".lw-none").inner_text().startswith("No calls yet")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(page, theme):
    """In both themes every text has a contrast of 4.5 at least, also in an open call."""
    root = show(page, whole(full()), theme=theme, charts=False)
    for row in root.locator(".lw-line[aria-expanded]").all()[:6]:
        row.click()
    seen = page.evaluate(CONTRAST)
    assert len(seen) > 60
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []
    assert (root.get_attribute("data-dark") is not None) == (theme == "dark")


def test_markup_is_text(page):
    """What a model, a tag or an error says is shown as it is, and does nothing."""
    evil = "<img src=x onerror='window.harmed=1'><script>window.harmed=1</script>${1}{{1}}"
    texts = dict.fromkeys(("model", "tag", "request_preview", "response_preview"), evil)
    session = Made(*calls(20, **texts), *calls(3, status="error", error_type=evil,
                                               error_message=evil, **texts))  # fmt: skip
    root = show(page, whole(session))
    for row in root.locator(".lw-line[aria-expanded]").all()[:5]:
        row.click()
    assert evil in root.locator("pre").first.inner_text()
    assert evil in root.locator(".lw-row .lw-model").first.inner_text()
    assert root.locator("img, script").count() == 0
    assert page.evaluate("window.harmed") is None


# -- what one does ---------------------------------------------------------------------------------


def test_calls_are_sorted_in_the_browser(page):
    """By latency, by cost, errors first; nobody is asked."""
    made = calls(30)
    root = show(page, whole(Made(*made)), charts=False)
    choose = root.get_by_label("Order of the calls")
    choose.select_option(label="slowest first")
    page.wait_for_timeout(50)
    by_latency = sorted(made, key=lambda c: (-c.latency_s, -made.index(c)))
    shown = [
        words.seconds(c.latency_s) if c.status != "error" else c.error_type for c in by_latency
    ]
    assert order(root)[:5] == shown[:5]
    choose.select_option(label="errors first")
    page.wait_for_timeout(50)
    assert order(root)[:3] == ["RateLimitError"] * 3
    assert sent(page) == []


def test_a_call_opens_in_place(page):
    """It tells what one asks first, its texts, and how to find it again in Python."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    made = calls(3, attempts=3, retry_wait_s=1.1, cached_input_tokens=300)
    root = show(page, whole(Made(*made)), charts=False)
    root.locator(".lw-line").first.click()
    text = root.locator(".lw-detail").inner_text()
    for part in ("200\u202fms", "3 · waited 1.10\u202fs", "300 of 414 tokens", "stop", "Question 2",
                 "Answer 2"):  # fmt: skip
        assert part in text
    root.get_by_text("Copy as code").click()
    code = """llmwatch.session.calls.query('call_id == "c2"').iloc[0]"""
    root.get_by_text(f"Copied: {code}").wait_for()
    root.locator(".lw-line").first.click()
    assert root.locator(".lw-detail").count() == 0


def test_everything_can_be_done_by_keyboard(page):
    """Tab reaches each control once, arrows walk the calls, Enter opens, Escape closes a menu."""
    root = show(page, whole(full()), charts=False)
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(
            "[document.activeElement.getAttribute('aria-label') ?? document.activeElement.className,"
            " getComputedStyle(document.activeElement).outlineStyle]"))  # fmt: skip
        if seen[-1][0] == "lw-line":
            break
    names = [name for name, _ in seen]
    for label in ("Resume recording", "Export", "More", "Tag", "Model", "Cell", "Status", "Time",
                  "Order of the calls", "lw-line"):  # fmt: skip
        assert names.count(label) == 1, names
    assert {outline for _, outline in seen} == {"solid"}
    focused = "[...document.querySelectorAll('.lw-line')].indexOf(document.activeElement)"
    for key, at in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 50), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == at
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert root.locator(".lw-detail").count() == 1
    root.get_by_label("Export").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Calls as CSV"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Export"
    assert not root.get_by_role("menu").first.is_visible()


def test_what_needs_python_is_queued(page):
    """Thumbs, pause and mute say so until the kernel has answered, and tell what it could not do."""
    session = full()
    session.enable()
    try:
        state = whole(session)
    finally:
        session.disable()
    root = show(page, state, charts=False)
    root.locator(".lw-line[aria-expanded]").first.click()
    root.get_by_label("Good answer").click()
    root.get_by_label("Pause recording").click()
    root.get_by_text("Mute").first.click()
    page.wait_for_timeout(50)
    rate, pause, mute = sent(page)
    assert (rate["do"], rate["call_id"], rate["good"]) == ("rate", "c59", True)
    assert (pause["do"], mute["do"], mute["name"]) == ("pause", "mute", "slow")
    assert root.get_by_text("queued", exact=True).count() == 3
    assert root.get_by_label("Good answer").is_disabled()
    answers = [{"id": rate["id"], "problem": "no such call"}, {"id": pause["id"]},
               {"id": mute["id"]}]  # fmt: skip
    news(root, state, 1, 0, answers=answers, recording=False, alerts=[])
    assert root.get_by_text("queued", exact=True).count() == 0
    assert root.get_by_text("no such call").is_visible()
    assert root.get_by_label("Resume recording").is_enabled()
    assert not root.locator(".lw-strip").is_visible()


# -- what comes in ---------------------------------------------------------------------------------


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
            assert file.read(4) == start


def test_motion_can_be_had_without(page):
    """Who asks for less motion gets none."""
    page.emulate_media(reduced_motion="reduce")
    session = Made()
    session.flying = [flying()]
    root = show(page, whole(session), charts=False)
    spin = "node => getComputedStyle(node).animationName"
    icon = root.locator(".lw-row[data-status=running] .lw-icon").first
    assert icon.evaluate(spin) == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert icon.evaluate(spin) == "lw-turn"
