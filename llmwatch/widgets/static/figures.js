// Figures of the calls in the browser, as `summary` counts them: where a filter is set, and the
// kernel may be busy.

const WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
  43200, 86400];
const STRETCHES = 30;

const knownOf = (calls, name) => calls.map(call => call[name]).filter(isKnown);
const sum = values => values.reduce((total, value) => total + value, 0);

// Linear between the closest ranks, as numpy does.
function percentile(sorted, percent) {
  if (!sorted.length) return null;
  const place = (sorted.length - 1) * percent / 100, low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

const ascending = values => Float64Array.from(values).sort();

// The sum of what is known; null where nothing is, and something is missing.
function total(calls, names, answered) {
  const values = names.flatMap(name => knownOf(calls, name));
  return values.length || !answered ? sum(values) : null;
}

// An answer that broke after it had begun was paid for; one that was refused was not.
const isRefused = call => call.status === "error" && !(call.http_status < 400);

function count(calls, elapsed) {
  const ok = calls.filter(call => call.status === "ok");
  const failed = calls.filter(call => call.status === "error");
  const answers = calls.filter(call => !isRefused(call)), answered = answers.length;
  const latency = ascending(knownOf(ok, "latency_s")), first = ascending(knownOf(ok, "ttft_s"));
  const unmeasured = answers.filter(call => call.input_tokens == null
    && call.output_tokens == null).length;
  const unpriced = answers.filter(call => call.cost_usd == null).length;
  const scores = knownOf(calls, "score"), rated = ok.length + failed.length;
  return {
    requests: calls.length,
    qps: perSecond(calls.length, elapsed),
    error_rate: rated ? failed.length / rated : null,
    rate_n: rated,
    latency_p50_s: percentile(latency, 50),
    latency_p95_s: percentile(latency, 95),
    latency_n: latency.length,
    ttft_p50_s: percentile(first, 50),
    output_tokens_per_s: speed(calls),
    input_tokens: total(calls, ["input_tokens"], answered),
    output_tokens: total(calls, ["output_tokens"], answered),
    tokens: total(calls, ["input_tokens", "output_tokens"], answered),
    cost_usd: total(calls, ["cost_usd"], unpriced),
    estimated_tokens: total(calls, ["estimated_input_tokens", "estimated_output_tokens"],
      unmeasured),
    estimated_cost_usd: total(calls, ["estimated_cost_usd"], unpriced),
    unmeasured,
    unpriced,
    satisfaction: scores.length ? sum(scores) / scores.length : null,
    satisfaction_n: scores.length,
    errors: causes(failed),
  };
}

function causes(failed) {
  const found = new Map();
  for (const { error_type: type } of failed) {
    const word = type ?? "unknown";
    found.set(word, (found.get(word) ?? 0) + 1);
  }
  return Object.fromEntries(found);
}

const perSecond = (times, elapsed) => (times && elapsed > 0 ? 1000 * times / elapsed : null);

// How long the calls took that a rate is of, in ms: since the first of all that are known, whether
// or not they fit; in a window, at most that. Without one it ends with the last, unless more come.
function elapsedOf(book, minutes, now) {
  const held = [...book.calls.values()], isAll = held.length >= book.now.total;
  const first = isAll && book.now.figures?.first_ms != null ? book.now.figures.first_ms
    : Math.min(...held.map(call => call.started_ms));
  const start = minutes === null ? first : Math.max(first, now - minutes * 60_000);
  const isOpen = minutes !== null || book.now.flying > 0;
  return (isOpen ? now : Math.max(...held.map(endOf))) - start;
}

const endOf = call => call.started_ms + (call.latency_s ?? 0) * 1000;

function speed(calls) {
  const timed = calls.filter(call => call.latency_s != null && call.output_tokens != null);
  const time = sum(knownOf(timed, "latency_s"));
  return time ? sum(knownOf(timed, "output_tokens")) / time : null;
}

// The calls over time, as `buckets` in `_payload.py` gives them.
function stretches(calls) {
  if (!calls.length) return null;
  const starts = calls.map(call => call.started_ms);
  const first = Math.min(...starts), last = Math.max(...starts);
  const fit = WIDTHS.find(width => Math.floor(last / (width * 1000))
    - Math.floor(first / (width * 1000)) < STRETCHES);
  const day = WIDTHS.at(-1) * 1000;
  const width = fit ? fit * 1000 : day * Math.ceil((last - first) / (day * (STRETCHES - 1)));
  const start = Math.floor(first / width) * width;
  const groups = Array.from({ length: Math.floor((last - start) / width) + 1 }, () => []);
  for (const call of calls) groups[Math.floor((call.started_ms - start) / width)].push(call);
  const sorted = groups.map(group => ascending(
    knownOf(group.filter(call => call.status === "ok"), "latency_s")));
  return {
    start_ms: start,
    width_ms: width,
    calls: groups.map(group => group.length),
    errors: groups.map(group => group.filter(call => call.status === "error").length),
    p50: sorted.map(values => percentile(values, 50)),
    p95: sorted.map(values => percentile(values, 95)),
    input: groups.map(group => sum(knownOf(group, "input_tokens"))),
    output: groups.map(group => sum(knownOf(group, "output_tokens"))),
    cost: groups.map(group => sum(knownOf(group, "cost_usd"))),
  };
}
