// What the studio knows of the draft, and how it asks. A file's tree keeps mappings as {map: [[key, value], ...]}, since
// JavaScript would sort keys that are numbers. Edits go out one after the other, each naming the version that was seen.

export const $ = (id) => document.getElementById(id);
export const given = JSON.parse($("studio").dataset.given);

export function w(key, slots = {}) {
  const text = given.words[`studio_${key}`] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in slots ? String(slots[name]) : whole));
}
export const has = (key) => `studio_${key}` in given.words;

export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name === "value") made.value = value;
    else if (name === "checked" || name === "disabled" || name === "selected") made[name] = Boolean(value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

// Fills a box anew; what is null is not there.
export function fill(box, ...children) {
  box.replaceChildren(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
}

// --- trees

export const pairs = (tree) => (tree && typeof tree === "object" && tree.map) || [];
export const has_map = (tree) => Boolean(tree && typeof tree === "object" && tree.map);
export const read = (tree, key) => pairs(tree).find(([name]) => name === String(key))?.[1];
export const text = (tree, key) => { const found = read(tree, key); return typeof found === "string" ? found : ""; };
export const at = (tree, path) => path.reduce((here, key) => (Array.isArray(here) ? here[key] : read(here, key)), tree);
export const nodes = (tree) => pairs(read(tree, "nodes"));

export function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (has_map(value)) return Object.fromEntries(pairs(value).map(([key, one]) => [key, plain(one)]));
  return value;
}

export function tree_of(value) {
  if (Array.isArray(value)) return value.map(tree_of);
  if (value && typeof value === "object") return { map: Object.entries(value).map(([key, one]) => [key, tree_of(one)]) };
  return value === null || value === undefined ? value : String(value);
}

// The edit as it will be answered, so that the picture changes at once.
export function applied(tree, edit) {
  const path = edit.path ?? [];
  if (edit.do === "lines" || !path.length || !has_map(tree)) return tree;
  const whole = structuredClone(tree);
  let here = whole;
  for (const key of path.slice(0, -1)) {
    let next = Array.isArray(here) ? here[key] : read(here, key);
    if (next === undefined || next === null) { next = { map: [] }; here.map?.push([String(key), next]); }
    here = next;
    if (typeof here !== "object") return tree;
  }
  const last = path.at(-1);
  if (Array.isArray(here)) {
    if (edit.do === "set") here[last] = tree_of(edit.value);
    if (edit.do === "remove") here.splice(last, 1);
    if (edit.do === "move" && here[last + edit.value] !== undefined) here.splice(last + edit.value, 0, ...here.splice(last, 1));
    return whole;
  }
  const index = here.map.findIndex(([name]) => name === String(last));
  if (edit.do === "set") index < 0 ? here.map.push([String(last), tree_of(edit.value)]) : (here.map[index][1] = tree_of(edit.value));
  if (index < 0) return whole;
  if (edit.do === "remove") here.map.splice(index, 1);
  if (edit.do === "rename") here.map[index][0] = String(edit.value);
  if (edit.do === "move" && here.map[index + edit.value]) here.map.splice(index + edit.value, 0, ...here.map.splice(index, 1));
  return whole;
}

// --- asking

export class Refused extends Error {
  constructor(status, told) { super(told.text || w("lost")); this.status = status; this.told = told; }
}

async function answered(got) {
  const told = await got.json().catch(() => ({ text: w("lost") }));
  if (!got.ok) throw new Refused(got.status, told);
  return told;
}

const waiting = { signal: undefined };
export async function ask(path) {
  try { return await answered(await fetch(path, waiting)); }
  catch (fault) { throw fault instanceof Refused ? fault : new Refused(0, { text: w("lost") }); }
}

// ``fields``: a form; or a file or sound, which goes as it is.
export async function tell(path, fields = {}) {
  const sent = fields instanceof Blob ? { body: fields, headers: { "X-CSRF": given.csrf, "Content-Type": "application/octet-stream" } }
    : { body: new URLSearchParams({ csrf: given.csrf, ...fields }) };
  try { return await answered(await fetch(path, { method: "POST", ...sent })); }
  catch (fault) { throw fault instanceof Refused ? fault : new Refused(0, { text: w("lost") }); }
}

export const file_path = (file) => `/studio/files/${file.split("/").map(encodeURIComponent).join("/")}`;

// --- the draft

export const draft = { published: 0, digest: "", files: new Map(), open: new Map(), check: null, schema: null };
const heard = new Map();

export function on(what, does) { heard.set(what, [...(heard.get(what) ?? []), does]); }
export function say(what, ...told) { for (const does of heard.get(what) ?? []) does(...told); }

export async function load_state() {
  const told = await ask("/studio/state");
  draft.published = told.published;
  draft.digest = told.digest;
  draft.files = new Map(told.files.map((one) => [one.file, one]));
  say("state");
  return told;
}

export async function open(file) {
  const known = draft.files.get(file);
  const held = draft.open.get(file);
  if (held && known && held.version === known.version) return held;
  return keep(await ask(file_path(file)));
}

export function keep(one) {
  draft.open.set(one.file, one);
  const { text: _, tree: __, lines: ___, problems: ____, ...row } = one;
  draft.files.set(one.file, row);
  return one;
}

let line = Promise.resolve();
let under_way = 0;
export const busy = () => under_way > 0;
export const idle = () => line;

// One change of one or more files: [{file, edits}]. Resolves when it is kept; the picture has changed before.
export function change(changes, what) {
  for (const { file, edits } of changes) {
    const here = draft.open.get(file);
    if (here?.tree) here.tree = edits.reduce(applied, here.tree);
  }
  say("changed", changes.map((one) => one.file));
  under_way += 1;
  say("saving");
  const kept = line.then(() => send(changes, what));
  line = kept.catch(() => {}).finally(() => { under_way -= 1; say("saving"); });
  return kept;
}

async function send(changes, what, choices = {}) {
  const asked = changes.map(({ file, edits, seen }) => ({
    file, edits, version: seen ?? draft.files.get(file)?.version ?? 0, choices: choices[file] ?? [],
  }));
  try {
    const told = await tell("/studio/edit", { changes: JSON.stringify(asked), what });
    told.files.forEach(keep);
    say("kept", told);
    refresh_soon();
    return told;
  } catch (fault) {
    if (fault.told?.conflict) {
      const chosen = await new Promise((settle) => say("conflict", fault.told, settle));
      if (chosen) {
        const pinned = asked.map((one, n) => ({ ...changes[n], seen: one.version }));
        return send(pinned, what, { ...choices, [fault.told.conflict.file]: chosen });
      }
    }
    await again(changes.map((one) => one.file));
    say("refused", fault);
    throw fault;
  }
}

// What is shown is what is kept, whatever was tried.
export async function again(files) {
  await load_state().catch(() => {});
  for (const file of files) {
    draft.open.delete(file);
    if (draft.files.has(file)) await open(file).catch(() => {});
  }
  say("changed", files);
}

export async function turned(path, fields) {
  await line;
  under_way += 1;
  say("saving");
  try {
    const told = await tell(path, fields);
    told.files.forEach((one) => (typeof one === "string" ? draft.open.delete(one) : keep(one)));
    await load_state();
    say("kept", { files: told.files, merged_with: "" });
    refresh_soon();
    return told;
  } finally { under_way -= 1; say("saving"); }
}

// --- checks, as soon as nobody types

let timer = 0;
let checking = false;
export function refresh_soon(ms = 250) { clearTimeout(timer); timer = setTimeout(refresh, ms); }

async function refresh() {
  if (checking || busy()) return refresh_soon();
  checking = true;
  try {
    const told = await ask("/studio/check");
    draft.check = told;
    draft.digest = told.digest;
    say("checked");
  } catch (fault) { say("unchecked", fault); }
  finally { checking = false; }
}

export const problems = () => draft.check?.problems ?? [];
export const names = () => draft.check?.names ?? { queues: [], languages: [], look_ups: {}, prompts: {}, slots: {}, own: [] };
// What a look-up or an outcome is called in the visitor's language.
export const called = (name) => given.called?.[name] ?? (name ?? "").replaceAll("_", " ");

export const words_of = (prompt, language = given.language) => names().prompts[language]?.[prompt];
