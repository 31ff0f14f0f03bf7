// The alerts that fire: what and how far over, since when and where, and what to look at.

function strip(view) {
  const node = el("div", { class: "lw-strip", role: "log", "aria-label": "Alerts",
    "aria-live": "polite", "aria-relevant": "additions" });
  const known = new Map(), rest = el("p", { class: "lw-rest", hidden: true });

  function make(alert) {
    const title = el("b", { dir: "auto" }), more = el("span", { class: "lw-more", dir: "auto" });
    const show = el("button", { type: "button", class: "lw-link", text: "Show",
      onclick: () => view.show(known.get(alert.key).alert) });
    const mute = el("button", { type: "button", class: "lw-link", text: "Mute",
      onclick: () => {
        if (!isIdle(mute)) view.talk.ask("mute", `mute ${alert.key}`, { name: alert.name });
      } });
    const made = el("div", { class: "lw-alert", "data-severity": alert.severity },
      icon(alert.severity === "info" ? "partial" : "error"), title,
      el("div", { class: "lw-acts" }, show, mute), more);
    return { node: made, title, more, mute };
  }

  function draw() {
    const { alerts } = view.book.now;
    for (const [key, made] of known) {
      if (!alerts.some(alert => alert.key === key)) {
        made.node.remove();
        known.delete(key);
      }
    }
    for (const alert of alerts) {
      if (!known.has(alert.key)) {
        known.set(alert.key, make(alert));
        node.append(known.get(alert.key).node);
      }
      const made = known.get(alert.key);
      made.alert = alert;
      say(made.title, alert.message);
      say(made.more, alert.detail);
      mark(made.node, "title", alert.hint);
      const waits = view.talk.isWaiting(`mute ${alert.key}`);
      say(made.mute, waits ? "queued" : "Mute");
      made.mute.disabled = view.gone;
      idle(made.mute, waits);
    }
    const others = view.book.now.firing - alerts.length;
    rest.hidden = others <= 0;
    say(rest, `${plural(others, "more alert")}: %llmwatch alerts`);
    node.append(rest);
    node.hidden = !alerts.length;
  }

  return { node, draw };
}
