// The words of the sidebar: where there is no panel to show, and above one that stands still.

import { lumino } from "./shared.js";
import { element, lineToType, pulse } from "./dom.js";

const LOAD = "%load_ext llmwatch";
const STATES = { dead: "kernel dead", lost: "no connection", none: "no kernel",
                 restarting: "kernel restarting", starting: "kernel starting" };

export const NO_NOTEBOOK = {
  state: "not watching",
  title: "No notebook in front",
  text: "Open one and run this in any cell. Every LLM call of its kernel then appears here. "
    + "Nothing leaves your machine.",
  code: LOAD
};

const NO_WIDGETS = {
  state: "cannot show",
  title: "Jupyter widgets are missing",
  text: "Run this where Jupyter itself is installed, then reload the page.",
  code: "pip install jupyterlab_widgets"
};

const CLOSED = {
  state: "closed",
  title: "The dashboard was closed",
  text: "To open another one, run this in a cell.",
  code: "%llmwatch dashboard"
};

const ELSEWHERE = {
  state: "cannot show",
  title: "Reload the page to see it here",
  text: "JupyterLab shows what is live in a kernel only with the first document that it was opened "
    + "in, which is no longer there."
};

// Why a notebook has no panel.
export function card(name, link, failure) {
  const state = STATES[link.kernel] ?? "not watching";
  if (failure === "widgets") return NO_WIDGETS;
  if (failure === "closed") return CLOSED;
  if (failure) {
    return {
      state: "cannot show",
      title: "The kernel could not make the dashboard",
      text: failure,
      code: "llmwatch.diagnostics()"
    };
  }
  if (link.linked || (!link.answered && link.isHeldUp)) {
    return {
      state: link.isHeldUp ? "kernel busy" : "opening",
      title: link.isHeldUp ? "Waiting for the kernel" : "Opening the dashboard",
      text: link.isHeldUp
        ? "It is busy with a cell. The dashboard opens as soon as it can answer."
        : "One moment."
    };
  }
  if (link.isSecond) return ELSEWHERE;
  if (!link.speaksPython) {
    return { state, title: `${name} is not Python`, text: "llmwatch records Python kernels." };
  }
  if (link.problem) return notLoaded(state, link.problem);
  return {
    state,
    title: `Nothing recorded in ${name} yet`,
    text: "Run this in any cell. Every LLM call of this kernel then appears here. "
      + "Nothing leaves your machine.",
    code: LOAD
  };
}

function notLoaded(state, { ename, evalue }) {
  return ename === "ModuleNotFoundError"
    ? {
        state,
        title: "The kernel has no llmwatch",
        text: `${evalue}. Run this in a cell, then load it again.`,
        code: "%pip install jupyter-llmwatch"
      }
    : {
        state,
        title: "llmwatch could not be loaded",
        text: `${ename}: ${evalue}`.slice(0, 200),
        code: LOAD
      };
}

// Why the panel that is shown stands still; null while it does not.
export function standstill(link) {
  switch (link.kernel) {
    case "dead":
      return { text: "The kernel has died. Restart it, then run", code: LOAD };
    case "lost":
      return { text: "No connection to the kernel. What you see is from before." };
    case "restarting":
      return { text: "The kernel is restarting. What you see is from before." };
  }
  return link.linked
    ? null
    : { text: "Kernel restarted: what you see is from before. To go on, run", code: LOAD };
}

// -- how it is shown -----------------------------------------------------------------------------

class Shown extends lumino.Widget {
  // Say `what`, or hide for null; nothing moves while it stays the same.
  say(what) {
    const key = JSON.stringify(what);
    if (key === this._key) return;
    this._key = key;
    this.setHidden(what === null);
    if (what !== null) this.node.replaceChildren(...this.draw(what));
  }
}

export class Card extends Shown {
  constructor() {
    super();
    this.addClass("llmwatch-card");
  }

  draw({ state, title, text, code }) {
    const head = element("div", "llmwatch-head",
      element("span", "llmwatch-dot"), element("strong", "", "llmwatch"),
      element("span", "llmwatch-state", state));
    const body = element("div", "llmwatch-body", pulse(),
      element("h2", "llmwatch-title", title), element("p", "llmwatch-text", text));
    if (code) body.append(lineToType(code));
    return [head, body];
  }
}

export class Banner extends Shown {
  constructor() {
    super();
    this.addClass("llmwatch-banner");
    this.node.setAttribute("role", "status");
  }

  draw({ text, code }) {
    const words = element("p", "llmwatch-text", text);
    return code ? [words, lineToType(code)] : [words];
  }
}
