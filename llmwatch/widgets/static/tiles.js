// Six figures, each with its line of context and its course; a seventh once something is rated.

const HEIGHT = 28, WIDTH = 100;
const ENOUGH = 20;  // calls from which a p95 is more than the slowest one

// What failed most, in as few letters as will do.
const CAUSES = new Map(Object.entries({ RateLimitError: "429", AuthenticationError: "401",
  PermissionDeniedError: "403", BadRequestError: "400", NotFoundError: "404",
  InternalServerError: "5xx", APITimeoutError: "timeout", APIConnectionError: "network" }));

// Not all causes are told, and a name like "429" stands first whatever its count.
function failures({ errors = {}, error_rate: share, rate_n: n }) {
  const all = Math.round(share * n), [[word, times] = []] = Object.entries(errors)
    .sort((a, b) => b[1] - a[1]);
  if (!all) return "";
  const most = `${grouped(times)} × ${CAUSES.get(word) ?? word.replace(/Error$/, "")}`;
  return times === all ? most : `${grouped(all)} · ${most}`;
}

// Of few answers, where all of them are here: among many failures they may not be.
function slowestOf({ latency_n: n }, view) {
  const known = n > 0 && n < ENOUGH ? view.latencies() : [];
  return known.length && known.length === n ? Math.max(...known) : null;
}

const TILES = [
  { name: "calls", label: "Calls", series: "calls",
    value: f => tokens(f.requests), context: f => (f.qps == null ? "" : rate(f.qps)) },
  { name: "p50", label: "p50", series: "p50", title: "half of the answers came within",
    value: f => seconds(f.latency_p50_s), bad: (f, view) => view.alarmed("latency_p50_s"),
    context: f => (f.latency_n ? `n ${grouped(f.latency_n)}` : "") },
  { name: "p95", series: "p95",
    title: (f, view) => (slowestOf(f, view) ? null : "19 of 20 answers came within"),
    label: (f, view) => (slowestOf(f, view) ? "Slowest" : "p95"),
    value: (f, view) => seconds(slowestOf(f, view) ?? f.latency_p95_s),
    context: f => (f.ttft_p50_s == null ? "" : `TTFT ${seconds(f.ttft_p50_s)}`),
    bad: (f, view) => view.alarmed("latency_p95_s") || view.alarmed("latency_p99_s") },
  { name: "errors", label: "Errors", series: "errors",
    value: f => percent(f.error_rate),
    context: f => failures(f),
    bad: f => f.error_rate > 0 },
  { name: "tokens", label: "Tokens", series: "tokens",
    value: f => (f.tokens == null && f.estimated_tokens ? `~${tokens(f.estimated_tokens)}` : tokens(f.tokens)),
    context: f => (f.tokens ? `${fewTokens(f.input_tokens)} ${ARROW} ${fewTokens(f.output_tokens)}` : ""),
    aside: f => (f.output_tokens_per_s == null ? "" : `${fewTokens(f.output_tokens_per_s)}/s`) },
  { name: "cost", label: "Cost", series: "cost",
    value: f => (f.cost_usd == null && f.estimated_cost_usd ? `~${dollars(f.estimated_cost_usd)}`
      : dollars(f.cost_usd)),
    context: (f, view) => (f.unpriced ? `${grouped(f.unpriced)} unpriced` : limit(view)),
    aside: (f, view) => (f.unpriced && view.budget() ? percent(shareOf(view.budget())) : ""),
    bad: (f, view) => view.budget() !== null && view.budget()[0] >= view.budget()[1] },
];
// A budget is that of a watch, of which the calls here may be a part or more.
const limit = view => (view.budget() ? view.budget().map(dollars).join(" of ") : "");
const shareOf = ([spent, most]) => (most ? spent / most : 1);

function tiles(view) {
  const made = TILES.map(tile => ({ tile, ...tileOf(tile) }));
  const rated = el("div", { class: "lw-rated", hidden: true });
  const node = el("section", { class: "lw-tiles", role: "group", "aria-label": "Figures" },
    ...made.map(one => one.node), rated);
  const note = el("p", { class: "lw-note", hidden: true });

  function draw(seen) {
    const figures = seen.figures ?? {};
    for (const one of made) drawTile(one, figures, seen, view);
    rated.hidden = !figures.satisfaction_n;
    if (figures.satisfaction_n) {
      say(rated, `Satisfaction ${figures.satisfaction.toFixed(2)} · n ${grouped(figures.satisfaction_n)}`);
    }
    say(note, seen.note);
    note.hidden = !seen.note;
  }

  return { node, note, draw };
}

function tileOf(tile) {
  const label = el("span"), aside = el("span", { class: "lw-aside" });
  const value = el("dd", { class: "lw-value" });
  const context = el("dd", { class: "lw-context" });
  const course = document.createElementNS(SVG, "svg");
  course.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  course.setAttribute("preserveAspectRatio", "none");
  course.setAttribute("class", "lw-course");
  course.setAttribute("aria-hidden", "true");
  const area = document.createElementNS(SVG, "path"), line = document.createElementNS(SVG, "path");
  area.setAttribute("class", "lw-area");
  line.setAttribute("class", "lw-stroke");
  course.append(area, line);
  const bar = el("span", { class: "lw-bar", hidden: true }, el("span"));
  const node = el("dl", { class: "lw-tile", "data-tile": tile.name }, el("dt", {}, label, aside), value,
    context, course, bar);
  return { node, label, aside, value, context, area, line, course, bar };
}

function drawTile(one, figures, seen, view) {
  const { tile } = one, empty = !seen.figures;
  say(one.label, typeof tile.label === "function" ? tile.label(figures, view) : tile.label);
  figure(one.value, empty ? UNKNOWN : tile.value(figures, view));
  const context = empty ? "" : tile.context(figures, view);
  say(one.aside, empty ? "" : tile.aside?.(figures, view) ?? "");
  say(one.context, context);
  mark(one.context, "title", context || null);
  mark(one.node, "title", typeof tile.title === "function" ? tile.title(figures, view) : tile.title);
  mark(one.node, "data-bad", !empty && tile.bad?.(figures, view) ? "" : null);
  const budget = tile.name === "cost" ? view.budget() : null;
  one.bar.hidden = budget === null;
  one.course.style.display = budget === null ? "" : "none";
  mark(one.bar, "title", budget && `${dollars(budget[0])} of ${dollars(budget[1])} spent`);
  if (budget) one.bar.firstChild.style.width = `${100 * Math.min(1, shareOf(budget))}%`;
  drawCourse(one, one.value.dataset.said === UNKNOWN ? [] : courseOf(tile.series, seen.buckets));
}

function courseOf(series, found) {
  if (!found) return [];
  return series === "tokens" ? found.input.map((into, at) => into + found.output[at]) : found[series];
}

// Bleeds to the tile's edges; what is unknown in between leaves a gap to draw over.
function drawCourse(one, values) {
  const known = values.map((value, at) => [at, value]).filter(([, value]) => value != null);
  if (known.length < 2) {
    mark(one.area, "d", null);
    mark(one.line, "d", null);
    return;
  }
  const most = Math.max(...known.map(([, value]) => value)) || 1, last = values.length - 1;
  const points = known.map(([at, value]) => {
    return `${(WIDTH * at / last).toFixed(1)} ${(HEIGHT - 2 - (HEIGHT - 5) * value / most).toFixed(1)}`;
  });
  const path = `M${points.join("L")}`;
  const [from, to] = [known[0][0], known.at(-1)[0]].map(at => (WIDTH * at / last).toFixed(1));
  mark(one.line, "d", path);
  mark(one.area, "d", `${path}L${to} ${HEIGHT}L${from} ${HEIGHT}Z`);
}
