// The sidebar: one pane per notebook or console, and in sight the pane of the one in front.

import { lumino } from "./shared.js";
import { Card, NO_NOTEBOOK } from "./cards.js";
import { icon } from "./icon.js";
import { Pane } from "./pane.js";
import { Toasts } from "./toasts.js";

export class Sidebar extends lumino.Panel {
  seen = () => {}; // told when it comes in sight and when it goes

  constructor(trackers, shell) {
    super();
    this.id = "llmwatch-sidebar";
    this.addClass("llmwatch-sidebar");
    this.title.icon = icon;
    this.title.caption = "llmwatch: LLM calls";
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "llmwatch: LLM calls");
    this._trackers = trackers;
    this._shell = shell;
    this._panes = new Map(); // by document; those that share a session share one
    this._last = null; // the document that was in front
    this._toasts = new Toasts();
    this._card = new Card();
    this._card.say(NO_NOTEBOOK);
    this.addWidget(this._card);
    for (const tracker of trackers) tracker.currentChanged.connect(this.follow, this);
    shell.currentChanged?.connect(this.follow, this);
  }

  add(document) {
    const pane = this._paneFor(document);
    pane.views.add(document);
    this._panes.set(document, pane);
    document.disposed.connect(() => {
      this._panes.delete(document);
      pane.views.delete(document);
      if (pane.views.size === 0) pane.dispose();
      this.follow();
    });
    this.follow();
  }

  _paneFor(document) {
    const there = this._all().find(pane => pane.context === document.sessionContext);
    if (there !== undefined) return there;
    const pane = new Pane(document, this);
    this.addWidget(pane);
    return pane;
  }

  _all() {
    return [...new Set(this._panes.values())];
  }

  // The pane of the document in front. A kernel that two notebooks share has its comms with one.
  get front() {
    const pane = this._panes.get(this._inFront());
    return (pane?.isSecond && this._all().find(other => other.isFirstOf(pane))) || pane;
  }

  // The notebook or console in front; behind a text file, which has no kernel, it still is.
  _inFront() {
    const shown = this._shell.currentWidget;
    if (this._panes.has(shown)) this._last = shown;
    if (this._panes.has(this._last)) return this._last;
    return this._trackers.map(tracker => tracker.currentWidget).find(it => this._panes.has(it));
  }

  // Whether somebody sees this pane now.
  shows(pane) {
    return this.isVisible && !pane.isHidden;
  }

  // Open the sidebar, unless another notebook is in front of the one it is asked for.
  open(pane = null) {
    if (pane === null || !pane.isHidden) this._shell.activateById(this.id);
  }

  // Close it again, if this pane is what it shows, where the person has moved it to. A tab of the
  // main area stays (so does one below, in a JupyterLab that cannot close what is there).
  collapse(pane) {
    if (!this.shows(pane)) return;
    const stands = area => [...this._shell.widgets(area)].includes(this);
    if (stands("left")) this._shell.collapseLeft();
    if (stands("right")) this._shell.collapseRight();
    if (stands("down")) this._shell.collapseDown?.();
  }

  onAfterShow() {
    this.front?.retry();
    this.seen(true);
  }

  onAfterHide() {
    this.seen(false);
  }

  follow() {
    const current = this.front;
    for (const pane of this._all()) pane.setHidden(pane !== current);
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
        if (pane.document) this._shell.activateById(pane.document.id);
        this.open();
      }
    };
  }
}
