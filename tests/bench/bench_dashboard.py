"""What the live panel costs: bytes and time of a refresh, call end to pixel, the browser's heap."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

from llmwatch.widgets._refresh import Refresher
from tests.browser import browser, lab
from tests.notebook import ROOT
from tests.widgets.panel import Made, now_ms, show, whole

from . import Row
from .bench_store import _call, _filled

REFRESHES = 10_000  # more than an hour of them at two a second
_KNOWN = 500  # refreshes after which what is cached once is cached
_PIXELS = 8

# Feeds one refresh a frame, each with three new calls, and waits until it is drawn.
_FEED = """
async ({state, first, count}) => {
  const {fields, ...now} = state, rows = state.rows.slice(-3);
  const drawn = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  for (let turn = first; turn < first + count; turn += 1) {
    const total = state.total + 3 * turn, start = state.now_ms + 500 * turn;
    window.model.set('news', {...now, seq: state.seq + turn, base: state.seq + turn - 1,
      now_ms: start, total, figures: {...now.figures, requests: total},
      rows: rows.map((row, n) => [total - 3 + n, start - 100 * n, ...row.slice(2)])});
    await drawn();
  }
}
"""
_SETUP = """
%load_ext llmwatch
import time
import llmwatch
from llmwatch.testing import OfflineServer, offline_client
client = offline_client(OfflineServer().start())
ask = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]}
llmwatch.dashboard(where="inline")
"""
_CALLS = """
ends = []
for number in range(%d):
    time.sleep(1.3)  # blocks the kernel; no multiple of 0.5 s, so calls end anywhere between refreshes
    client.chat.completions.create(**ask)
    ends.append(time.time() * 1000)
print("ends", ends)
"""
_WATCH = """
() => {
  window.seen = [];
  const value = document.querySelector('.jp-OutputArea [data-tile=calls] .lw-value');
  new MutationObserver(() => requestAnimationFrame(() => window.seen.push(Date.now())))
    .observe(value, {childList: true, subtree: true, characterData: true});
}
"""


def _session(n: int) -> Made:
    session = Made()
    session.store = _filled(n, previews=True)
    return session


def _refresh(n: int) -> tuple[int, float]:
    """Bytes and milliseconds of one refresh that tells three new calls, at `n` calls."""
    sent: list[dict[str, Any]] = []
    session = _session(n)
    ticks = iter(range(0, 10_000, 100))
    refresher = Refresher(session, sent.append, clock=lambda: float(next(ticks)))
    refresher.whole()
    took = []
    for _ in range(7):
        session.store.append([_call(i, previews=True) for i in range(3)])
        start = time.perf_counter()
        refresher.refresh()
        took.append((time.perf_counter() - start) * 1000)
    size = len(json.dumps(sent[-1], separators=(",", ":")).encode())
    return size, statistics.median(took)


def _metrics(line: Any) -> dict[str, float]:
    line.send("HeapProfiler.collectGarbage")
    found = line.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in found}


def _in_the_browser() -> tuple[float, float, float]:
    """Scripting of a refresh (ms), heap after a few and after many refreshes (MB)."""
    session = _session(100_000)
    state = whole(session)
    state["now_ms"] = now_ms()
    with browser() as running:
        page = running.new_page(viewport={"width": 320, "height": 900})
        page.set_default_timeout(0)
        show(page, state)
        line = page.context.new_cdp_session(page)
        line.send("Performance.enable")
        page.evaluate(_FEED, {"state": state, "first": 1, "count": _KNOWN})
        before = _metrics(line)
        many = REFRESHES - _KNOWN
        page.evaluate(_FEED, {"state": state, "first": _KNOWN + 1, "count": many})
        after = _metrics(line)
    script = (after["ScriptDuration"] - before["ScriptDuration"]) * 1000 / many
    return script, before["JSHeapUsedSize"] / 1e6, after["JSHeapUsedSize"] / 1e6


def _to_pixel() -> float:
    """Seconds from the end of a call, in a cell that blocks the kernel, to the drawn figure."""
    import nbformat

    cells = [nbformat.v4.new_code_cell(text) for text in (_SETUP, _CALLS % _PIXELS)]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    with lab(environ={"PYTHONPATH": str(ROOT)}) as desk:
        page = desk.open(book)
        run = "() => { window.jupyterapp.commands.execute('notebook:run-cell-and-select-next') }"
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.evaluate(run)
        page.locator(".jp-OutputArea .lw-none").first.wait_for()
        page.evaluate(_WATCH)
        page.evaluate(run)
        page.get_by_text("ends [").wait_for()
        page.wait_for_function(f"() => window.seen.length >= {_PIXELS}")
        ends = json.loads(page.get_by_text("ends [").inner_text().partition("ends ")[2])
        seen = page.evaluate("window.seen")
    gaps = [min(at for at in seen if at >= end) - end for end in ends]
    return statistics.median(gaps) / 1000


def rows() -> list[Row]:
    """The lines of the speed table that concern the dashboard."""
    size, _ = _refresh(10_000)
    _, took = _refresh(100_000)
    script, early, late = _in_the_browser()
    return [
        Row("dashboard: one refresh at 10 k calls", size, "B", 5_000),
        Row("dashboard: one refresh at 100 k calls, Python", took, "ms", 50),
        Row("dashboard: one refresh at 100 k calls, scripting", script, "ms", 50),
        Row(f"dashboard: heap after {REFRESHES:,} refreshes", late, "MB", 1.2 * early, early),
        Row("dashboard: call end to pixel, the kernel blocked", _to_pixel(), "s", 1),
    ]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:52} {row.value:10.2f} {row.unit:3} (at most {row.limit:g})", row.floor)
