"""What one does in the panel, by mouse or keyboard, is done there or waits for the kernel."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from llmwatch import words
from llmwatch.alerting import rule_of
from tests.widgets.panel import Made, drawn, show, whole
from tests.widgets.panel_page.plain import calls, full, news, order, sent


def test_calls_are_sorted_in_the_browser(page):
    """By latency, by cost, errors first; nobody is asked."""
    made = calls(30)
    root = show(page, whole(Made(*made)), charts=False)
    choose = root.get_by_label("Order of the calls")
    choose.select_option(label="slowest first")
    drawn(page)
    by_latency = sorted(made, key=lambda c: (-c.latency_s, -made.index(c)))
    shown = [
        words.seconds(c.latency_s) if c.status != "error" else c.error_type for c in by_latency
    ]
    assert order(root)[:5] == shown[:5]
    choose.select_option(label="errors first")
    drawn(page)
    assert order(root)[:3] == ["RateLimitError"] * 3
    assert sent(page) == []


def test_a_call_opens_in_place(page):
    """It tells what one asks first, its texts, and how to find it again in Python."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    made = calls(3, attempts=3, retry_wait_s=1.1, cached_input_tokens=300)
    session = Made(*made)
    session.tries.note("c2", (429, None), 200)
    root = show(page, whole(session), charts=False)
    root.locator(".lw-line").first.click()
    text = root.locator(".lw-detail").inner_text()
    for part in ("200\u202fms", "3 (429, no answer, 200) · waited 1.10\u202fs", "300 of 414 tokens", "stop", "Question 2",
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
    for key, opened in (("Enter", 1), ("Space", 0), ("Enter", 1)):  # the focus stays on the line
        page.keyboard.press(key)
        assert root.locator(".lw-detail").count() == opened
        assert page.evaluate(focused) == 1
    root.get_by_label("Export").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Calls as CSV"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Export"
    assert not root.get_by_role("menu").first.is_visible()


def test_a_page_key_passes_over_ten_calls_and_escape_closes_one(page):
    """From wherever one is in the call that is open the focus goes back to its line."""
    root = show(page, whole(Made(*calls(30))), charts=False)
    focused = "[...document.querySelectorAll('.lw-line')].indexOf(document.activeElement)"
    root.locator(".lw-line").first.focus()
    for key, at in (("PageDown", 10), ("PageDown", 20), ("PageDown", 29), ("PageUp", 19)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == at
    for steps in range(4):
        page.keyboard.press("Enter")
        for _ in range(steps):
            page.keyboard.press("Tab")
        assert (page.evaluate(focused) == 19) == (steps == 0)
        page.keyboard.press("Escape")
        assert root.locator(".lw-detail").count() == 0
        assert page.evaluate(focused) == 19


def test_plain_keys_are_not_passed_on(page):
    """A notebook around it would take an arrow in a filter, and go on to its next cell."""
    root = show(page, whole(full()), charts=False)
    page.evaluate("""window.passed = [];
        document.addEventListener('keydown', event => window.passed.push(event.key));""")
    tags = root.get_by_label("Tag", exact=True)
    for key in ("ArrowDown", "p", "Home", "End"):
        tags.press(key)
    assert tags.evaluate("it => it.value") == "prompt-v2"
    root.get_by_label("Export").press("ArrowDown")
    root.locator(".lw-line").first.press("Enter")
    assert page.evaluate("passed") == []
    root.locator(".lw-line").first.press("Shift+Enter")  # which runs the cell, as everywhere
    assert page.evaluate("passed") == ["Shift", "Enter"]


def test_the_focus_is_never_lost(page):
    """It stays on what is queued, and goes to the next where what has it goes."""
    session = full()
    state = whole(session)
    root = show(page, state, charts=False)
    held = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    root.locator(".lw-line[aria-expanded]").first.click()
    for label in ("Resume recording", "Good answer"):
        root.get_by_label(label).press("Enter")
        drawn(page)
        assert page.evaluate(held) == label
        page.keyboard.press("Enter")  # which asks nobody again
    root.get_by_text("Mute", exact=True).press("Enter")
    drawn(page)
    assert page.evaluate(held) == "queued"
    assert [order["do"] for order in sent(page)] == ["resume", "rate", "mute"]
    news(root, state, 1, 0, alerts=[])
    assert page.evaluate(held) == "Order of the calls"
    flying = root.locator(".lw-row[data-status=running] .lw-line")
    flying.focus()
    news(root, state, 2, 1, running=[], flying=0)
    newest = "document.activeElement === document.querySelector('.lw-line')"
    assert page.evaluate(newest)
    root.locator(".lw-wide").press("Enter")
    drawn(page)
    assert page.evaluate("document.activeElement.className") == "lw-line"


def test_what_is_copied_runs(page):
    """After `%load_ext llmwatch` alone, too; the focus stays, also where a page has no clipboard."""
    session = Made(*calls(3))
    root = show(page, whole(session), charts=False)
    page.evaluate("""Object.defineProperty(navigator, 'clipboard', {value: undefined});
        addEventListener('copy', () => { window.copied = document.activeElement.value; });""")
    root.locator(".lw-line").first.click()
    root.get_by_text("Copy as code").press("Enter")
    root.get_by_text("Copied: llmwatch.session.calls").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Copy as code"
    scope = {}
    *before, last = page.evaluate("copied").splitlines()
    exec("\n".join(before), scope)
    scope["llmwatch"] = SimpleNamespace(session=session)
    assert eval(last, scope).call_id == "c2"


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
    drawn(page)
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


def test_an_alert_of_one_model_shows_the_calls_of_it(page):
    """What else is slower is not what it is about."""
    slower = [replace(it, call_id=f"b{it.call_id}") for it in calls(30, model="b", latency_s=20.0)]
    session = Made(*calls(30, model="a", latency_s=9.0), *slower)
    session.alerts.add(rule_of("slow", "latency_p95_s > 5", by="model", min_calls=2))
    session.alerts.evaluate()
    root = show(page, whole(session), charts=False)
    shown = set()
    for number in range(3):  # one is a rule from the start, on b, too
        root.locator(".lw-alert").nth(number).get_by_text("Show", exact=True).click()
        drawn(page)
        (model,) = set(root.locator(".lw-row .lw-model").all_inner_texts())
        shown.add(model)
    assert shown == {"a", "b"}


def test_alerts_that_are_not_shown_are_counted(page):
    """Five are; the others have a line that says where they are."""
    session = Made(*calls(60))
    for number in range(9):
        session.alerts.add(rule_of(f"slow {number}", "latency_p95_s > 2", min_calls=2))
    session.alerts.evaluate()
    root = show(page, whole(session), charts=False)
    assert root.locator(".lw-alert").count() == 5
    assert root.get_by_text("4 more alerts: %llmwatch alerts").is_visible()


def test_an_alert_shows_its_calls(page):
    """Slow answers come slowest first, and the last call behind the alert opens."""
    root = show(page, whole(full()), charts=False)
    root.get_by_text("Show", exact=True).first.click()
    assert root.get_by_label("Order of the calls").input_value() == "slowest"
    opened = root.locator(".lw-row[data-open]")
    assert opened.count() == 1
    assert "Question 5" in opened.inner_text()
    assert sent(page) == []
