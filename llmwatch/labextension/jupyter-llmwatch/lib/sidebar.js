// The sidebar: one pane per notebook, and in sight the pane of the notebook in front.

import { apputils, lumino } from "./shared.js";
import { Card, NO_NOTEBOOK } from "./cards.js";
import { icon } from "./icon.js";
import { Pane } from "./pane.js";

const TOASTS = { critical: "error", warning: "warning", info: "info" };
const TOAST_MS = 10_000;

export class Sidebar extends lumino.Panel {
  constructor(tracker, shell) {
    super();
    this.id = "llmwatch-sidebar";
    this.addClass("llmwatch-sidebar");
    this.title.icon = icon;
    this.title.caption = "llmwatch: LLM calls";
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "llmwatch: LLM calls");
    this._tracker = tracker;
    this._shell = shell;
    this._panes = new Map();
    this._toasts = new Map();
    this._card = new Card();
    this._card.say(NO_NOTEBOOK);
    this.addWidget(this._card);
    tracker.currentChanged.connect(this._follow, this);
  }

  add(notebook) {
    const pane = new Pane(notebook, this);
    this._panes.set(notebook, pane);
    this.addWidget(pane);
    notebook.disposed.connect(() => {
      this._panes.delete(notebook);
      pane.dispose();
      this._follow();
    });
    this._follow();
  }

  // Whether somebody sees this pane now.
  shows(pane) {
    return this.isVisible && !pane.isHidden;
  }

  // Open the sidebar, unless another notebook is in front of the one it is asked for.
  open(pane = null) {
    if (pane === null || !pane.isHidden) this._shell.activateById(this.id);
  }

  // Close it again, if this pane is what it shows.
  collapse(pane) {
    if (this.shows(pane)) this._shell.collapseRight();
  }

  onAfterShow() {
    this._panes.get(this._tracker.currentWidget)?.refresh();
  }

  _follow() {
    const current = this._panes.get(this._tracker.currentWidget);
    for (const pane of this._panes.values()) pane.setHidden(pane !== current);
    this._card.setHidden(current !== undefined);
    current?.refresh();
  }

  // A toast for a notice that the panel itself cannot show, because it is out of sight.
  notify(pane, { key, phase, severity, message }) {
    const { Notification } = apputils;
    const id = this._toasts.get(key);
    if (phase === "resolved") {
      if (id) Notification.update({ id, message, type: "success", autoClose: TOAST_MS });
      this._toasts.delete(key);
    } else if (!this.shows(pane)) {
      const options = { autoClose: TOAST_MS, actions: [this._opening(pane)] };
      const text = `${pane.name}: ${message}`;
      if (id) Notification.dismiss(id);
      this._toasts.set(key, Notification.emit(text, TOASTS[severity] ?? "info", options));
    }
  }

  _opening(pane) {
    return {
      label: "Open dashboard",
      callback: () => {
        this._shell.activateById(pane.notebook.id);
        this.open();
      }
    };
  }
}
