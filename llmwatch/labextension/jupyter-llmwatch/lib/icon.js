// A pulse, in the colours that JupyterLab gives to the icons of its sidebars.

import { ui } from "./shared.js";

export const icon = new ui.LabIcon({
  name: "llmwatch:pulse",
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M15.7 21.2 9.4 7.1 6.6 13.2H1.5' +
    'v-2h3.8L9.4 2.3l6.1 13.6 1.9-4.7h5.1v2h-3.7z"/></svg>'
});
