// The versions: what is live, the way back, comparing, to and from a file; and what somebody changed in the folder.

import { $, Refused, ask, draft, fill, given, h, load_state, say, tell, turned, w } from "./studio_model.js";
import { decide } from "./studio_merge.js";
import { sure } from "./studio_panel.js";
import { under_way } from "./studio_progress.js";

const LARGEST = 32 << 20; // bytes of an archive
const at = (seconds) => new Date(seconds * 1000).toLocaleString(given.language, { dateStyle: "medium", timeStyle: "short", timeZone: given.zone });
const button = (words, act, more = {}) => h("button", { type: "button", class: "tiny", text: words, onclick: act, ...more });

export async function versions(box, acts) {
  if (!given.versions) { fill(box, h("p", { class: "empty", text: w("no_versions") })); return; }
  const told = await ask("/studio/versions");
  fill(box, ...folder(told.folder, acts), links(acts), h("p", { class: "aside", text: w("rerun_zone", { zone: given.zone }) }), h("ol", { class: "versions" }, told.versions.map((one) => entry(one, told.published, box, acts))));
}

function links(acts) {
  const file = h("input", { type: "file", id: "import_file", hidden: true, accept: ".zip,application/zip", onchange: () => { take_file(file, acts); } });
  return h("p", { class: "version-links" }, h("a", { class: "tiny", href: `/studio/compare?old=${draft.published}&new=draft`, text: w("draft_picture") }),
    h("a", { class: "tiny", href: "/studio/re-run", text: w("rerun_title") }), h("a", { class: "tiny", href: "/studio/deeds", text: w("deeds_title") }),
    given.edits ? [button(w("import_file"), () => file.click()), file] : null);
}

function entry(one, live, box, acts) {
  const here = one.number === live;
  return h("li", { class: here ? "live" : "", "data-version": one.number },
    h("p", { class: "version-head" }, h("b", { text: w("version_n", { n: one.number }) }), here ? h("span", { class: "pill ok", text: w("live") }) : null, one.callers ? h("span", { class: "pill", text: w("callers_n", { n: one.callers }) }) : null, one.damaged ? h("span", { class: "pill bad", text: w("damaged") }) : null),
    h("p", {}, one.reason || "—"), h("p", { class: "aside", text: `${one.author} · ${at(one.at)}${one.source_words ? ` · ${one.source_words}` : ""}` }),
    one.damaged ? null : h("p", { class: "acts" }, here ? null : h("a", { class: "tiny", href: `/studio/compare?old=${Math.min(live, one.number)}&new=${Math.max(live, one.number)}`, text: w("compare") }),
      given.publishes && !here ? button(w("roll_back"), () => back(one, box, acts)) : null,
      given.edits ? button(w("begin_from"), () => begin_from(one.number, acts)) : null,
      h("a", { class: "tiny", href: `/studio/versions/${one.number}/export`, download: true, text: w("export") })));
}

// One word of reason, and it is live again.
function back(one, list, acts) {
  const box = $("publish_box");
  const reason = h("textarea", { id: "back_reason", rows: 2, required: true, minlength: "3", maxlength: "200" });
  const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
  const go = h("button", { class: "button", text: w("roll_back_now") });
  const progress = h("div", { class: "progress-box" });
  const send = async (event) => {
    event.preventDefault();
    go.disabled = wrong.hidden = true;
    const stop = under_way(progress);
    try {
      await tell("/studio/roll-back", { number: one.number, reason: reason.value });
      box.close();
      await load_state();
      say("published", { number: one.number });
      acts.note(w("rolled_back", { n: one.number }));
      await versions(list, acts);
    } catch (fault) { wrong.textContent = fault.message; wrong.hidden = go.disabled = false; } finally { stop(); }
  };
  fill(box, h("form", { method: "dialog", onsubmit: send }, h("h2", { text: w("roll_back_title", { n: one.number }) }),
    h("p", { class: "aside", text: `${one.reason || "—"} · ${one.author} · ${at(one.at)}` }), h("p", { text: w("roll_back_why") }),
    h("p", {}, h("label", { for: "back_reason", text: w("roll_back_reason") }), reason), wrong, progress,
    h("p", { class: "acts" }, go, button(w("cancel"), () => box.close(), { class: "button plain" }))));
  box.showModal();
  reason.focus();
}

const changed = () => [...draft.files.values()].some((one) => one.changed);

async function begin_from(number, acts) {
  if (changed() && !(await sure(w("begin_from_sure", { n: number })))) return;
  await turned("/studio/begin-from", { number }).then(() => acts.note(w("begun_from", { n: number })), acts.refused);
  await acts.reload();
}

async function take_file(field, acts) {
  const [file] = field.files;
  field.value = "";
  if (!file) return;
  if (file.size > LARGEST) { acts.note(w("not_too_big")); return; }
  if (changed() && !(await sure(w("import_sure", { file: file.name })))) return;
  try {
    const told = await turned("/studio/import", file);
    acts.note(told.files.length ? w("imported", { n: told.files.length }) : w("imported_same"));
  } catch (fault) { acts.refused(fault); }
  await acts.reload();
}

// --- the folder

function folder(told, acts) {
  if (!told || !["changed", "conflict", "broken"].includes(told.state)) return [];
  return [h("div", { class: "folder", role: "status" }, h("p", { text: told.words }), given.edits && told.state !== "broken" ? button(w("take_folder"), () => take({}, acts), { class: "button plain" }) : null)];
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
