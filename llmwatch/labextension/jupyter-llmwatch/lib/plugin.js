// What JupyterLab and Notebook 7 start: the sidebar, its icon, its commands.

import { apputils, application, notebook, ui } from "./shared.js";
import { icon } from "./icon.js";
import { Sidebar } from "./sidebar.js";
import { addRenderer } from "./output.js";

const OPEN = "llmwatch:open";

function activate(app, tracker, palette, restorer, labShell) {
  const sidebar = new Sidebar(tracker, app.shell);
  app.shell.add(sidebar, "right", { rank: 900, type: "llmwatch" });
  restorer?.add(sidebar, sidebar.id);
  app.commands.addCommand(OPEN, {
    label: "llmwatch: Open dashboard",
    caption: "The LLM calls of the notebook in front, live",
    icon,
    execute: () => sidebar.open()
  });
  palette?.addItem({ command: OPEN, category: "llmwatch" });
  tracker.widgetAdded.connect((_, panel) => {
    sidebar.add(panel);
    addRenderer(panel, () => sidebar.open());
    if (!labShell) addButton(panel, app.commands);
  });
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
  optional: [apputils.ICommandPalette, application.ILayoutRestorer, application.ILabShell],
  activate
};
