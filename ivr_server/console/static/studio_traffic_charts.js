// Drawn figures: hours (or days) as bars, and shares of two versions with what is really known of them.

import { given, h, w } from "./studio_model.js";
import { percent, short } from "./studio_traffic_picture.js";

const HOUR = 3600;
const SVG = "http://www.w3.org/2000/svg";
const s = (tag, props = {}, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const local = (seconds, how) => new Date(seconds * 1000).toLocaleString(given.language, { timeZone: given.zone, ...how });
const PARTS = ["left", "human"];

// Hours from since to until, or their days when they are many; an hour without calls is there, with nothing in it.
export function bins(hours, since, until, by_day) {
  const known = new Map(hours);
  const found = [];
  for (let at = Math.floor(since / HOUR) * HOUR; at <= until; at += HOUR) {
    const key = by_day ? local(at, { dateStyle: "short" }) : at;
    const last = found.at(-1);
    const bin = last?.key === key ? last : { key, since: at, until: at, sums: { entered: 0, left: 0, human: 0, wrong: 0, silent: 0, chosen: 0 } };
    if (bin !== last) found.push(bin);
    bin.until = at + HOUR - 1;
    for (const [what, n] of Object.entries(known.get(at) ?? {})) bin.sums[what] += n;
  }
  return found;
}

export const named = (bin, by_day) => (by_day ? local(bin.since, { weekday: "short", month: "short", day: "numeric" }) : `${local(bin.since, { weekday: "short", day: "numeric", hour: "2-digit", hourCycle: "h23", minute: "2-digit" })}`);

// Bars that can be chosen: ``pick(bin)``. ``chosen``: since of the one that is.
export function bars(found, by_day, chosen, pick) {
  const [wide, high] = [1000, 92];
  const most = Math.max(1, ...found.map((bin) => bin.sums.entered));
  const step = wide / found.length;
  const every = Math.ceil(found.length / 8);
  const tall = (n) => (n / most) * (high - 6);
  const drawn = found.map((bin, n) => {
    const [x, width] = [n * step + step * 0.12, Math.max(1, step * 0.76)];
    let y = high - tall(bin.sums.entered);
    const pieces = [s("rect", { class: "reach", x: n * step, y: 0, width: step, height: high }), s("rect", { class: "sum", x, y, width, height: high - y })];
    for (const what of PARTS) { pieces.push(s("rect", { class: `of-${what}`, x, y, width, height: tall(bin.sums[what]) })); y += tall(bin.sums[what]); }
    const told = w("see_bar", { when: named(bin, by_day), n: short(bin.sums.entered), left: short(bin.sums.left), human: short(bin.sums.human) });
    const title = s("title");
    title.textContent = told;
    const here = chosen === bin.since;
    const bar = s("g", { class: here ? "hour here" : "hour", role: "button", tabindex: n === 0 ? "0" : "-1", "aria-pressed": String(here), "aria-label": told, "data-since": bin.since }, title, ...pieces);
    bar.addEventListener("click", () => pick(here ? null : bin));
    bar.addEventListener("keydown", (event) => {
      const to = { ArrowRight: n + 1, ArrowLeft: n - 1, Home: 0, End: found.length - 1 }[event.key];
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(here ? null : bin); }
      if (to !== undefined && drawn[to]) { event.preventDefault(); drawn.forEach((one) => one.setAttribute("tabindex", "-1")); drawn[to].setAttribute("tabindex", "0"); drawn[to].focus(); }
    });
    return bar;
  });
  const chart = s("svg", { viewBox: `0 0 ${wide} ${high}`, class: "bars", preserveAspectRatio: "none", role: "group", "aria-label": w("see_hours") }, s("line", { class: "ground", x1: 0, x2: wide, y1: high, y2: high }), ...drawn);
  const marks = h("div", { class: "ticks-below", "aria-hidden": "true" }, found.map((bin, n) => (n % every === 0 ? h("span", { text: by_day ? local(bin.since, { month: "numeric", day: "numeric" }) : local(bin.since, found.length > 30 ? { weekday: "short", hour: "2-digit", hourCycle: "h23", minute: "2-digit" } : { hour: "2-digit", hourCycle: "h23", minute: "2-digit" }) }) : null)));
  return h("div", { class: "chart" }, h("span", { class: "most", "aria-hidden": "true", text: short(most) }), chart, marks);
}

const LONG = 200; // of the line from nothing to all

// A share and between what it lies, on a line from nothing to all.
function whisker([n, of, low, high], kind, title) {
  const [y, at] = [9, of ? (n / of) * LONG : 0];
  const mark = kind === "a" ? s("circle", { class: "share a", cx: at, cy: y, r: 3.4 }) : s("path", { class: "share b", d: `M${at - 4} ${y} L${at} ${y - 4.4} L${at + 4} ${y} L${at} ${y + 4.4} z` });
  const known = (x1, x2, y1, y2) => s("line", { class: `known ${kind}`, x1, x2, y1, y2 });
  const ends = [low * LONG, high * LONG];
  const chart = s("svg", { viewBox: `-5 0 ${LONG + 10} 18`, class: "whisker", "aria-hidden": "true" }, s("line", { class: "axis", x1: 0, x2: LONG, y1: y, y2: y }),
    ...(of ? [known(...ends, y, y), ...ends.map((x) => known(x, x, y - 4, y + 4)), mark] : []));
  return h("div", { class: "whisker-row" }, h("span", { class: "of", text: title }), chart,
    h("span", { class: "figure", text: of ? `${percent(n / of)} (${percent(low)}–${percent(high)})` : "–" }), h("span", { class: "aside figure", text: w("see_n_of", { n: short(n), of: short(of) }) }));
}

export function comparison(pair, words, names, open) {
  return h("li", { class: pair.differs ? "differs" : "" },
    h("p", { class: "compared-head" }, h("button", { type: "button", class: "link", text: words, onclick: open }), h("span", { class: `pill ${pair.differs ? "warning" : ""}`, text: w(pair.differs ? "see_differs" : "see_alike") })),
    whisker(pair.a, "a", names[0]), whisker(pair.b, "b", names[1]));
}

// One share of a whole as a bar with its number.
export function share(n, of, kind = "") {
  const part = of ? Math.min(1, n / of) : 0;
  return h("span", { class: `share-bar ${kind}` }, s("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, s("rect", { class: "all", width: 100, height: 8 }), s("rect", { class: "part", width: part * 100, height: 8 })),
    h("span", { class: "aside figure", text: of ? percent(part) : "" }));
}
