// What ran around one call: its trace, as a small waterfall. Drawn from what the browser knows.

const TRACE_ROWS = 24, TRACE_DEPTH = 6;

function traceOf(book, call) {
  if (!call.trace_id) return [];
  const parts = [...book.spans.values(), ...book.now.open_spans]
    .filter(span => span.trace_id === call.trace_id)
    .map(span => ({ id: span.span_id, parent: span.parent_span_id, name: span.name,
      start: span.started_ms, lasts: span.duration_s, status: span.status,
      problem: span.error_type }));
  for (const other of book.calls.values()) {
    if (other.trace_id === call.trace_id) {
      parts.push({ id: other.call_id, parent: other.parent_span_id, isCall: true,
        name: other.model ?? other.operation ?? "unknown model", start: other.started_ms,
        lasts: other.latency_s, status: other.status, problem: other.error_type });
    }
  }
  return inTreeOrder(parts);
}

// Parents before children; a part whose parent is not known stands at the edge.
function inTreeOrder(parts) {
  const known = new Map(parts.map(part => [part.id, part]));
  const below = new Map();
  for (const part of [...known.values()].sort((a, b) => a.start - b.start)) {
    const parent = known.has(part.parent) ? part.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), part]);
  }
  const order = [];
  const waiting = (below.get(null) ?? []).map(part => [part, 0]).reverse();
  while (waiting.length) {
    const [part, depth] = waiting.pop();
    order.push({ ...part, depth });
    waiting.push(...(below.get(part.id) ?? []).map(child => [child, depth + 1]).reverse());
  }
  return order;
}

// As many as there is room for, the call itself always among them.
function around(parts, id) {
  const at = Math.max(0, parts.findIndex(part => part.id === id));
  const first = Math.max(0, Math.min(at - TRACE_ROWS / 2, parts.length - TRACE_ROWS));
  return parts.slice(first, first + TRACE_ROWS);
}

function trace(view) {
  const head = el("h4", { class: "lw-trace-head" });
  const list = el("ol", { class: "lw-trace" });
  const node = el("div", { hidden: true }, head, list);

  function draw(call) {
    const parts = traceOf(view.book, call);
    node.hidden = !parts.some(part => !part.isCall);
    const state = JSON.stringify(parts);
    if (node.hidden || node.dataset.drawn === state) return;
    node.dataset.drawn = state;
    const start = Math.min(...parts.map(part => part.start));
    const end = Math.max(...parts.map(part => part.start + 1000 * (part.lasts ?? 0)));
    const shown = around(parts, call.call_id);
    const isOpen = parts.some(part => part.status === "open");
    say(head, [`trace \u00b7 ${isOpen ? "running" : seconds((end - start) / 1000)}`,
      shown.length < parts.length ? `${shown.length} of ${parts.length} steps` : ""]
      .filter(Boolean).join(" \u00b7 "));
    list.replaceChildren(...shown.map(part => step(part, call.call_id, start, end)));
  }

  return { node, draw };
}

function step(part, mine, start, end) {
  const isBad = part.status === "error", isOpen = part.status === "open";
  const whole = Math.max(end - start, 0.001);
  const lasts = isOpen ? end - part.start : 1000 * (part.lasts ?? 0);
  const bar = el("span", { class: "lw-stretch" });
  bar.style.insetInlineStart = `${(100 * (part.start - start)) / whole}%`;
  bar.style.width = `${(100 * lasts) / whole}%`;
  const name = el("span", { class: "lw-step", text: part.name, dir: "auto" });
  name.style.paddingInlineStart = `${8 * Math.min(part.depth, TRACE_DEPTH)}px`;
  const took = isOpen ? "\u2026" : seconds(part.lasts);
  const words = [part.name, isOpen ? "running" : took,
    isBad ? part.problem ?? "failed" : isOpen ? "" : part.status].filter(Boolean).join(" \u00b7 ");
  return el("li", { title: words, "data-status": part.status, "data-call": part.isCall ? "" : null,
    "aria-current": part.id === mine ? "true" : null },
  name, el("span", { class: "lw-track", "aria-hidden": "true" }, bar),
  el("span", { class: "lw-took" }, isBad ? el("span", { class: "lw-sr", text: "failed: " }) : null,
    isBad ? `\u00d7 ${took}` : took));
}
