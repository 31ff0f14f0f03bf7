// Small pieces of page. All text is set as text: nothing that is shown is ever read as markup.

export function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

export function button(label, className, act) {
  const made = element("button", `llmwatch-button ${className}`, label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function pulse() {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 64 34");
  svg.setAttribute("class", "llmwatch-pulse");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", "M1.5 18H14l5-16 9 29 8-20 4.500 7H62.500");
  svg.append(path);
  return svg;
}

// A line of code to type, and a button that copies it and says so.
export function lineToType(code) {
  const copy = button("Copy", "llmwatch-copy", async () => {
    copy.textContent = (await copied(code)) ? "Copied" : "Press Ctrl+C";
    clearTimeout(again);
    again = setTimeout(() => (copy.textContent = "Copy"), 2000);
  });
  const text = element("code", "llmwatch-code", code);
  let again;
  copy.setAttribute("aria-label", `Copy ${code}`);
  copy.setAttribute("aria-live", "polite");
  text.tabIndex = -1;
  return element("div", "llmwatch-type", text, copy);

  async function copied(words) {
    try {
      await navigator.clipboard.writeText(words);
      return true;
    } catch {
      // Over plain http there is no clipboard to write to: select the line instead.
      getSelection().selectAllChildren(text);
      return document.execCommand("copy");
    }
  }
}
