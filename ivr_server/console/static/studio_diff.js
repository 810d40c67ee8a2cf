// Two versions, or one and the draft: the picture of each flow with what is different marked, in words, and as YAML.

import { cards } from "./studio_cards.js";
import { pill, sentences, yaml_of } from "./studio_changes.js";
import * as graph from "./studio_graph.js";
import { impact } from "./studio_impact.js";
import { $, ask, draft, fill, h, nodes, text, w } from "./studio_model.js";
import { near, union } from "./studio_union.js";

const DRAFT = "draft";
const page = $("studio");
const now = { old: "", new: DRAFT, flow: "", told: null, cards: [], begins: "", live: 0 };
let asked = 0;

const called = (number) => (number === DRAFT ? w("rerun_draft") : w("version_n", { n: number }));

// --- which two

function choices(versions) {
  const pick = (id, label, more) => {
    const made = h("select", { id, onchange: () => { now[id] = made.value; show().catch(trouble); } },
      more, versions.filter((one) => !one.damaged).map((one) => h("option", { value: String(one.number), text: w("version_n", { n: one.number }) + (one.number === now.live ? ` (${w("live")})` : "") })));
    made.value = now[id];
    return [h("label", { for: id, text: label }), made];
  };
  fill($("choose"), pick("old", w("compare_old"), null), pick("new", w("compare_new"), h("option", { value: DRAFT, text: w("rerun_draft") })));
  $("choose").onsubmit = (event) => event.preventDefault();
}

async function show() {
  const mine = (asked += 1);
  page.dataset.state = "reading";
  trouble("");
  history.replaceState(null, "", `?${new URLSearchParams({ old: now.old, new: now.new })}${location.hash}`);
  const told = await ask(`/studio/versions/${encodeURIComponent(now.old)}/diff/${encodeURIComponent(now.new)}`);
  if (mine !== asked) return;
  now.told = told;
  const flows = changed_flows();
  $("same").hidden = Boolean(told.files.length);
  $("compare").hidden = !told.files.length;
  if (!flows.some((one) => one.name === now.flow)) now.flow = flows.find((one) => one.name === decodeURIComponent(location.hash.slice(1)))?.name ?? flows[0]?.name ?? "";
  await Promise.all([show_flow(), weigh()]);
  if (mine === asked) page.dataset.state = "ready";
}

// Flows whose file is other, and those that only speak otherwise.
function changed_flows() {
  const files = now.told.files.filter((one) => /^flows\/[^/]+\.yaml$/.test(one.file)).map((one) => ({ name: one.file.slice(6, -5), change: one.change }));
  return [...files, ...(now.told.speaking ?? []).filter((name) => !files.some((one) => one.name === name)).map((name) => ({ name, change: "changed" }))];
}

function list() {
  const entry = (one) => h("li", {}, h("button", { type: "button", class: "flow", "data-flow": one.name, "aria-current": one.name === now.flow ? "true" : undefined, onclick: () => { now.flow = one.name; show_flow().catch(trouble); } },
    h("span", { class: "called", text: one.name }), pill(one.change)));
  const flows = changed_flows();
  fill($("flows"), flows.map(entry), flows.length ? null : h("li", { class: "aside", text: w("compare_other") }));
}

// --- one flow

async function show_flow() {
  list();
  history.replaceState(null, "", `${location.search}${now.flow ? `#${now.flow}` : ""}`);
  words();
  lines();
  const mine = asked;
  const flow = now.flow;
  const sides = flow ? await Promise.all([now.old, now.new].map((number) => ask(`/studio/versions/${encodeURIComponent(number)}/pictures/${flow}`))) : [null, null];
  if (mine !== asked || flow !== now.flow) return;
  const [old, other] = sides.map(side_of);
  const unread = sides.some((one) => one?.there && !one.tree);
  now.cards = unread ? [] : union(old, other);
  now.begins = other.begins || old.begins;
  $("unread").hidden = !unread;
  $("graph").hidden = unread;
  draw();
}

const file_of = (flow) => now.told.files.find((one) => one.file === `flows/${flow}.yaml`);

// Each side's picture speaks with that side's own words.
function side_of(found) {
  if (!found?.tree) return { cards: [], trees: new Map(), begins: "" };
  draft.check = { problems: [], names: { prompts: found.prompts, queues: [], languages: [], look_ups: {}, slots: {}, own: [] } };
  return { cards: cards(found.tree), trees: new Map(nodes(found.tree)), begins: text(found.tree, "start") };
}

function draw() {
  const only = $("only").getAttribute("aria-pressed") === "true";
  const some = only ? near(now.cards) : now.cards;
  graph.show_cards(`${now.old} ${now.new} ${now.flow} ${only}`, some, now.begins);
  fill($("legend"), ["added", "removed", "changed"].map((change) => h("li", {}, pill(change), h("span", { text: String(now.cards.filter((card) => card.mark === change).length) }))));
}

// The whole of it when that can be read, else where the first difference is.
function open_at() {
  graph.whole();
  const first = now.cards.find((card) => card.mark);
  if (graph.picture.scale < 0.55 && first) graph.bring(first.name);
}

function words() {
  const rows = now.told.changes.filter((one) => one.flow === now.flow);
  const said = sentences(now.told.prompts);
  fill($("words"), rows.length ? h("ul", { class: "changes" }, rows.map((one) => h("li", {}, one.node ? h("button", { type: "button", class: "link", "data-node": one.node, onclick: () => { graph.choose(one.node, 0); } }, one.node) : h("b", { text: one.flow }), " ", pill(one.change),
    h("ul", {}, one.words.map((each) => h("li", { text: each })))))) : null, said, rows.length || said ? null : h("p", { class: "aside", text: w("diff_none") }));
}

function lines() {
  const first = file_of(now.flow);
  const rest = now.told.files.filter((one) => one !== first);
  fill($("lines"), first ? yaml_of(first) : null, rest.length ? h("details", { open: !first || undefined }, h("summary", { text: w("diff_yaml", { n: rest.length }) }), rest.map(yaml_of)) : null);
}

async function weigh() {
  const here = now.new === DRAFT && Number(now.old) === now.live && now.told.files.length > 0;
  $("weighs").hidden = !here;
  if (here) fill($("impact"), impact(await ask("/studio/impact")));
}

function trouble(fault) { const said = fault?.message ?? fault; $("trouble").textContent = said; $("trouble").hidden = !said; }

async function begin() {
  const wanted = new URLSearchParams(location.search);
  const told = await ask("/studio/versions");
  now.live = told.published;
  now.old = wanted.get("old") ?? String(told.published);
  now.new = wanted.get("new") ?? DRAFT;
  choices(told.versions);
  graph.start($("graph"), (what) => { if (what === "placed") open_at(); });
  $("zoom_in").onclick = () => graph.zoom(1.25);
  $("zoom_out").onclick = () => graph.zoom(0.8);
  $("zoom_fit").onclick = () => graph.whole();
  $("only").onclick = () => { $("only").setAttribute("aria-pressed", String($("only").getAttribute("aria-pressed") !== "true")); draw(); };
  await show();
}

begin().catch((fault) => { trouble(fault); page.dataset.state = "failed"; });
