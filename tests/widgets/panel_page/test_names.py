"""Names are told apart and in full, however long they are and however alike they begin."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.widgets.panel import Made, drawn, show, whole
from tests.widgets.panel_page.plain import calls, news

PATH = "accounts/fireworks/models/llama-v3p1-"
KEYS = "[data-picture=latency] .lw-key"
# Where a text of the SVG ends, at its own width.
ENDS = """
drawing => {
  const svg = document.importNode(
    new DOMParser().parseFromString(drawing, 'image/svg+xml').documentElement, true);
  document.body.append(svg);
  return [...svg.querySelectorAll(':scope > text')].map(it => it.getBBox().x + it.getBBox().width);
}
"""


def of_models(*models, n=60, **columns):
    """Calls of some models in turn."""
    made = calls(n, **columns)
    return Made(*[replace(it, model=models[at % len(models)]) for at, it in enumerate(made)])


def test_keys_of_models_that_begin_alike_are_told_apart(page):
    """By their ends, or the date that else says nothing; the whole name is in the title."""
    models = [f"{PATH}405b", f"{PATH}70b", "gpt-4o-2024-05-13", "gpt-4o-2024-08-06",
              "claude-haiku-4.5-20251001"]  # fmt: skip
    root = show(page, whole(of_models(*models)))
    said = root.locator(KEYS).all_inner_texts()
    short = ["accounts\u2026405b", "accounts\u202670b", "gpt-4o-2024-05-13", "gpt-4o-2024-08-06",
             "claude-haiku-4.5"]  # fmt: skip
    assert set(said) - {"error"} == set(short)
    titles = [it.get_attribute("title") for it in root.locator(f"{KEYS} bdi").all()]
    assert set(titles) - {"error"} == set(models)


def test_one_model_alone_is_no_other(page):
    """Beyond five they share a colour; where a filter leaves one of them it has its name."""
    root = show(page, whole(of_models(*[f"model-{n}" for n in range(8)])))
    assert root.locator(KEYS).all_inner_texts()[5] == "other"
    root.get_by_label("Model", exact=True).select_option(label="model-7")
    drawn(page)
    assert "model-7" in root.locator(KEYS).all_inner_texts()
    assert "other" not in root.locator(KEYS).all_inner_texts()


def test_a_long_name_ends_within_its_picture(page):
    """In a file nothing can be scrolled or pointed at: what does not fit ends in an ellipsis."""
    root = show(page, whole(of_models("m" * 150)))
    with page.expect_download() as download:
        root.get_by_label("Export").click()
        root.get_by_text("Latency as SVG").click()
    with open(download.value.path(), encoding="utf-8") as file:  # noqa: PTH123  # Playwright's
        drawing = file.read()
    width = float(re.search(r' width="(\d+)', drawing)[1])
    assert "m\u2026</text>" in drawing
    assert max(page.evaluate(ENDS, drawing)) <= width


def test_an_open_call_has_its_names_in_full(page):
    """A title is nothing for a finger or a keyboard."""
    root = show(page, whole(of_models("m/" + "x" * 90, tag="t" * 90)), charts=False)
    cut = "it => it.scrollWidth > it.clientWidth"
    for name in (".lw-model", ".lw-place"):
        assert root.locator(name).first.evaluate(cut)
    root.locator(".lw-line").first.click()
    for name in (".lw-model", ".lw-place"):
        assert not root.locator(name).first.evaluate(cut)


def test_a_filter_keeps_its_words(page):
    """Also when the last call that it is about has left the browser."""
    root = show(page, whole(Made(*calls(30))), charts=False)
    for label, option in (("Cell", "cell [11]"), ("Status", "failed")):
        root.get_by_label(label, exact=True).select_option(label=option)
    drawn(page)
    later = whole(Made(*calls(3, execution_count=40, status="ok")))
    page.evaluate("state => model.set('whole', state)", {**later, "seq": 9})
    drawn(page)
    chosen = "it => it.selectedOptions[0].textContent"
    for label, option in (("Cell", "cell [11]"), ("Status", "failed")):
        assert root.get_by_label(label, exact=True).evaluate(chosen) == option


def test_a_filter_that_is_open_is_left_alone(page):
    """News comes twice a second: a list that one is choosing from would begin anew each time."""
    state = whole(Made(*calls(30)))
    root = show(page, state, charts=False)
    page.evaluate("""window.touched = 0;
        const {prototype} = HTMLSelectElement;
        const at = Object.getOwnPropertyDescriptor(prototype, 'selectedIndex');
        const note = function (value) { window.touched += 1; at.set.call(this, value); };
        Object.defineProperty(prototype, 'selectedIndex', {...at, set: note});""")
    for turn in range(1, 4):
        news(root, state, turn, turn - 1)
    assert page.evaluate("touched") == 0


def test_a_file_under_a_filter_is_called_what_it_is(page):
    """It holds all calls, also those that the browser never had."""
    root = show(page, whole(Made(*calls(30))), charts=False)
    for chosen, said in ((None, "Calls as CSV"), ("gpt-5", "All calls as CSV")):
        if chosen:
            root.get_by_label("Model", exact=True).select_option(label=chosen)
            drawn(page)
        root.get_by_label("Export").click()
        assert root.get_by_role("menuitem").first.inner_text() == said
        page.keyboard.press("Escape")
