// The proof: how far the walk is, each finding as a dialogue that is stepped through and played on the graph, and figures.

import { $, ask, called, draft, fill, given, h, tell, w } from "./studio_model.js";

let timer = 0;
let acts = {};
let last = null;
const playing = { tale: [], step: 0, title: "" };

export const current = () => last?.state === "done" && last.digest === draft.digest;
export const findings = () => (current() ? last.result.findings : []);
export const result = () => last;
export const failed = () => (current() ? last.result.dialogues.failed.length : 0);

export async function start(given_acts) { acts = given_acts; await look().catch(() => {}); }

export async function prove() {
  await tell("/studio/prove");
  await look();
}

async function look() {
  clearTimeout(timer);
  last = await ask("/studio/proof");
  draw();
  acts.proved?.(last);
  if (last.state === "running") timer = setTimeout(on, 700);
}

// A question that got no answer is asked again: a proof goes on while the line is away.
const on = () => look().catch(() => { timer = setTimeout(on, 2_000); });

export function draw() {
  const box = $("proof");
  const head = h("div", { class: "proof-head" }, given.edits ? h("button", { type: "button", class: "button", id: "prove", disabled: last?.state === "running", text: w(last?.state === "running" ? "proving" : "prove"), onclick: () => prove().catch((fault) => acts.refused(fault)) }) : null,
    h("p", { class: "aside", text: w("prove_why") }));
  fill(box, head, ...(last ? told() : []));
}

function told() {
  if (last.state === "running") return [progress()];
  if (last.state === "failed") return [h("p", { class: "trouble", role: "alert", text: last.text })];
  if (last.state !== "done") return [];
  const stale = last.digest !== draft.digest ? [h("p", { class: "stale", text: w("proof_stale") })] : [];
  const { result } = last;
  const wrong = result.problems.filter((one) => !one.warning);
  if (wrong.length) return [...stale, h("p", { class: "trouble", text: w("proof_problems", { n: wrong.length }) })];
  const failed = result.dialogues.failed;
  const fine = !result.findings.length && !failed.length;
  return [...stale, h("p", { class: fine ? "verdict good" : "verdict bad", id: "verdict", text: fine ? w("proof_good", { n: result.dialogues.passed }) : w("proof_bad", { n: result.findings.length, d: failed.length }) }),
    h("ul", { class: "findings" }, result.findings.map(finding), failed.map(dialogue)), figures(result)];
}

function progress() {
  const { root, states, ahead, dialogues, of } = last.progress;
  const words = root ? w("proof_walks", { root, states: (states ?? 0).toLocaleString(given.language), ahead: (ahead ?? 0).toLocaleString(given.language) }) : dialogues !== undefined ? w("proof_dialogues", { n: dialogues, of }) : w("proof_begins");
  return h("div", { class: "running", role: "status" }, h("progress", {}), h("p", { text: words }));
}

function finding(one) {
  const flow = one.file.replace(/^flows\/|\.yaml$/g, "");
  return h("li", {}, h("p", {}, h("button", { type: "button", class: "link place", text: one.node ? `${flow} › ${one.node}` : flow, onclick: () => acts.go_to(one) }), ` ${one.words}`),
    one.tale.length ? h("button", { type: "button", class: "button plain", text: w("show_call"), onclick: () => play(one.tale, one.words) }) : null);
}

const dialogue = (one) => h("li", {}, h("p", {}, h("b", { text: one.title || w("dialogue_broken") })),
  one.problems.map((each) => h("p", {}, h("button", { type: "button", class: "link place", text: `${each.file}:${each.line}`, onclick: () => acts.go_to(each) }), ` ${each.words}`)),
  one.tale.length ? h("details", {}, h("summary", { text: w("show_call") }), h("ol", { class: "plain-tale" }, one.tale.map((line) => h("li", { text: line })))) : null);

function figures(result) {
  const rows = result.roots.map((root) => h("tr", {}, h("th", { scope: "row", text: root.root }),
    h("td", { class: "figure", text: root.states.toLocaleString(given.language) }),
    h("td", { class: "figure" }, root.farthest.length ? h("button", { type: "button", class: "link", text: root.keys_to_human, onclick: () => play(root.farthest, w("farthest")) }) : String(root.keys_to_human)),
    h("td", { class: "figure" }, root.longest.length ? h("button", { type: "button", class: "link", text: w("seconds", { n: root.wait_ms / 1000 }), onclick: () => play(root.longest, w("longest")) }) : w("seconds", { n: root.wait_ms / 1000 }))));
  const menus = result.flows.flatMap((flow) => flow.menus.map((menu) => [flow, menu]));
  return h("div", { class: "figures" },
    h("table", { class: "roots" }, h("caption", { text: w("figures") }), h("thead", {}, h("tr", {}, ["fig_root", "fig_states", "fig_keys", "fig_wait"].map((key, n) => h("th", { scope: "col", class: n ? "figure" : "", text: w(key) })))), h("tbody", {}, rows)),
    h("details", {}, h("summary", { text: w("fig_menus") }), h("p", { class: "aside", text: w("fig_about") }), h("table", { class: "menus" },
      h("thead", {}, h("tr", {}, ["fig_menu", "fig_options", "fig_deep", "fig_until"].map((key) => h("th", { scope: "col", text: w(key) })))),
      h("tbody", {}, menus.map(([flow, menu]) => h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "link", text: `${flow.flow} › ${menu.node}`, onclick: () => acts.go_to({ file: `flows/${flow.flow}.yaml`, node: menu.node }) })),
        h("td", { class: menu.long ? "long" : "", text: menu.long ? w("too_many", { n: menu.options }) : menu.options }),
        h("td", { class: menu.far ? "long" : "", text: menu.far ? w("too_deep", { n: menu.deep }) : menu.deep }),
        h("td", { text: (menu.seconds[given.language] ?? []).map(([key, s]) => w("key_at", { key, s: Math.round(s) })).join("  ") })))))));
}

// --- a call, step by step

export function play(tale, title) {
  Object.assign(playing, { tale, step: 0, title });
  const box = $("play");
  box.hidden = false;
  step(0);
  box.scrollIntoView({ block: "nearest" });
  $("play_next")?.focus({ preventScroll: true });
}

function done(one) {
  const words = { calls: w("tale_calls"), keyed: w("tale_keyed", { keys: one.with }), silent: w("tale_silent", { n: one.with }), answered: w("tale_answered", { outcome: called(one.with) }), failed: w("tale_failed", { fault: one.with }), hung_up: w("tale_hung_up"), heard: "" }[one.did] ?? "";
  return one.spent ? `${w(`tale_spent_${one.spent}`)} ${words}` : words;
}

function happens(one) {
  const said = one.words[given.language] ?? Object.values(one.words)[0] ?? "";
  return { says: said, asks: said, looks_up: w("tale_looks_up", { name: called(one.name) }), queue: w("tale_queue", { name: one.name }), ends: w("tale_ends", { name: w(`end_${one.name}`) }) }[one.happens] ?? "";
}

export function step(by) {
  playing.step = Math.min(playing.tale.length - 1, Math.max(0, playing.step + by));
  const box = $("play");
  const shown = playing.tale.slice(0, playing.step + 1);
  const lines = shown.flatMap((one, n) => {
    const now = n === playing.step ? " now" : "";
    const did = done(one);
    return [did ? h("li", { class: `did ${one.did}${now}` }, h("p", { text: did })) : null,
      h("li", { class: `heard ${one.happens}${now}` }, h("p", { text: happens(one) }), h("p", { class: "place", text: `${one.flow} › ${one.node}` }))].filter(Boolean);
  });
  fill(box, h("div", { class: "headline" }, h("h2", { text: playing.title }), h("button", { type: "button", class: "tiny", text: w("close"), onclick: stop })),
    h("ol", { class: "tale", "aria-live": "polite" }, lines),
    h("p", { class: "acts" }, h("button", { type: "button", class: "button plain", text: w("step_back"), disabled: !playing.step, onclick: () => step(-1) }),
      h("button", { type: "button", class: "button", id: "play_next", text: w("step_on"), disabled: playing.step >= playing.tale.length - 1, onclick: () => step(1) }),
      h("span", { class: "aside", text: w("step_n", { n: playing.step + 1, of: playing.tale.length }) })));
  const list = box.querySelector(".tale");
  list.scrollTop = list.scrollHeight;
  acts.played?.(shown);
}

export function stop() { $("play").hidden = true; acts.played?.([]); }
