// What the browser knows: a bounded window of calls, and what Python counted of all of them.

const KEPT = 1000;

// What is unknown is not there.
function named(fields, values) {
  const found = {};
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] !== null) found[fields[at]] = values[at];
  }
  return found;
}

function keepNewest(kept) {
  for (const key of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(key);
  }
}

class Book {
  constructor() {
    this.calls = new Map();
    this.fields = [];
    this.seq = -1;
    this.now = { total: 0, figures: null, buckets: null, running: [], flying: 0, recording: true,
      budget: null, alerts: [], firing: 0, session: "", threshold_s: null, answers: [], open_spans: [] };
    this.spans = new Map();
    this.spanFields = [];
    this.ahead = 0;  // how far Python's clock is ahead of this one, in ms
    this.ended = null;  // when the kernel was lost: from then on nothing is known to go on
    this.version = 0;
  }

  // Everything anew: a page that was loaded, or a message that was missed.
  start(whole) {
    if (!whole || !whole.fields) return;
    // Another page may have asked: where nothing was missed, more may be here than it is told.
    if (whole.seq !== this.seq || whole.session !== this.now.session) {
      this.calls.clear();
      this.spans.clear();
    }
    this.fields = whole.fields;
    this.spanFields = whole.span_fields ?? [];
    this.take(whole);
  }

  // What is new; false when a message before it is missing.
  hear(news) {
    if (news.seq == null || news.seq <= this.seq) return true;
    if (news.base > this.seq) return false;
    this.take(news);
    return true;
  }

  take({ seq, base, now_ms, rows, late = Infinity, spans = [], open_spans = [], ...now }) {
    this.seq = seq;
    this.ahead = now_ms - Date.now();
    const oldest = Math.min(this.calls.keys().next().value ?? 0, late);
    for (const values of rows) {
      if (values[0] < oldest) continue;  // older than all that is here
      const call = { ...named(this.fields, values), version: seq };
      this.calls.set(call.number, call);
    }
    if (late < Infinity) this.calls = new Map([...this.calls].sort(([a], [b]) => a - b));
    for (const values of spans) {
      const span = named(this.spanFields, values);
      this.spans.set(span.span_id, span);
    }
    keepNewest(this.calls);
    keepNewest(this.spans);
    const open = open_spans.map(values => named(this.spanFields, values));
    this.now = { ...this.now, ...now, open_spans: open };
    this.version += 1;
  }

  clock() {
    return (this.ended ?? Date.now()) + this.ahead;
  }
}

const ANY = { tag: null, model: null, cell: null, status: null, minutes: null };
const isFiltered = filter => Object.values(filter).some(value => value !== null);

function fits(call, filter, now) {
  return (filter.tag === null || (call.tag ?? "") === filter.tag)
    && (filter.model === null || (call.model ?? "") === filter.model)
    && (filter.cell === null || (call.execution_count ?? "") === filter.cell)
    && (filter.status === null || (call.status ?? "running") === filter.status)
    && (filter.minutes === null || now - call.started_ms <= filter.minutes * 60_000);
}

const ORDERS = {
  newest: ["newest first", (a, b) => b.number - a.number],
  slowest: ["slowest first", (a, b) => (b.latency_s ?? -1) - (a.latency_s ?? -1)],
  dearest: ["costliest first", (a, b) => (b.cost_usd ?? b.estimated_cost_usd ?? -1)
    - (a.cost_usd ?? a.estimated_cost_usd ?? -1)],
  largest: ["most tokens first", (a, b) => spent(b) - spent(a)],
  failed: ["errors first", (a, b) => (b.status === "error") - (a.status === "error")
    || b.number - a.number],
};
const spent = call => (call.input_tokens ?? call.estimated_input_tokens ?? 0)
  + (call.output_tokens ?? call.estimated_output_tokens ?? 0);

// While something is in flight the rate of all calls falls, and Python need not say so.
function figuresOf({ now: { figures, flying } }, now) {
  if (!figures?.requests || !flying) return figures;
  return { ...figures, qps: perSecond(figures.requests, now - figures.first_ms) };
}

// What one view shows now: the calls that fit, and the figures of these.
function scene(book, filter) {
  const now = book.clock(), narrowed = isFiltered(filter);
  const calls = [...book.calls.values()].filter(call => !narrowed || fits(call, filter, now));
  const running = book.now.running.filter(call => fits(call, filter, now));
  if (!narrowed) {
    return { now, calls, running, flying: book.now.flying, figures: figuresOf(book, now),
      buckets: book.now.buckets, note: "" };
  }
  const held = book.calls.size, total = book.now.total;
  const note = total > held ? `of the newest ${grouped(held)} of ${grouped(total)} calls` : "";
  return { now, calls, running, flying: running.length, figures: count(calls, elapsedOf(book, filter.minutes, now)),
    buckets: stretches(calls), note };
}
