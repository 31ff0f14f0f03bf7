// The panel: one book a model, any number of views of it.

class View {
  constructor(model, book, root) {
    Object.assign(this, { model, book, root, filter: { ...ANY }, order: "newest", gone: false });
    this.talk = new Talk(model, book, () => this.redraw());
    this.tip = tip(this);
    this.pictures = pictures(this);
    this.parts = { head: head(this), chips: chips(this), strip: strip(this), tiles: tiles(this),
      table: table(this) };
    this.word = el("p", { class: "lw-word", role: "status", hidden: true });
    this.rule = el("style");
    const { parts } = this;
    root.append(this.rule, parts.head.node, parts.chips.node, this.word, parts.strip.node, parts.tiles.node,
      parts.tiles.note, this.pictures.node, parts.table.node, this.tip.node);
  }

  // -- drawing: once a frame, and only while somebody can see it

  redraw() {
    this.due ??= requestAnimationFrame(() => { this.due = null; this.draw(); });
  }

  draw() {
    if (!this.root.isConnected || !this.root.clientWidth) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.drawn = Date.now();
    this.seen = scene(this.book, this.filter);
    const { head: top, chips: filters, strip: alarms, tiles: figures, table: list } = this.parts;
    const settle = list.hold(), refocus = holdFocus(this.root);
    mark(this.root, "data-gone", this.gone ? "" : null);
    // Where this is live the picture of the same session says nothing more.
    const same = `.llmwatch-still[data-session="${CSS.escape(this.book.now.session)}"]`;
    say(this.rule, this.gone ? "" : `${same} { display: none; }`);
    for (const part of [top, filters, alarms, figures, list]) part.draw(this.seen);
    this.pictures.draw(this.seen);
    say(this.word, this.talk.word);
    this.word.hidden = !this.talk.word;
    settle();
    refocus();
  }

  tick() {
    if (!this.seen || this.gone || !this.root.clientWidth) return;
    if (Date.now() - this.drawn > (this.filter.minutes === null ? 30_000 : 1_000)) this.redraw();
    this.seen.now = this.book.clock();
    if (this.seen.running.length) {
      this.parts.head.tick(this.seen);
      this.parts.table.tick(this.seen);
    }
  }

  // -- what a person does

  filterBy(filter) {
    this.filter = filter;
    this.redraw();
  }

  sortBy(order) {
    this.order = order;
    this.redraw();
  }

  open(number) {
    this.parts.table.reveal(number, this.seen);
  }

  // The calls behind an alert: where there is just one model to look at, only its calls.
  show(alert) {
    const ids = new Set(alert.call_ids);
    const calls = [...this.book.calls.values()].filter(call => ids.has(call.call_id));
    const models = new Set(calls.map(call => call.model ?? ""));
    this.filter = { ...ANY, status: alert.figure === "error_rate" ? "error" : null,
      model: models.size === 1 ? [...models][0] : null };
    this.order = alert.figure.startsWith("latency") ? "slowest" : "newest";
    this.root.querySelector(".lw-order").value = this.order;
    this.draw();
    if (calls.length) this.open(calls.at(-1).number);
    else this.parts.table.node.scrollIntoView({ block: "start" });
  }

  // After `%load_ext llmwatch` alone the name is not there.
  async copy(code) {
    const isDone = await copy(`import llmwatch\n${code}`);
    this.talk.tell(isDone ? `Copied: ${code}` : `This page may not copy: ${code}`);
  }

  // -- what the parts ask

  // Of a part of the calls nobody knows whether it is the one that an alert is about.
  alarmed(figure) {
    return !isFiltered(this.filter) && this.book.now.alerts.some(alert => alert.figure === figure);
  }

  budget() {
    return this.book.now.budget;
  }

  latencies() {
    return knownOf(this.seen.calls.filter(call => call.status === "ok"), "latency_s");
  }

  palette() {
    const plain = name => flat(this.root, `var(--lw-${name})`);
    return { muted: plain("muted"), line: plain("line"), bad: plain("bad"),
      font: getComputedStyle(this.root).fontFamily,
      series: Array.from({ length: SERIES + 1 }, (_, at) => plain(`series-${at}`)) };
  }
}

// A colour as it reaches the eye, for a library that knows no CSS variables.
function flat(root, colour) {
  const probe = el("i", { style: `color:${colour};display:none;forced-color-adjust:none` });
  root.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  const brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  brush.fillStyle = computed;
  brush.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
  return `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`;
}

// Light ink stands on a dark ground, whoever's theme it is.
function isDark(root) {
  const [r, g, b] = flat(root, "currentColor").match(/[\d.]+/g).map(Number);
  return 0.3 * r + 0.59 * g + 0.11 * b > 140;
}

function tip(view) {
  const node = el("div", { class: "lw-tip", hidden: true, "aria-hidden": "true" });

  function handler(_, event, item, value) {
    const call = value == null ? null : view.book.calls.get(item?.datum?.number);
    node.hidden = !call;
    if (!call) return;
    node.replaceChildren(el("b", { text: call.model ?? "", dir: "auto" }),
      el("span", { text: [seconds(call.latency_s), call.error_type, clock(call.started_ms, true)]
        .filter(Boolean).join(" · ") }),
      el("span", { text: placeOf(call, call.status) }));
    const box = view.root.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 12, box.width - node.offsetWidth - 4);
    node.style.left = `${Math.max(4, left)}px`;
    node.style.top = `${event.clientY - box.top + 14}px`;
  }

  return { node, handler };
}

export default () => {
  const book = new Book(), views = new Set();
  let gone = false, behind = false;
  const redraw = () => views.forEach(view => { view.gone = gone; view.redraw(); });

  function follow(model) {
    const hear = () => {
      gone = false;
      book.ended = null;
      const news = model.get("news");
      behind = news?.seq != null && !book.hear(news);
      if (behind) views.forEach(view => view.talk.askForAll());
      views.forEach(view => view.talk.hearAnswers());  // also one that is out of sight
      redraw();
    };
    const start = () => {
      const wasGone = gone;
      book.start(model.get("whole"));
      hear();
      if (wasGone) views.forEach(view => view.talk.believe());
    };
    // Said when the kernel went away, and when it is there again: who answers is there.
    const doubt = () => {
      gone = true;
      book.ended ??= Date.now();
      views.forEach(view => view.talk.doubt());
      redraw();
      try { model.send({ do: "whole" }); } catch { /* nobody to ask */ }
    };
    const handlers = { "change:whole": start, "change:news": hear, comm_live_update: doubt };
    for (const [event, handler] of Object.entries(handlers)) model.on(event, handler);
    start();
    return () => Object.entries(handlers).forEach(([event, handler]) => model.off(event, handler));
  }

  function render({ model, el: host }) {
    const root = el("div", { class: "lw-panel tex2jax_ignore mathjax_ignore", role: "region",
      "aria-label": "llmwatch", onkeydown: keepKeys });
    host.append(root);
    const view = new View(model, book, root);
    views.add(view);
    const begin = () => view.pictures.begin();
    const hear = (message, buffers) => view.talk.hear(message, buffers);
    const dress = () => {
      mark(root, "data-dark", isDark(root) ? "" : null);
      view.pictures.restyle();
    };
    model.on("change:vega", begin);
    model.on("msg:custom", hear);
    const size = new ResizeObserver(() => view.redraw());
    size.observe(root);
    const theme = new MutationObserver(dress);
    // JupyterLab and VS Code say it on the body, Colab on the root, others follow the system.
    for (const node of [document.body, document.documentElement]) theme.observe(node, { attributes: true });
    const system = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map(it => matchMedia(it));
    for (const wish of system) wish.addEventListener("change", dress);
    const beat = setInterval(() => view.tick(), 1000);
    requestAnimationFrame(dress);
    view.redraw();
    // A page that comes late may be handed the state of the beginning with the latest news.
    if (behind) view.talk.askForAll();
    if (model.get("vega")) begin();
    else model.send({ do: "vega" });
    return () => {
      for (const observer of [size, theme]) observer.disconnect();
      clearInterval(beat);
      for (const wish of system) wish.removeEventListener("change", dress);
      model.off("change:vega", begin);
      model.off("msg:custom", hear);
      view.pictures.close();
      views.delete(view);
    };
  }

  return { initialize: ({ model }) => follow(model), render };
};
