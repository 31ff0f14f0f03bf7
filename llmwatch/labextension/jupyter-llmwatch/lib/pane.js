// What the sidebar shows of one notebook or console: its panel, or in few words why there is none.

import { lumino } from "./shared.js";
import { Banner, Card, card, standstill } from "./cards.js";
import { Link } from "./link.js";

const AGAIN_MS = 5000;
const VIEW = "application/vnd.jupyter.widget-view+json";

export function rendermimeOf(document) {
  return (document.console ?? document.content).rendermime;
}

export class Pane extends lumino.Panel {
  // `sidebar` opens when the kernel says so, and shows notices while it is closed.
  constructor(document, sidebar) {
    super();
    this.addClass("llmwatch-pane");
    this.id = `llmwatch-${document.id}`;
    this.context = document.sessionContext;
    this.views = new Set(); // a notebook can be open in several
    this._sidebar = sidebar;
    this._model = null; // the id of the widget model that is shown
    this._view = null;
    this._asked = false;
    this._failure = null; // why there is none, though it was asked for
    this._banner = new Banner();
    this._card = new Card();
    this.addWidget(this._banner);
    this.addWidget(this._card);
    this._link = new Link(this.context, {
      says: message => this._hear(message),
      ended: () => this._drop(),
      changed: () => this._changed()
    });
    this._renamed = document.context?.pathChanged ?? this.context.propertyChanged;
    this._renamed.connect(this.refresh, this);
  }

  // Any that is open: the first may have been closed.
  get document() {
    const [document] = this.views;
    return document;
  }

  get name() {
    const path = this.document?.context?.path;
    return path?.split("/").at(-1) ?? this.context.name;
  }

  get isSecond() {
    return this._link.isSecond;
  }

  // Whether what it shows is of the kernel of `other`, too.
  isFirstOf(other) {
    return !this._link.isSecond && this._link.kernelId === other._link.kernelId;
  }

  get canWatch() {
    return this._link.kernel !== "none" && this._link.speaksPython;
  }

  async watch() {
    this._sidebar.open();
    await this._link.load();
  }

  dispose() {
    if (this.isDisposed) return;
    this._link.dispose();
    this._renamed.disconnect(this.refresh, this);
    super.dispose();
  }

  // Say how things stand, and ask for the panel when somebody looks and there is none.
  refresh() {
    if (this.isDisposed || !this._link) return;
    const link = this._link;
    if (!link.linked) this._asked = this._failure = null;
    if (link.kernel === "none" && this._model !== null) this._drop();
    if (link.linked && !this._asked && this._sidebar.shows(this)) this._ask();
    const still = this._model === null ? null : standstill(link);
    if (this._model === null) this._card.say(card(this.name, link, this._failure));
    this._banner.say(still);
    this._view?.toggleClass("llmwatch-old", still !== null);
  }

  // Somebody looks again: what has failed may work by now.
  retry() {
    if (this._failure) this._asked = this._failure = null;
    this.refresh();
  }

  _changed() {
    // It may have got the kernel of another document, or back one of its own.
    if (this._link) this._sidebar.follow();
    this.refresh();
  }

  _ask() {
    this._asked = true;
    this._link.send("panel");
    setTimeout(() => {
      // What is sent while JupyterLab changes subshells can be lost.
      if (this._model !== null || this._failure || this._link.kernel !== "idle") return;
      this._asked = false;
      this.refresh();
    }, AGAIN_MS);
  }

  _hear(message) {
    if (message.type === "panel") this._show(message.model_id);
    if (message.type === "failed") this._failure = message.message;
    if (message.type === "closed") this._putAway();
    if (message.type === "alert") this._sidebar.notify(this, message);
    if (message.type === "open") {
      this._show(message.model_id);
      this._sidebar.open(this);
    }
    this.refresh();
  }

  _show(model) {
    this._asked = true;
    if (model === this._model) return;
    this._drop();
    const rendermime = rendermimeOf(this.document);
    const data = { [VIEW]: { model_id: model, version_major: 2, version_minor: 0 } };
    try {
      this._view = rendermime.createRenderer(VIEW);
    } catch {
      this._failure = "widgets"; // a server without the extension of ipywidgets
      return;
    }
    this._model = model;
    this._failure = null;
    this._card.say(null);
    this._view.addClass("llmwatch-view");
    this.addWidget(this._view);
    this._view.renderModel(rendermime.createModel({ data, trusted: true }));
  }

  _putAway() {
    this._sidebar.collapse(this);
    // What stays in sight all the same shall not ask for a new panel at once.
    this._asked = this._sidebar.shows(this);
    this._failure = this._asked ? "closed" : null;
    this._drop();
  }

  _drop() {
    this._view?.dispose();
    this._view = this._model = null;
    this.refresh();
  }
}
