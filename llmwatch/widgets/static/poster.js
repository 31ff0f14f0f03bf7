// A chart to take away: what the panel around it says stands in the picture, too.

const HEADING = { title: 13, key: 12, line: 18, left: 12, gap: 12 };

// The SVG of a chart on the ground it was drawn for, below its title and its keys.
function poster(view, title, keyed, chart) {
  const inner = new DOMParser().parseFromString(chart, "image/svg+xml").documentElement;
  const width = Number(inner.getAttribute("width")), { muted, bad, font, series } = view.palette();
  const brush = document.createElement("canvas").getContext("2d");
  const words = [{ text: title, size: HEADING.title, weight: 600, fill: flat(view.root, "currentColor") },
    ...keyed.map(([text, at]) => ({ text: `${at === "error" ? "\u00d7" : "\u25cf"} ${text}`, fill: muted,
      mark: typeof at === "number" ? series[at] : bad, size: HEADING.key, weight: 400 }))];
  let x = HEADING.left, y = HEADING.line;
  for (const word of words) {
    brush.font = `${word.weight} ${word.size}px ${font}`;
    word.text = fitting(brush, word.text, width - 2 * HEADING.left);
    const wide = brush.measureText(word.text).width;
    if (x > HEADING.left && x + wide > width) [x, y] = [HEADING.left, y + HEADING.line];
    Object.assign(word, { x, y });
    x += wide + HEADING.gap;
  }
  const top = y + 6, height = top + Number(inner.getAttribute("height"));
  inner.setAttribute("y", top);
  const whole = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}` },
    shape("rect", { width, height, fill: groundOf(view.root) }),
    ...words.map(word => line(word, font)), inner);
  const blob = new Blob([new XMLSerializer().serializeToString(whole)], { type: "image/svg+xml" });
  return { blob, width, height };
}

// As much of a text as there is room for.
function fitting(brush, text, room) {
  const letters = [...text];
  while (letters.length > 1 && brush.measureText(letters.join("")).width > room) {
    letters.splice(-2, 2, "\u2026");
  }
  return letters.join("");
}

// What lets another ground through has a plain one here.
function groundOf(root) {
  const found = flat(root, "var(--lw-paper)");
  return found.endsWith(",1.000)") ? found : isDark(root) ? "#111" : "#fff";
}

function shape(name, attributes, ...inside) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...inside);
  return node;
}

function line({ text, size, weight, fill, mark: colour, x, y }, font) {
  const [sign, ...rest] = colour ? [text[0], text.slice(1)] : ["", text];
  return shape("text", { x, y, fill, "font-family": font, "font-size": size, "font-weight": weight },
    ...(sign ? [shape("tspan", { fill: colour }, sign)] : []), ...rest);
}

async function painted({ blob, width, height }) {
  const url = URL.createObjectURL(blob), image = new Image();
  image.src = url;
  await image.decode();
  URL.revokeObjectURL(url);
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise(done => { canvas.toBlob(done, "image/png"); });
}
