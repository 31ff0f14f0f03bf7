// Pictures and alerts under the cells of a page that was reloaded. The kernel renews them by their
// display ids, which JupyterLab forgets with the page; so each has its id in its metadata, too.

const OURS = "llmwatch-";
const HTML = "text/html";

export function renewIn(panel) {
  // Connected in the name of the panel, so that this ends with it.
  panel.sessionContext.iopubMessage.connect(hear, panel);
}

// JupyterLab is told first: what it knows it has renewed by now.
function hear(_, { header, content }) {
  if (header.msg_type !== "update_display_data") return;
  const id = String(content.transient?.display_id);
  if (!id.startsWith(OURS)) return;
  for (const cell of this.content.model?.cells ?? []) renew(cell.outputs, id, content);
}

function renew(outputs, id, { data, metadata }) {
  for (let place = 0; place < (outputs?.length ?? 0); place++) {
    const shown = outputs.get(place);
    if (shown.metadata?.llmwatch?.display !== id || shown.data[HTML] === data[HTML]) continue;
    // It is trusted as the outputs of its cell are.
    outputs.set(place, { output_type: "display_data", data, metadata });
  }
}
