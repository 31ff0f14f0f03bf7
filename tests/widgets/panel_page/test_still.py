"""The picture in a saved notebook, beside the panel it stands for, and in little room."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from llmwatch.alerting import rule_of
from llmwatch.widgets._still import Still
from tests.widgets.panel import Made, show, whole
from tests.widgets.panel_page.plain import calls
from tests.widgets.panel_page.test_look import SESSIONS
from tests.widgets.test_receipt_browser import CONTRASTS

# Label, aside, value and context of each tile, and whether its figure stands in another ink.
PANEL = """
root => [...root.querySelectorAll('.lw-tile')].map(tile => [
  ...['dt span', '.lw-aside', '.lw-value', '.lw-context'].map(it => tile.querySelector(it).textContent),
  getComputedStyle(tile.querySelector('.lw-value')).color !== getComputedStyle(root).color,
])
"""
PICTURE = """
root => [...root.querySelectorAll('[data-tile]:not([data-tile=satisfaction])')].map(tile => {
  const [head, value, context] = tile.children;
  return [...[...head.children, value, context].map(it => it.textContent.replace('\\u00a0', '')),
    getComputedStyle(value).color !== getComputedStyle(root).color];
})
"""
ROWS = """
root => [...root.querySelectorAll('.lw-row')].map(row => ['model', 'place', 'time', 'flow', 'cost']
  .map(name => row.querySelector(`.lw-${name}`).textContent.replace(/[\\u2068\\u2069]/g, '')))
"""
CELLS = """
root => [...root.querySelectorAll('tr')].slice(1).map(row =>
  [...row.cells[0].children, ...[...row.cells].slice(1)].map(cell => cell.textContent))
"""
# What is wider than its place, but for the box that scrolls.
WIDE = """
root => [document.documentElement, root, ...root.querySelectorAll('[data-tile], [data-tile] *, td')]
  .filter(it => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== 'inline')
  .map(it => it.textContent.slice(0, 40))
"""
# Figures in two lines; a word may be.
BROKEN = """
root => [...root.querySelectorAll('td:not(:first-child):not(:has(wbr))')].filter(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
}).map(cell => cell.textContent)
"""


def alarmed():
    session = Made(*calls(60))
    session.alerts.add(rule_of("half", "latency_p50_s > 1", severity="critical", min_calls=2))
    session.alerts.evaluate()
    return session


class Budgeted(Made):
    budget = SimpleNamespace(spent=0.08, limit=0.5)


class Spent(Made):
    budget = SimpleNamespace(spent=0.6, limit=0.5)


MORE = {
    "alarmed": alarmed,
    "budget": lambda: Budgeted(*calls(30, status="ok", cost_usd=0.04)),
    "spent": lambda: Spent(*calls(30)),
    "two errors": lambda: Made(*calls(30), *calls(3, status="error", error_type="OddError")),
    "eight causes": lambda: Made(
        *(call for n in range(8) for call in calls(n + 1, status="error", error_type=f"Odd{n}Error"))
    ),
    "embeddings": lambda: Made(*calls(3, operation="embeddings", output_tokens=None, tag=None,
                                      execution_count=None)),
    "stopped": lambda: Made(*calls(3, status="cancelled"), *calls(3, status="cancelled", tag=None)),
}  # fmt: skip


def still(page, session, ground="#fff", ink="#222", charts=True):
    made = Still(session)
    page.set_content(
        f"<!doctype html><body style='margin:0;background:{ground};color:{ink}'>"
        + made.html(made.charts() if charts else "")
    )
    return page.locator(".llmwatch-still")


@pytest.mark.parametrize("name", [*SESSIONS, *MORE])
def test_the_picture_says_what_the_tiles_say(page, name):
    """The same words, the same rounding, the same ink; and what was rated below them."""
    session = {**SESSIONS, **MORE}[name]()
    root = show(page, whole(session), charts=False)
    tiles, rated = root.evaluate(PANEL), root.locator(".lw-rated")
    said = rated.text_content() if rated.is_visible() else ""
    root = still(page, session, charts=False)
    assert root.evaluate(PICTURE) == tiles
    assert len(tiles) == 6
    assert root.locator("[data-tile=satisfaction]").all_text_contents() == ([said] if said else [])


@pytest.mark.parametrize("name", [*SESSIONS, *MORE])
def test_the_picture_says_what_the_rows_say(page, name):
    """Of the newest calls, in the panel's words."""
    session = {**SESSIONS, **MORE}[name]()
    session.flying = []
    rows = show(page, whole(session), charts=False).evaluate(ROWS)[:10]
    cells = still(page, session, charts=False).evaluate(CELLS)
    assert len(cells) == len(rows)
    first = 2 if name == "long" else 0  # names, which a picture cuts
    assert [row[first:] for row in cells] == [row[first:] for row in rows]


def test_the_picture_counts_what_was_in_flight(page):
    """Such calls are in no figure yet, as in the panel's head, but for an age that goes on."""
    session = SESSIONS["full"]()
    said = show(page, whole(session), charts=False).locator(".lw-running").inner_text()
    assert "1 running · " in said
    head = still(page, session, charts=False).locator("div").first
    assert head.inner_text().endswith(" · 1 running")
    assert " · 1 running · " in Still(session).text()
    assert "running" not in Still(Made()).html()


def test_the_picture_names_the_most_urgent_alerts(page):
    """Five of them, as the panel's strip does, and how many there are beside them."""
    session = Made(*calls(30))
    for name, severity in zip("abcdefg", ["info", "critical", *["warning"] * 5], strict=True):
        session.alerts.add(rule_of(name, "requests > 1", severity=severity))
    session.alerts.evaluate()
    root = show(page, whole(session), charts=False)
    strip = root.locator(".lw-alert b").all_inner_texts()
    rest = root.locator(".lw-strip .lw-rest").inner_text()
    root = still(page, session, charts=False)
    assert root.locator("div > b > bdi").all_inner_texts() == strip
    assert root.locator("div > b:has(bdi)").first.inner_text().startswith("✕ b")
    assert root.get_by_text(rest.partition(":")[0], exact=True).is_visible()


@pytest.mark.parametrize("name", SESSIONS)
def test_the_picture_needs_little_room(page, name):
    """At no width does the page scroll sideways, and no figure is cut; a wide table does in itself."""
    root = still(page, SESSIONS[name]())
    for width in (300, 420, 640, 800):
        page.set_viewport_size({"width": width, "height": 900})
        assert root.evaluate(WIDE) == [], width
        assert root.evaluate(BROKEN) == [], width


def test_the_table_of_a_picture_keeps_its_figures_whole(page):
    """Where they do not fit it scrolls, the time beside the model first."""
    root = still(page, SESSIONS["large"]())
    page.set_viewport_size({"width": 200, "height": 900})
    assert root.evaluate(WIDE) == []
    box = root.locator("div:has(> table)")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert root.evaluate(BROKEN) == []


@pytest.mark.parametrize(("ground", "ink"), [("#fff", "rgb(0 0 0/.87)"), ("#111", "#fff")])
def test_a_picture_can_be_read(page, ground, ink):
    """On a light page as on a dark one every word has a contrast of 4.5, and every mark one of 3."""
    still(page, SESSIONS["full"](), ground, ink)
    seen = page.evaluate(CONTRASTS.replace(".llmwatch-receipt", ".llmwatch-still"))
    assert len(seen) > 60
    marks = ("■", "×", "–")
    assert [one for one in seen if one[1] < (3 if one[0] in marks else 4.5)] == []


def test_the_names_of_models_are_whole_in_little_room(page):
    """Two that begin alike can be told apart in the key of a chart, too."""
    home = "accounts/fireworks/models/llama-v3p1-405b-instruct"
    root = still(page, Made(*calls(4, model=home), *calls(4, model=f"{home}-long")))
    page.set_viewport_size({"width": 200, "height": 900})
    keys = root.locator("span:has(> bdi)")
    assert keys.evaluate_all("all => all.every(it => it.scrollWidth <= it.clientWidth + 1)")
    assert len({*root.locator("td > bdi").all_inner_texts()}) == 2


def test_a_name_breaks_at_its_slashes_where_no_style_says_so(page):
    """JupyterLab drops `overflow-wrap:anywhere` in a notebook that it does not trust."""
    session = Made(*calls(2, model="accounts/fireworks/models/llama", tag="team_a/prompt_v2"))
    root = still(page, session, charts=False)
    root.evaluate("it => it.querySelectorAll('bdi').forEach(name => name.removeAttribute('style'))")
    page.set_viewport_size({"width": 260, "height": 900})
    assert root.locator("div:has(> table)").evaluate("it => it.scrollWidth <= it.clientWidth")


def test_the_key_of_latency_names_what_is_drawn():
    """A model of which every call failed has no mark of its own: that is the red one."""
    ours = {"model": "mine", "status": "ok"}
    failed = {"model": "theirs", "status": "error"}
    key = re.compile("<bdi[^>]*>([^<]*)")
    both = Still(Made(*calls(4, **ours), *calls(8, **failed))).charts()
    assert key.findall(both)[:2] == ["mine", "error"]
    assert key.findall(Still(Made(*calls(8, **failed))).charts())[0] == "error"
