// Toasts of notices that no panel shows: one each, but of the groups of one rule a few and a count.

import { apputils } from "./shared.js";

const TYPES = { critical: "error", warning: "warning", info: "info" };
const STAY_MS = 10_000;
const OF_A_RULE = 3; // at a time; a rule by user may fire for fifty of them at once

export class Toasts {
  _told = new Map(); // notebook and notice -> the toast of it
  _counts = new Map(); // notebook and rule -> the toast that counts further groups

  // `key` is the name of the rule, and behind it the group, if any.
  fires(pane, { key, severity, message }, action) {
    const [name] = key.split("\x1f");
    const rule = `${pane.id}\x1f${name}`;
    const notice = `${pane.id}\x1f${key}`;
    const show = text =>
      apputils.Notification.emit(text, TYPES[severity] ?? "info", {
        autoClose: STAY_MS,
        actions: [action]
      });
    const now = Date.now();
    this._dismiss(this._told, notice);
    const there = [...this._told.values()].filter(it => it.rule === rule && it.until > now);
    if (there.length < OF_A_RULE) {
      const id = show(`${pane.name}: ${message}`);
      this._told.set(notice, { id, rule, until: now + STAY_MS });
      return;
    }
    const before = this._counts.get(rule);
    const count = before?.until > now ? before.count + 1 : 1;
    if (count > 1) this._dismiss(this._counts, rule);
    const id = show(`${pane.name}: ${name}: ${count} more group${count === 1 ? "" : "s"} firing`);
    this._counts.set(rule, { id, count, until: now + STAY_MS });
  }

  isOver(pane, { key, message }) {
    const notice = `${pane.id}\x1f${key}`;
    const toast = this._told.get(notice);
    if (toast === undefined) return;
    const text = `${pane.name}: ${message}`;
    const changed = { id: toast.id, message: text, type: "success", autoClose: STAY_MS };
    apputils.Notification.update(changed);
    this._told.delete(notice);
  }

  _dismiss(toasts, key) {
    const toast = toasts.get(key);
    if (toast !== undefined) apputils.Notification.dismiss(toast.id);
    toasts.delete(key);
  }
}
