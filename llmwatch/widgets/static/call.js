// One call, opened in place: what one asks first, the texts, a rating, and how to find it again.

function detail(view, number) {
  const facts = el("dl", { class: "lw-facts" });
  const steps = trace(view);
  const texts = el("div", { class: "lw-texts" });
  const up = thumb("up", "Good answer", true), down = thumb("down", "Bad answer", false);
  const code = el("button", { type: "button", class: "lw-button", text: "Copy as code",
    onclick: async () => { await view.copy(snippet(callOf())); } });
  const queued = el("span", { class: "lw-queued" });
  const node = el("div", { class: "lw-detail" }, facts, steps.node, texts,
    el("div", { class: "lw-acts" }, up, down, code, queued));
  const callOf = () => view.book.calls.get(number);

  function thumb(name, label, good) {
    return el("button", { type: "button", class: `lw-button lw-thumb lw-${name}`, title: label,
      "aria-label": label, "aria-pressed": "false",
      onclick: () => {
        if (!isIdle(up)) view.talk.ask("rate", `rate ${number}`, { call_id: callOf().call_id, good });
      },
    }, icon("up"));
  }

  function draw() {
    const call = callOf();
    if (!call) return;
    if (node.dataset.version !== String(call.version)) {
      node.dataset.version = call.version;
      facts.replaceChildren(...factsOf(call).flatMap(([name, value, bad]) => [
        el("dt", { text: name }),
        el("dd", { text: value, dir: "auto", ...(bad ? { class: "lw-bad" } : {}) })]));
      texts.replaceChildren(...["request_preview", "response_preview"].filter(name => call[name])
        .map(name => el("pre", { text: call[name], dir: "auto", tabindex: 0, role: "group",
          "aria-label": name === "request_preview" ? "Asked" : "Answered" })));
    }
    steps.draw(call);
    const waits = view.talk.isWaiting(`rate ${number}`);
    mark(up, "aria-pressed", String(call.score > 0));
    mark(down, "aria-pressed", String(call.score < 0));
    for (const button of [up, down]) {
      button.disabled = view.gone;
      idle(button, waits);
    }
    say(queued, waits ? "queued" : "");
  }

  return { node, draw };
}

const snippet = call => `llmwatch.session.calls.query('call_id == "${call.call_id}"').iloc[0]`;

function factsOf(call) {
  const found = [], { attempts = 1 } = call;
  const speedOf = call.output_tokens && call.latency_s > (call.ttft_s ?? 0)
    ? call.output_tokens / (call.latency_s - (call.ttft_s ?? 0)) : null;
  const add = (name, value, bad = false) => value && found.push([name, value, bad]);
  if (call.status === "error") add("error", [call.error_type, call.http_status, call.error_code].filter(Boolean).join(" · "), true);
  add("message", call.error_message);
  add(call.ttft_s == null ? "speed" : "first token", [call.ttft_s == null ? "" : seconds(call.ttft_s),
    speedOf ? `${tokens(speedOf)} tokens/s` : ""].filter(Boolean).join(" · "));
  add("attempts", [call.tries ? `${attempts} (${call.tries})` : `${attempts}`,
    call.retry_wait_s ? `waited ${seconds(call.retry_wait_s)}` : ""].filter(Boolean).join(" · "));
  add("cached", call.cached_input_tokens ? `${tokens(call.cached_input_tokens)} of ${
    tokens(call.input_tokens)} tokens` : "");
  add("reasoning", call.reasoning_tokens ? `${tokens(call.reasoning_tokens)} of ${
    tokens(call.output_tokens)} tokens` : "");
  add("finish", call.finish_reason);
  add("for", [call.user, call.feature].filter(Boolean).join(" · "));
  add("sent", `${clock(call.started_ms, true)} · ${[call.provider, call.operation]
    .filter(Boolean).join(" ")}`);
  return found;
}
