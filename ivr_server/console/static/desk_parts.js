// Small parts of the desk: icons, times, and what the page was given.

import { el } from "./desk_element.js";

export const $ = (id) => document.getElementById(id);
export const seat = $("seat");
export const page = JSON.parse(seat.dataset.page);
export const words = page.words;
export { el };

// The server's clock before ours, seconds: what it tells is in its time.
const ahead = page.now - Date.now() / 1000;
export const now = () => Date.now() / 1000 + ahead;

export const fill = (text, slots) => text.replace(/{(\w+)}/g, (all, key) => (key in slots ? slots[key] : all));
export const word = (key, slots = {}) => fill(words[key] ?? key, slots);

// Put text where it differs only: a reader of the screen is not told the same thing twice.
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, on) {
  if (node.hidden === on) node.hidden = !on;
}

// 0:07, 12:40, 1:02:03
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const language = document.documentElement.lang;
const tongues = new Intl.DisplayNames(language, { type: "language" });

// A language by its tag, in words; what is no tag is words already.
export const tongue = (text) => (/^[a-z]{2,3}([-_][A-Za-z]{2,4})?$/.test(text) ? tongues.of(text.split(/[-_]/)[0]) : text);

const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });

// A moment as people say it: the hour today, else the day with the hour. Epoch seconds or a text that is ready.
export function moment(at) {
  if (typeof at !== "number") return String(at ?? "");
  const when = new Date(at * 1000);
  const today = when.toDateString() === new Date(now() * 1000).toDateString();
  return today ? hour.format(when) : `${day.format(when)} ${hour.format(when)}`;
}

// The day alone, for what is long ago.
export const date = (at) => (typeof at === "number" ? day.format(new Date(at * 1000)) : String(at ?? ""));

const PATHS = {
  answer: "M6.6 10.8a15 15 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25 11.4 11.4 0 0 0 3.6.57 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.25.2 2.46.57 3.6a1 1 0 0 1-.25 1z",
  hang_up: "M12 9c-1.6 0-3.15.25-4.6.72v3.1c0 .39-.23.74-.56.9-.98.49-1.87 1.12-2.66 1.85-.18.18-.43.28-.7.28-.28 0-.53-.11-.71-.29L.29 13.08A.99.99 0 0 1 0 12.37c0-.28.11-.53.29-.71C3.34 8.77 7.46 7 12 7s8.66 1.77 11.71 4.66c.18.18.29.43.29.71 0 .28-.11.53-.29.71l-2.48 2.48c-.18.18-.43.29-.71.29-.27 0-.52-.11-.7-.28a11.3 11.3 0 0 0-2.67-1.85.99.99 0 0 1-.56-.9v-3.1C15.15 9.25 13.6 9 12 9z",
  hold: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  resume: "M8 5v14l11-7z",
  mute: "M12 14a3 3 0 0 0 3-3V5a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.92V21h2v-3.08A7 7 0 0 0 19 11z",
  keypad: "M4 4h4v4H4zm6 0h4v4h-4zm6 0h4v4h-4zM4 10h4v4H4zm6 0h4v4h-4zm6 0h4v4h-4zM4 16h4v4H4zm6 0h4v4h-4zm6 0h4v4h-4z",
  transfer: "M14 5l7 6-7 6v-4c-5 0-8.500 1.500-11 5 1-5.500 4.500-9 11-9.500z",
  back: "M10 5v4c6.500.5 10 4 11 9.500-2.500-3.500-6-5-11-5v4l-7-6z",
  join: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm8 0a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 13c-3 0-6 1.500-6 4v2h12v-2c0-2.500-3-4-6-4zm8 0-1 .1c1.200.9 2 2.100 2 3.900v2h5v-2c0-2.500-3-4-6-4z",
  pass: "M5 12l5 5L20 7l-1.500-1.500L10 14l-3.500-3.500z",
  gear: "M12 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zm7.400-2.500.1-1-.1-1 2.100-1.600-2-3.500-2.500 1a7 7 0 0 0-1.700-1L15 3.200h-4l-.4 2.700a7 7 0 0 0-1.700 1l-2.500-1-2 3.500L6.600 11l-.1 1 .1 1-2.100 1.600 2 3.500 2.500-1a7 7 0 0 0 1.700 1l.4 2.700h4l.4-2.700a7 7 0 0 0 1.700-1l2.500 1 2-3.500z",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["width", "20"], ["height", "20"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  path.setAttribute("fill", "currentColor");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// A button with an icon, its words, and its key as it is shown.
export function act(name, text, key, press, kind = "") {
  const button = el(`button.do${kind ? `.${kind}` : ""}`, { type: "button", "aria-keyshortcuts": key ? `Alt+${key}` : null, on: { click: press } });
  button.append(icon(name), el("span.words", {}, text));
  if (key) button.append(el("kbd", { "aria-hidden": "true" }, key));
  return button;
}

// Why somebody is busy, in one word of the list; "" for what is no choice of theirs (missed, rejected).
export const reason = (name) => page.reasons.find((one) => one.name === name)?.title || "";

// Said to readers of the screen; ``urgent`` cuts what is being read.
export function say(text, urgent = false) {
  const place = $(urgent ? "alarm" : "said");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = text; });
}

// A short line at the foot of the page for whoever sees: what was refused, or lost.
let fading = 0;
export function tell(text) {
  $("toast").textContent = text;
  show($("toast"), true);
  clearTimeout(fading);
  fading = setTimeout(() => show($("toast"), false), 7000);
}
