// The flow as a picture: own SVG, drawn anew only where something changed; zoom, pan, and a keyboard that walks along exits.

import { HEAD, LINE, ROW, WIDTH, cards as cards_of, fitted, row_y, told } from "./studio_cards.js";
import { $, given, h, text, w } from "./studio_model.js";

const SVG = "http://www.w3.org/2000/svg";
const layout = new Worker(new URL("./studio_layout.js", import.meta.url), { type: "module" });
const s = (tag, props, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

export const picture = {
  cards: [], by: new Map(), shape: "", order: "", places: {}, lines: [], wide: 400, high: 300, flow: "", chosen: "", row: 0, came: [],
  scale: 1, x: 0, y: 0, drawn: new Map(), path: [], frames: [],
};
const GLYPHS = { added: "+", removed: "−", changed: "≠" };
let world, canvas, asked = 0, fresh = true, tell = () => {};

export function start(box, heard) {
  tell = heard;
  world = s("g", { class: "world" });
  canvas = s("svg", { class: "canvas", role: "group", "aria-label": w("graph"), tabindex: "-1" }, s("defs", {}, arrow()), world);
  for (const layer of ["lines", "trace", "nodes"]) world.append(s("g", { class: layer }));
  box.append(canvas);
  canvas.addEventListener("wheel", wheel, { passive: false });
  canvas.addEventListener("pointerdown", grab);
  canvas.addEventListener("click", click);
  canvas.addEventListener("keydown", key);
  new ResizeObserver(() => { if (fresh) fit(); }).observe(box);
  layout.onmessage = ({ data }) => { if (data.asked === asked) placed(data); };
}

function arrow() {
  return s("marker", { id: "arrow", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto-start-reverse" },
    s("path", { d: "M0 0 L8 4 L0 8 z" }));
}

// Shows a flow's tree. ``marks``: node -> problem | warning.
export const show = (flow, tree, marks) => show_cards(flow, cards_of(tree, marks), text(tree, "start"));

// Shows cards. Of a comparison, a card's mark and a row's ``change`` are added, removed or changed.
export function show_cards(flow, cards, begins) {
  const other = flow !== picture.flow;
  picture.flow = flow;
  const shape = JSON.stringify(cards);
  if (!other && shape === picture.shape) return;
  Object.assign(picture, { cards, shape, by: new Map(cards.map((card) => [card.name, card])) });
  if (other) {
    Object.assign(picture, { chosen: "", row: 0, came: [], places: {}, lines: [], path: [] });
    world.querySelectorAll(".nodes > *, .lines > *, .trace > *").forEach((one) => one.remove());
    picture.drawn.clear();
    fresh = true;
  }
  const boxes = cards.map(({ name, height, rows }) => ({ name, height, ways: rows.map(({ to }) => ({ to })) }));
  const order = JSON.stringify([boxes, begins]);
  if (other || order !== picture.order) {
    asked += 1;
    layout.postMessage({ asked, cards: boxes, start: begins, width: WIDTH });
  }
  picture.order = order;
  if (!other) draw();
}

function placed(data) {
  Object.assign(picture, { places: data.places, lines: data.lines, wide: data.wide, high: data.high });
  draw();
  if (fresh) fit();
  tell("placed");
}

const lined = () => new Set(picture.lines.map((line) => `${line.from}\n${line.row}`));

export function draw() {
  const layer = world.querySelector(".nodes");
  const drawn = lined();
  for (const card of picture.cards) {
    const place = picture.places[card.name];
    if (!place) continue;
    const shape = JSON.stringify([card.kind, card.lines, card.mark, card.start, card.rows.map((row, n) => [row.key, row.words, row.to, row.change, drawn.has(`${card.name}\n${n}`)])]);
    const old = picture.drawn.get(card.name);
    let group = old?.group;
    if (old?.shape !== shape) {
      const fresh_group = node(card, drawn);
      group ? group.replaceWith(fresh_group) : layer.append(fresh_group);
      group = fresh_group;
      picture.drawn.set(card.name, { shape, group });
    }
    const where = `translate(${place[0]} ${place[1]})`;
    if (group.getAttribute("transform") !== where) group.setAttribute("transform", where);
  }
  for (const [name, { group }] of picture.drawn) if (!picture.by.has(name)) { group.remove(); picture.drawn.delete(name); }
  draw_lines();
  choose(picture.chosen, picture.row, false);
}

function node(card, drawn) {
  const group = s("g", { class: `node ${card.kind} ${card.mark}`, tabindex: "-1", role: "button", "data-node": card.name, "aria-label": told(card) });
  group.append(s("rect", { class: "box", width: WIDTH, height: card.height, rx: 12 }));
  group.append(s("path", { class: "band", d: `M0 12 a12 12 0 0 1 12 -12 h0 v${card.height} h0 a12 12 0 0 1 -12 -12 z` }));
  group.append(label("kind", 24, 18, w(`kind_${card.kind}`) + (card.start ? ` · ${w("start_here")}` : "")));
  group.append(label("name", 24, 35, fitted(card.name, 30)));
  if (GLYPHS[card.mark]) group.append(s("rect", { class: "tag", x: WIDTH - 34, y: 8, width: 24, height: 22, rx: 6 }), label("glyph", WIDTH - 22, 24, GLYPHS[card.mark]));
  else if (card.mark) group.append(s("circle", { class: "mark", cx: WIDTH - 18, cy: 20, r: 6 }));
  card.lines.forEach((line, n) => group.append(label("said", 24, HEAD + 12 + n * LINE, line)));
  card.rows.forEach((row, n) => group.append(row_of(card, row, n, drawn.has(`${card.name}\n${n}`))));
  return group;
}

function row_of(card, row, n, lined_here) {
  const y = row_y(card, n);
  const group = s("g", { class: `row ${row.change ?? ""}`, "data-row": n }, s("rect", { class: "stripe", x: 12, y: y - ROW / 2, width: WIDTH - 12, height: ROW }));
  let x = 24;
  if (row.change) group.append(label("glyph", 18, y + 4.5, GLYPHS[row.change]));
  if (row.key) {
    group.append(s("rect", { class: "cap", x, y: y - 9, width: 12 + 8 * row.key.length, height: 18, rx: 5 }), label("key", x + 6 + 4 * row.key.length, y + 4.5, row.key));
    x += 18 + 8 * row.key.length;
  }
  const room = lined_here ? 30 - (row.key ? 4 : 0) : 18 - (row.key ? 3 : 0);
  group.append(label("way", x, y + 4.5, fitted(row.words, room)));
  if (!lined_here) group.append(label(`goes${picture.by.has(row.to) ? "" : " nowhere"}`, WIDTH - 12, y + 4.5, `→ ${fitted(row.to || "?", row.words ? 15 : 26)}`));
  return group;
}

function label(kind, x, y, words) {
  const made = s("text", { class: kind, x, y });
  made.textContent = words;
  return made;
}

function curve(from, row, to, bends = []) {
  const card = picture.by.get(from);
  const [a, b] = [picture.places[from], picture.places[to]];
  if (!card || !a || !b) return "";
  const points = [[a[0] + WIDTH, a[1] + row_y(card, row)], ...bends, [b[0], b[1] + HEAD / 2]];
  return points.slice(1).reduce((path, [x, y], n) => {
    const [px, py] = points[n];
    const pull = Math.max(28, Math.abs(x - px) / 2);
    return `${path} C${px + pull} ${py} ${x - pull} ${y} ${x} ${y}`;
  }, `M${points[0][0]} ${points[0][1]}`);
}

const lanes_of = (line) => (line && line.bends.length > 2 ? line.bends.filter((_, n) => n % 2 === 1) : []);

function draw_lines() {
  const layer = world.querySelector(".lines");
  const paths = picture.lines.map((line) => [curve(line.from, line.row, line.to, lanes_of(line)), `line ${picture.by.get(line.from)?.rows[line.row]?.change ?? ""}`]).filter(([d]) => d);
  const held = [...layer.children];
  paths.forEach(([d, kind], n) => {
    if (!held[n]) layer.append(s("path", { d, class: kind, "marker-end": "url(#arrow)" }));
    else if (held[n].getAttribute("d") !== d) held[n].setAttribute("d", d);
    if (held[n] && held[n].getAttribute("class") !== kind) held[n].setAttribute("class", kind);
  });
  held.slice(paths.length).forEach((one) => one.remove());
}

// --- what is chosen

export function choose(name, row = 0, loud = true) {
  const known = picture.by.get(name);
  picture.chosen = known ? name : "";
  picture.row = Math.min(row, Math.max(0, (known?.rows.length ?? 1) - 1));
  const door = picture.chosen || picture.cards[0]?.name;
  for (const one of world.querySelectorAll(".node.chosen, .node[tabindex='0']")) {
    one.classList.remove("chosen");
    one.setAttribute("tabindex", "-1");
    one.querySelectorAll(".row.chosen").forEach((each) => each.classList.remove("chosen"));
  }
  const group = picture.drawn.get(door)?.group;
  group?.setAttribute("tabindex", "0");
  if (known) {
    group?.classList.add("chosen");
    group?.querySelectorAll(".row")[picture.row]?.classList.add("chosen");
  }
  trace();
  if (loud && known) { bring(name); tell("chosen", name); }
}

// The ways of the chosen node, those that are not drawn otherwise included; and the path of a dialogue that is played.
function trace() {
  const layer = world.querySelector(".trace");
  const card = picture.by.get(picture.chosen);
  const out = (card?.rows ?? []).map((row, n) => [card.name, n, row.to, n === picture.row ? "way-out now" : "way-out"]);
  const into = picture.cards.flatMap((one) => one.rows.map((row, n) => [one.name, n, row.to, "way-in"]).filter((each) => each[2] === picture.chosen));
  const played = picture.path.slice(1).map((name, n) => [picture.path[n], Math.max(0, row_to(picture.path[n], name)), name, "played"]);
  layer.replaceChildren(...[...into, ...out, ...played].map(([from, row, to, kind]) => {
    const d = curve(from, row, to, lanes_of(picture.lines.find((line) => line.from === from && line.row === row && line.to === to)));
    return d ? s("path", { d, class: `line ${kind}`, "marker-end": "url(#arrow)" }) : s("g", {});
  }));
  world.querySelectorAll(".node.on-path").forEach((one) => one.classList.remove("on-path"));
  for (const one of picture.path) picture.drawn.get(one)?.group.classList.add("on-path");
}

const row_to = (from, to) => picture.by.get(from)?.rows.findIndex((row) => row.to === to) ?? -1;

export function play(path, now) {
  picture.path = path;
  trace();
  world.querySelectorAll(".node.now").forEach((one) => one.classList.remove("now"));
  picture.drawn.get(now)?.group.classList.add("now");
  if (now) bring(now);
}

// --- zoom and pan

function place() { world.setAttribute("transform", `translate(${picture.x} ${picture.y}) scale(${picture.scale})`); }

export function zoom(by, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const scale = Math.min(2, Math.max(0.12, picture.scale * by));
  picture.x = x - (x - picture.x) * (scale / picture.scale);
  picture.y = y - (y - picture.y) * (scale / picture.scale);
  picture.scale = scale;
  fresh = false;
  place();
}

export function fit() {
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
  if (!wide || !high) return;
  const whole = Math.min(wide / picture.wide, high / picture.high);
  picture.scale = Math.min(1, Math.max(whole, fresh && wide < 600 ? 0.8 : 0.12)); // a narrow screen begins where one can read
  picture.x = Math.max(0, (wide - picture.wide * picture.scale) / 2);
  picture.y = Math.max(0, (high - picture.high * picture.scale) / 2);
  const first = picture.cards.find((one) => one.start);
  if (first && picture.places[first.name] && whole < picture.scale) {
    picture.x = 24 - picture.places[first.name][0] * picture.scale;
    picture.y = high / 2 - (picture.places[first.name][1] + first.height / 2) * picture.scale;
  }
  place();
}

export function whole() { fresh = false; fit(); }

export function bring(name) {
  const spot = picture.places[name];
  const card = picture.by.get(name);
  if (!spot || !card || !canvas.clientWidth) return;
  const [left, top] = [picture.x + spot[0] * picture.scale, picture.y + spot[1] * picture.scale];
  const [wide, high] = [WIDTH * picture.scale, card.height * picture.scale];
  const room = $("play").hidden ? canvas.clientWidth : Math.max(280, canvas.clientWidth - $("play").offsetWidth - 20);
  const inside = left > 20 && top > 20 && left + wide < room - 20 && top + high < canvas.clientHeight - 20;
  if (inside && picture.scale >= 0.5) return;
  if (picture.scale < 0.5) picture.scale = 0.7;
  picture.x = room / 2 - (spot[0] + WIDTH / 2) * picture.scale;
  picture.y = canvas.clientHeight / 2 - (spot[1] + card.height / 2) * picture.scale;
  fresh = false;
  place();
}

function wheel(event) {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey || !event.shiftKey && Math.abs(event.deltaY) >= 100 && !event.deltaX) {
    const box = canvas.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 700), event.clientX - box.left, event.clientY - box.top);
    return;
  }
  picture.x -= event.shiftKey ? event.deltaY : event.deltaX;
  picture.y -= event.shiftKey ? 0 : event.deltaY;
  fresh = false;
  place();
}

const held = new Map();
function grab(event) {
  if (event.button) return;
  held.set(event.pointerId, [event.clientX, event.clientY]);
  let moved = 0;
  const move = (now) => {
    if (now.pointerId !== event.pointerId) return;
    const before = held.get(now.pointerId);
    if (!before) return;
    const [dx, dy] = [now.clientX - before[0], now.clientY - before[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved > 4 && !canvas.hasPointerCapture(now.pointerId)) canvas.setPointerCapture(now.pointerId);
    if (held.size === 2) pinch(now, before);
    else if (moved > 4) { picture.x += dx; picture.y += dy; fresh = false; place(); canvas.classList.add("held"); }
    held.set(now.pointerId, [now.clientX, now.clientY]);
  };
  const end = (now) => {
    if (now.pointerId !== event.pointerId) return;
    held.delete(now.pointerId);
    canvas.classList.remove("held");
    canvas.dataset.moved = moved > 4 ? "yes" : "";
    for (const [name, does] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) canvas.removeEventListener(name, does);
  };
  for (const [name, does] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) canvas.addEventListener(name, does);
}

function pinch(now, before) {
  const other = [...held].find(([id]) => id !== now.pointerId)?.[1];
  if (!other) return;
  const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
  const box = canvas.getBoundingClientRect();
  zoom(apart([now.clientX, now.clientY]) / apart(before), (now.clientX + other[0]) / 2 - box.left, (now.clientY + other[1]) / 2 - box.top);
}

function click(event) {
  if (canvas.dataset.moved) { canvas.dataset.moved = ""; return; }
  const group = event.target.closest?.(".node");
  if (!group) return;
  const row = event.target.closest(".row");
  picture.came = [];
  choose(group.dataset.node, row ? Number(row.dataset.row) : 0);
  group.focus({ preventScroll: true });
  tell("opened", group.dataset.node);
}

// Right goes along the chosen exit, left back, up and down choose among exits, Enter opens the panel.
function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const card = picture.by.get(picture.chosen) ?? picture.cards.find((one) => one.start) ?? picture.cards[0];
  if (!card) return;
  const does = {
    ArrowRight: () => { const to = card.rows[picture.row]?.to; if (picture.places[to]) { picture.came.push([card.name, picture.row]); walk(to); } },
    ArrowLeft: () => { const [name, row] = picture.came.pop() ?? before(card.name); if (name) walk(name, row); },
    ArrowDown: () => (picture.chosen ? walk(card.name, Math.min(picture.row + 1, card.rows.length - 1)) : walk(card.name)),
    ArrowUp: () => walk(card.name, Math.max(picture.row - 1, 0)),
    Home: () => walk((picture.cards.find((one) => one.start) ?? card).name),
    Enter: () => tell("opened", card.name),
    " ": () => tell("opened", card.name),
    Delete: () => tell("removed", card.name),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => whole(),
  }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
}

function before(name) {
  for (const card of picture.cards) {
    const row = card.rows.findIndex((one) => one.to === name);
    if (row >= 0 && card.name !== name) return [card.name, row];
  }
  return ["", 0];
}

function walk(name, row = 0) {
  choose(name, row);
  picture.drawn.get(name)?.group.focus({ preventScroll: true });
  const card = picture.by.get(name);
  const way = card?.rows[picture.row];
  $("said").textContent = way ? w("walked", { node: name, way: [way.key, way.words].filter(Boolean).join(" ") || w("way_to"), to: way.to }) : w("walked_end", { node: name });
}

// The same as a list, for narrow screens and for whoever reads with the ears.
export function listed(chosen) {
  return picture.cards.map((card) => h("li", { class: card.name === chosen ? "chosen" : "" },
    h("button", { type: "button", class: `entry ${card.mark}`, "data-node": card.name, onclick: () => { choose(card.name); tell("opened", card.name); } },
      h("span", { class: "kind", text: w(`kind_${card.kind}`) }), h("span", { class: "name", text: card.name }),
      ...card.lines.map((line) => h("span", { class: "said", text: line })),
      card.mark ? h("span", { class: `pill ${card.mark}`, text: w(`mark_${card.mark}`) }) : null),
    card.rows.length ? h("ul", { class: "exits" }, card.rows.map((row) => h("li", {},
      h("button", { type: "button", class: "exit", onclick: () => { choose(row.to); tell("opened", row.to); } },
        row.key ? h("kbd", { text: row.key }) : null, h("span", { text: row.words || w("way_to") }), h("span", { class: "goes", text: `→ ${row.to}` }))))) : null));
}

export const language = given.language;
