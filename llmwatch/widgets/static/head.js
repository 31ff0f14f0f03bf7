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
    [isFiltered(view.filter) ? "All calls as CSV" : "Calls as CSV", () => (view.gone
      ? view.talk.tell("The kernel is gone, and the calls with it.")
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
  const node = el("div", { class: "lw-head" },
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

  // The values there are, the words for each; what is chosen stays, though no call has it any more.
  function draw(values, value, wording) {
    const there = value === null || values.includes(value) ? values : [...values, value];
    const options = there.map(one => [one, wording(one)]);
    const before = JSON.stringify(shown);
    shown = options;
    if (JSON.stringify(shown) !== before || !select.options.length) {
      select.replaceChildren(...[[null, all], ...shown].map(([, words]) => {
        return el("option", { text: words, dir: "auto" });
      }));
    }
    const at = value === null ? 0 : 1 + shown.findIndex(([known]) => known === value);
    if (select.selectedIndex !== at) select.selectedIndex = at;  // a list that is open starts anew
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
    const { tag, model, cell, status, minutes } = view.filter;
    made.tag.draw(values("tag").sort(), tag, one => one || "no tag");
    made.model.draw(values("model").sort(), model, one => one || "no model");
    made.cell.draw(values("execution_count").sort((a, b) => b - a), cell,
      one => (one === "" ? "no cell" : `cell [${one}]`));
    const states = [...new Set(seen.map(call => call.status ?? "running"))].sort();
    made.status.draw(states, status, one => STATUS_WORDS[one] ?? one);
    made.minutes.draw(WINDOWS, minutes, one => (one < 60 ? `last ${one} min`
      : one === 60 ? "last hour" : "last day"));
  }

  return { node, draw };
}
