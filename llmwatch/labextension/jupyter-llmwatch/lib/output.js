// The output of `llmwatch.dashboard()` in a notebook: a line that leads to the sidebar, or the panel
// itself, and where its kernel is gone the picture that was saved with it.

import { lumino } from "./shared.js";
import { button, element } from "./dom.js";

const MIME = "application/vnd.llmwatch.dashboard+json";
const VIEW = "application/vnd.jupyter.widget-view+json";
const PICTURE = "text/html";

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
    for (const widget of [...this.widgets]) widget.dispose();
    this.node.replaceChildren();
    const { where, model_id } = model.data[MIME];
    if (where === "inline") {
      await this._inline(model, model_id);
    } else {
      this.node.append(
        element("span", "llmwatch-text", "The dashboard is in the sidebar on the right."),
        button("Show", "", this._open)
      );
    }
  }

  // The picture stands until the widget does: its model may come later, or be gone for good.
  async _inline(model, model_id) {
    const picture = this._add(PICTURE);
    await this._fill(picture, PICTURE, model.data[PICTURE] ?? "", model.trusted);
    if (!model.trusted) return; // a foreign notebook reaches no widget before it is trusted
    const view = this._add(VIEW);
    const choose = () => {
      const alive = view.widgets.length > 0;
      picture.setHidden(alive);
      view.setHidden(!alive);
    };
    choose();
    new MutationObserver(choose).observe(view.node, { childList: true });
    await this._fill(view, VIEW, { model_id, version_major: 2, version_minor: 0 }, true);
  }

  _add(mimeType) {
    const renderer = this._rendermime.createRenderer(mimeType);
    this.addWidget(renderer);
    return renderer;
  }

  _fill(renderer, mimeType, data, trusted) {
    const model = this._rendermime.createModel({ data: { [mimeType]: data }, trusted });
    return renderer.renderModel(model);
  }
}
