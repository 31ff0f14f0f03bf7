// What JupyterLab and Notebook 7 start: the sidebar, its icon, its commands.

import { apputils, application, consoles, notebook, ui } from "./shared.js";
import { icon } from "./icon.js";
import { Sidebar } from "./sidebar.js";
import { addRenderer } from "./output.js";
import { rendermimeOf } from "./pane.js";
import { renewIn } from "./renewal.js";

const OPEN = "llmwatch:open";
const WATCH = "llmwatch:watch";

function activate(app, tracker, palette, restorer, labShell, consoleTracker) {
  const trackers = [tracker, consoleTracker].filter(Boolean);
  const sidebar = new Sidebar(trackers, app.shell);
  app.shell.add(sidebar, "right", { rank: 900, type: "llmwatch" });
  restorer?.add(sidebar, sidebar.id);
  if (!labShell) keepOpen(sidebar, app);
  app.commands.addCommand(OPEN, {
    label: "llmwatch: Open dashboard",
    caption: "The LLM calls of the notebook in front, live",
    icon,
    execute: () => sidebar.open()
  });
  app.commands.addCommand(WATCH, {
    label: "llmwatch: Watch this notebook",
    caption: "Record the LLM calls of the notebook in front, as %load_ext llmwatch does",
    icon,
    isEnabled: () => Boolean(sidebar.front?.canWatch),
    execute: () => sidebar.front?.watch()
  });
  for (const command of [OPEN, WATCH]) palette?.addItem({ command, category: "llmwatch" });
  for (const each of trackers) {
    each.widgetAdded.connect((_, document) => {
      sidebar.add(document);
      addRenderer(rendermimeOf(document), () => sidebar.open());
    });
  }
  tracker.widgetAdded.connect((_, panel) => renewIn(panel));
  if (!labShell) tracker.widgetAdded.connect((_, panel) => addButton(panel, app.commands));
}

// JupyterLab itself opens after a reload what was open before; Notebook 7 does not.
function keepOpen(sidebar, app) {
  const key = `llmwatch:${location.pathname}`;
  const wasOpen = sessionStorage.getItem(key) !== null;
  sidebar.seen = isSeen => {
    if (isSeen) sessionStorage.setItem(key, "open");
    else sessionStorage.removeItem(key);
  };
  if (wasOpen) app.restored.then(() => sidebar.open());
}

// Notebook 7 shows no icons at its sidebars, so there the icon stands in the notebook's toolbar.
function addButton(panel, commands) {
  const button = new ui.CommandToolbarButton({ commands, id: OPEN, label: "" });
  panel.toolbar.insertItem(panel.toolbar.node.childElementCount, "llmwatch", button);
}

export default {
  id: "jupyter-llmwatch:plugin",
  description: "The dashboard of llmwatch: the LLM calls of a notebook, live.",
  autoStart: true,
  requires: [notebook.INotebookTracker],
  optional: [
    apputils.ICommandPalette, application.ILayoutRestorer, application.ILabShell,
    consoles.IConsoleTracker
  ],
  activate
};
