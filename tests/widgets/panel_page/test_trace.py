"""The trace of a call, in its opened row: what the kernel tells of it, and how it is drawn."""

from __future__ import annotations

import time

import pytest

from llmwatch.records import Span
from llmwatch.widgets._refresh import Refresher
from llmwatch.widgets._rows import SPAN_FIELDS
from tests.widgets.make import call
from tests.widgets.panel import THEMES, Made, show, whole
from tests.widgets.test_receipt_browser import CONTRASTS

CONTRAST = CONTRASTS.replace(".llmwatch-receipt", ".lw-detail")
TRACE = "a" * 32
START = time.time_ns() - 60_000_000_000


def made_span(name, span_id, parent=None, *, at=0.0, lasts=1.0, **more):
    return Span(**{
        "name": name, "status": "ok", "started_at": START + int(at * 1e9), "duration_s": lasts,
        "trace_id": TRACE, "span_id": span_id, "parent_span_id": parent, "is_root": parent is None,
        "calls": 0, "session_id": "s1", **more,
    })  # fmt: skip


def made_call(call_id, parent, *, at=0.0, lasts=1.0, **more):
    return call(call_id=call_id, span_id=call_id, parent_span_id=parent, trace_id=TRACE,
                started_at=START + int(at * 1e9), latency_s=lasts, **more)  # fmt: skip


WORKFLOW = [
    made_span("workflow", "w", at=0, lasts=3.2),
    made_span("input processing", "i", "w", at=0.01, lasts=0.2),
    made_span("llm call", "l", "w", at=0.3, lasts=2.4),
    made_span("output processing", "o", "w", at=2.8, lasts=0.3, status="error",
              error_type="ValueError"),
]  # fmt: skip
CALLS = [made_call("c1", "l", at=0.31, lasts=1.0), made_call("c2", "l", at=1.4, lasts=1.2)]


def session(calls=CALLS, spans=WORKFLOW):
    made = Made(*calls)
    made.traces.add(spans)
    return made


def opened(page, state, number=0, **how):
    """The opened row of call `number`."""
    root = show(page, state, charts=False, **how)
    root.locator(".lw-row").nth(number).locator(".lw-line").click()
    return root.locator(".lw-detail")


def steps(detail):
    """Name, what stands behind the bar, and how far each step stands in."""
    return detail.locator(".lw-trace li").evaluate_all(
        "all => all.map(li => [li.children[0].textContent, li.children[2].textContent,"
        " parseInt(li.children[0].style.paddingInlineStart) / 8])"
    )


# -- what is told ---------------------------------------------------------------------------------


def test_a_call_alone_in_its_trace_tells_no_ids():
    """A row stays small: the trace is told where there is more of it to see."""
    (row,) = whole(Made(call(trace_id=TRACE, span_id="c1")))["rows"]
    assert TRACE not in row
    (row,) = whole(Made(made_call("c1", "w")))["rows"]
    assert TRACE in row


def test_spans_are_told_once_they_end_and_while_they_are_open():
    """New ones alone, once whoever came is listening; without news nothing is sent."""
    made, sent, now = Made(), [], [0.0]
    refresher = Refresher(made, sent.append, clock=lambda: now[0])
    assert refresher.whole()["spans"] == []
    refresher.refresh()
    made.traces.add(WORKFLOW[1:2])
    assert refresher.refresh()
    assert [row[3] for row in sent[-1]["spans"]] == ["input processing"]
    now[0] = 60.0
    made.traces.add(WORKFLOW[2:3])
    assert refresher.refresh()
    made.traces.add(WORKFLOW[:1])
    assert refresher.refresh()
    assert [row[3] for row in sent[-1]["spans"]] == ["workflow"]
    assert not refresher.refresh()
    told = refresher.whole()
    assert [row[3] for row in told["spans"]] == ["input processing", "llm call", "workflow"]
    first = dict(zip(told["span_fields"], told["spans"][0], strict=False))
    assert (first["parent_span_id"], first["duration_s"], first["status"]) == ("w", 0.2, "ok")
    assert told["span_fields"] == SPAN_FIELDS


def test_what_is_told_of_spans_is_bounded():
    """Of ten thousand the newest, whoever asks."""
    made, sent = Made(), []
    refresher = Refresher(made, sent.append)
    refresher.refresh()
    made.traces.add([made_span("x" * 500, f"{n:016x}") for n in range(10_000)])
    refresher.refresh()
    assert len(sent[-1]["spans"]) == 200
    assert sent[-1]["spans"][-1][0] == f"{9_999:016x}"
    assert max(len(row[3]) for row in sent[-1]["spans"]) <= 120
    assert len(refresher.whole()["spans"]) == 500


# -- how it is drawn ------------------------------------------------------------------------------


def test_the_trace_is_a_small_waterfall(page):
    """Parents above their children, calls in their colour, the opened call marked, errors named."""
    detail = opened(page, whole(session()))
    assert steps(detail) == [
        ["workflow", "3.20\u202fs", 0], ["input processing", "200\u202fms", 1],
        ["llm call", "2.40\u202fs", 1], ["gpt-5-mini", "1.00\u202fs", 2],
        ["gpt-5-mini", "1.20\u202fs", 2],
        ["output processing", "failed: × 300\u202fms", 1],
    ]  # fmt: skip
    assert detail.locator(".lw-trace-head").text_content() == "trace · 3.20\u202fs"
    assert detail.locator("[aria-current] .lw-step").all_text_contents() == ["gpt-5-mini"]
    places = detail.locator(".lw-stretch").evaluate_all(
        "all => all.map(bar => [bar.style.insetInlineStart, bar.style.width].map(parseFloat))"
    )
    assert places[0] == [0, 100]
    assert places[2] == pytest.approx([100 * 0.3 / 3.2, 75], abs=0.1)
    last = detail.locator(".lw-trace li").last
    assert last.get_attribute("title") == "output processing · 300\u202fms · ValueError"


@pytest.mark.parametrize("theme", THEMES)
def test_the_trace_can_be_read(page, theme):
    """At 320 px, light and dark: enough contrast, and nothing that makes the panel scroll."""
    detail = opened(page, whole(session()), theme=theme)
    assert detail.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    contrasts = page.locator(".lw-panel").evaluate(CONTRAST)
    assert len(contrasts) > 10
    assert [found for found in contrasts if found[1] < 4.5] == []


def test_a_call_without_spans_shows_no_trace(page):
    """Nothing is said where there is nothing around it."""
    detail = opened(page, whole(session(calls=[call(call_id="c9")])))
    assert not detail.locator(".lw-trace").is_visible()


def test_the_trace_grows_while_the_row_is_open(page):
    """A span that is open runs on; when it ends its time stands there, without the kernel's help."""
    made = session(spans=WORKFLOW[1:3])
    made.open_spans = lambda watch=None, most=None: [
        made_span("workflow", "w", lasts=None, status="open")
    ]
    detail = opened(page, whole(made))
    assert steps(detail)[0] == ["workflow", "…", 0]
    assert detail.locator(".lw-trace-head").text_content() == "trace · running"
    sent = []
    refresher = Refresher(made, sent.append)
    made.open_spans = lambda watch=None, most=None: []
    made.traces.add(WORKFLOW[:1])
    refresher.refresh()
    page.evaluate("news => window.model.set('news', news)", sent[-1] | {"seq": 1, "base": 0})
    page.wait_for_function("document.querySelector('.lw-took').textContent.includes('3.20')")
    assert detail.locator(".lw-trace-head").text_content() == "trace · 3.20\u202fs"


def test_names_are_text_and_circles_end(page):
    """Markup in a name stays text; ids that lead back to themselves do no harm; many are bounded."""
    odd = [
        made_span("<img src=x onerror=alert(1)>", "w"), made_span("a", "a", "b"),
        made_span("b", "b", "a"), *(made_span(f"step {n}", f"n{n}", "w") for n in range(100)),
    ]  # fmt: skip
    detail = opened(page, whole(session(calls=[made_call("c1", "n80", at=0.5)], spans=odd)))
    assert detail.locator("img").count() == 0
    assert detail.locator(".lw-trace li").count() == 24
    assert detail.locator("[aria-current]").count() == 1
    assert "24 of 102 steps" in detail.locator(".lw-trace-head").text_content()
