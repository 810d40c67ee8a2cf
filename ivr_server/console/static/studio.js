// The flow studio: ties the list of flows, the picture, the panel, the YAML and the lists at the foot together.

import * as graph from "./studio_graph.js";
import { decide } from "./studio_merge.js";
import { $, ask, busy, change, draft, given, h, load_state, names, nodes, on, open, problems, read, refresh_soon, text, turned, w } from "./studio_model.js";
import * as panel from "./studio_panel.js";
import * as proof from "./studio_proof.js";
import { publish } from "./studio_publish.js";
import { keep_trees, open_words } from "./studio_sentences.js";
import { recordings } from "./studio_recordings.js";
import * as simulate from "./studio_simulate.js";
import { catch_up, versions } from "./studio_versions.js";
import * as yaml from "./studio_yaml.js";

const desk = $("studio");
let flow = "";
let node = "";
let trees = {};
let tab = "problems";
const TABS = ["problems", "proof", "simulate", "recordings", "changes", "versions"].filter((name) => document.getElementById(name));

const file_of = (name) => `flows/${name}.yaml`;
const here = () => draft.open.get(yaml_file || file_of(flow));
const flow_file = () => draft.open.get(file_of(flow));
let yaml_file = "";

const acts = {
  go: (name) => { choose(name); if (name) graph.choose(name, 0, false); graph.bring(name); },
  flows: () => [...draft.files.values()].filter((one) => one.flow && one.there).map((one) => one.flow),
  tree_of: (name) => draft.open.get(file_of(name))?.tree ?? trees[file_of(name)],
  renamed: (old, name) => { if (node === old) node = name; },
  tab: (name) => show_tab(name),
  note, refused, reload: () => reload(),
  go_to: (one) => go_to(one),
  proved: () => { badges(); counts(); },
  played: (steps) => {
    const last = steps.at(-1);
    if (last && last.flow !== flow && draft.files.has(file_of(last.flow))) open_flow(last.flow).then(() => acts.played(steps));
    else graph.play(steps.filter((one) => one.flow === flow).map((one) => one.node).filter((name, n, all) => name !== all[n - 1]), last?.node ?? "");
  },
};

// --- what is open

async function open_flow(name, look = "") {
  if (!draft.files.get(file_of(name))?.there) return;
  const other = name !== flow;
  flow = name;
  yaml_file = "";
  if (other) node = "";
  await open(file_of(name));
  history.replaceState(null, "", `#${name}${look ? `/${look}` : ""}`);
  draw_now();
  if (look) { graph.choose(look, 0, false); choose(look); graph.bring(look); }
}

function marks() {
  const found = new Map();
  const file = file_of(flow);
  const add = (name, mark) => { if (name && found.get(name) !== "problem") found.set(name, mark); };
  for (const one of problems()) if (one.file === file) add(one.node, one.warning ? "warning" : "problem");
  for (const one of proof.findings()) if (one.file === file) add(one.node, "problem");
  return found;
}

// However often it is asked for, it is drawn once before the next frame.
let pending = 0;
function draw() { pending ||= requestAnimationFrame(() => { pending = 0; draw_now(); }); }

function draw_now() {
  const one = flow_file();
  list();
  title(one);
  if (one?.tree) graph.show(flow, one.tree, marks());
  panel.show(one, node, acts);
  if (!$("yaml_side").hidden) yaml.show($("yaml"), here()).catch(() => {});
  if (!$("nodes_list").hidden) $("nodes_list").replaceChildren(...graph.listed(node));
  bar();
}

function title(one) {
  const names_of = read(one?.tree, "title");
  $("flow_title").textContent = text(names_of, given.language) || flow;
  $("flow_name").textContent = one ? `${flow} · ${w("n_nodes", { n: nodes(one.tree).length })}` : "";
  $("broken").hidden = Boolean(one?.tree) || !one;
  desk.dataset.flow = flow;
}

function choose(name) {
  node = name;
  if (graph.picture.chosen !== name) graph.choose(name, 0, false);
  panel.show(flow_file(), node, acts);
  history.replaceState(null, "", `#${flow}${name ? `/${name}` : ""}`);
  if (!$("yaml_side").hidden && name) yaml.look(flow_file()?.lines?.[name] ?? 1);
}

// A problem or a finding: its flow, its node, its line.
async function go_to({ file, node: name, line, column }) {
  if (!draft.files.get(file)?.there) return;
  const where = draft.files.get(file).flow;
  if (where) await open_flow(where, name || "");
  if (!where || !name) { yaml_file = where ? "" : file; await open(file); side("yaml"); await yaml.show($("yaml"), draft.open.get(file), line); return; }
  if (!$("yaml_side").hidden) { await yaml.show($("yaml"), here(), line); } else { $("panel_title")?.focus(); }
  desk.dataset.line = line ?? ""; desk.dataset.column = column ?? "";
  narrow("panel");
}

// --- the list of flows

function list() {
  const rows = [...draft.files.values()].filter((one) => one.flow);
  const roots = (one) => Boolean(read(acts.tree_of(one.flow), "always"));
  const order = rows.sort((a, b) => Number(roots(b)) - Number(roots(a)) || (a.flow === "main" ? -1 : b.flow === "main" ? 1 : a.flow.localeCompare(b.flow)));
  const entry = (one) => {
    const wrong = problems().filter((each) => each.file === one.file);
    const bad = wrong.filter((each) => !each.warning).length + proof.findings().filter((each) => each.file === one.file).length;
    const warned = wrong.length - wrong.filter((each) => !each.warning).length;
    const called = text(read(acts.tree_of(one.flow), "title"), given.language) || one.flow;
    return h("li", {}, h("button", { type: "button", class: "flow", "data-flow": one.flow, "aria-current": one.flow === flow ? "true" : undefined, onclick: () => { open_flow(one.flow); narrow("graph"); } },
      h("span", { class: "called", text: called }), h("span", { class: "file", text: one.flow }),
      h("span", { class: "badges" }, bad ? h("span", { class: "badge problem", text: bad, title: w("n_problems", { n: bad }) }) : null, warned ? h("span", { class: "badge warning", text: warned, title: w("n_warnings", { n: warned }) }) : null,
        one.behind ? h("span", { class: "badge behind", text: "⇅", title: w("behind") }) : one.changed ? h("span", { class: "badge changed", text: "●", title: w(one.new ? "is_new" : "is_changed") }) : null)));
  };
  const begin = order.filter(roots);
  $("flows").replaceChildren(h("h3", { text: w("root_flows") }), h("ul", {}, begin.map(entry)), h("h3", { text: w("other_flows") }), h("ul", {}, order.filter((one) => !begin.includes(one)).map(entry)));
}

const badges = () => { list(); if (flow_file()?.tree) graph.show(flow, flow_file().tree, marks()); };

// --- the bar

function bar() {
  const one = draft.files.get(file_of(flow));
  const changed = [...draft.files.values()].filter((each) => each.changed).length;
  $("undo").disabled = !one?.undo || !given.edits;
  $("redo").disabled = !one?.redo || !given.edits;
  $("publish").disabled = !changed;
  $("publish").hidden = !given.publishes;
  $("saved").textContent = busy() ? w("saving") : changed ? w("draft_of", { n: changed }) : w("draft_same");
  $("saved").dataset.state = busy() ? "saving" : "saved";
  counts();
}

function counts() {
  const wrong = problems().filter((one) => !one.warning).length;
  const warned = problems().length - wrong;
  $("tab_problems").querySelector(".many").textContent = wrong + warned || "";
  $("tab_problems").querySelector(".many").className = `many ${wrong ? "problem" : warned ? "warning" : ""}`;
  const found = proof.findings().length + proof.failed();
  $("tab_proof").querySelector(".many").textContent = found || (proof.current() ? "✓" : "");
  $("tab_proof").querySelector(".many").className = `many ${found ? "problem" : ""}`;
  $("tab_changes").querySelector(".many").textContent = [...draft.files.values()].filter((one) => one.changed).length || "";
  desk.dataset.problems = draft.check?.digest === draft.digest && !busy() ? String(wrong) : "";
}

function note(words) { $("said").textContent = words; $("toast").textContent = words; $("toast").hidden = false; clearTimeout(note.timer); note.timer = setTimeout(() => { $("toast").hidden = true; }, 6000); }
function refused(fault) { note(fault.message); }

// --- the lists at the foot

function show_tab(name) {
  tab = name;
  for (const one of TABS) {
    $(`tab_${one}`).setAttribute("aria-selected", String(one === name));
    $(`tab_${one}`).tabIndex = one === name ? 0 : -1;
    $(one).hidden = one !== name;
  }
  $("foot").classList.remove("shut");
  $("shut").setAttribute("aria-expanded", "true");
  if (name === "problems") list_problems();
  if (name === "proof") proof.draw();
  if (name === "simulate") simulate.draw();
  $("foot").classList.toggle("tall", ["simulate", "recordings"].includes(name));
  if (name === "recordings") recordings($("recordings"), acts).catch(refused);
  if (name === "changes") list_changes();
  if (name === "versions") versions($("versions"), acts).catch(refused);
}

function list_problems() {
  const found = [...problems()].sort((a, b) => Number(a.warning) - Number(b.warning) || a.file.localeCompare(b.file) || a.line - b.line);
  $("problems").replaceChildren(found.length ? h("ul", { class: "problem-list" }, found.map((one) => h("li", { class: one.warning ? "warning" : "problem" },
    h("button", { type: "button", onclick: () => go_to(one) }, h("span", { class: "unseen", text: w(one.warning ? "mark_warning" : "mark_problem") }), h("span", { class: "words", text: one.words }), h("span", { class: "place", text: `${one.file}:${one.line}:${one.column}` })))))
    : h("p", { class: "all-well", text: draft.check ? w("no_problems") : w("checking") }));
}

async function list_changes() {
  const changed = [...draft.files.values()].filter((one) => one.changed);
  const when = (seconds) => new Date(seconds * 1000).toLocaleString(given.language, { dateStyle: "short", timeStyle: "short", timeZone: given.zone });
  const rows = changed.map((one) => h("li", {}, h("span", {}, h("b", { text: one.file }), h("span", { class: "aside", text: ` ${one.author} · ${when(one.at)}` }), one.behind ? h("span", { class: "pill unfinished", text: w("behind") }) : null),
    given.edits ? h("span", { class: "small-acts" }, one.behind ? h("button", { type: "button", class: "tiny", text: w("merge_now"), onclick: () => catch_up(one.file, acts) }) : null,
      h("button", { type: "button", class: "tiny", text: w("discard"), onclick: () => discard(one.file) })) : null));
  const zone = h("p", { class: "aside", text: w("rerun_zone", { zone: given.zone }) });
  const past = await ask("/studio/history").catch(() => ({ rows: [] }));
  $("changes").replaceChildren(changed.length ? h("ul", { class: "changed-files" }, rows) : h("p", { class: "all-well", text: w("draft_same") }),
    changed.length > 1 && given.edits ? h("p", {}, h("button", { type: "button", class: "tiny", text: w("discard_all"), onclick: () => discard("") })) : "",
    past.rows.length ? h("details", { class: "past" }, h("summary", { text: w("past") }), h("ol", {}, past.rows.map((one) => h("li", {}, h("span", { text: `${when(one.at)} · ${one.author} · ${one.file}` }), h("span", { class: "aside", text: ` ${given.words[`studio_was_${one.what}`] ?? one.what}` }))))) : "", changed.length || past.rows.length ? zone : "");
}

async function discard(file) {
  if (!(await panel.sure(file ? w("discard_sure", { file }) : w("discard_all_sure")))) return;
  await turned("/studio/discard", file ? { file } : {}).then(() => note(w("discarded")), refused);
  await reload();
}

// --- sides

function side(name) {
  const both = matchMedia("(min-width: 90rem)").matches;
  $("yaml_side").hidden = name !== "yaml";
  $("panel_side").hidden = name === "yaml" && !both;
  $("to_yaml").setAttribute("aria-pressed", String(name === "yaml"));
  if (name === "yaml") yaml.show($("yaml"), here(), flow_file()?.lines?.[node] ?? 0).then(() => yaml.mark());
}

function narrow(name) {
  desk.dataset.narrow = name;
  document.querySelectorAll("#narrow button").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.part === name)));
}

function find(words) {
  const wanted = words.trim().toLowerCase();
  const box = $("hits");
  if (!wanted) { box.hidden = true; return; }
  const hits = acts.flows().flatMap((name) => nodes(acts.tree_of(name)).map(([one, tree]) => [name, one, `${one} ${text(tree, "kind")} ${JSON.stringify(tree)}`, said(tree)]))
    .filter(([, one, whole, words_said]) => one.includes(wanted) || whole.toLowerCase().includes(wanted) || words_said.toLowerCase().includes(wanted))
    .sort((a, b) => Number(b[0] === flow) - Number(a[0] === flow) || Number(b[1].includes(wanted)) - Number(a[1].includes(wanted))).slice(0, 30);
  box.hidden = false;
  box.replaceChildren(...(hits.length ? hits.map(([name, one, , words_said]) => h("li", {}, h("button", { type: "button", onclick: () => { box.hidden = true; open_flow(name, one); } }, h("b", { text: one }), h("span", { class: "file", text: name }), h("span", { class: "said", text: words_said.slice(0, 70) })))) : [h("li", { class: "empty", text: w("no_hits") })]));
}

const said = (tree) => [...JSON.stringify(tree).matchAll(/"([a-z][a-z0-9_]*)"/g)].map((one) => names().prompts[given.language]?.[one[1]]).filter(Boolean).join(" ");

async function new_flow() {
  const name = await panel.ask_node({ tree: { map: [["nodes", { map: acts.flows().map((one) => [one, {}]) }]] }, file: "" }, "", true);
  if (!name) return;
  const value = `flow: ${name}\ntitle: {zh-CN: ${name}, en-US: ${name}}\nstart: begin\nexits: [done]\n\nnodes:\n\n  begin: {kind: return, exit: done}\n`;
  await change([{ file: file_of(name), edits: [{ do: "lines", first: 0, last: 0, value }] }], w("did_flow", { name })).catch(() => {});
  await load_state();
  await open_flow(name);
}

async function reload() {
  draft.open.clear();
  await load_state();
  trees = await ask("/studio/trees");
  keep_trees(trees);
  await open_words();
  if (!draft.files.get(file_of(flow))?.there) flow = acts.flows().includes("main") ? "main" : acts.flows()[0] ?? "";
  if (flow) await open_flow(flow, node);
  refresh_soon(0);
  if (tab !== "problems") show_tab(tab);
}

// --- keys and buttons

const turn = (forward) => turned("/studio/undo", { file: file_of(flow), version: draft.files.get(file_of(flow))?.version ?? 0, forward: forward ? "yes" : "" })
  .then(() => { draw(); if (tab === "changes") list_changes(); }, refused);

function keys(event) {
  const typing = event.target.closest?.("input, textarea, select, dialog, #yaml");
  const held = event.ctrlKey || event.metaKey;
  if (held && !typing && event.key.toLowerCase() === "z") { event.preventDefault(); if (!$(event.shiftKey ? "redo" : "undo").disabled) turn(event.shiftKey); }
  if (event.key === "/" && !typing && !held) { event.preventDefault(); $("find").focus(); }
  if (event.key === "Escape" && !$("hits").hidden) { $("hits").hidden = true; $("find").focus(); }
}

function wire() {
  graph.start($("graph"), (what, name) => {
    if (what === "chosen") choose(name);
    if (what === "opened") { choose(name); narrow("panel"); if (!$("panel_side").hidden) $("panel_title")?.focus({ preventScroll: true }); }
    if (what === "removed" && given.edits) panel.remove(flow_file(), name, acts);
    if (what === "placed" && !$("nodes_list").hidden) $("nodes_list").replaceChildren(...graph.listed(node));
  });
  const does = {
    undo: () => turn(false), redo: () => turn(true), publish: () => publish(acts).catch(refused), zoom_in: () => graph.zoom(1.25), zoom_out: () => graph.zoom(0.8), zoom_fit: () => graph.whole(),
    add_node: async () => { const name = await panel.ask_node(flow_file()); if (name) { draw(); acts.go(name); $("panel_title")?.focus(); } },
    to_yaml: () => side($("yaml_side").hidden ? "yaml" : "panel"), new_flow, shut: () => { const shut = $("foot").classList.toggle("shut"); $("shut").setAttribute("aria-expanded", String(!shut)); },
    to_list: () => { const on_list = $("nodes_list").hidden; $("nodes_list").hidden = !on_list; $("graph").hidden = on_list; $("to_list").setAttribute("aria-pressed", String(on_list)); if (on_list) $("nodes_list").replaceChildren(...graph.listed(node)); },
  };
  for (const [id, act] of Object.entries(does)) $(id).addEventListener("click", act);
  for (const one of TABS) $(`tab_${one}`).addEventListener("click", () => show_tab(one));
  document.querySelectorAll("#narrow button").forEach((one) => one.addEventListener("click", () => narrow(one.dataset.part)));
  $("find").addEventListener("input", (event) => find(event.target.value));
  $("find").addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); $("hits").querySelector("button")?.[event.key === "Enter" ? "click" : "focus"](); } });
  document.addEventListener("keydown", keys);
  addEventListener("beforeunload", (event) => { yaml.flush(); if (busy()) event.preventDefault(); });
  addEventListener("hashchange", () => { const [name, one] = location.hash.slice(1).split("/"); if (name !== flow || one !== node) open_flow(name, one ?? ""); });
  $("add_node").hidden = $("new_flow").hidden = $("undo").hidden = $("redo").hidden = !given.edits;
  on("changed", () => draw());
  on("kept", (told) => { if (told.merged_with && told.merged_with !== given.me) note(w("merged_with", { who: told.merged_with })); draw(); });
  on("saving", bar);
  on("refused", (fault) => refused(fault));
  on("checked", () => { badges(); bar(); if (tab === "problems") list_problems(); if (tab === "proof") proof.draw(); panel.show(flow_file(), node, acts); yaml.mark(); if (tab === "changes") list_changes(); });
  on("unchecked", refused);
  on("state", bar);
  on("published", () => reload());
  on("conflict", (told, settle) => decide(told.conflict).then(settle));
}

async function begin() {
  wire();
  narrow("graph");
  [draft.schema] = await Promise.all([ask("/studio/schema"), load_state()]);
  draft.check = await ask("/studio/check");
  trees = await ask("/studio/trees");
  keep_trees(trees);
  await open_words();
  const [name, one] = location.hash.slice(1).split("/");
  await open_flow(draft.files.has(file_of(name)) ? name : acts.flows().includes("main") ? "main" : acts.flows()[0], one ?? "");
  show_tab("problems");
  await proof.start(acts);
  if (given.accounts.length) simulate.start(acts, () => acts.flows().filter((one) => read(acts.tree_of(one), "always")).map((one) => [one, text(read(acts.tree_of(one), "title"), given.language) || one]));
  badges();
  bar();
  desk.dataset.ready = "yes";
  setInterval(look_again, 5000);
}

// Others may have changed the draft, or published: seen within some seconds, and never over what is typed here.
async function look_again() {
  if (document.hidden || busy() || document.querySelector("dialog[open]")) return;
  const [seen, live] = [draft.digest, draft.published];
  const told = await load_state().catch(() => null);
  if (!told || told.digest === seen && told.published === live || busy()) return;
  trees = await ask("/studio/trees").catch(() => trees);
  keep_trees(trees);
  await Promise.all([...draft.open.keys()].map((file) => open(file).catch(() => {})));
  draw();
  refresh_soon(0);
}

begin().catch((fault) => { $("flow_title").textContent = fault.message; desk.dataset.ready = "failed"; });
