// Elements. Text enters the page by `textContent` alone, so markup in it stays text.

const SVG = "http://www.w3.org/2000/svg";

// Icons on a grid of 16: what is stroked, or (`fill`) filled.
const ICONS = {
  ok: { stroke: "M2.5 8.6 6.4 12.5 13.5 4" },
  error: { stroke: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5" },
  partial: { stroke: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11", fill: "M8 2.5a5.5 5.5 0 0 0 0 11z" },
  running: { stroke: "M8 2.5A5.5 5.5 0 1 1 2.5 8" },
  pause: { fill: "M4 3h2.6v10H4zM9.4 3H12v10H9.4z" },
  play: { fill: "M4.5 2.8 13 8l-8.5 5.2z" },
  save: { stroke: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 10.5v3h11v-3" },
  more: { fill: "M8 2.2a1.3 1.3 0 1 0 0 2.6a1.3 1.3 0 1 0 0-2.6M8 6.7a1.3 1.3 0 1 0 0 2.6a1.3 1.3 0 1 0 0-2.6M8 11.2a1.3 1.3 0 1 0 0 2.6a1.3 1.3 0 1 0 0-2.6" },
  up: { stroke: "M2.2 7.2h2.6v6H2.2zM4.8 7.6 7.6 2.3c1.3 0 1.9.9 1.7 2L8.9 6.5h3.5c1 0 1.6.8 1.3 1.8l-1.1 3.8c-.2.7-.7 1.1-1.4 1.1H4.8" },
  close: { stroke: "M4.5 4.5 11.5 11.5M11.5 4.5 4.5 11.5" },
};
ICONS.cancelled = ICONS.lost = ICONS.partial;

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child != null));
  return node;
}

function icon(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `lw-icon ${className}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [way, path] of Object.entries(ICONS[name] ?? ICONS.ok)) {
    const shape = document.createElementNS(SVG, "path");
    shape.setAttribute("d", path);
    shape.setAttribute("class", `lw-${way}`);
    svg.append(shape);
  }
  return svg;
}

// Writes only what differs: a screen reader is not told of what stays.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(node, name, value) {
  if (value === false || value == null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// A figure with its unit set small: "906 ms", "284.8 k", "6.7 %".
function figure(node, text) {
  if (node.dataset.said === text) return;
  node.dataset.said = text;
  const [, value, unit] = /^(.*?)(?:\u202f([^\s\d]+))?$/.exec(text);
  const length = text.length + (unit ? 0 : 1);  // a unit is written small
  mark(node, "data-long", length > 10 ? "utterly" : length > 9 ? "very" : text.length > 7 ? ""
    : length > 7 ? "barely" : null);
  node.replaceChildren(value, ...(unit ? [el("small", { text: `${THIN}${unit}` })] : []));
}

const OWN_KEYS = new Set(["Enter", " ", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home",
  "End", "PageUp", "PageDown"]);

// A notebook takes plain keys for its own: an arrow in a filter went on to its next cell.
function keepKeys(event) {
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
  const isOurs = OWN_KEYS.has(event.key) || event.target.localName === "select";
  if (isPlain && isOurs) event.stopPropagation();
}

// Whether it could be done.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {  // no permission, or a page that is not secure
    const box = el("textarea", { style: "position:fixed;opacity:0" }), held = document.activeElement;
    box.value = text;
    document.body.append(box);
    box.select();
    const isDone = document.execCommand("copy");
    box.remove();
    held?.focus({ preventScroll: true });
    return isDone;
  }
}

// Does nothing while Python is asked, and keeps the focus, which one that is disabled loses.
function idle(button, waits) {
  mark(button, "aria-disabled", waits || null);
}

const isIdle = button => button.hasAttribute("aria-disabled");
const canHold = node => node.isConnected && !node.disabled && node.getClientRects().length > 0;

// Where what has the focus goes, the next has it: a keyboard else begins anew at the top of the page.
function holdFocus(root) {
  const held = root.getRootNode().activeElement;
  if (!root.contains(held)) return () => {};
  const all = [...root.querySelectorAll("button, select, pre")], at = all.indexOf(held);
  return () => {
    if (canHold(held)) return;
    const others = [...all.slice(at + 1), ...all.slice(0, Math.max(0, at)).reverse()];
    others.find(canHold)?.focus({ preventScroll: true });
  };
}

function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
