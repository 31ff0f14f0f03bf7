// The calls, two lines each, so that 300 px are enough: state, model, latency; then cell and tag,
// tokens, cost. Only so many stand in the page as one looks at.

const PAGE = 50, LEAP = 10;  // calls shown at once; passed over by a key for a page
const NO_CALLS = "No calls yet. Each one shows here as it is made.";

function table(view) {
  const order = el("select", { class: "lw-order", "aria-label": "Order of the calls",
    onchange: () => view.sortBy(order.value) },
  ...Object.entries(ORDERS).map(([name, [words]]) => el("option", { value: name, text: words })));
  const list = el("ul", { class: "lw-rows" });
  const none = el("p", { class: "lw-none" });
  const more = el("button", { type: "button", class: "lw-button lw-wide", hidden: true,
    onclick: () => { room += PAGE; view.redraw(); } });
  const rest = el("p", { class: "lw-rest" });
  const node = el("section", { class: "lw-calls", role: "group", "aria-label": "Calls" },
    el("h3", {}, el("b", { text: "Calls" }), order), list, none, more, rest);
  const rows = new Map();
  let room = PAGE;

  list.addEventListener("keydown", event => {
    const lines = [...list.querySelectorAll(".lw-line")];
    const at = lines.indexOf(event.target.closest(".lw-line"));
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + LEAP, PageUp: at - LEAP,
      Home: 0, End: lines.length - 1 };
    if (event.key === "Escape" ? !close(event.target) : at < 0 || !(event.key in steps)) return;
    lines[Math.min(Math.max(steps[event.key], 0), lines.length - 1)]?.focus();
    event.preventDefault();
    event.stopPropagation();
  });

  // Closes the call that is opened around `target`; whether there was one.
  function close(target) {
    const row = [...rows.values()].find(one => one.isOpen?.() && one.node.contains(target));
    row?.toggle(false);
    row?.node.querySelector(".lw-line").focus();
    return row !== undefined;
  }

  function draw(seen) {
    const sorted = [...seen.calls].sort(ORDERS[view.order][1]);
    const hasGaps = view.order === "newest" && !isFiltered(view.filter);
    const ranked = (hasGaps ? withGaps : withKeys)(sorted);
    const wanted = [...seen.running.map(call => [`r${call.key}`, call]).reverse(),
      ...ranked.filter(([key], at) => at < room || rows.get(key)?.isOpen())];
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, row] of rows) {
      if (!keys.has(key)) {
        row.node.remove();
        rows.delete(key);
      }
    }
    wanted.forEach(([key, call], at) => {
      if (!rows.has(key)) rows.set(key, call.between ? gapOf() : rowOf(view, call));
      const row = rows.get(key);
      if (list.children[at] !== row.node) list.insertBefore(row.node, list.children[at] ?? null);
      row.draw(call, seen.now);
    });
    rove(list);
    const left = sorted.length - room;
    more.hidden = left <= 0;
    say(more, `${grouped(Math.max(0, left))} more`);
    const held = view.book.calls.size, { total } = view.book.now;
    rest.hidden = left > 0 || held >= total;
    say(rest, `${grouped(held)} of ${grouped(total)} calls are here, all in llmwatch.session.calls`);
    none.hidden = wanted.length > 0;
    say(none, view.book.now.total ? "No call fits these filters." : view.book.now.recording ? NO_CALLS
      : "No calls yet. Recording is paused: what you %%llmwatch shows here, and all once you resume it.");
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

  const open = () => [...rows.values()].filter(row => row.isOpen?.()).map(row => row.node);

  return { node, draw, tick, reveal, hold: () => hold(open()) };
}

const withKeys = calls => calls.map(call => [call.number, call]);

// Of more calls than go into one refresh some come later, and of very many never.
function withGaps(calls) {
  return calls.flatMap((call, at) => {
    const between = at ? calls[at - 1].number - call.number - 1 : 0;
    return [...(between > 0 ? [[`g${call.number}`, { between }]] : []), [call.number, call]];
  });
}

function gapOf() {
  const node = el("li", { class: "lw-gap" });
  return { node, draw: ({ between }) => say(node, `${plural(between, "call")} between, not shown here`) };
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
  const sign = part("sign"), word = el("span", { class: "lw-sr" });
  const line = el("button", { type: "button", class: "lw-line", tabindex: -1 },
    sign, word, el("span", { class: "lw-first" }, model, time),
    el("span", { class: "lw-second" }, place, el("span", { class: "lw-sums" }, flow, cost)));
  const node = el("li", { class: "lw-row" }, line);
  let opened = null;

  function toggle(open = opened === null) {
    if (call.number == null || open === (opened !== null)) return;
    opened?.node.remove();
    opened = open ? detail(view, call.number) : null;
    if (opened) node.append(opened.node);  // the line stays in the page, else it loses the focus
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

  return { node, draw, toggle, isOpen: () => opened !== null };
}

// What one reads stays where it is while other rows come and go; returns what puts it back.
function hold(open) {
  const inSight = open.map(node => [node, scrollerOf(node)]).find(([node, scroller]) => {
    const { top, bottom } = node.getBoundingClientRect();
    const from = Math.max(0, scroller.getBoundingClientRect().top);
    return bottom > from && top < from + scroller.clientHeight;
  });
  if (!inSight) return () => {};
  const [node, scroller] = inSight, { top } = node.getBoundingClientRect();
  return () => {
    if (node.isConnected) scroller.scrollTop += node.getBoundingClientRect().top - top;
  };
}

function scrollerOf(node) {
  for (let up = node.parentElement; up; up = up.parentElement) {
    if (up.scrollHeight > up.clientHeight && /auto|scroll/.test(getComputedStyle(up).overflowY)) return up;
  }
  return document.scrollingElement;
}

// Text that may run the other way, so that it turns nothing around it.
const isolated = text => `\u2068${text}\u2069`;

const ENDS = { cancelled: "stopped", partial: "left early" };

// How it ended goes before the tag: of the two, the tag can be cut.
const placeOf = (call, state) => [call.execution_count == null ? "" : `[${call.execution_count}]`,
  [ENDS[state], call.tag ? isolated(call.tag) : ""].filter(Boolean).join(" · ")]
  .filter(Boolean).join(" ") || call.operation || "";

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
  const isMeasured = (call.input_tokens ?? call.estimated_input_tokens) != null
    && ((call.output_tokens ?? call.estimated_output_tokens) != null || call.operation === "embeddings");
  return state !== "error" && isMeasured ? "no price" : UNKNOWN;
}
