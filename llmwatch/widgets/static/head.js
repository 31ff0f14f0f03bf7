// The top: what state it is in, how much is running, pause, export, and the filters.

const STUCK_S = 120;  // an age from which the eye should fall on it
const WINDOWS = [5, 15, 60, 24 * 60];

function head(view) {
  const dot = el("span", { class: "lw-dot" });
  const state = el("span", { class: "lw-sr", role: "status" });
  const running = el("span", { class: "lw-running" });
  const pause = el("button", { type: "button", class: "lw-tool", onclick: () => {
    if (!isIdle(pause)) view.talk.ask(view.book.now.recording ? "pause" : "resume", "pause");
  } });
  const out = menu("Export", "save", () => [
    ["Calls as CSV", () => (view.gone ? view.talk.tell("The kernel is gone, and the calls with it.")
      : view.talk.ask("csv", "csv"))],
    ...view.pictures.names().flatMap(([name, title]) => [
      [`${title} as PNG`, () => view.pictures.save(name, "png")],
      [`${title} as SVG`, () => view.pictures.save(name, "svg")],
    ]),
  ]);
  const more = menu("More", "more", () => [
    ["Clear filters", () => view.filterBy({ ...ANY })],
    ["Copy: the calls as a DataFrame", () => view.copy("llmwatch.session.calls")],
    ["Copy: the figures", () => view.copy("llmwatch.session.summary()")],
    ["Copy: what went wrong inside llmwatch", () => view.copy("llmwatch.diagnostics()")],
  ]);
  const queued = el("span", { class: "lw-queued" });
  const node = el("header", { class: "lw-head" },
    el("div", { class: "lw-title" }, dot, el("b", { text: "llmwatch" }), running, queued, state),
    el("div", { class: "lw-tools" }, pause, out, more));

  function draw(seen) {
    const { recording } = view.book.now;
    const word = view.gone ? "kernel gone" : recording ? "recording" : "paused";
    mark(dot, "data-state", view.gone ? "gone" : recording ? "on" : "off");
    mark(dot, "title", word);
    say(state, word);
    const label = recording ? "Pause recording" : "Resume recording";
    if (pause.getAttribute("aria-label") !== label) {
      pause.replaceChildren(icon(recording ? "pause" : "play"));
      mark(pause, "aria-label", label);
      mark(pause, "title", label);
    }
    pause.disabled = view.gone;
    idle(pause, view.talk.isWaiting("pause"));
    say(queued, view.talk.isWaiting("pause") || view.talk.isWaiting("csv") ? "queued" : "");
    tick(seen);
  }

  // What the clock alone changes.
  function tick(seen) {
    const oldest = Math.max(0, ...seen.running.map(call => (seen.now - call.started_ms) / 1000));
    const came = seen.running.map(call => call.output_tokens ?? call.estimated_output_tokens ?? 0);
    const isFlying = seen.flying > 0 && !view.gone;
    const word = view.gone ? "kernel gone" : view.book.now.recording ? "" : "paused";
    const flying = isFlying ? `${grouped(seen.flying)} running · ${age(oldest)}` : "";
    const flow = isFlying && sum(came) ? `~${fewTokens(sum(came))} tokens` : "";
    say(running, [word, flying, flow].filter(Boolean).join(" · "));
    mark(running, "data-stuck", isFlying && oldest > STUCK_S ? "" : null);
  }

  return { node, draw, tick };
}

// One filter: a native select, so that it works by keyboard, by voice and in any theme.
function chip(label, all, choose) {
  const select = el("select", { "aria-label": label, dir: "auto",
    onchange: () => choose(select.selectedIndex ? shown[select.selectedIndex - 1][0] : null) });
  const clear = el("button", { type: "button", class: "lw-clear", "aria-label": `${label}: all`,
    title: all, onclick: () => { choose(null); select.focus(); } }, icon("close"));
  const node = el("span", { class: "lw-chip" }, select, clear);
  let shown = [];

  // `options`: pairs of a value and its words.
  function draw(options, value) {
    const chosen = options.findIndex(([known]) => known === value);
    if (value !== null && chosen < 0) options = [...options, [value, String(value)]];
    const before = JSON.stringify(shown);
    shown = options;
    if (JSON.stringify(shown) !== before || !select.options.length) {
      select.replaceChildren(...[[null, all], ...shown].map(([, words]) => {
        return el("option", { text: words, dir: "auto" });
      }));
    }
    select.selectedIndex = 1 + shown.findIndex(([known]) => known === value);
    if (value === null) select.selectedIndex = 0;
    mark(node, "data-on", value === null ? null : "");
    clear.hidden = value === null;
    node.hidden = value === null && shown.length < 2;
  }

  return { node, draw };
}

const STATUS_WORDS = { ok: "answered", error: "failed", partial: "left early",
  cancelled: "stopped", lost: "lost", running: "running" };

function chips(view) {
  const set = name => value => view.filterBy({ ...view.filter, [name]: value });
  const made = {
    tag: chip("Tag", "all tags", set("tag")),
    model: chip("Model", "all models", set("model")),
    cell: chip("Cell", "all cells", set("cell")),
    status: chip("Status", "all states", set("status")),
    minutes: chip("Time", "any time", set("minutes")),
  };
  const node = el("div", { class: "lw-chips", role: "group", "aria-label": "Filters" },
    ...Object.values(made).map(one => one.node));

  function draw() {
    const seen = [...view.book.calls.values(), ...view.book.now.running];
    const values = name => [...new Set(seen.map(call => call[name] ?? ""))];
    const words = (found, none, say_ = String) => found.map(one => [one, one === "" ? none : say_(one)]);
    made.tag.draw(words(values("tag").sort(), "no tag"), view.filter.tag);
    made.model.draw(words(values("model").sort(), "no model"), view.filter.model);
    made.cell.draw(words(values("execution_count").sort((a, b) => b - a), "no cell",
      one => `cell [${one}]`), view.filter.cell);
    const states = [...new Set(seen.map(call => call.status ?? "running"))].sort();
    made.status.draw(states.map(one => [one, STATUS_WORDS[one] ?? one]), view.filter.status);
    made.minutes.draw(WINDOWS.map(one => [one, one < 60 ? `last ${one} min`
      : one === 60 ? "last hour" : "last day"]), view.filter.minutes);
  }

  return { node, draw };
}
