// What callers do, on the picture of the flow: who is where now, counts, versions compared, and from a place to the calls.

import { cards as cards_of, option_words } from "./studio_cards.js";
import * as graph from "./studio_graph.js";
import { $, ask, draft, fill, given, h, read, text, w } from "./studio_model.js";
import { bars, bins, comparison, named, share } from "./studio_traffic_charts.js";
import { draw as draw_over, percent, short } from "./studio_traffic_picture.js";
import { hush, list as list_calls, story } from "./studio_traffic_story.js";
import { WHATS, exit_of, laid_over, most } from "./studio_traffic_sums.js";

const LIVE_MS = 2000;
const COUNTS_MS = 30_000;
const READABLE = 0.45; // scale of a picture
const LOOKED_AT = 0.8;
const SPANS = { day: 1, week: 7, month: 30, quarter: 90 };
const page = $("studio");
const now = { span: "week", version: 0, versus: 0, flow: "", node: "", bin: null, until: 0, live: given.live };
const had = { flows: {}, number: 0, entered: {}, nodes: {}, compared: new Map(), hours: [], versions: [], kept: [], inside: { callers: 0, versions: {} }, cards: [], sums: new Map() };
let asked = 0;

const by_day = () => SPANS[now.span] > 7;
const span = () => (now.bin ? { since: now.bin.since, until: now.bin.until } : { since: now.until - SPANS[now.span] * 86_400, until: now.until });
const query = (more = {}) => new URLSearchParams({ ...span(), version: now.version, ...more });
const tree = () => had.flows[now.flow];
const title_of = (name) => text(read(had.flows[name], "title"), given.language) || name;
const start_of = (name) => text(had.flows[name], "start");
const node_of = () => now.node || start_of(now.flow);

// --- asking

async function begin_version(number) {
  const told = await ask(`/studio/see/flows/${number}`);
  had.flows = Object.fromEntries(Object.entries(told.flows).filter(([, one]) => one));
  had.number = number;
  draft.check = { problems: [], names: { prompts: told.prompts, queues: [], languages: [], look_ups: {}, slots: {}, own: [] } };
}

// Everything that is counted, anew; what came too late is dropped.
async function counts() {
  const mine = (asked += 1);
  page.dataset.state = "reading";
  now.until = Date.now() / 1000;
  const wanted = now.version || now.live;
  if (had.number !== wanted) await begin_version(wanted);
  if (!had.flows[now.flow]) now.flow = had.flows.main ? "main" : Object.keys(had.flows)[0];
  const [all, flow] = await Promise.all([ask(`/studio/traffic?${query()}`), ask(`/studio/traffic/${now.flow}?${query(now.versus ? { versus: now.versus } : {})}`)]);
  if (mine !== asked) return;
  Object.assign(had, { entered: all.entered, nodes: flow.nodes, compared: new Map(flow.compared.map((one) => [`${one.node} ${one.exit}`, one])) });
  had.cards = cards_of(tree());
  had.sums = laid_over(had.cards, had.nodes);
  for (const card of had.cards) for (const row of card.rows) row.counted = exit_of(row, { ...had.nodes[card.name]?.exits, ...Object.fromEntries(flow.compared.filter((one) => one.node === card.name).map((one) => [one.exit, 0])) });
  draw();
  await course(mine);
  if (mine === asked) page.dataset.state = "ready";
}

async function course(mine = asked) {
  const bin = now.bin;
  now.bin = null;
  const wanted = query();
  now.bin = bin;
  const told = await ask(`/studio/traffic/${now.flow}/${node_of()}?${wanted}`);
  if (mine !== asked) return;
  Object.assign(had, { hours: told.hours, versions: told.versions });
  hours();
  panel();
}

async function live() {
  if (document.hidden) return;
  const told = await ask("/studio/inside").catch(() => null);
  $("lost").hidden = Boolean(told);
  if (!told) return;
  const other = told.live !== now.live;
  had.inside = told;
  now.live = told.live;
  if (other) { had.kept = (await ask("/studio/versions")).versions; choices(); await counts(); } else { overlay(); flows(); callers(); }
}

// --- who is inside

function here() {
  const found = new Map();
  for (const [number, places] of Object.entries(had.inside.versions)) {
    if (now.version && Number(number) !== now.version) continue;
    for (const [place, n] of Object.entries(places)) {
      const [flow, node] = place.split("/");
      if (flow === now.flow) found.set(node, (found.get(node) ?? 0) + n);
    }
  }
  return found;
}

function inside_of(flow) {
  const places = Object.entries(had.inside.versions).filter(([number]) => !now.version || Number(number) === now.version).flatMap(([, each]) => Object.entries(each));
  return places.filter(([place]) => place.startsWith(`${flow}/`)).reduce((sum, [, n]) => sum + n, 0);
}

function callers() {
  const elsewhere = Object.entries(had.inside.versions).filter(([number]) => Number(number) !== now.live).length;
  $("callers").textContent = had.inside.callers ? w("see_callers_n", { n: short(had.inside.callers) }) : w("see_callers_none");
  $("callers").dataset.callers = String(had.inside.callers);
  $("older").textContent = elsewhere ? w("see_older") : "";
}

// --- the picture

function draw() {
  graph.show_cards(`${had.number} ${now.flow}`, had.cards, text(tree(), "start"));
  $("flow_title").textContent = title_of(now.flow);
  page.dataset.flow = now.flow;
  $("flow_name").textContent = `${now.flow} · ${w("version_n", { n: had.number })}${had.number === now.live ? ` (${w("live")})` : ""}`;
  overlay();
  flows();
  callers();
  panel();
  address();
}

function overlay() {
  draw_over(had.sums, here(), now.versus ? had.compared : new Map());
  if (!$("table").hidden) table();
}

function flows() {
  const rows = Object.keys(had.flows).map((name) => ({ name, root: Boolean(read(had.flows[name], "always")), n: had.entered[`${name}/${start_of(name)}`] ?? 0, callers: inside_of(name) }));
  const order = rows.sort((a, b) => Number(b.root) - Number(a.root) || Number(b.name === "main") - Number(a.name === "main") || b.n - a.n || a.name.localeCompare(b.name));
  fill($("flows"), h("ul", {}, order.map((one) => h("li", {}, h("button", { type: "button", class: "flow", "data-flow": one.name, "aria-current": one.name === now.flow ? "true" : undefined, onclick: () => open_flow(one.name) },
    h("span", { class: "called", text: title_of(one.name) }), h("span", { class: "file", text: one.n ? w("see_times_n", { n: short(one.n) }) : w("see_times_none") }),
    h("span", { class: "badges" }, one.callers ? h("span", { class: "badge here", text: short(one.callers), title: w("see_here_n", { n: one.callers }) }) : null))))));
}

async function open_flow(name, node = "") {
  if (name === now.flow) { if (node) choose(node); return; }
  Object.assign(now, { flow: name, node: "" });
  narrow("graph");
  await counts();
  if (node) choose(node);
}

function choose(node) {
  if (now.node === node) return;
  now.node = node;
  if (graph.picture.chosen !== node) graph.choose(node, 0, false);
  address();
  course().catch(trouble);
}

function address() {
  history.replaceState(null, "", `?${new URLSearchParams({ span: now.span, version: now.version, versus: now.versus })}#${now.flow}${now.node ? `/${now.node}` : ""}`);
}

// --- hours

function hours() {
  const found = bins(had.hours, now.until - SPANS[now.span] * 86_400, now.until, by_day());
  const pick = (bin) => { now.bin = bin; counts().catch(trouble); };
  $("hours_of").textContent = w("see_hours_of", { node: node_of(), zone: given.zone });
  fill($("hours"), bars(found, by_day(), now.bin?.since, pick));
  fill($("only"), now.bin ? [h("span", { class: "pill on", text: named(now.bin, by_day()) }), h("button", { type: "button", class: "tiny", text: w("see_whole_span"), onclick: () => pick(null) })] : null);
}

// --- the panel

const calls_of = (what, exit, words) => show_calls({ what, exit }, words);

function panel() {
  if (page.dataset.panel === "calls" || page.dataset.panel === "story") return;
  fill($("panel"), now.node ? of_node() : of_flow());
}

function of_flow() {
  const ranked = (what) => {
    const rows = most(had.sums, what);
    const top = rows[0]?.[1][what] ?? 1;
    return rows.length ? [h("h3", { text: w(`see_most_${what}`) }), h("ul", { class: "ranked" }, rows.map(([name, one]) => h("li", {}, h("button", { type: "button", class: "link", text: name, onclick: () => { choose(name); graph.bring(name); } }), share(one[what], top, `of-${what}`), h("b", { class: "figure", text: short(one[what]) }))))] : null;
  };
  const some = [...had.sums.values()].some((one) => one.entered);
  return [h("div", { class: "panel-head" }, h("p", { class: "kind", text: now.flow }), h("h2", { id: "panel_title", tabindex: "-1", text: title_of(now.flow) })),
    some ? h("p", { class: "aside", text: w("see_choose") }) : [h("p", { class: "empty", text: w("see_nothing") }), now.version ? h("p", {}, h("button", { type: "button", class: "tiny", text: w("see_all_versions"), onclick: () => { now.version = 0; now.versus = 0; choices(); counts().catch(trouble); } })) : null],
    now.versus ? compared_list([...had.compared.values()].filter((one) => one.differs), w("see_what_differs"), w("see_nothing_differs")) : null,
    ["left", "human", "wrong", "silent"].map(ranked)].flat(2);
}

function compared_list(found, head, none) {
  const pairs = found.sort((a, b) => Number(b.differs) - Number(a.differs) || b.a[0] - a.a[0]);
  const names = [now.version, now.versus].map((n) => w("version_n", { n }));
  return [h("h3", { text: head }), h("p", { class: "aside", text: w("see_honest") }), pairs.length ? h("ul", { class: "compared" }, pairs.map((pair) => comparison(pair, `${now.node ? "" : `${pair.node} › `}${way_words(pair.node, pair.exit)}`, names, () => { choose(pair.node); calls_of(WHATS.includes(pair.exit) ? pair.exit : "exit", WHATS.includes(pair.exit) ? "" : pair.exit, way_words(pair.node, pair.exit)); }))) : h("p", { class: "empty", text: none })];
}

// A way out in words: the key and what was offered on it, an outcome, or what went wrong.
function way_words(node, exit) {
  if (["wrong", "silent", "left"].includes(exit)) return w(`see_${exit}`);
  const card = had.cards.find((one) => one.name === node);
  const row = card?.rows.find((one) => one.counted === exit);
  if (row) return [row.key, row.words || w("way_to")].filter(Boolean).join(" · ");
  const option = read(read(read(read(tree(), "nodes"), node), "options"), exit);
  return option ? `${exit} · ${option_words(option)}` : given.words[`studio_see_to_${exit}`] ?? exit.replaceAll("_", " ");
}

function of_node() {
  const card = had.cards.find((one) => one.name === now.node);
  const one = had.sums.get(now.node);
  if (!card) return [h("p", { class: "empty", text: w("see_gone", { node: now.node }) })];
  const callers = here().get(now.node) ?? 0;
  const tile = (what) => h("li", {}, h("button", { type: "button", class: `tile of-${what}`, disabled: !one.exits || one.worked_out || !one[what], "data-what": what, onclick: () => calls_of(what, "", w(`see_${what}`)) },
    h("b", { text: one.known ? short(one[what]) : "–" }), h("span", { text: w(`see_${what}`) }), what === "entered" || !one.entered ? null : h("span", { class: "aside", text: percent(Math.min(1, one[what] / one.entered)) })));
  const counted = new Set(card.rows.map((row) => row.counted));
  const ways = [...card.rows.map((row, n) => [row.counted, one.ways[n], row.to]), ...Object.entries(one.exits).filter(([name]) => !counted.has(name)).map(([name, n]) => [name, n, ""])];
  return [h("div", { class: "panel-head" }, h("p", { class: "kind", text: w(`kind_${card.kind}`) }), h("h2", { id: "panel_title", tabindex: "-1", text: card.name }), card.said ? h("p", { class: "aside", text: `“${card.said}”` }) : null),
    callers ? h("p", { class: "here-now" }, h("span", { class: "badge here", text: short(callers) }), ` ${w("see_here_n", { n: callers })} `, h("button", { type: "button", class: "link", text: w("see_who"), onclick: () => calls_of("entered", "", w("see_entered")) })) : null,
    one.worked_out ? h("p", { class: "aside", text: w("see_worked_out") }) : null,
    h("ul", { class: "tiles" }, WHATS.map(tile)),
    now.versus ? compared_list([...had.compared.values()].filter((pair) => pair.node === now.node), w("see_compared"), w("see_nothing_compared")) : null,
    ways.length ? [h("h3", { text: w("see_ways") }), h("ul", { class: "ways-out" }, ways.map(([name, n, to]) => h("li", {}, h("button", { type: "button", class: "link", disabled: !(name in one.exits), "data-exit": name, text: way_words(now.node, name), onclick: () => calls_of("exit", name, way_words(now.node, name)) }), to ? h("button", { type: "button", class: "link to", text: `→ ${to}`, onclick: () => { choose(to); graph.bring(to); } }) : null, share(n ?? 0, one.entered), h("b", { class: "figure", text: n === null || n === undefined ? "–" : short(n) }))))] : null,
    by_version()].flat(2);
}

function by_version() {
  if (!had.versions.length) return null;
  const cell = (sums, what) => h("td", { class: "figure" }, sums.entered ? percent(Math.min(1, sums[what] / sums.entered)) : "–");
  return [h("h3", { text: w("see_by_version") }), h("div", { class: "scrolled" }, h("table", { class: "by-version" }, h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("see_version") }), ["entered", "left", "wrong", "silent", "human"].map((what) => h("th", { scope: "col", class: "figure", text: w(`see_short_${what}`) })))),
    h("tbody", {}, [...had.versions].reverse().map(([number, sums]) => h("tr", { class: number === now.version ? "here" : "" }, h("th", { scope: "row", text: number ? w("version_n", { n: number }) + (number === now.live ? ` (${w("live")})` : "") : w("see_before") }), h("td", { class: "figure", text: short(sums.entered) }), ["left", "wrong", "silent", "human"].map((what) => cell(sums, what)))))))];
}

// --- calls

async function show_calls({ what, exit }, words) {
  page.dataset.panel = "calls";
  narrow("panel");
  const [flow, node] = [now.flow, node_of()];
  const box = h("div", {});
  const again = () => { fill($("panel"), head, box); };
  const head = h("div", {}, h("p", { class: "crumb" }, h("button", { type: "button", class: "link", text: w("see_back"), onclick: () => { page.dataset.panel = ""; panel(); $("panel_title")?.focus(); } })), h("h2", { tabindex: "-1", id: "panel_title", text: w("see_calls_of", { node, way: words }) }));
  again();
  $("panel_title").focus({ preventScroll: true });
  const open = (call) => open_call(call, () => { page.dataset.panel = "calls"; again(); $("panel_title").focus(); });
  await list_calls(box, `/studio/traffic/${flow}/${node}/calls`, { ...span(), version: now.version, what, exit }, open).catch((fault) => fill(box, h("p", { class: "trouble", text: fault.message })));
}

async function open_call(call, back) {
  page.dataset.panel = "story";
  narrow("panel");
  const leave = () => { page.dataset.panel = ""; panel(); };
  await story($("panel"), call, { go: (flow) => (had.flows[flow] ? open_flow(flow) : null), heard: (note, ms) => { page.dataset.heard = `${note} ${ms}`; }, back: back ?? leave }).catch(trouble);
}

// --- as a table, for whoever reads with the ears or on a narrow screen

function table() {
  const found = here();
  fill($("table"), h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("node") }), h("th", { scope: "col", class: "figure", text: w("see_now") }), WHATS.map((what) => h("th", { scope: "col", class: "figure", text: w(`see_${what}`) })))),
    h("tbody", {}, had.cards.map((card) => { const one = had.sums.get(card.name); return h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "link", text: card.name, onclick: () => { choose(card.name); narrow("panel"); } })), h("td", { class: "figure", text: found.get(card.name) ?? "" }), WHATS.map((what) => h("td", { class: "figure", text: one.known ? short(one[what]) : "–" }))); }))));
}

// --- choices

function choices() {
  const pick = (id, label, options) => {
    const made = h("select", { id, onchange: () => { now[id] = id === "span" ? made.value : Number(made.value); changed(id); } }, options.map(([value, words]) => h("option", { value, text: words })));
    made.value = String(now[id]);
    return h("span", { class: "pick" }, h("label", { for: id, text: label }), made);
  };
  const numbers = had.kept.filter((one) => !one.damaged).map((one) => [String(one.number), w("version_n", { n: one.number }) + (one.number === now.live ? ` (${w("live")})` : "")]);
  fill($("choose"), pick("span", w("see_span"), Object.keys(SPANS).map((name) => [name, w(`see_span_${name}`)])), pick("version", w("see_version"), [["0", w("see_every_version")], ...numbers]), pick("versus", w("see_versus"), [["0", w("see_versus_none")], ...numbers.filter(([n]) => Number(n) !== now.version)]));
}

function changed(id) {
  if (now.versus && !now.version) now.version = now.live === now.versus ? had.kept.find((one) => one.number !== now.versus)?.number ?? 0 : now.live;
  if (now.versus === now.version) now.versus = 0;
  now.bin = null;
  page.dataset.panel = "";
  choices();
  $(id).focus();
  counts().catch(trouble);
}

function narrow(name) {
  page.dataset.narrow = name;
  document.querySelectorAll("#narrow button").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.part === name)));
}

function trouble(fault) { $("trouble").textContent = fault?.message ?? ""; $("trouble").hidden = !fault; }

function wire() {
  graph.start($("graph"), (what, name) => {
    if (what === "placed") { first_look(); overlay(); }
    if (what === "chosen" || what === "opened") { if (page.dataset.panel) { page.dataset.panel = ""; hush(); } choose(name); panel(); }
    if (what === "opened") narrow("panel");
  });
  $("graph").addEventListener("click", (event) => {
    const at = event.target.closest?.(".traffic [data-node]");
    if (!at) return;
    const row = had.cards.find((card) => card.name === at.dataset.node)?.rows[Number(at.dataset.row)];
    choose(at.dataset.node);
    const counted = row ? row.counted in (had.sums.get(at.dataset.node)?.exits ?? {}) : true;
    if (counted) calls_of(row ? "exit" : "entered", row?.counted ?? "", row ? way_words(at.dataset.node, row.counted) : w("see_entered"));
  });
  $("zoom_in").onclick = () => graph.zoom(1.25);
  $("zoom_out").onclick = () => graph.zoom(0.8);
  $("zoom_fit").onclick = () => graph.whole();
  $("to_table").onclick = () => { const on = $("table").hidden; $("table").hidden = !on; $("graph").hidden = on; $("to_table").setAttribute("aria-pressed", String(on)); if (on) table(); };
  document.querySelectorAll("#narrow button").forEach((one) => one.addEventListener("click", () => narrow(one.dataset.part)));
  document.addEventListener("visibilitychange", () => live());
}

// A flow that is shown for the first time is shown whole, where that can be read; else where most choose.
let shown = "";
function first_look() {
  if (shown === now.flow) return;
  shown = now.flow;
  const box = $("graph");
  if (Math.min(box.clientWidth / graph.picture.wide, box.clientHeight / graph.picture.high) >= READABLE) { graph.whole(); return; }
  const menus = had.cards.filter((card) => card.kind === "menu").map((card) => [card.name, had.sums.get(card.name).entered]);
  graph.zoom(LOOKED_AT / graph.picture.scale);
  graph.bring(now.node || menus.sort((a, b) => b[1] - a[1])[0]?.[0] || "");
}

async function begin() {
  wire();
  narrow("graph");
  const wanted = new URLSearchParams(location.search);
  const [flow, node] = decodeURIComponent(location.hash.slice(1)).split("/");
  now.span = wanted.get("span") in SPANS ? wanted.get("span") : "week";
  [now.version, now.versus] = ["version", "versus"].map((name) => Number(wanted.get(name)) || 0);
  Object.assign(now, { flow, node: node ?? "" });
  [had.kept, had.inside] = await Promise.all([ask("/studio/versions").then((told) => told.versions), ask("/studio/inside")]);
  choices();
  await counts();
  if (now.node) graph.choose(now.node, 0, false);
  if (wanted.get("call")) await open_call(wanted.get("call"));
  page.dataset.ready = "yes";
  setInterval(live, LIVE_MS);
  setInterval(() => { if (!document.hidden && !now.bin && !page.dataset.panel) counts().catch(trouble); }, COUNTS_MS);
}

begin().catch((fault) => { trouble(fault); page.dataset.ready = "failed"; });
