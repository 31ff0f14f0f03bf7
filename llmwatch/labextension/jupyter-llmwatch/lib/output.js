// The output of `llmwatch.dashboard()` in a notebook: a line that leads to the sidebar, or the
// panel itself, and once its kernel is gone the picture that was saved with it.

import { lumino } from "./shared.js";
import { button, element } from "./dom.js";

const MIME = "application/vnd.llmwatch.dashboard+json";
const VIEW = "application/vnd.jupyter.widget-view+json";

export function addRenderer(panel, open) {
  const { rendermime } = panel.content;
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

  async renderModel(model) {
    const { where, model_id } = model.data[MIME];
    if (where === "inline") return this._draw(model, model_id);
    this.node.replaceChildren(
      element("span", "llmwatch-text", "The dashboard is in the sidebar on the right."),
      button("Show", "", this._open)
    );
  }

  async _draw(model, model_id) {
    const data = { [VIEW]: { model_id, version_major: 2, version_minor: 0 } };
    const view = this._rendermime.createRenderer(VIEW);
    this.addWidget(view);
    await view.renderModel(this._rendermime.createModel({ data, trusted: true }));
  }
}
