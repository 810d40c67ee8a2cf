// Counts and callers drawn over the picture of a flow: in a layer of its own, so that the picture itself stays as it is.

import { WIDTH, row_y, told as told_of } from "./studio_cards.js";
import { picture } from "./studio_graph.js";
import { $, given, w } from "./studio_model.js";

const SVG = "http://www.w3.org/2000/svg";
const THICKEST = 9;
const s = (tag, props, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const words = (kind, x, y, text, anchor = "start") => {
  const made = s("text", { class: kind, x, y, "text-anchor": anchor });
  made.textContent = text;
  return made;
};
export const short = (n) => (n < 10_000 ? n.toLocaleString(given.language) : n.toLocaleString(given.language, { notation: "compact", maximumFractionDigits: 1 }));
export const percent = (share) => share.toLocaleString(given.language, { style: "percent", maximumFractionDigits: share && share < 0.1 ? 1 : 0 });
const wide = (text, letter = 6.3) => [...text].reduce((sum, one) => sum + (one.charCodeAt(0) > 0x2e7f ? 2 : 1) * letter, 0);

function layer() {
  const world = $("graph").querySelector(".world");
  return world.querySelector(".traffic") ?? world.appendChild(s("g", { class: "traffic" }));
}

function pill(kind, x, y, text, props = {}) {
  const width = Math.max(22, wide(text) + 10);
  return s("g", { class: `count ${kind}`, ...props }, s("rect", { x: kind.includes("entered") ? x - width : x, y: y - 10, width, height: 20, rx: 10 }),
    words("", (kind.includes("entered") ? x - width : x) + width / 2, y + 4.5, text, "middle"));
}

// ``sums``: node -> counts (studio_traffic_sums); ``here``: node -> callers now; ``compared``: "node exit" -> two shares.
export function draw(sums, here, compared) {
  const box = layer();
  const busiest = Math.max(1, ...[...sums.values()].flatMap((one) => one.ways.map((n) => n ?? 0)));
  const drawn = [];
  for (const card of picture.cards) {
    const place = picture.places[card.name];
    if (!place) continue;
    const one = sums.get(card.name);
    drawn.push(s("g", { transform: `translate(${place[0]} ${place[1]})` }, ...over(card, one, here.get(card.name) ?? 0, compared)));
    const group = picture.drawn.get(card.name)?.group;
    group?.setAttribute("aria-label", [told_of(card), one?.known ? w("see_entered_n", { n: short(one.entered) }) : "", here.get(card.name) ? w("see_here_n", { n: here.get(card.name) }) : ""].filter(Boolean).join(", "));
    group?.classList.toggle("quiet", Boolean(one?.known && !one.entered));
  }
  box.replaceChildren(...drawn);
  weigh(sums, busiest);
}

function over(card, one, callers, compared) {
  const made = [];
  if (callers) made.push(s("g", { class: "live", "data-node": card.name }, s("circle", { class: "ring", cx: 14, cy: 0, r: 13 }), s("circle", { class: "dot", cx: 14, cy: 0, r: 13 }), words("", 14, 4.5, short(callers), "middle")));
  if (one?.known) made.push(pill(`entered${one.worked_out ? " worked-out" : ""}`, WIDTH - 8, 0, short(one.entered)));
  const lost = ["left", "wrong", "silent", "human"].filter((what) => one?.[what]).map((what) => `${w(`see_short_${what}`)} ${short(one[what])}`).join(" · ");
  if (lost) made.push(words("lost", 14, card.height + 14, lost));
  card.rows.forEach((row, n) => {
    const pair = compared.get(`${card.name} ${row.counted ?? row.exit}`);
    if (pair) made.push(change(pair, n, card));
    else if (one?.ways[n] !== null && one?.ways[n] !== undefined && one.known) made.push(pill(`way${one.ways[n] ? "" : " none"}`, WIDTH + 6, row_y(card, n), short(one.ways[n]), { "data-node": card.name, "data-row": n }));
  });
  return made;
}

// Both shares at a way of a comparison: their order and a sign say what colour says.
function change(pair, n, card) {
  const [a, b] = [pair.a[0] / (pair.a[1] || 1), pair.b[0] / (pair.b[1] || 1)];
  const sign = pair.differs ? (a > b ? "▲" : "▼") : "≈";
  const bare = (share) => Math.round(share * 100).toLocaleString(given.language);
  return pill(pair.differs ? "way differs" : "way alike", WIDTH + 4, row_y(card, n), pair.differs ? `${sign}${bare(b)}→${bare(a)}%` : `${sign}${bare(a)}%`, { "data-node": card.name, "data-row": n });
}

// An arrow that keeps its size, however thick its line is.
function arrow() {
  const defs = $("graph").querySelector("defs");
  if (!$("flow_arrow")) defs.append(s("marker", { id: "flow_arrow", viewBox: "0 0 8 8", refX: "6", refY: "4", markerWidth: "13", markerHeight: "13", markerUnits: "userSpaceOnUse", orient: "auto" }, s("path", { d: "M0 0 L8 4 L0 8 z" })));
}

// A line is as thick as many took it.
function weigh(sums, busiest) {
  arrow();
  const lines = [...$("graph").querySelectorAll(".lines > path")];
  picture.lines.forEach((line, n) => {
    const count = sums.get(line.from)?.ways[line.row];
    if (lines[n]) lines[n].style.strokeWidth = count ? String(1.4 + (THICKEST * count) / busiest) : "";
    lines[n]?.classList.toggle("unused", count === 0);
    lines[n]?.setAttribute("marker-end", "url(#flow_arrow)");
  });
}

