// A sheet that is edited on a page of its own: the text is the truth, the form is drawn from its tree. An edit of the form
// changes the tree here at once and the text on the server, which gives both back with everything that is wrong in them;
// what is typed into the YAML goes the same way. Nothing is kept before somebody says so, with a reason.

import * as editing from "./studio_editor.js";
import { decide } from "./studio_merge.js";
import { $, applied, ask, fill, given, h, tell, w } from "./studio_model.js";

const TYPED_MS = 500;
const AGAIN_MS = 5000; // after a request that got no answer
const first = given.sheet;
export const sheet = { name: first.name, text: first.text, tree: first.tree, problems: first.problems };
const kept = { text: first.text, digest: first.digest };
const past = [];
const ahead = [];
let answered = first.tree; // the latest that the server gave
let pending = []; // edits that the server has not answered yet
let line = Promise.resolve();
let editor = null;
let silent = false;
let timer = 0;
let draw = () => {};
let drawn = ""; // what stands on the page
let pressed = false;
let late = false; // something is to be drawn as soon as nothing is pressed

export const at = (seconds) => new Date(seconds * 1000).toLocaleString(given.language, { dateStyle: "medium", timeStyle: "short", timeZone: given.zone });
export const changed = () => sheet.text !== kept.text;

export function say(text) {
  const box = $("toast");
  fill(box, text);
  box.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { box.hidden = true; }, 8000);
}

// --- edits

// Edits of the form, done together: ``set``, ``remove``, ``rename`` or ``move`` at a path.
export function edit(...edits) {
  flush();
  pending.push(...edits);
  sheet.tree = edits.reduce(applied, sheet.tree);
  redraw();
  enqueue(async () => {
    const told = await checked(sheet.text, edits);
    pending = pending.slice(edits.length);
    if (told) take(told);
    else { sheet.tree = pending.reduce(applied, answered); redraw(); } // the form shows what is there; it is to be done again
  });
}

function typed(update) {
  if (!update.docChanged || silent) return;
  clearTimeout(timer);
  timer = setTimeout(flush, TYPED_MS);
}

function flush() {
  if (!timer) return;
  clearTimeout(timer);
  timer = 0;
  retext(editing.content(editor));
}

// Another text in place of this one.
export function retext(text) {
  enqueue(async () => {
    const told = await checked(text, []);
    if (told) take(told);
    else if (editor && !timer && editing.content(editor) === text) timer = setTimeout(flush, AGAIN_MS); // it stays where it was typed
  });
}

// What the server says of a text with these edits; nothing when there was no answer, which is said.
async function checked(text, edits) {
  try { return await tell(`/studio/${sheet.name}/check`, { text, edits: JSON.stringify(edits) }); }
  catch (fault) { say(fault.message); return null; }
}

function enqueue(work) {
  state("saving");
  const mine = line.then(work);
  line = mine.catch((fault) => say(fault.message)).finally(() => { if (line === last) state(); });
  const last = line;
}

function take(told, remembered = true) {
  if (remembered && told.text !== sheet.text) { past.push(sheet.text); ahead.length = 0; }
  answered = told.tree;
  Object.assign(sheet, { text: told.text, tree: pending.reduce(applied, told.tree), problems: told.problems });
  show_text();
  redraw();
}

function turn(from, to) {
  flush();
  if (!from.length) return;
  enqueue(async () => {
    if (!from.length) return; // gone meanwhile
    const told = await checked(from.at(-1), []);
    if (!told) return;
    from.pop();
    to.push(sheet.text);
    take(told, false);
  });
}

// --- what is seen

function show_text() {
  if (!editor || timer) return;
  silent = true;
  editing.put_text(editor, sheet.text);
  silent = false;
  editing.mark_lines(editor, sheet.problems);
}

// After the focus has gone where it goes, so that it can be given back there; not while a button is held down, whose click
// would be lost, and not when everything stands there already.
function redraw() {
  clearTimeout(redraw.timer);
  redraw.timer = setTimeout(() => {
    const next = JSON.stringify([sheet.tree, sheet.problems]);
    if (pressed || next === drawn) { late = pressed; state(); return; }
    drawn = next;
    const held = document.activeElement;
    const [id, from, to] = [held?.id, held?.selectionStart, held?.selectionEnd];
    draw();
    problems();
    if (id && document.activeElement !== $(id)) {
      $(id)?.focus({ preventScroll: true });
      if (typeof from === "number") try { $(id)?.setSelectionRange(from, to); } catch { /* a number has no selection */ }
    }
    state();
  });
}

function problems() {
  const count = sheet.problems.length;
  fill($("problems_title"), w(count ? "sheet_problems" : "sheet_no_problems", { n: count }));
  fill($("problem_list"), sheet.problems.map((one) => h("li", {}, h("button", { type: "button", onclick: () => lead(one) },
    h("span", { text: one.words }), h("span", { class: "place", text: w("sheet_place", { line: one.line, column: one.column }) })))));
  $("studio").dataset.problems = count;
}

// To the control that the problem is about; to its line where there is none.
async function lead(problem) {
  const near = [...problem.path.keys()].map((n) => $(id_of(problem.path.slice(0, problem.path.length - n)))).find(Boolean);
  if (near) { near.closest("details")?.setAttribute("open", ""); near.scrollIntoView({ block: "center" }); near.focus({ preventScroll: true }); }
  if (!near || side() === "yaml") { await look("yaml"); editing.look_at(editor, problem.line); }
}

export const id_of = (path) => `at_${path.join("_")}`;

// The problems of a value; ``below``: and of all that is in it.
export const wrong_at = (path, below = false) => sheet.problems.filter((one) => (below || one.path.length === path.length) && path.every((step, n) => one.path[n] === step));

function state(now = "") {
  const word = now || (pending.length || timer ? "saving" : changed() ? "changed" : "same");
  $("saved").dataset.state = word;
  fill($("saved"), w(`sheet_${word}`));
  if (!given.edits) return;
  $("undo").disabled = !past.length;
  $("redo").disabled = !ahead.length;
  $("keep").disabled = word !== "changed" || sheet.problems.length > 0;
}

// --- the side: one of several views beside the form

const side = () => [...document.querySelectorAll("[data-side]")].find((one) => one.getAttribute("aria-selected") === "true")?.dataset.side;

export async function look(name) {
  for (const tab of document.querySelectorAll("[data-side]")) {
    const on = tab.dataset.side === name;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    $(`side_${tab.dataset.side}`).hidden = !on;
  }
  if (name === "copies") await copies();
  if (name !== "yaml" || editor) return;
  editor = await editing.editor_in($("yaml"), { label: w("sheet_yaml"), typed });
  show_text();
}

async function copies() {
  const told = await ask(`/studio/${sheet.name}/copies`).catch((fault) => { say(fault.message); return { rows: [] }; });
  fill($("copies"), told.broken ? h("li", { class: "trouble", text: told.broken }) : null, told.rows.length ? null : h("li", { class: "empty", text: w("sheet_no_copies") }), told.rows.map((one) => h("li", {},
    h("p", {}, h("b", { text: one.reason || one.who_words })), h("p", { class: "aside", text: one.reason ? w("sheet_kept_by", { who: one.who_words, at: at(one.at) }) : at(one.at) }),
    one.digest === kept.digest ? h("p", { class: "pill ok", text: w("sheet_live") }) : given.edits && one.there ? h("button", { type: "button", class: "tiny", text: w("sheet_begin_from"), onclick: () => begin_from(one) }) : null)));
}

async function begin_from(copy) {
  try {
    retext((await ask(`/studio/${sheet.name}/copies/${copy.digest}`)).text);
    say(w("sheet_begun"));
  } catch (fault) { say(fault.message); }
}

// --- keeping

async function open_keep() {
  flush();
  await line;
  const box = $("keep_box");
  const told = await tell(`/studio/${sheet.name}/weigh`, { text: sheet.text }).catch((fault) => { say(fault.message); return null; });
  if (!told) return;
  const reason = h("input", { id: "reason", type: "text", maxlength: 300, autocomplete: "off", required: true });
  const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
  const go = h("button", { class: "button", text: w("sheet_keep"), disabled: told.refused.length > 0 });
  fill(box, h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); if (reason.value.trim()) keep(reason.value.trim(), go, wrong); } },
    h("h2", { text: w("sheet_keep") }),
    told.refused.map((one) => h("p", { class: "trouble", text: one })),
    h("ul", { class: "effects" }, told.effects.map((one) => h("li", { text: one }))),
    h("details", { open: told.lines.length < 25 }, h("summary", { text: w("sheet_lines", { n: told.lines.filter(([mark]) => "+-".includes(mark)).length }) }),
      h("pre", { class: "lines", tabindex: "0" }, told.lines.map(([mark, text]) => h("span", { class: { "+": "plus", "-": "minus", "@": "place" }[mark] ?? "", text: `${mark === "@" ? "" : `${mark} `}${text}\n` })))),
    h("label", { for: "reason", text: w("sheet_reason") }), reason, wrong,
    h("p", { class: "acts" }, go, h("button", { type: "button", class: "button plain", text: w("sheet_not_now"), onclick: () => box.close() }))));
  box.showModal();
  reason.focus();
}

async function keep(reason, go, wrong) {
  go.disabled = true;
  wrong.hidden = true;
  const text = sheet.text;
  try {
    const told = await tell(`/studio/${sheet.name}/keep`, { text, digest: kept.digest, reason });
    Object.assign(kept, { text, digest: told.digest });
    $("keep_box").close();
    fill($("done"), told.done.map((one) => h("p", { text: one })));
    $("done").hidden = !told.done.length;
    say(w("sheet_is_kept"));
    state();
    if (side() === "copies") await copies();
  } catch (fault) {
    if (fault.told?.now) { $("keep_box").close(); await together(fault.told); return; }
    go.disabled = false;
    wrong.hidden = false;
    fill(wrong, fault.message);
  }
}

// Somebody else kept the sheet meanwhile: both changes are put together, by a person where both touched the same lines.
async function together(told, choices = []) {
  const whose = told.who_words;
  const merged = await tell(`/studio/${sheet.name}/merge`, { base: kept.text, mine: sheet.text, choices: JSON.stringify(choices) }).catch((fault) => { say(fault.message); return null; });
  if (!merged) return;
  if (merged.conflict) {
    const chosen = await decide({ ...merged.conflict, whose });
    if (chosen) await together(told, chosen);
    return;
  }
  Object.assign(kept, { text: merged.now.text, digest: merged.now.digest });
  retext(merged.text);
  say(w("sheet_merged", { who: whose }));
}

// ``drawing`` draws the form into #form from ``sheet.tree``, null when it cannot be read.
export function start(drawing) {
  draw = () => { $("unreadable").hidden = Boolean(sheet.tree); $("form").hidden = !sheet.tree; if (sheet.tree) drawing(); };
  for (const [name, down] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
    addEventListener(name, () => { pressed = down; if (!down && late) { late = false; redraw(); } }, true);
  }
  $("form").addEventListener("submit", (event) => event.preventDefault());
  $("undo")?.addEventListener("click", () => turn(past, ahead));
  $("redo")?.addEventListener("click", () => turn(ahead, past));
  $("keep")?.addEventListener("click", () => open_keep());
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.closest?.("input, textarea, #yaml")) return;
    event.preventDefault();
    if (event.shiftKey) turn(ahead, past); else turn(past, ahead);
  });
  addEventListener("beforeunload", (event) => { if (changed() || timer || pending.length) event.preventDefault(); });
  for (const tab of document.querySelectorAll("[data-side]")) {
    tab.addEventListener("click", () => look(tab.dataset.side));
    tab.addEventListener("keydown", (event) => {
      const next = { ArrowRight: tab.nextElementSibling, ArrowLeft: tab.previousElementSibling }[event.key];
      if (next) { next.click(); next.focus(); }
    });
  }
  draw();
  problems();
  state();
  look(document.querySelector("[data-side]").dataset.side).then(() => { $("studio").dataset.ready = "yes"; });
}
