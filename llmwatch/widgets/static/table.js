// The calls, two lines each, so that 300 px are enough: state, model, latency; then cell and tag,
// tokens, cost. Only so many stand in the page as one looks at.

const PAGE = 50;

function table(view) {
  const order = el("select", { class: "lw-order", "aria-label": "Order of the calls",
    onchange: () => view.sortBy(order.value) },
  ...Object.entries(ORDERS).map(([name, [words]]) => el("option", { value: name, text: words })));
  const list = el("ul", { class: "lw-rows" });
  const none = el("p", { class: "lw-none" });
  const more = el("button", { type: "button", class: "lw-button lw-wide", hidden: true,
    onclick: () => { room += PAGE; view.redraw(); } });
  const node = el("section", { class: "lw-calls", "aria-label": "Calls" },
    el("h3", {}, el("b", { text: "Calls" }), order), list, none, more);
  const rows = new Map();
  let room = PAGE;

  list.addEventListener("keydown", event => {
    const lines = [...list.querySelectorAll(".lw-line")];
    const at = lines.indexOf(event.target.closest(".lw-line"));
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 };
    if (at < 0 || !(event.key in steps)) return;
    lines[Math.min(Math.max(steps[event.key], 0), lines.length - 1)].focus();
    event.preventDefault();
  });

  function draw(seen) {
    const sorted = [...seen.calls].sort(ORDERS[view.order][1]);
    const wanted = [...seen.running.map(call => [`r${call.key}`, call]).reverse(),
      ...sorted.slice(0, room).map(call => [call.number, call])];
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, row] of rows) {
      if (!keys.has(key)) {
        row.node.remove();
        rows.delete(key);
      }
    }
    wanted.forEach(([key, call], at) => {
      if (!rows.has(key)) rows.set(key, rowOf(view, call));
      const row = rows.get(key);
      if (list.children[at] !== row.node) list.insertBefore(row.node, list.children[at] ?? null);
      row.draw(call, seen.now);
    });
    rove(list);
    const left = sorted.length - room;
    more.hidden = left <= 0;
    say(more, `${grouped(Math.max(0, left))} more`);
    none.hidden = wanted.length > 0;
    say(none, view.book.now.total ? "No call fits these filters." : "No calls yet. Each one shows here as it is made.");
  }

  function tick(seen) {
    for (const call of seen.running) rows.get(`r${call.key}`)?.draw(call, seen.now);
  }

  // The row of a call that was clicked in a chart.
  function reveal(number, seen) {
    const at = [...seen.calls].sort(ORDERS[view.order][1]).findIndex(call => call.number === number);
    if (at >= room) room = Math.ceil((at + 1) / PAGE) * PAGE;
    draw(seen);
    const row = rows.get(number);
    if (!row) return;
    row.toggle(true);
    row.node.querySelector(".lw-line").focus({ preventScroll: true });
    row.node.scrollIntoView({ block: "nearest" });
  }

  return { node, draw, tick, reveal };
}

// One row can be reached by Tab; the arrows go from there.
function rove(list) {
  const lines = [...list.querySelectorAll(".lw-line")];
  const held = lines.find(line => line === list.getRootNode().activeElement)
    ?? lines.find(line => line.tabIndex === 0) ?? lines[0];
  for (const line of lines) line.tabIndex = line === held ? 0 : -1;
}

function rowOf(view, call) {
  const part = name => el("span", { class: `lw-${name}` });
  const [model, time, place, flow, cost] = ["model", "time", "place", "flow", "cost"].map(part);
  mark(model, "dir", "auto");
  mark(place, "dir", "auto");
  const sign = part("sign"), word = el("span", { class: "lw-sr" });
  const line = el("button", { type: "button", class: "lw-line", tabindex: -1 },
    sign, word, el("span", { class: "lw-first" }, model, time),
    el("span", { class: "lw-second" }, place, el("span", { class: "lw-sums" }, flow, cost)));
  const node = el("li", { class: "lw-row" }, line);
  let opened = null;

  function toggle(open = opened === null) {
    if (call.number == null || open === (opened !== null)) return;
    opened = open ? detail(view, call.number) : null;
    node.replaceChildren(line, ...(opened ? [opened.node] : []));
    mark(line, "aria-expanded", String(open));
    mark(node, "data-open", open ? "" : null);
    opened?.draw();
  }

  line.addEventListener("click", () => toggle());
  line.addEventListener("focus", () => rove(node.parentElement));
  if (call.number != null) mark(line, "aria-expanded", "false");
  else mark(line, "aria-disabled", "true");

  let drawn = null;
  function draw(now_, now) {
    call = now_;
    opened?.draw();
    const state = call.status ?? "running";
    if (state === "running") say(time, `${age((now - call.started_ms) / 1000)} …`);
    if (drawn === call) return;
    drawn = call;
    mark(node, "data-status", state);
    sign.replaceChildren(icon(state));
    say(word, `${STATUS_WORDS[state] ?? state}: `);
    say(model, call.model ?? call.operation ?? "unknown model");
    mark(model, "title", call.model);
    if (state === "error") say(time, call.error_type ?? "failed");
    else if (state !== "running") say(time, seconds(call.latency_s));
    mark(time, "title", state === "error" ? call.error_message : null);
    say(place, placeOf(call, state));
    mark(place, "title", place.textContent);
    say(flow, flowOf(call, state));
    say(cost, costOf(call, state));
  }

  return { node, draw, toggle };
}

const placeOf = (call, state) => [call.execution_count == null ? "" : `[${call.execution_count}]`,
  call.tag ?? "", state === "cancelled" ? "· stopped by you" : state === "partial" ? "· left early"
    : ""].filter(Boolean).join(" ") || call.operation || "";

const about = (value, guess) => (value != null ? tokens(value)
  : guess != null ? `~${tokens(guess)}` : UNKNOWN);

function flowOf(call, state) {
  if (call.operation === "embeddings" && state !== "running") {
    return about(call.input_tokens, call.estimated_input_tokens);
  }
  const into = about(call.input_tokens, call.estimated_input_tokens);
  const out = about(call.output_tokens, call.estimated_output_tokens);
  const isOpen = state === "running" || state === "error";
  return isOpen && into === UNKNOWN && out === UNKNOWN ? "" : `${into} ${ARROW} ${out}`;
}

function costOf(call, state) {
  if (call.cost_usd != null) return dollars(call.cost_usd);
  if (call.estimated_cost_usd != null) return `~${dollars(call.estimated_cost_usd)}`;
  if (state === "running") return "";
  const isMeasured = (call.input_tokens ?? call.estimated_input_tokens) != null;
  return state !== "error" && isMeasured ? "no price" : UNKNOWN;
}
