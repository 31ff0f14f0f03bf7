"""A panel without a kernel: what it is told, and the page that shows it."""

from __future__ import annotations

import json
import time
from typing import Any

from llmwatch.recorder import Session
from llmwatch.records import Call
from llmwatch.widgets._assets import css, esm, vega
from llmwatch.widgets._refresh import Refresher

THEMES = {
    "light": "--jp-layout-color1:#fff;--jp-ui-font-color1:rgba(0,0,0,.87)",
    "dark": "--jp-layout-color1:#111;--jp-ui-font-color1:rgba(255,255,255,.87)",
}

# The part of anywidget's model that the front end uses is `offered`; what it sends is kept in `sent`.
PAGE = """
async ({esm, css, state, vega}) => {
  const style = document.createElement('style');
  style.textContent = css;
  document.head.append(style);
  const heard = {};
  window.sent = [];
  window.model = {
    get: name => state[name],
    on: (event, hear) => (heard[event] ??= new Set()).add(hear),
    off: (event, hear) => heard[event]?.delete(hear),
    send: message => window.sent.push(message),
    set: (name, value) => {
      state[name] = value;
      heard[`change:${name}`]?.forEach(hear => hear());
    },
    lose: () => heard.comm_live_update?.forEach(hear => hear()),
    say: (message, buffers) => heard['msg:custom']?.forEach(hear => hear(message, buffers)),
  };
  const {get, on, off, send} = window.model;
  window.offered = {get, on, off, send};
  const url = URL.createObjectURL(new Blob([esm], {type: 'text/javascript'}));
  const widget = (await import(url)).default();
  window.leave = [widget.initialize({model: window.offered})];
  window.render = el => window.leave.push(widget.render({model: window.offered, el}));
  window.render(document.getElementById('panel'));
  if (vega) window.model.set('vega', vega);
}
"""


# The panel draws once a frame: two of them, and one for whom a new size is told.
DRAWN = """
async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}
"""


class Made(Session):
    """A session whose calls were made up, those in flight as well."""

    def __init__(self, *calls: Call) -> None:
        super().__init__()
        self.flying: list[dict[str, Any]] = []
        self.store.append(calls)

    @property
    def running(self) -> int:
        return len(self.flying)

    def in_flight_under(self, watch: Any) -> list[dict[str, Any]]:
        return self.flying


def whole(session: Made) -> dict[str, Any]:
    """What somebody who has just come is told, as it goes over the wire."""
    refresher = Refresher(session, lambda news: None)
    leave = refresher.firing.follow()
    told = refresher.whole()
    leave()
    return json.loads(json.dumps(told, allow_nan=False))


def show(page: Any, state: dict[str, Any], *, theme: str = "light", charts: bool = True) -> Any:
    """Put a panel that was told `state` into `page`; returns its root.

    `theme` is "light" or "dark", as JupyterLab has them, or the style of another host's page.
    """
    ours = f"{THEMES[theme]};background:var(--jp-layout-color1)" if theme in THEMES else theme
    page.set_content(f"<body style='margin:0;{ours}'><div id=panel></div>")
    page.evaluate(
        PAGE,
        {"esm": esm(), "css": css(), "state": {"whole": state, "news": {}},
         "vega": vega() if charts else ""},
    )  # fmt: skip
    root = page.locator("#panel .lw-panel")
    root.locator(".lw-row, .lw-none:not([hidden])").first.wait_for()
    if charts and state["rows"]:
        root.locator("canvas").nth(2).wait_for(state="attached")  # they come one by one
        drawn(page)
    return root


def drawn(page: Any) -> None:
    """Wait until what was done last is drawn."""
    page.evaluate(DRAWN)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
