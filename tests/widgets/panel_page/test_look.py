"""The panel is whole and can be read at any width, in any theme and host, whatever calls say."""

from __future__ import annotations

import time

import pytest

from llmwatch import words
from tests.browser import PATIENCE_MS
from tests.widgets.panel import Made, drawn, show, whole
from tests.widgets.panel_page.plain import calls, flying, full, sent, tile
from tests.widgets.test_receipt_browser import CONTRASTS

CONTRAST = CONTRASTS.replace(".llmwatch-receipt", ".lw-panel")
# What ends less than this many pixels before its tile does: a figure needs air.
CRAMPED = """
root => [...root.querySelectorAll('.lw-value')].filter(node => {
  const range = document.createRange();
  range.selectNodeContents(node);
  return node.getBoundingClientRect().right - range.getBoundingClientRect().right < 3;
}).map(node => node.textContent)
"""
# What is wider than its place: figures that are cut, and anything that makes the panel scroll.
CUT = """
root => [root, ...root.querySelectorAll(
  '.lw-running, .lw-tile dt, .lw-tile dt *, .lw-value, .lw-sums,'
  + '.lw-row:not([data-status=error]) .lw-time, .lw-alert b')]
  .filter(node => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1
    && getComputedStyle(node).display !== 'inline')
  .map(node => `${node.className}: ${node.textContent.slice(0, 40)}`)
"""


def at_rest(root, look):
    """What is found once all is drawn, the charts too, which take a new width when they may."""
    drawn(root.page)
    end = time.monotonic() + PATIENCE_MS / 1000
    while (found := root.evaluate(look)) and time.monotonic() < end:
        drawn(root.page)
    return found


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
    "cheap": lambda: Made(*calls(4, cost_usd=0.0000168)),
    "cheaper": lambda: Made(*calls(2, cost_usd=0.0000062)),
    "cheapest": lambda: Made(*calls(2, cost_usd=None, estimated_cost_usd=0.00000617)),
    "chinese": lambda: Made(*calls(30, model="通义千问-最大", tag="提示词第二版",
                                   request_preview="请用一句话概括下面的文字")),
    "rtl": lambda: Made(*calls(30, model="نموذج-كبير", tag="تجربة", request_preview="ما هي العاصمة")),
}  # fmt: skip


@pytest.mark.parametrize("name", SESSIONS)
def test_nothing_is_cut_at_any_width(page, name):
    """At any width every figure is whole and nothing scrolls sideways."""
    root = show(page, whole(SESSIONS[name]()))
    first = root.locator(".lw-line[aria-expanded]").first
    if name != "empty":
        first.click()
    for width in (300, 420, 640, 800):
        page.set_viewport_size({"width": width, "height": 900})
        assert at_rest(root, CUT) == [], width
        assert at_rest(root, CRAMPED) == [], width
    if name == "unpriced":
        assert tile(root, "cost") == words.UNKNOWN
        assert "no price" in root.locator(".lw-row .lw-cost").all_inner_texts()
    if name == "rtl":
        turned = "node => getComputedStyle(node).direction"
        assert root.locator(".lw-row .lw-model").first.evaluate(turned) == "rtl"
        assert root.locator(".lw-row .lw-place").first.evaluate(turned) == "ltr"
    if name == "unknown":
        assert not root.locator("[data-picture=latency]").is_visible()
        assert root.locator("[data-tile=cost] path").first.get_attribute("d") is None
    assert "Infinity" not in root.inner_html()
    if name == "empty":
        assert root.locator(".lw-none").inner_text().startswith("No calls yet. Recording is paused")


def test_at_twice_the_size_nothing_lies_over_another(page):
    """Under a narrow cell little more than 200 px are left: what is side by side goes below."""
    root = show(page, whole(full()))
    page.set_viewport_size({"width": 220, "height": 900})
    assert at_rest(root, CUT) == []
    title, tools = (root.locator(it).bounding_box() for it in (".lw-title", ".lw-tools"))
    assert title["y"] + title["height"] <= tools["y"]
    assert root.locator(".lw-alert b").bounding_box()["width"] > 100
    boxes = root.locator(".lw-tile")
    assert min(box.bounding_box()["width"] for box in boxes.all()) > 90
    page.set_viewport_size({"width": 300, "height": 900})  # where there is room it is as drawn
    assert at_rest(root, CUT) == []
    assert len({box.bounding_box()["y"] for box in boxes.all()}) == 2
    assert root.locator(".lw-tools").bounding_box()["y"] < title["y"] + title["height"]


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(page, theme, gone):
    """In both themes every text has a contrast of 4.5 at least, also in an open call.

    And also in grey, where the kernel is gone: nothing that holds text lets its ground through.
    """
    root = show(page, whole(full()), theme=theme, charts=False)
    if gone:
        page.evaluate("window.model.lose()")
        root.get_by_text("kernel gone").first.wait_for()
        through = """root => [...root.querySelectorAll(':not(:disabled)')].filter(
            it => it.textContent.trim() && getComputedStyle(it).opacity < 1).length"""
        assert root.evaluate(through) == 0
    for row in root.locator(".lw-line[aria-expanded]").all()[:6]:
        row.click()
    seen = page.evaluate(CONTRAST)
    assert len(seen) > 60
    off = {"Mute"} if gone else set()  # a button that does nothing now may say so
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5 and text not in off] == []
    assert (root.get_attribute("data-dark") is not None) == (theme == "dark")


@pytest.mark.parametrize(("host", "style", "dark"), [
    ("Colab", "background:#fff;color:#202124", False),
    ("Colab, dark", "background:#1f1f1f;color:#e3e3e3", True),
    ("VS Code", "--vscode-editor-background:#1f1f1f;--vscode-editor-foreground:#ccc;background:#1f1f1f",
     True),
])  # fmt: skip
def test_any_host_of_anywidget_will_do(page, host, style, dark):
    """Where nothing is of JupyterLab it shows all there is: the model is asked for four things."""
    root = show(page, whole(full()), theme=style)
    assert page.evaluate("Object.keys(offered)") == ["get", "on", "off", "send"]
    assert root.locator("canvas").count() == 3
    root.locator(".lw-line[aria-expanded]").first.click()
    assert [found for found in page.evaluate(CONTRAST) if found[1] < 4.5] == []
    assert (root.get_attribute("data-dark") is not None) == dark
    assert at_rest(root, CUT) == []


def test_what_is_only_a_colour_is_there_in_high_contrast(page):
    """The dot, the keys, the series of a chart, and which thumb is pressed."""
    root = show(page, whole(full()))
    page.emulate_media(forced_colors="active")
    drawn(page)
    ground = "it => getComputedStyle(it).backgroundColor"
    keys = root.locator(".lw-key i:not([data-series=error])")
    assert len(set(keys.evaluate_all(f"all => all.map({ground})"))) == 3
    assert (
        root.locator(".lw-alert").evaluate("it => getComputedStyle(it).borderTopStyle") == "solid"
    )
    root.get_by_label("Order of the calls").select_option(label="newest first")
    root.locator(".lw-line[aria-expanded]").nth(1).click()
    up, down = (
        root.get_by_label(label).evaluate(ground) for label in ("Good answer", "Bad answer")
    )
    assert up != down
    page.wait_for_function("""() => {
        const canvas = document.querySelector('[data-picture=tokens] canvas');
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] === 255) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
        }
        return seen.has('66,99,207') && seen.has('213,112,10');
    }""")


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


@pytest.mark.parametrize(("status", "words"), [("partial", "left early"),
                                                ("cancelled", "stopped")])  # fmt: skip
def test_how_a_call_ended_is_not_cut(page, status, words):
    """At 300 px the tag is what gives way."""
    page.set_viewport_size({"width": 300, "height": 600})
    made = calls(1, status=status, estimated_cost_usd=0.0002, cost_usd=None)
    root = show(page, whole(Made(*made)), charts=False)
    place = root.locator(".lw-place")
    assert place.inner_text().startswith(f"[10] {words} · ")
    room = place.evaluate(
        "(node, words) => { const range = document.createRange(), text = node.firstChild;"
        " range.setStart(text, 0); range.setEnd(text, text.data.indexOf(words) + words.length);"
        " return node.getBoundingClientRect().right - range.getBoundingClientRect().right; }",
        words,
    )
    assert room >= 0


def test_where_a_large_export_lies_is_told(page):
    """What is too much for a download is on the kernel's disk: the panel says where."""
    root = show(page, whole(Made(*calls(3))), charts=False)
    said = "Too much for a download: 3 calls saved as /home/ada/a-folder/llmwatch-1.csv"
    root.get_by_label("Export").click()
    root.get_by_text("Calls as CSV").click()
    number = sent(page)[-1]["id"]
    tell = "([id, text]) => window.model.say({do: 'say', id, text}, [])"
    page.evaluate(tell, [number + 1, "of another view"])
    page.evaluate(tell, [number, said])
    root.get_by_text(said).wait_for()
    assert root.get_by_text("of another view").count() == 0
    assert at_rest(root, CUT) == []


def test_motion_can_be_had_without(page):
    """A bar grows softly and nothing else moves; who asks for less motion gets none."""
    page.emulate_media(reduced_motion="reduce")
    session = Made()
    session.flying = [flying()]
    root = show(page, {**whole(session), "budget": [0.1, 0.5]}, charts=False)
    bar = root.locator("[data-tile=cost] .lw-bar span")
    moves = "node => getComputedStyle(node).transitionDuration"
    assert bar.evaluate(moves) == "0s"
    page.emulate_media(reduced_motion="no-preference")
    assert bar.evaluate(moves) == "0.3s"
    assert root.evaluate("root => root.getAnimations({subtree: true}).length") == 0
