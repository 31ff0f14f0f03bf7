// The sidebar: one pane per notebook, and in sight the pane of the notebook in front.

import { lumino } from "./shared.js";
import { Card, NO_NOTEBOOK } from "./cards.js";
import { icon } from "./icon.js";
import { Pane } from "./pane.js";
import { Toasts } from "./toasts.js";

export class Sidebar extends lumino.Panel {
  seen = () => {}; // told when it comes in sight and when it goes

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
    this._toasts = new Toasts();
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
    this.seen(true);
  }

  onAfterHide() {
    this.seen(false);
  }

  _follow() {
    const current = this._panes.get(this._tracker.currentWidget);
    for (const pane of this._panes.values()) pane.setHidden(pane !== current);
    this._card.setHidden(current !== undefined);
    current?.refresh();
  }

  // A toast for a notice that the panel itself cannot show, because it is out of sight.
  notify(pane, notice) {
    if (notice.phase === "resolved") this._toasts.isOver(pane, notice);
    else if (!this.shows(pane)) this._toasts.fires(pane, notice, this._opening(pane));
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
