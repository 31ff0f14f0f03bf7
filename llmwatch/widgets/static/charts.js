// Three Vega views that live as long as the panel: data goes in and out, nothing is drawn anew.

const SERIES = 5;  // models with a colour of their own; the others share the last
const MARGIN = { left: 54, right: 8, top: 8, bottom: 18 };
const TITLES = { latency: "Latency", tokens: "Tokens", cost: "Cost so far" };

let loading = null;  // Vega, once for all panels of a page

function vega(source) {
  loading ??= import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  return loading;
}

function pictures(view) {
  const made = Object.fromEntries(Object.keys(SPECS).map(name => [name, pictureOf(name)]));
  const node = el("div", { class: "lw-pictures" }, ...Object.values(made).map(one => one.node));
  const models = new Map();
  let wish = null, look = "", ready = null;

  // Colours stay with their models; of those that come together the most frequent is first.
  function place(model) {
    if (!models.has(model)) models.set(model, Math.min(models.size, SERIES));
    return models.get(model);
  }

  async function begin() {
    if (ready || !view.model.get("vega")) return;
    ready = vega(view.model.get("vega"));
    try {
      await ready;
      await restyle();
    } catch {  // a page that lets no script in but its own
      view.talk.tell("The charts cannot be drawn on this page; everything else is here.");
    }
  }

  // The views are made anew only when the colours around them are others.
  async function restyle() {
    const now = JSON.stringify(view.palette());
    if (!ready || now === look) return;
    look = now;
    const { embed } = await ready;
    for (const [name, one] of Object.entries(made)) {
      one.live?.finalize();
      const spec = dressed(SPECS[name], view.palette());
      const shown = await embed(one.canvas, spec, { ast: true, actions: false, renderer: "canvas",
        tooltip: view.tip.handler, logLevel: 1 });
      shown.view.cleanThreshold = 1000;  // Vega else keeps the last 10,000 marks that are gone
      one.live = shown;
      one.had = new Map();
      shown.view.addEventListener("click", (event, item) => {
        if (item?.datum?.number != null) view.open(item.datum.number);
      });
    }
    if (wish) draw(wish);
  }

  function draw(seen) {
    wish = seen;
    for (const [name, one] of Object.entries(made)) {
      const told = DATA[name](seen, view, place);
      one.node.hidden = !told;
      if (!told) continue;
      keys(one, told.keys);
      mark(one.canvas, "aria-label", `${TITLES[name]}: ${told.words}`);
      if (one.live) push(one, told, view);
    }
  }

  async function keep(name, kind) {
    const { live } = made[name];
    if (!live) return;
    const drawn = poster(view, TITLES[name], JSON.parse(made[name].keyed), await live.view.toSVG());
    save(kind === "svg" ? drawn.blob : await painted(drawn), `llmwatch-${name}.${kind}`);
  }

  return { node, draw, begin, restyle, save: keep,
    names: () => Object.entries(TITLES).filter(([name]) => made[name].live && !made[name].node.hidden),
    close: () => Object.values(made).forEach(one => one.live?.finalize()) };
}

function pictureOf(name) {
  const canvas = el("div", { class: "lw-canvas", role: "img" });
  const legend = el("span", { class: "lw-keys" });
  const node = el("section", { class: "lw-picture", "data-picture": name },
    el("h3", {}, el("b", { text: TITLES[name] }), legend), canvas);
  return { node, canvas, legend, had: new Map(), live: null };
}

function dressed(spec, colours) {
  const text = { labelColor: colours.muted, labelFont: colours.font, labelFontSize: 10.5 };
  return { ...spec, padding: MARGIN, config: { background: null, view: { stroke: null },
    axis: { ...text, domain: false, ticks: false, gridColor: colours.line, title: null },
    range: { category: colours.series }, style: { bad: { stroke: colours.bad, color: colours.bad } },
  } };
}

function push(one, { rows, params }, view) {
  const { view: live } = one.live;
  // While JupyterLab changes its theme nothing has a size for a moment; then all is as it was.
  if (one.canvas.clientWidth) one.size = [one.canvas.clientWidth, one.canvas.clientHeight];
  const [wide, high] = one.size ?? [0, 0];
  live.width(Math.max(60, wide - MARGIN.left - MARGIN.right));
  live.height(Math.max(0, high - MARGIN.top - MARGIN.bottom));
  for (const [name, value] of Object.entries(params)) live.signal(name, value);
  for (const [set, list] of Object.entries(rows)) live.change(set, difference(one, live, set, list));
  live.runAsync();
}

// Only what came and what went: each row has a `key`, and never changes.
function difference(one, live, set, list) {
  const had = one.had.get(set) ?? new Map(), has = new Map();
  const fresh = [];
  for (const row of list) {
    has.set(row.key, had.get(row.key) ?? row);
    if (!had.has(row.key)) fresh.push(row);
  }
  const gone = [...had].filter(([key]) => !has.has(key)).map(([, row]) => row);
  one.had.set(set, has);
  return live.changeset().remove(gone).insert(fresh);
}

function keys(one, list) {
  const now = JSON.stringify(list);
  if (one.keyed === now) return;
  one.keyed = now;
  one.legend.replaceChildren(...list.map(([text, series, whole]) => el("span", { class: "lw-key" },
    el("i", { "data-series": series, "aria-hidden": "true" }),
    el("bdi", { text, title: whole || text }))));
}

// -- what each shows -------------------------------------------------------------------------

function span(seen, width = 0) {
  const found = seen.buckets;
  const start = found.start_ms, end = start + found.width_ms * found.calls.length;
  const isLive = seen.now - end < 60_000;
  return { t0: start, t1: Math.max(end, start + width), from: moment(start, seen.now),
    to: isLive ? "now" : moment(end, seen.now) };
}

// Where the browser holds the newest calls only, what it draws of each begins with these.
function heldOf(seen, view, timed) {
  const { total } = view.book.now, whole = span(seen);
  if (view.book.calls.size >= total) return { span: whole, words: plural(timed.length, "call") };
  const t0 = Math.min(...timed.map(call => call.started_ms)), from = moment(t0, seen.now);
  return { span: { ...whole, t0, from },
    words: `${grouped(timed.length)} of ${grouped(total)} calls, since ${from},` };
}

const DATA = {
  latency(seen, view, place) {
    if (!seen.buckets) return null;
    const timed = seen.calls.filter(call => call.latency_s > 0);
    if (!timed.length) return null;
    const held = heldOf(seen, view, timed);
    const at = view.book.now.threshold_s, size = timed.map(call => call.latency_s);
    const low = 10 ** Math.floor(Math.log10(Math.min(1, ...size)));
    const high = 10 ** Math.ceil(Math.log10(Math.max(100 * low, 1.2 * (at ?? 0), ...size)) - 1e-9);
    const ticks = [];
    for (let tick = low; tick <= high * 1.01; tick *= 10) ticks.push(Number(tick.toPrecision(1)));
    const shown = ticks.length > 4 ? ticks.filter((tick, n) => (ticks.length - 1 - n) % 2 === 0) : ticks;
    for (const model of commonest(timed)) place(model);
    const rows = timed.map(call => ({
      key: call.number, number: call.number, t: call.started_ms, s: call.latency_s,
      c: String(place(call.model ?? "")), is: call.status === "error" ? "error"
        : call.status === "ok" ? "ok" : "cut",
    }));
    const models = new Map();
    for (const call of timed) models.set(call.model ?? "", place(call.model ?? ""));
    const own = [...models].filter(([, c]) => c < SERIES);
    const named = models.size - own.length === 1 ? [...models] : own;  // one alone is no "other"
    named.sort((a, b) => a[1] - b[1]);
    const names = apart(named.map(([model]) => model));
    const list = named.map(([model, c], at) => [names[at], c, model]);
    if (named.length < models.size) list.push(["other", SERIES]);
    if (rows.some(row => row.is === "error")) list.push(["error", "error"]);
    return { rows: { calls: rows, limits: at ? [{ key: at, at }] : [] }, keys: list,
      params: { ...held.span, low, high, ticks: shown, top: shown.at(-1) },
      words: `${held.words} from ${seconds(Math.min(...size))} to ${
        seconds(Math.max(...size))}` };
  },

  tokens(seen) {
    const found = seen.buckets;
    if (!found) return null;
    const most = Math.max(...found.input.map((into, at) => into + found.output[at]));
    if (!most) return null;
    const rows = found.input.flatMap((into, at) => {
      const t = found.start_ms + at * found.width_ms, out = found.output[at];
      const u = t + found.width_ms * 0.84;
      const bar = (c, a, b) => ({ key: `${t} ${u} ${c} ${a} ${b}`, t, u, c, a, b });
      return [bar("0", 0, into), bar("1", into, into + out)].filter(({ a, b }) => b > a);
    });
    const top = round(most);
    return { rows: { bars: rows }, keys: [["in", 0], ["out", 1]],
      params: { ...span(seen), top, label: fewTokens(top) },
      words: `${tokens(sum(found.input))} in, ${tokens(sum(found.output))} out` };
  },

  cost(seen, view) {
    const found = seen.buckets;
    if (!found || !sum(found.cost)) return null;
    let spentSoFar = Math.max(0, (seen.figures?.cost_usd ?? 0) - sum(found.cost));
    const step = (at, cost) => ({ key: `${at} ${cost}`, t: found.start_ms + at * found.width_ms,
      cost, c: "0" });
    const rows = [step(0, spentSoFar)];
    found.cost.forEach((cost, at) => { spentSoFar += cost; rows.push(step(at + 1, spentSoFar)); });
    const budget = isFiltered(view.filter) ? null : view.budget();  // it is for all calls
    const end = budget ? spentSoFar + Math.max(0, budget[1] - budget[0]) : null;
    const isNear = end !== null && end < 4 * spentSoFar;  // else it would flatten the line
    const top = round(Math.max(spentSoFar, isNear ? end : 0));
    return { rows: { spent: rows, limits: isNear ? [{ key: end, at: end }] : [] },
      keys: isNear ? [["budget", "limit"]] : [],
      params: { ...span(seen), top, label: fewDollars(top) }, words: dollars(spentSoFar) };
  },
};

// The models, the most frequent first.
function commonest(calls) {
  const times = new Map();
  for (const { model = "" } of calls) times.set(model, (times.get(model) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1]).map(([model]) => model);
}

// The next 1, 2, 3, 5 times a power of ten.
function round(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 10].map(step => Number((step * size).toPrecision(2)))
    .find(step => step >= value * 0.999);
}
