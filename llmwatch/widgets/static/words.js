// How figures read: the same as `words.py`, which says why.

const UNKNOWN = "\u2013", THIN = "\u202f", ARROW = "\u2192";

const isKnown = value => typeof value === "number" && Number.isFinite(value);
const grouped = (value, decimals = 0) => value.toLocaleString("en-US", {
  minimumFractionDigits: decimals, maximumFractionDigits: decimals,
});

function shortest(value, decimals, least = 0) {
  const text = value.toFixed(decimals);
  if (decimals <= least) return text;
  const [whole, fraction = ""] = text.split(".");
  const kept = fraction.slice(0, least) + fraction.slice(least).replace(/0+$/, "");
  return kept ? `${whole}.${kept}` : whole;
}

function significant(value, digits = 3) {
  let text = "";
  for (let turn = 0; turn < 2; turn += 1) {  // 9.996 becomes 10.00, and has a digit too many
    const magnitude = Math.floor(Math.log10(value));
    text = value.toFixed(Math.max(0, Math.min(2, digits - 1 - magnitude)));
    value = Number(text);
  }
  return text;
}

function seconds(value, msBelow = 1) {
  if (!isKnown(value) || value < 0) return UNKNOWN;
  const ms = value * 1000;
  if (ms > 0 && ms < 0.05) return `<${THIN}0.1${THIN}ms`;
  if (Math.round(ms) < msBelow * 1000) return `${shortest(ms, ms < 9.95 ? 1 : 0)}${THIN}ms`;
  if (value < 99.5) return `${significant(value)}${THIN}s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)}${THIN}min ${whole % 60}${THIN}s`;
  const minutes = Math.round(value / 60);
  return `${grouped(Math.floor(minutes / 60))}${THIN}h ${minutes % 60}${THIN}min`;
}

// An age that ticks: whole seconds, so that it does not flicker.
function age(value) {
  return value < 99.5 ? `${Math.max(0, Math.floor(value))}${THIN}s` : seconds(value);
}

function tokens(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (Math.abs(value) < 9999.5) return grouped(value);
  for (const [size, decimals, unit] of [[1e3, 1, "k"], [1e6, 2, "M"]]) {
    const shown = (value / size).toFixed(decimals);
    if (Math.abs(Number(shown)) < 1000) return `${shown}${THIN}${unit}`;
  }
  return `${grouped(value / 1e9, 2)}${THIN}G`;
}

// Where there is little room, as in a line of context: no decimals, no space.
function fewTokens(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (Math.abs(value) < 9999.5) return grouped(value);
  const [size, unit] = Math.abs(value) < 999_500 ? [1e3, "k"] : Math.abs(value) < 999.5e6
    ? [1e6, "M"] : [1e9, "G"];
  const few = value / size;
  return `${few < 9.95 ? shortest(few, 1) : grouped(few)}${unit}`;
}

function dollars(value) {
  if (!isKnown(value)) return UNKNOWN;
  const sign = value < 0 ? "-" : "", size = Math.abs(value);
  if (size >= 999.995) return `${sign}$${grouped(size)}`;
  if (size >= 0.9995 || size === 0) return `${sign}$${size.toFixed(2)}`;
  if (size < 1e-9) return `${sign}<$0.000000001`;
  return `${sign}$${shortest(size, 2 - Math.floor(Math.log10(size)), 2)}`;
}

// At an axis, where there is room for seven signs.
function fewDollars(value) {
  const sign = value < 0 ? "-" : "", size = Math.abs(value);
  if (size >= 9999.5) return `${sign}$${fewTokens(size)}`;
  const words = dollars(value);
  return words.length > 7 ? `${sign}$${Number(size.toPrecision(2)).toExponential()}` : words;
}

function percent(share) {
  if (!isKnown(share)) return UNKNOWN;
  const value = share * 100;
  if (value > 0 && value < 0.1) return `<0.1${THIN}%`;
  if (value > 99.9 && value < 100) return `>99.9${THIN}%`;
  const fine = (value > 0 && value < 10) || (value > 99 && value < 100);
  return `${shortest(value, fine ? 1 : 0)}${THIN}%`;
}

function rate(perSecond) {
  if (!isKnown(perSecond)) return UNKNOWN;
  if (perSecond >= 0.1) return `${significant(perSecond, 2)}${THIN}/s`;
  if (perSecond * 60 >= 0.1) return `${significant(perSecond * 60, 2)}${THIN}/min`;
  return `${significant(Math.max(perSecond * 3600, 0.01), 2)}${THIN}/h`;
}

// Without the date it ends with: "claude-haiku-4.5" says enough where there is no other of it.
const brief = model => model.replace(/-20\d\d-?\d\d-?\d\d$/, "") || "no model";
const KEY_ROOM = 20;  // letters of a name that a key shows at least

// Names of models, short, and such that no two look the same: of those that begin alike, the end.
function apart(models) {
  const names = models.map(model => (models.some(other => other !== model
    && brief(other) === brief(model)) ? model : brief(model)));
  return names.map(name => {
    const alike = names.filter(other => other !== name
      && other.slice(0, KEY_ROOM) === name.slice(0, KEY_ROOM));
    if (!alike.length) return name;
    let same = 0;
    while (alike.every(other => other[same] === name[same])) same += 1;
    const end = `\u2026${name.slice(name.slice(0, same).search(/[^-/_.:@ ]*$/))}`;
    const [start] = name.split(/[-/_.:@ ]/);
    return start.length + end.length > KEY_ROOM ? end : start + end;
  });
}

const plural = (count, one, many = `${one}s`) => `${grouped(count)} ${count === 1 ? one : many}`;

const clock = (ms, fine = false) => new Date(ms).toLocaleTimeString([], {
  hour: "2-digit", minute: "2-digit", ...(fine ? { second: "2-digit" } : {}), hour12: false,
});

function moment(ms, now) {
  const isToday = new Date(ms).toDateString() === new Date(now).toDateString();
  return isToday ? clock(ms) : `${new Date(ms).toLocaleDateString([], {
    month: "short", day: "numeric" })} ${clock(ms)}`;
}
