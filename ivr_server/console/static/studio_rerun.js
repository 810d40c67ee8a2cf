// Recorded calls fed to the draft or to a version: choose a span, see how far it is, groups with examples, side by side.

import { $, ask, fill, h, given, read, tell, text, w } from "./studio_model.js";
import { paired } from "./studio_beside.js";

const page = $("studio");
const EVERY_MS = 500;
const SIGNS = { same: "=", menu: "≈", ends: "≠", stuck: "!" };
const DAYS = { day: 1, week: 7, month: 30 };
let chosen = "";
let told = {};

const when = (seconds) => new Date(seconds * 1000).toLocaleString(given.language, { dateStyle: "medium", timeStyle: "medium", timeZone: given.zone });

// A moment as a field for a day and hour has it, in the operator's zone.
function local(moment) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: given.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(moment);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${of.year}-${of.month}-${of.day}T${of.hour}:${of.minute}`;
}

// --- what is asked

function form(flows, versions) {
  const field = (name, words, control) => h("div", { class: "ask" }, h("label", { for: name, text: words }), control);
  const since = h("input", { type: "datetime-local", id: "since", required: true });
  const until = h("input", { type: "datetime-local", id: "until", required: true });
  const span = (name) => h("button", { type: "button", class: "tiny", text: w(`rerun_span_${name}`), onclick: () => { since.value = local(Date.now() - DAYS[name] * 86_400_000); until.value = local(Date.now() + 60_000); } });
  const flow = h("select", { id: "flow" }, h("option", { value: "", text: w("rerun_every_flow") }), flows.map(([name, title]) => h("option", { value: name, text: title })));
  const fed = h("select", { id: "fed" }, h("option", { value: "draft", text: w("rerun_draft") }), versions.map((one) => h("option", { value: String(one.number), text: w("version_n", { n: one.number }) })));
  const most = h("select", { id: "most" }, [1000, 10_000].map((n) => h("option", { value: String(n), text: w("rerun_most_n", { n: n.toLocaleString(given.language) }) })));
  most.value = "10000";
  const wanted = new URLSearchParams(location.search).get("fed");
  if (versions.some((one) => String(one.number) === wanted)) fed.value = wanted;
  const go = h("button", { class: "button", id: "go", text: w("rerun_begin") });
  const box = $("ask");
  fill(box, h("div", { class: "spans", role: "group", "aria-label": w("rerun_spans") }, Object.keys(DAYS).map(span)),
    field("since", w("rerun_since"), since), field("until", w("rerun_until"), until), field("flow", w("rerun_flow"), flow),
    field("fed", w("rerun_against"), fed), field("most", w("rerun_most"), most), go, h("p", { class: "aside zone", text: w("rerun_zone", { zone: given.zone }) }));
  box.querySelector(".spans button:nth-child(2)").click();
  box.onsubmit = (event) => {
    event.preventDefault();
    begin({ since: since.value, until: until.value, flow: flow.value, fed: fed.value, most: most.value });
  };
  box.hidden = false;
}

async function begin(fields) {
  $("go").disabled = true;
  trouble("");
  try { await tell("/studio/rerun", fields); chosen = ""; $("beside").hidden = true; await look(); } catch (fault) { trouble(fault.message); }
  $("go").disabled = Boolean(told.running);
}

function trouble(words) { $("trouble").textContent = words; $("trouble").hidden = !words; }

// --- how far it is, and what came of it

async function look() {
  told = await ask("/studio/rerun");
  draw();
  if (told.running) setTimeout(() => look().catch((fault) => trouble(fault.message)), EVERY_MS);
  else if ($("go")) $("go").disabled = false;
}

const fed_words = () => (told.fed === "draft" ? w("rerun_draft") : w("version_n", { n: told.fed }));

function draw() {
  page.dataset.state = !told.id ? "none" : told.running ? "running" : told.fault ? "failed" : "done";
  const box = $("state");
  if (!told.id) { fill(box, given.edits ? null : h("p", { class: "empty", text: w("rerun_readers") })); return; }
  if (told.running) { running(box); return; }
  if (told.fault) { fill(box, h("p", { class: "trouble", role: "alert", text: w("rerun_failed", { why: told.fault }) })); return; }
  if (!told.of) { fill(box, h("p", { class: "empty", role: "status", text: w("rerun_none") })); return; }
  const groups = told.groups.filter((one) => one.count || one.kind === "same");
  if (!groups.some((one) => one.kind === chosen)) chosen = (groups.find((one) => one.kind !== "same" && one.count) ?? groups[0]).kind;
  fill(box, h("p", { class: "sum", role: "status" }, w("rerun_done", { of: told.of.toLocaleString(given.language), what: fed_words() }), h("span", { class: "aside", text: ` ${when(told.since)} – ${when(told.until)}` })),
    told.stale ? h("p", { class: "stale", text: w("rerun_stale") }) : null, told.unreadable ? h("p", { class: "aside", text: w("rerun_unreadable", { n: told.unreadable }) }) : null,
    h("div", { class: "rerun" }, h("div", { class: "kinds-of-ways", role: "tablist", "aria-orientation": "vertical", "aria-label": w("rerun_groups"), onkeydown: along }, groups.map(tab)), group(groups.find((one) => one.kind === chosen))));
}

function running(box) {
  const words = told.of ? w("rerun_running", { done: told.done.toLocaleString(given.language), of: told.of.toLocaleString(given.language) }) : w("rerun_begins");
  const bar = box.querySelector("progress") ?? h("progress", { "aria-label": w("rerun_title") });
  if (told.of) { bar.max = told.of; bar.value = told.done; }
  fill(box, h("div", { class: "running" }, bar, h("p", { role: "status", text: words })));
}

const percent = (share) => share.toLocaleString(given.language, { style: "percent", maximumFractionDigits: share && share < 0.1 ? 1 : 0 });

function tab(one) {
  const here = one.kind === chosen;
  return h("button", { type: "button", role: "tab", id: `tab_${one.kind}`, "aria-controls": "group", "aria-selected": String(here), tabindex: here ? "0" : "-1", class: `way ${one.kind}`, "data-kind": one.kind, onclick: () => pick(one.kind) },
    h("span", { class: "sign", "aria-hidden": "true", text: SIGNS[one.kind] ?? "" }), h("b", { text: one.count.toLocaleString(given.language) }), h("span", { class: "words", text: one.words }), h("span", { class: "share", text: percent(one.share) }),
    h("meter", { min: 0, max: 1, value: String(one.share), "aria-hidden": "true" }));
}

function pick(kind) { chosen = kind; draw(); $(`tab_${kind}`).focus(); }

function along(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...event.currentTarget.children].map((one) => one.dataset.kind);
  pick(all[(all.indexOf(chosen) + step + all.length) % all.length]);
}

function group(one) {
  return h("div", { class: "group", id: "group", role: "tabpanel", tabindex: "0", "aria-labelledby": `tab_${one.kind}` },
    one.reasons.length ? [h("h2", { text: w("rerun_reasons") }), h("ul", { class: "reasons" }, one.reasons.map((why) => h("li", {}, h("span", { text: why.words }), h("span", { class: "aside", text: w("rerun_times", { n: why.count.toLocaleString(given.language) }) }))))] : null,
    one.examples.length ? [h("h2", { text: w("rerun_examples") }), h("ul", { class: "examples" }, one.examples.map((call) => h("li", {}, h("button", { type: "button", class: "example", "data-call": call.call, onclick: () => side_by_side(call) }, h("span", { class: "figure", text: when(call.at) }), h("span", { class: "why", text: call.words }), h("span", { class: "look", text: w("rerun_look") })))))] : null);
}

// --- one call

async function side_by_side(call) {
  trouble("");
  const found = await ask(`/studio/rerun/${encodeURIComponent(call.call)}`).catch((fault) => { trouble(fault.message); return null; });
  if (!found) return;
  const box = $("beside");
  const cell = (line, side) => h("td", { class: line?.differs ? `differs ${side}` : "" }, line ? [line.differs ? h("span", { class: "sign", text: "≠", title: w("rerun_differs") }) : null, h("span", { class: "place", text: `${line.flow} › ${line.node}` }), h("span", { text: line.words })] : null);
  const rows = paired(found.recorded, found.rerun).map(([was, would]) => h("tr", {}, cell(was, "was"), cell(would, "would")));
  fill(box, h("h2", { tabindex: "-1", text: w("rerun_look") }), h("p", {}, h("b", { text: when(call.at) }), ` · ${found.words} · `, h("a", { href: `/calls/${encodeURIComponent(call.call)}`, text: w("rerun_story") })),
    h("table", { class: "two-ways" }, h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("rerun_was") }), h("th", { scope: "col", text: `${w("rerun_would")} (${fed_words()})` }))), h("tbody", {}, rows)),
    found.kind === "stuck" ? h("p", { class: "aside", text: w("rerun_ends") }) : null);
  box.hidden = false;
  box.querySelector("h2").focus({ preventScroll: true });
  box.scrollIntoView({ block: "start" });
}

async function start() {
  if (given.edits) {
    const [trees, kept] = await Promise.all([ask("/studio/trees"), ask("/studio/versions")]);
    const roots = Object.values(trees).map((one) => one.tree).filter((tree) => tree && read(tree, "always"));
    form(roots.map((tree) => [text(tree, "flow"), text(read(tree, "title"), given.language) || text(tree, "flow")]), kept.versions.filter((one) => !one.damaged));
  }
  await look();
}

start().catch((fault) => trouble(fault.message));
