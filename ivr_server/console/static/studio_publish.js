// Going live: what is different, what hangs on it, a reason, a word for each warning; the versions, and the way back.

import { $, Refused, ask, draft, fill, given, h, load_state, problems, say, tell, turned, w } from "./studio_model.js";
import { decide } from "./studio_merge.js";
import { current, findings, result } from "./studio_proof.js";

const at = (seconds) => new Date(seconds * 1000).toLocaleString(given.language, { dateStyle: "medium", timeStyle: "short" });

export function diffed(told) {
  const files = told.files ?? [];
  if (!files.length) return [h("p", { class: "empty", text: w("diff_none") })];
  const changes = told.changes ?? [];
  return [
    changes.length ? h("ul", { class: "changes" }, changes.map((one) => h("li", {}, h("span", { class: `pill ${one.change}`, text: w(`change_${one.change}`) }), h("b", { text: ` ${[one.flow, one.node].filter(Boolean).join(" › ")} ` }), h("span", { text: (one.words ?? []).join(" · ") })))) : null,
    (told.prompts ?? []).length ? h("ul", { class: "changes" }, told.prompts.map((one) => h("li", {}, h("b", { text: `${one.prompt} ` }), h("span", { lang: one.language }, one.old ? h("del", { text: one.old }) : null, one.old && one.new ? " " : null, one.new ? h("ins", { text: one.new }) : null)))) : null,
    h("details", {}, h("summary", { text: w("diff_yaml", { n: files.length }) }), files.map((one) => h("div", { class: "file-diff" }, h("h3", { text: one.file }),
      h("pre", {}, one.lines.map(([mark, line]) => h("span", { class: { "+": "plus", "-": "minus", "@": "place" }[mark] ?? "", text: `${mark === "@" ? "" : mark}${line.replace(/\n$/, "")}\n` }))))))].filter(Boolean);
}

function impact(told) {
  const { inside = {}, options = [], links = [], days = 30 } = told;
  return h("ul", { class: "impact" },
    h("li", { text: w("impact_inside", { n: inside.callers ?? 0 }) }),
    options.filter((one) => one.uses > 0).slice(0, 12).map((one) => h("li", { text: w("impact_option", { words: one.words || `${one.node} › ${one.exit}`, n: one.uses, days: told.days ?? days }) })),
    links.map((one) => h("li", { text: w("impact_link", { flow: one.flow, n: one.from.length }) })));
}

export async function publish(acts) {
  const box = $("publish_box");
  fill(box, h("h2", { text: w("publish") }), h("p", { role: "status", text: w("publish_looks") }));
  box.showModal();
  const state = await load_state();
  const wrong = problems().filter((one) => !one.warning);
  const blocks = [
    ...(wrong.length ? [[w("block_problems", { n: wrong.length }), () => acts.tab("problems")]] : []),
    ...(!wrong.length && !current() ? [[w("block_unproved"), () => acts.tab("proof")]] : []),
    ...(findings().length || current() && result().result.dialogues.failed.length ? [[w("block_findings"), () => acts.tab("proof")]] : []),
    ...(state.files.some((one) => one.behind) ? [[w("block_behind"), () => acts.tab("changes")]] : []),
  ];
  const [diff, weight] = await Promise.all([ask(`/studio/versions/${state.published}/diff/draft`), ask("/studio/impact").catch(() => null)]);
  draw(box, { state, blocks, diff, weight, acts });
}

// What the last judge found, when it is more than the page knew.
function left(proof) {
  const all = [...(proof?.problems ?? []), ...(proof?.findings ?? []), ...(proof?.failures ?? [])];
  return all.slice(0, 8).map((one) => h("span", { class: "left", text: [one.file && `${one.file}:${one.line ?? ""}`, one.title, one.text ?? one.problem?.text].filter(Boolean).join(" ") }));
}

function draw(box, { state, blocks, diff, weight, acts }) {
  const warnings = problems().filter((one) => one.warning);
  const reason = h("textarea", { id: "reason", rows: 2, required: true, minlength: "3", maxlength: "200" });
  const excuses = warnings.map((one, n) => [one.key, one.words, h("input", { id: `excuse${n}`, type: "text", required: true, minlength: "3", maxlength: "200" })]);
  const nothing = !(diff.files ?? []).length;
  const go = h("button", { class: "button", id: "go_live", disabled: blocks.length > 0 || nothing, text: w("go_live") });
  const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
  const send = async (event) => {
    event.preventDefault();
    go.disabled = true;
    wrong.hidden = true;
    try {
      const fields = { reason: reason.value, digest: state.digest, folder: sessionStorage.getItem("studio_folder") ?? "", excuses: JSON.stringify(Object.fromEntries(excuses.map(([key, , field]) => [key, field.value]))) };
      const told = await tell("/studio/publish", fields);
      fill(box, h("h2", { text: w("published", { n: told.number }) }), h("p", { text: w("published_why") }), h("p", { class: "acts" }, h("button", { type: "button", class: "button", text: w("close"), onclick: () => box.close() })));
      await load_state();
      say("published", told);
      sessionStorage.removeItem("studio_folder");
    } catch (fault) { fill(wrong, fault.message, ...left(fault.told?.proof)); wrong.hidden = false; go.disabled = false; }
  };
  fill(box, h("form", { method: "dialog", onsubmit: send }, h("h2", { text: w("publish") }),
    blocks.length ? h("ul", { class: "blocks" }, blocks.map(([words, does]) => h("li", {}, h("span", { text: words }), h("button", { type: "button", class: "tiny", text: w("show_me"), onclick: () => { box.close(); does(); } })))) : null,
    h("h3", { text: w("diff_title") }), h("div", { class: "diff" }, diffed(diff)),
    weight ? [h("h3", { text: w("impact_title") }), impact(weight)] : null,
    warnings.length ? [h("h3", { text: w("warnings_title") }), excuses.map(([, text, field]) => h("p", { class: "excuse" }, h("label", { for: field.id, text }), field))] : null,
    h("p", {}, h("label", { for: "reason", text: w("reason") }), reason), wrong,
    h("p", { class: "acts" }, go, h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => box.close() }))));
  reason.focus();
}

// --- versions

export async function versions(box, acts) {
  if (!given.versions) { fill(box, h("p", { class: "empty", text: w("no_versions") })); return; }
  const told = await ask("/studio/versions");
  fill(box, ...folder(told.folder, acts), h("ol", { class: "versions" }, told.versions.map((one) => h("li", { class: one.number === told.published ? "live" : "", "data-version": one.number },
    h("p", { class: "version-head" }, h("b", { text: w("version_n", { n: one.number }) }), one.number === told.published ? h("span", { class: "pill ok", text: w("live") }) : null, one.callers ? h("span", { class: "pill", text: w("callers_n", { n: one.callers }) }) : null, one.damaged ? h("span", { class: "pill bad", text: w("damaged") }) : null),
    h("p", {}, one.reason || "—"), h("p", { class: "aside", text: `${one.author} · ${at(one.at)}${one.source_words ? ` · ${one.source_words}` : ""}` }),
    h("p", { class: "acts" }, one.number !== told.published ? h("button", { type: "button", class: "tiny", text: w("compare"), onclick: () => compare(told.published, one.number) }) : null,
      given.publishes && one.number !== told.published && !one.damaged ? h("button", { type: "button", class: "tiny back", text: w("roll_back"), onclick: () => back(one.number, box, acts) }) : null,
      h("a", { class: "tiny", href: `/studio/versions/${one.number}/export`, download: true, text: w("export") }))))));
}

async function compare(old, other) {
  const box = $("publish_box");
  const told = await ask(`/studio/versions/${Math.min(old, other)}/diff/${Math.max(old, other)}`);
  fill(box, h("h2", { text: w("compare_title", { a: Math.min(old, other), b: Math.max(old, other) }) }), h("div", { class: "diff" }, diffed(told)), h("p", { class: "acts" }, h("button", { type: "button", class: "button", text: w("close"), onclick: () => box.close() })));
  box.showModal();
}

// One click; the reason is written for whoever did not write one.
async function back(number, box, acts) {
  box.querySelectorAll(".back").forEach((one) => { one.disabled = true; });
  try {
    await tell("/studio/roll-back", { number, reason: w("roll_back_reason", { n: number }) });
    await load_state();
    say("published", { number });
    acts.note(w("rolled_back", { n: number }));
  } catch (fault) { acts.refused(fault); }
  await versions(box, acts);
}

function folder(told, acts) {
  if (!told || !["changed", "conflict", "broken"].includes(told.state)) return [];
  return [h("div", { class: "folder", role: "status" }, h("p", { text: told.words }), given.edits && told.state !== "broken" ? h("button", { type: "button", class: "button plain", text: w("take_folder"), onclick: () => take({}, acts) }) : null)];
}

async function take(choices, acts) {
  try {
    const told = await turned("/studio/folder", { choices: JSON.stringify(choices) });
    sessionStorage.setItem("studio_folder", told.digest ?? "");
    acts.note(w("folder_taken"));
    acts.reload();
  } catch (fault) {
    const conflict = fault instanceof Refused && fault.told.conflict;
    const chosen = conflict ? await decide(conflict, { mine: w("merge_draft"), theirs: w("merge_folder") }) : null;
    if (chosen) return take({ ...choices, [conflict.file]: chosen }, acts);
    if (!conflict) acts.refused(fault);
  }
}

// What was published meanwhile, merged into a file of the draft that is behind.
export async function catch_up(file, acts, choices = []) {
  try { await turned("/studio/merge", { file, choices: JSON.stringify(choices) }); acts.reload(); } catch (fault) {
    const conflict = fault instanceof Refused && fault.told.conflict;
    const chosen = conflict ? await decide(conflict, { mine: w("merge_draft"), theirs: w("merge_live") }) : null;
    if (chosen) return catch_up(file, acts, chosen);
    if (!conflict) acts.refused(fault);
  }
}
