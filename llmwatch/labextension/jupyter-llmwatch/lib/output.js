// The output of `llmwatch.dashboard()` in a notebook: a line that leads to the sidebar, or the panel
// itself. Where its kernel is gone there is nothing to show: a picture stands below, saved with it.

import { lumino } from "./shared.js";
import { button, element } from "./dom.js";

const MIME = "application/vnd.llmwatch.dashboard+json";
const VIEW = "application/vnd.jupyter.widget-view+json";

export function addRenderer(rendermime, open) {
  rendermime.addFactory(
    { safe: true, mimeTypes: [MIME], createRenderer: () => new Output(rendermime, open) },
    -20 // before the renderer of widgets, which is at -10
  );
}

class Output extends lumino.Panel {
  constructor(rendermime, open) {
    super();
    this.addClass("llmwatch-output");
    this._rendermime = rendermime;
    this._open = open;
  }

  renderModel(model) {
    for (const widget of [...this.widgets]) widget.dispose();
    this.node.replaceChildren();
    const { where, model_id } = model.data[MIME];
    if (where === "inline") return this._inline(model_id, model.trusted);
    this.node.append(
      element("span", "llmwatch-text", "The dashboard is in the sidebar."),
      button("Show", "", this._open)
    );
    return Promise.resolve();
  }

  async _inline(model_id, trusted) {
    if (!trusted) return; // a foreign notebook reaches no widget before it is trusted
    const view = this._rendermime.createRenderer(VIEW);
    const data = { [VIEW]: { model_id, version_major: 2, version_minor: 0 } };
    const showIfAlive = () => view.isDisposed || view.setHidden(view.widgets.length === 0);
    this.addWidget(view);
    showIfAlive();
    new MutationObserver(showIfAlive).observe(view.node, { childList: true });
    await view.renderModel(this._rendermime.createModel({ data, trusted }));
  }
}
