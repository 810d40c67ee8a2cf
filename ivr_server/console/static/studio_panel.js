// The panel of a node, made from the JSON Schema that checks the files: what must be said first, the rest behind "more".

import { KINDS, leads_to, node_at } from "./studio_cards.js";
import { LEADS, by_shape, facts_known, labelled } from "./studio_fields.js";
import { $, change, draft, fill, given, h, has, names, nodes, pairs, problems, read, text, w } from "./studio_model.js";
import { LANGUAGES, make, pick, raw, recording, sentence } from "./studio_sentences.js";

const NEW = {
  say: { say: [], to: "" }, menu: { say: [], options: {} }, ask: { say: [], form: "digits", into: "entry", to: "" },
  confirm: { say: [], yes: "", no: "" }, look_up: { look_up: "hours", outcomes: {} }, known: { fact: "caller", yes: "", no: "" },
  forget: { facts: [], to: "" }, tries: { again: "", enough: "" }, speak_in: { language: "zh-CN", to: "" }, sub_flow: { flow: "", exits: {} },
  return: { exit: "" }, enqueue: { queue: "service" }, end: { disposition: "goodbye" },
};
const NAME = /^[a-z][a-z0-9_]{0,63}$/;

export function definition(kind) {
  return Object.values(draft.schema?.$defs ?? {}).find((one) => one.properties?.kind?.const === kind);
}

const FIRST = ["say", "options", "tail", "form", "into", "look_up", "outcomes", "flow", "exits", "fact", "facts", "queue", "language", "yes", "no", "again", "enough", "to"];
const rank = (key) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
const why = (kind, key) => (has(`why_${kind}_${key}`) ? w(`why_${kind}_${key}`) : has(`why_${key}`) ? w(`why_${key}`) : "");

export function context_of(here, name, acts) {
  const node = node_at(here.tree, name);
  return {
    file: here.file, tree: here.tree, node, name, required: definition(text(node, "kind"))?.required ?? [],
    go: acts.go, sentence, pick_sentence: pick,
    new_node: () => ask_node(here),
    exits_of: (flow) => { const tree = acts.tree_of(flow); const found = read(tree, "exits"); return Array.isArray(found) ? found : []; },
    sub_flows: () => acts.flows().filter((flow) => Array.isArray(read(acts.tree_of(flow), "exits"))),
    add_option: (path, key) => add_option(here, path, key),
  };
}

const prompts_of_node = (node) => [...new Set(JSON.stringify(node).match(/[a-z][a-z0-9_]*/g) ?? [])].filter((one) => LANGUAGES.some((language) => raw(one, language)));

// Draws the panel into its place.
export function show(here, name, acts) {
  const box = $("panel");
  const node = here?.tree ? node_at(here.tree, name) : undefined;
  if (node === undefined) { box.shown = ""; fill(box, h("p", { class: "empty", text: w("choose_node") })); return; }
  const kind = text(node, "kind");
  const shape = definition(kind);
  const context = context_of(here, name, acts);
  const edit = (one) => change([{ file: here.file, edits: [one] }], w("did_edit", { name })).catch(() => {});
  const found = problems().filter((one) => one.file === here.file && one.node === name);
  const words = prompts_of_node(node).map((prompt) => [prompt, ...LANGUAGES.map((language) => [raw(prompt, language), recording(prompt, language)])]);
  const shown = JSON.stringify([here.file, name, node, found, words, read(here.tree, "start"), nodes(here.tree).map(([one]) => one), leads_to(here.tree, name), names().queues]);
  if (box.dataset.node === name && box.shown === shown) return; // what somebody is just clicking on stays where it is
  box.shown = shown;
  const order = Object.entries(shape?.properties ?? {}).filter(([key]) => key !== "kind").sort(([a], [b]) => rank(a) - rank(b));
  const fields = order.map(([key, each]) => {
    const value = read(node, key);
    const needed = context.required.includes(key) || key === "say" && kind !== "end";
    const control = by_shape(context, ["nodes", name], key, each, value, edit);
    return { needed: needed || value !== undefined, made: labelled(key, why(kind, key), control) };
  });
  const focus = document.activeElement?.closest?.("[data-key]")?.dataset.key;
  const more = fields.filter((one) => !one.needed);
  fill(box, 
    h("datalist", { id: "facts" }, facts_known().map((one) => h("option", { value: one }))),
    h("div", { class: "panel-head" }, h("p", { class: "kind", text: w(`kind_${kind}`) }), h("h2", { id: "panel_title", tabindex: "-1", text: name }), h("p", { class: "why", text: why(kind, "kind") })),
    found.length ? h("ul", { class: "found" }, found.map((one) => h("li", { class: one.warning ? "warning" : "problem", text: one.words }))) : null,
    shape ? h("fieldset", { class: "fields-box", disabled: !given.edits }, fields.filter((one) => one.needed).map((one) => one.made),
      more.length ? h("details", { class: "more", id: "more", open: box.querySelector("#more")?.open && box.dataset.node === name }, h("summary", { text: w("more_settings") }), more.map((one) => one.made)) : null)
      : h("p", { class: "trouble", text: w("unknown_kind", { kind }) }),
    ways_in(here, name, acts),
    given.edits ? h("p", { class: "acts" },
      h("button", { type: "button", class: "tiny", text: w("rename"), onclick: () => rename(here, name, acts) }),
      h("button", { type: "button", class: "tiny", text: w("remove_node"), onclick: () => remove(here, name, acts) })) : null);
  box.dataset.node = name;
  if (focus) box.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.querySelector("input,select,textarea")?.focus({ preventScroll: true });
}

function ways_in(here, name, acts) {
  const found = leads_to(here.tree, name);
  const start = text(here.tree, "start") === name ? [h("li", { text: w("start_here") })] : [];
  const always = pairs(read(here.tree, "always")).filter(([, to]) => to === name).map(([key]) => h("li", { text: w(`name_${key}`) }));
  return h("details", { class: "ins" }, h("summary", { text: w("ways_in", { n: found.length + start.length + always.length }) }),
    h("ul", {}, start, always, found.map((one) => h("li", {}, h("button", { type: "button", class: "link", text: one.from, onclick: () => acts.go(one.from) }), ` ${[one.key, one.words].filter(Boolean).join(" ")}`))));
}

async function rename(here, name, acts) {
  const to = await asked_name(w("rename_node", { name }), name, here);
  if (!to || to === name) return;
  acts.renamed(name, to);
  await change([{ file: here.file, edits: [{ do: "rename", path: ["nodes", name], value: to }] }], w("did_rename", { name, to })).catch(() => {});
}

export async function remove(here, name, acts) {
  const links = leads_to(here.tree, name).length;
  if (links && !(await sure(w("remove_linked", { name, n: links })))) return;
  acts.go("");
  await change([{ file: here.file, edits: [{ do: "remove", path: ["nodes", name] }] }], w("did_remove", { name })).catch(() => {});
}

// --- small dialogs

export function sure(question) {
  return new Promise((settle) => {
    const box = $("sure");
    const done = (yes) => { box.close(); settle(yes); };
    fill(box, h("p", { class: "question", text: question }), h("p", { class: "acts" },
      h("button", { type: "button", class: "button", text: w("go_on"), onclick: () => done(true) }), h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => done(false) })));
    box.oncancel = () => settle(false);
    box.showModal();
  });
}

function asked_name(title, value, here) {
  return new Promise((settle) => {
    const box = $("sure");
    const field = h("input", { type: "text", value, maxlength: "64", autocomplete: "off", spellcheck: "false", "aria-label": w("node_name"), required: true });
    const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
    const done = (name) => { box.close(); settle(name); };
    fill(box, h("form", { method: "dialog", onsubmit: (event) => {
      event.preventDefault();
      const name = field.value.trim();
      wrong.textContent = !NAME.test(name) ? w("bad_name") : name !== value && node_at(here.tree, name) !== undefined ? w("name_taken") : "";
      wrong.hidden = !wrong.textContent;
      if (!wrong.textContent) done(name);
    } }, h("h2", { text: title }), field, h("p", { class: "aside", text: w("name_rule") }), wrong, h("p", { class: "acts" },
      h("button", { class: "button", text: w("ok") }), h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => done("") }))));
    box.oncancel = () => settle("");
    box.showModal();
    field.select();
  });
}

// A new node: its kind and its name. Resolves with the name, or "".
export function ask_node(here, wanted = "", only_name = false) {
  return new Promise((settle) => {
    const box = $("add");
    const name = h("input", { type: "text", id: "add_name", value: wanted, maxlength: "64", required: true, autocomplete: "off", spellcheck: "false" });
    const kinds = KINDS.map((kind, n) => h("label", { class: "kind-choice" }, h("input", { type: "radio", name: "kind", value: kind, checked: n === 0 }),
      h("span", {}, h("b", { text: w(`kind_${kind}`) }), h("span", { class: "why", text: why(kind, "kind") }))));
    const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
    const done = (found) => { box.close(); settle(found); };
    const save = (event) => {
      event.preventDefault();
      const called = name.value.trim();
      wrong.textContent = !NAME.test(called) ? w("bad_name") : node_at(here.tree, called) !== undefined ? w("name_taken") : "";
      wrong.hidden = !wrong.textContent;
      if (wrong.textContent) return;
      if (only_name) return done(called);
      const kind = box.querySelector("[name=kind]:checked").value;
      const home = text(read(here.tree, "always"), "main") || text(here.tree, "start");
      const value = Object.fromEntries(Object.entries({ kind, ...NEW[kind] }).map(([key, one]) => [key, one === "" && LEADS.includes(key) ? home : one]));
      change([{ file: here.file, edits: [{ do: "set", path: ["nodes", called], value }] }], w("did_add", { name: called })).catch(() => {});
      done(called);
    };
    fill(box, h("form", { method: "dialog", onsubmit: save }, h("h2", { text: w(only_name ? "new_flow" : "new_node") }),
      h("p", {}, h("label", { for: "add_name", text: w(only_name ? "flow_name" : "node_name") }), name, h("span", { class: "aside", text: w("name_rule") })), wrong,
      only_name ? null : h("fieldset", { class: "kinds" }, h("legend", { text: w("node_kind") }), kinds),
      h("p", { class: "acts" }, h("button", { class: "button", text: w(only_name ? "new_flow" : "add_node") }), h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => done("") }))));
    box.oncancel = () => settle("");
    box.showModal();
    name.focus();
  });
}

async function add_option(here, path, key) {
  const say = await pick();
  if (!say) return;
  await change([{ file: here.file, edits: [{ do: "set", path: [...path, key], value: { say, to: text(here.tree, "start") } }] }], w("did_option", { key })).catch(() => {});
}

export { LANGUAGES, make };
