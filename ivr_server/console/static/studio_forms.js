// The forms that agents fill in, by the business of a call; beside them, each as the agent sees it.

import { added, control, free_name, labelled, list, order_acts, property, title_of, titles, value, words_control } from "./studio_controls.js";
import { drawn } from "./desk_fields.js";
import { $, fill, given, h, has_map, pairs, read, text, w } from "./studio_model.js";
import { edit, id_of, sheet, start, wrong_at } from "./studio_sheet.js";

let chosen = 0;
let seen_in = given.language;
const forms = () => list(["forms"]);
const opened = new Set();

function tabs() {
  return h("div", { class: "forms-list", role: "group", "aria-label": w("forms_all") }, forms().map((one, n) => h("button", { type: "button", class: "form-tab", id: id_of(["tab", n]), "data-form": text(one, "name"), "aria-pressed": String(n === chosen), onclick: () => { chosen = n; all(); } },
    h("span", { text: title_of(one, w("sheet_no_title")) }), n === 0 ? h("span", { class: "pill", text: w("forms_first") }) : null, wrong_at(["forms", n], true).length ? h("span", { class: "pill bad", text: w("sheet_n_wrong", { n: wrong_at(["forms", n], true).length }) }) : null)),
  given.edits ? h("button", { type: "button", class: "tiny add", id: "add_form", text: w("forms_add"), onclick: () => {
    chosen = forms().length;
    added(["forms"], { name: free_name(["forms"], "form_"), title: { "zh-CN": "", "en-US": "" }, businesses: [], fields: [] }, ["title", given.language]);
  } }) : null);
}

// A business has one form: given to this one, it is taken from another.
function businesses(path) {
  const held = (n) => { const found = read(forms()[n], "businesses"); return Array.isArray(found) ? found : []; };
  const here = path[1];
  const put = (name, on) => edit(...forms().map((_, n) => {
    const next = n === here ? [...held(n).filter((one) => one !== name), ...(on ? [name] : [])] : on ? held(n).filter((one) => one !== name) : held(n);
    return next.join() === held(n).join() ? null : { do: "set", path: ["forms", n, "businesses"], value: next };
  }).filter(Boolean));
  const known = given.options.businesses.map(([one]) => one);
  const strange = held(here).filter((one) => !known.includes(one)).map((one) => [one, one]);
  const box = ([name, words]) => {
    const other = forms().findIndex((_, n) => n !== here && held(n).includes(name));
    return h("label", { class: "tick" }, h("input", { type: "checkbox", id: id_of([...path, name]), checked: held(here).includes(name), disabled: !given.edits, onchange: (event) => put(name, event.target.checked) }),
      h("span", {}, words, other >= 0 && !held(here).includes(name) ? h("span", { class: "aside", text: ` ${w("forms_now_in", { form: title_of(forms()[other], "") })}` }) : null));
  };
  return labelled(path, h("div", { class: "ticks" }, [...given.options.businesses, ...strange].map(box)), { group: true, name: "form_businesses" });
}

function field(path, one) {
  const name = text(one, "name");
  const kind = read(one, "kind") ?? property("Field", "kind").default;
  const count = list(path.slice(0, -1)).length;
  const key = `${chosen}/${name}`;
  const wrong = wrong_at(path, true).length;
  const made = h("details", { class: "item", "data-field": name, open: opened.has(key) || wrong > 0 },
    h("summary", {}, h("b", { text: title_of(one, w("sheet_no_title")) }), h("span", { class: "aside", text: w(`sheet_kind_${property("Field", "kind").enum.includes(kind) ? kind : "text"}`) }), read(one, "required") === "true" ? h("span", { class: "pill", text: w("sheet_key_required") }) : null, wrong ? h("span", { class: "pill bad", text: w("sheet_n_wrong", { n: wrong }) }) : null),
    h("div", { class: "pair-of" }, titles([...path, "label"], w("forms_label"))),
    h("div", { class: "grid" }, kind_of(path), labelled([...path, "name"], words_control([...path, "name"]), { name: "field_name" }), control("Field", "required", [...path, "required"])),
    kind === "choice" || list([...path, "choices"]).length ? choices([...path, "choices"]) : null,
    order_acts(path, title_of(one, name), { count }));
  made.addEventListener("toggle", () => (made.open ? opened.add(key) : opened.delete(key)));
  return made;
}

// A kind that needs choices begins with one; one that has none lets them go.
function kind_of(path) {
  const made = control("Field", "kind", [...path, "kind"]);
  made.querySelector("select").onchange = (event) => {
    const kind = event.target.value;
    const edits = [{ do: "set", path: [...path, "kind"], value: kind }];
    const held = value([...path, "choices"]) !== undefined;
    if (kind === "choice" && !list([...path, "choices"]).length) edits.push({ do: "set", path: [...path, "choices"], value: [{ name: "choice_1", title: { "zh-CN": "选项一", "en-US": "First choice" } }] });
    if (kind !== "choice" && held) edits.push({ do: "remove", path: [...path, "choices"] });
    edit(...edits);
  };
  return made;
}

function choices(path) {
  const all = list(path);
  return h("fieldset", { class: "choices" }, h("legend", { text: w("forms_choices") }), wrong_at(path).map((one) => h("p", { class: "why" }, h("span", { class: "wrong", text: one.words }))),
    all.map((one, n) => h("div", { class: "line-of" }, titles([...path, n, "title"], w("forms_choice")), labelled([...path, n, "name"], words_control([...path, n, "name"]), { name: "choice_name" }), order_acts([...path, n], title_of(one, text(one, "name")), { count: all.length }))),
    given.edits ? h("button", { type: "button", class: "tiny add", id: id_of([...path, "add"]), text: w("forms_add_choice"), onclick: () => added(path, { name: free_name(path, "choice_"), title: { "zh-CN": "", "en-US": "" } }, ["title", given.language]) }) : null);
}

function form() {
  const path = ["forms", chosen];
  const one = forms()[chosen];
  if (!one) return h("p", { class: "empty", text: w("forms_none") });
  const fields = list([...path, "fields"]);
  return h("section", { "aria-labelledby": "form_title", "data-shown": text(one, "name") }, h("h2", { id: "form_title", text: title_of(one, w("sheet_no_title")) }),
    h("div", { class: "pair-of" }, titles([...path, "title"])),
    labelled([...path, "name"], words_control([...path, "name"]), { name: "form_name" }), businesses([...path, "businesses"]),
    h("h3", { text: w("forms_fields") }), wrong_at([...path, "fields"]).map((each) => h("p", { class: "trouble", text: each.words })),
    fields.map((each, n) => field([...path, "fields", n], each)),
    h("p", { class: "acts" }, given.edits ? h("button", { type: "button", class: "tiny add", id: "add_field", text: w("forms_add_field"), onclick: () => {
      const name = free_name([...path, "fields"], "field_");
      opened.add(`${chosen}/${name}`);
      added([...path, "fields"], { name, label: { "zh-CN": "", "en-US": "" }, kind: "text" }, ["label", given.language]);
    } }) : null, order_acts(path, title_of(one, ""), { count: forms().length })));
}

// --- as the agent sees it: the desk's own fields under the desk's own sheet of styles, in a shadow of their own

const shadow = $("seen").attachShadow({ mode: "open" });
const styles = given.styles.map((href) => h("link", { rel: "stylesheet", href }));
const stage = h("div", { class: "seat" });
const holding = new CSSStyleSheet();
holding.replaceSync(":host { display: block; } .seat { display: block; min-height: 0; height: auto; padding: 0; background: none; } .record { border: 0; padding: 0; background: none; overflow: visible; }");
shadow.adoptedStyleSheets = [holding];
shadow.append(...styles, stage);

const plain_in = (one, key) => read(read(one, key), seen_in) || pairs(read(one, key))[0]?.[1] || "";
function as_shown(one) {
  const choice = (each) => ({ name: text(each, "name"), title: plain_in(each, "title") });
  const made = (each) => ({ name: text(each, "name"), label: plain_in(each, "label"), kind: text(each, "kind") || "text", required: read(each, "required") === "true", choices: Array.isArray(read(each, "choices")) ? read(each, "choices").map(choice) : [] });
  const fields = read(one, "fields");
  return { title: plain_in(one, "title"), fields: Array.isArray(fields) ? fields.filter(has_map).map(made) : [] };
}

function seen() {
  const one = forms()[chosen];
  if (!one) { fill(stage); return; }
  const words = given.desk[seen_in];
  const shown = as_shown(one);
  const plain = (name, label) => drawn({ name, label: words[label], kind: "long", choices: [], required: false }, { words, value: "", type: () => {} });
  fill(stage, h("section", { class: "record", lang: seen_in }, h("div", { class: "record-head" }, h("h2", { text: shown.title })),
    h("div", { class: "record-form" }, h("div", { class: "fields-of" }, shown.fields.map((each) => drawn(each, { words, value: "", type: () => {} }))), plain("asked", "desk_asked"), plain("done", "desk_done_field"))));
}

for (const button of document.querySelectorAll("[data-seen-in]")) {
  button.addEventListener("click", () => { seen_in = button.dataset.seenIn; seen(); tongues(); });
}
function tongues() { for (const button of document.querySelectorAll("[data-seen-in]")) button.setAttribute("aria-pressed", String(button.dataset.seenIn === seen_in)); }

function all() {
  chosen = Math.max(0, Math.min(chosen, forms().length - 1));
  fill($("form"), tabs(), form());
  if (sheet.tree) seen();
  tongues();
}

start(all);
