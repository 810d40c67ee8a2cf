// The fields of a panel: one for each shape in the JSON Schema that checks the files. A field calls ``set(path, value)``
// with the value as the file shall have it; null takes the key away.

import { prompts_in } from "./studio_cards.js";
import { called, draft, given, h, names, nodes, pairs, plain, read, text, w, words_of } from "./studio_model.js";

export const LEADS = ["to", "yes", "no", "again", "enough", "empty", "unavailable", "back", "repeat", "start", "human", "main", "silent", "tired", "too_long", "failed"];
const CHOSEN = { queue: "queues", language: "languages" };
const FACTS = ["fact", "into", "queue_from"];
let counter = 0;

export function labelled(key, sentence, control, wrong = []) {
  const id = `f${(counter += 1)}`;
  const target = control.matches?.("input,select,textarea") ? control : control.querySelector?.("input,select,textarea");
  if (target && !target.id) target.id = id;
  if (target) target.setAttribute("aria-describedby", `${id}why`);
  return h("div", { class: `field${wrong.length ? " wrong" : ""}`, "data-key": key },
    h("label", { for: target?.id, text: w(`name_${key}`) }), control,
    wrong.map((one) => h("p", { class: "trouble", text: one })),
    h("p", { class: "why", id: `${id}why`, text: sentence }));
}

// Where a way leads: every node of the flow, or a new one.
export function lead(context, value, set, { empty = false, title = "" } = {}) {
  const known = nodes(context.tree).map(([name]) => name);
  const options = known.map((name) => h("option", { value: name, text: name, selected: name === value }));
  const strange = value && !known.includes(value) ? [h("option", { value, text: w("no_such_node", { name: value }), selected: true })] : [];
  const none = empty || !value ? [h("option", { value: "", text: empty ? w("by_itself") : w("choose"), selected: !value })] : [];
  const made = h("select", { class: "lead", "aria-label": title || undefined, onchange: async () => {
    if (made.value !== "\n") return set(made.value || null);
    const name = await context.new_node();
    if (name) set(name); else made.value = value || "";
  } }, none, strange, options, h("option", { value: "\n", text: w("new_node_option") }));
  return h("span", { class: "leads" }, made, value && known.includes(value)
    ? h("button", { type: "button", class: "go", title: w("go_there", { name: value }), "aria-label": w("go_there", { name: value }), onclick: () => context.go(value), text: "→" }) : null);
}

function choice(options, value, set, empty, title) {
  const strange = value && !options.some(([one]) => one === value) ? [[value, value]] : [];
  const all = [...(empty || !value ? [["", empty ? w("none") : w("choose")]] : []), ...strange, ...options];
  return h("select", { "aria-label": title || undefined, onchange: (event) => set(event.target.value || null) },
    all.map(([one, words]) => h("option", { value: one, text: words, selected: one === (value ?? "") })));
}

function line(value, set, props = {}) {
  return h("input", { type: "text", value: value ?? "", autocomplete: "off", spellcheck: "false", ...props, onchange: (event) => set(event.target.value.trim()) });
}

export function facts_known() {
  const found = new Set(["caller", "dialled", "business"]);
  for (const one of Object.values(names().look_ups)) for (const gives of Object.values(one.outcomes)) Object.keys(gives).forEach((name) => found.add(name));
  for (const { tree } of draft.open.values()) for (const [, node] of nodes(tree)) if (text(node, "into")) found.add(text(node, "into"));
  return [...found].sort();
}

// A list of prompts in order: each can be read and worded here, moved, taken away; another one added.
export function spoken(context, path, value, set) {
  const list = Array.isArray(value) ? value : value ? [value] : [];
  const put = (next) => set(next.length ? next.map(plain) : null);
  const items = list.map((one, n) => {
    const name = typeof one === "string" ? one : text(one, "prompt");
    const rest = list.filter((_, m) => m !== n);
    const moved = [...list];
    if (n) moved.splice(n - 1, 2, list[n], list[n - 1]);
    return h("li", {}, context.sentence(name, (other) => put(list.map((each, m) => (m === n ? named(each, other) : each)))),
      typeof one === "string" ? null : extras(context, [...path, n], one, (next) => put(list.map((each, m) => (m === n ? next : each)))),
      h("span", { class: "small-acts" },
        n ? h("button", { type: "button", class: "tiny", text: w("up"), onclick: () => put(moved) }) : null,
        h("button", { type: "button", class: "tiny", text: w("take_away"), onclick: () => put(rest) })));
  });
  return h("div", { class: "spoken" }, items.length ? h("ol", {}, items) : null,
    h("button", { type: "button", class: "tiny add", text: w("add_sentence"), onclick: async () => {
      const name = await context.pick_sentence();
      if (name) put([...list, name]);
    } }));
}

const named = (one, name) => (typeof one === "string" ? name : { ...plain(one), prompt: name });

// What may be said of a prompt besides its name: its slots, a fixed language.
function extras(context, path, one, put) {
  const language = text(one, "language");
  const tongues = names().languages.map((name) => [name, name]);
  return h("div", { class: "extras" },
    h("span", { class: "tiny-label", text: w("spoken_in") }),
    choice([...tongues, ["others", w("other_languages")]], language, (value) => put({ ...plain(one), language: value ?? undefined }), true, w("spoken_in")),
    read(one, "slots") ? bindings(context, read(one, "slots"), (slots) => put({ ...plain(one), slots })) : null);
}

// name -> value, each a line; for slots, arguments, facts.
export function bindings(context, value, set, known = []) {
  const entries = pairs(value);
  const put = (next) => set(next.length ? Object.fromEntries(next.map(([key, one]) => [key, plain(one)])) : null);
  const replaced = (n, pair) => put(entries.map((one, m) => (m === n ? pair : one)));
  return h("div", { class: "bindings" }, entries.map(([key, one], n) => h("div", { class: "pair" },
    line(key, (name) => replaced(n, [name, one]), { "aria-label": w("binding_name") }), h("span", { text: "=" }),
    line(String(one ?? ""), (name) => replaced(n, [key, name]), { "aria-label": w("binding_value"), list: "facts" }),
    h("button", { type: "button", class: "tiny", text: w("take_away"), onclick: () => put(entries.filter((_, m) => m !== n)) }))),
  h("button", { type: "button", class: "tiny add", text: w("add_line"), onclick: () => put([...entries, [known.find((name) => !read(value, name)) ?? `name_${entries.length + 1}`, known[0] ?? "fact"]]) }));
}

// The options of a menu: key, what is said, where it leads.
export function options(context, path, value, edit) {
  const entries = pairs(value);
  const free = ["1", "2", "3", "4", "5", "6", "7", "8"].find((key) => !read(value, key));
  return h("div", { class: "options" }, entries.map(([key, option], n) => h("fieldset", { class: "option", "data-option": key },
    h("legend", {}, h("span", { class: "unseen", text: w("option") }), h("kbd", { text: key })),
    context.sentence(text(option, "say"), (name) => edit({ do: "set", path: [...path, key, "say"], value: name })),
    h("div", { class: "row-field" }, h("span", { class: "tiny-label", text: w("leads_to") }),
      lead(context, text(option, "to"), (to) => edit({ do: "set", path: [...path, key, "to"], value: to ?? "" }), { title: w("option_leads", { key }) })),
    h("details", {}, h("summary", { text: w("more_of_option") }),
      h("div", { class: "row-field" }, h("span", { class: "tiny-label", text: w("name_key") }),
        line(key, (to) => to && to !== key && edit({ do: "rename", path: [...path, key], value: to }), { "aria-label": w("name_key"), maxlength: "2", class: "short" })),
      h("div", { class: "row-field" }, h("span", { class: "tiny-label", text: w("name_tag") }),
        line(text(option, "tag"), (tag) => edit(tag ? { do: "set", path: [...path, key, "tag"], value: tag } : { do: "remove", path: [...path, key, "tag"] }), { "aria-label": w("name_tag") })),
      h("div", { class: "row-field" }, h("span", { class: "tiny-label", text: w("spoken_in") }),
        choice([...names().languages.map((one) => [one, one]), ["others", w("other_languages")]], text(option, "language"),
          (one) => edit(one ? { do: "set", path: [...path, key, "language"], value: one } : { do: "remove", path: [...path, key, "language"] }), true, w("spoken_in"))),
      ...["slots", "set"].map((name) => h("div", { class: "row-field tall" }, h("span", { class: "tiny-label", text: w(`name_${name}`) }),
        bindings(context, read(option, name), (made) => edit(made ? { do: "set", path: [...path, key, name], value: made } : { do: "remove", path: [...path, key, name] }))))),
    h("span", { class: "small-acts" },
      n ? h("button", { type: "button", class: "tiny", text: w("up"), onclick: () => edit({ do: "move", path: [...path, key], value: -1 }) }) : null,
      h("button", { type: "button", class: "tiny", text: w("take_away"), onclick: () => edit({ do: "remove", path: [...path, key] }) })))),
  h("button", { type: "button", class: "tiny add", disabled: !free, text: w("add_option"), onclick: () => context.add_option(path, free) }));
}

// outcome or exit -> node: the names are given by the look-up or the flow that is gone through.
export function ways_of(context, path, value, wanted, edit) {
  const keys = [...new Set([...wanted, ...pairs(value).map(([key]) => key)])];
  return h("div", { class: "ways" }, keys.map((key) => h("div", { class: "row-field" },
    h("span", { class: `tiny-label${wanted.includes(key) ? "" : " odd"}`, text: called(key) }),
    lead(context, text(value, key), (to) => edit(to ? { do: "set", path: [...path, key], value: to } : { do: "remove", path: [...path, key] }), { empty: !wanted.includes(key), title: key }))));
}

export function by_shape(context, path, key, shape, value, edit) {
  const whole = [...path, key];
  const set = (next) => edit(next === null || next === "" ? { do: "remove", path: whole } : { do: "set", path: whole, value: next });
  const kinds = [shape.type, ...(shape.anyOf ?? []).map((one) => one.type)].flat();
  if (LEADS.includes(key)) return lead(context, value, set, { empty: !context.required.includes(key), title: w(`name_${key}`) });
  if (key === "options") return options(context, whole, value, edit);
  if (key === "outcomes") return ways_of(context, whole, value, Object.keys(names().look_ups[text(context.node, "look_up")]?.outcomes ?? {}), edit);
  if (key === "exits" && has_pairs(shape)) return ways_of(context, whole, value, context.exits_of(text(context.node, "flow")), edit);
  if (key === "look_up") return choice(Object.keys(names().look_ups).map((name) => [name, called(name)]), value, set);
  if (key === "flow") return choice(context.sub_flows().map((name) => [name, name]), value, set);
  if (key === "exit") return choice((read(context.tree, "exits") ?? []).map((name) => [name, name]), value, set);
  if (CHOSEN[key]) return choice(names()[CHOSEN[key]].map((name) => [name, name]), value, set, !context.required.includes(key));
  if (shape.enum) return choice(shape.enum.map((one) => [one, has_words(key, one)]), value, set);
  if (["say", "short", "help", "offer", "tail"].includes(key)) return spoken(context, whole, value, set);
  if (kinds.includes("boolean")) return tick(value, shape.default, (one) => (one === shape.default ? set(null) : set(one)));
  if (kinds.includes("integer")) return line(value ?? "", (one) => set(one === "" ? null : /^\d+$/.test(one) ? Number(one) : one), { inputmode: "numeric", class: "short", placeholder: String(shape.default ?? "") });
  if (has_pairs(shape)) return bindings(context, value, set, key === "with" || key === "given" ? Object.keys(names().look_ups[text(context.node, "look_up")]?.needs ?? {}) : []);
  if (kinds.includes("array")) return line((Array.isArray(value) ? value : value ? [value] : []).join(", "), (one) => set(one ? one.split(/[\s,，、]+/).filter(Boolean) : null));
  return line(value, set, FACTS.includes(key) ? { list: "facts" } : {});
}

const has_pairs = (shape) => shape.type === "object" || Boolean(shape.additionalProperties);
const has_words = (key, one) => given.words[`studio_${{ disposition: "end", form: "form" }[key] ?? key}_${one}`] ?? one;

function tick(value, preset, set) {
  const on = value === undefined || value === null ? preset : String(value) === "true";
  return h("label", { class: "tick" }, h("input", { type: "checkbox", checked: on, onchange: (event) => set(event.target.checked) }), h("span", { text: w("yes") }));
}

export const words_shown = (name) => given.language === "zh-CN" ? ["zh-CN", "en-US"].map((one) => [one, words_of(name, one)]) : ["en-US", "zh-CN"].map((one) => [one, words_of(name, one)]);
export const prompts_of = prompts_in;
