// Controls for the values of a sheet, one for each shape in the schema that checks it. Each has the id of its path, its
// words, why it is there, and what is wrong with it.

import { at as value_at, given, h, has, has_map, read, w } from "./studio_model.js";
import { edit, id_of, sheet, wrong_at } from "./studio_sheet.js";

export const LANGUAGES = given.language === "zh-CN" ? ["zh-CN", "en-US"] : ["en-US", "zh-CN"];
export const value = (path) => value_at(sheet.tree, path);
export const list = (path) => { const found = value(path); return Array.isArray(found) ? found : []; };
export const title_of = (one, fallback) => read(read(one, "title") ?? read(one, "label"), given.language) || read(one, "name") || fallback;
export const set = (path, what) => (what === null || what === "" ? edit({ do: "remove", path }) : edit({ do: "set", path, value: what }));

// What belongs to a control: label, sentence, problems. ``control`` gets the id of the path.
export function labelled(path, control, { name = path.at(-1), said = "", group = false } = {}) {
  const id = id_of(path);
  const wrong = wrong_at(path, group);
  const why = said || (has(`sheet_why_${name}`) ? w(`sheet_why_${name}`) : "");
  const words = has(`sheet_key_${name}`) ? w(`sheet_key_${name}`) : String(name);
  control.id = id;
  if (wrong.length) control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", `${id}_why`);
  const told = h("p", { class: "why", id: `${id}_why` }, wrong.map((one) => h("span", { class: "wrong", text: one.words })), why);
  if (group) {
    control.tabIndex = -1;
    return h("fieldset", { class: `field${wrong.length ? " faulty" : ""}`, "data-key": name }, h("legend", { text: words }), control, told);
  }
  return h("div", { class: `field${wrong.length ? " faulty" : ""}`, "data-key": name }, h("label", { for: id, text: words }), control, told);
}

export function words_control(path, { quick = {}, ...more } = {}) {
  return h("input", { type: "text", value: value(path) ?? "", autocomplete: "off", spellcheck: "false", disabled: !given.edits, ...more, onchange: (event) => set(path, event.target.value.trim()), ...quick });
}

export function number_control(path, { least, most, otherwise }) {
  return h("input", { type: "number", inputmode: "numeric", class: "short", min: least, max: most, placeholder: otherwise, value: value(path) ?? "", disabled: !given.edits,
    onchange: (event) => set(path, event.target.value === "" ? null : Number(event.target.value)) });
}

export function choice_control(path, options, { otherwise = "" } = {}) {
  const held = value(path) ?? otherwise;
  const strange = options.some(([one]) => one === held) ? [] : [[held, held]];
  return h("select", { disabled: !given.edits, onchange: (event) => set(path, event.target.value) }, [...strange, ...options].map(([one, words]) => h("option", { value: one, text: words, selected: one === held })));
}

export function tick(path, words, on, change) {
  return h("label", { class: "tick" }, h("input", { type: "checkbox", id: id_of(path), checked: on, disabled: !given.edits, onchange: (event) => change(event.target.checked) }), h("span", { text: words }));
}

// Some of a list of words; in the order of ``options``, and strange ones stay.
export function several_control(path, options) {
  const held = list(path);
  const put = (name, on) => {
    const known = options.map(([one]) => one);
    const next = [...known.filter((one) => (one === name ? on : held.includes(one))), ...held.filter((one) => !known.includes(one) && (one !== name || on))];
    edit({ do: "set", path, value: next });
  };
  const strange = held.filter((one) => !options.some(([known]) => known === one)).map((one) => [one, one]);
  return h("div", { class: "ticks" }, [...options, ...strange].map(([one, words]) => tick([...path, one], words, held.includes(one), (on) => put(one, on))));
}

// A title in each language, the reader's own first.
export function titles(path, label = "") {
  return LANGUAGES.map((language) => {
    const here = [...path, language];
    const wrong = [...wrong_at(here), ...wrong_at(path).filter((one) => one.text.includes(language))];
    const id = id_of(here);
    return h("div", { class: `field${wrong.length ? " faulty" : ""}` }, h("label", { for: id, text: w("sheet_title_in", { what: label || w("sheet_key_title"), language: w(`sheet_language_${language}`) }) }),
      words_control(here, { id, lang: language, "aria-describedby": `${id}_why`, "aria-invalid": wrong.length ? "true" : null, quick: { onchange: (event) => edit({ do: "set", path: here, value: event.target.value.trim() }) } }),
      h("p", { class: "why", id: `${id}_why` }, wrong.map((one) => h("span", { class: "wrong", text: one.words }))));
  });
}

// Up, down and away, for one of a list.
export function order_acts(path, what, { count, away = null }) {
  const [index, here] = [path.at(-1), value(path.slice(0, -1))];
  if (!given.edits || !Array.isArray(here)) return null;
  const act = (name, words, does, off = false) => h("button", { type: "button", class: "tiny", id: id_of([...path, name]), text: words, "aria-label": `${words}: ${what}`, disabled: off, onclick: does });
  return h("span", { class: "small-acts" },
    act("up", w("sheet_up"), () => edit({ do: "move", path, value: -1 }), index === 0),
    act("down", w("sheet_down"), () => edit({ do: "move", path, value: 1 }), index === count - 1),
    act("away", w("sheet_away"), away ?? (() => edit({ do: "remove", path }))));
}

// Opening hours: the operator's, always, or spans of their own for each day.
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export function hours(path) {
  const held = value(path);
  const own = has_map(held);
  const kinds = [["operator", w("sheet_hours_operator")], ["always", w("sheet_hours_always")], ["own", w("sheet_hours_own")]];
  const office = Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, ["09:00-18:00"]]));
  const select = h("select", { disabled: !given.edits, onchange: (event) => set(path, event.target.value === "own" ? office : event.target.value) },
    kinds.map(([one, words]) => h("option", { value: one, text: words, selected: one === (own ? "own" : held ?? "operator") })));
  const day = (name) => {
    const here = [...path, name];
    const spans = read(held, name);
    const inside = wrong_at(here, true);
    return h("div", { class: `day${inside.length ? " faulty" : ""}` }, h("label", { for: id_of(here), text: w(`sheet_day_${name}`) }),
      h("input", { type: "text", id: id_of(here), value: Array.isArray(spans) ? spans.join(", ") : spans ?? "", placeholder: w("sheet_day_closed"), autocomplete: "off", disabled: !given.edits, "aria-invalid": inside.length ? "true" : null, "aria-describedby": `${id_of(here)}_why`,
        onchange: (event) => { const found = event.target.value.split(/[,，;；]/).map((one) => one.trim()).filter(Boolean); edit(found.length ? { do: "set", path: here, value: found } : { do: "remove", path: here }); } }),
      h("p", { class: "why", id: `${id_of(here)}_why` }, inside.map((one) => h("span", { class: "wrong", text: one.words }))));
  };
  return [labelled(path, select), own ? h("div", { class: "days" }, h("p", { class: "why", text: w("sheet_days_why") }), DAYS.map(day)) : null];
}

export const property = (kind, key) => given.schema.$defs[kind].properties[key];

// The control that a property of the schema asks for; null for a shape that its page draws itself.
export function control(kind, key, path) {
  const shape = property(kind, key);
  if (shape.enum) return labelled(path, choice_control(path, shape.enum.map((one) => [one, w(`sheet_kind_${one}`)]), { otherwise: shape.default }));
  if (shape.type === "integer") {
    const [least, most] = given.bounds[key] ?? [0, undefined];
    return labelled(path, number_control(path, { least, most, otherwise: shape.default }), { said: `${w(`sheet_why_${key}`)} ${w("sheet_between", { least, most })}` });
  }
  if (shape.type === "boolean") return h("div", { class: "field" }, tick(path, w(`sheet_key_${key}`), value(path) === "true", (on) => edit(on ? { do: "set", path, value: true } : { do: "remove", path })));
  if (shape.type === "array" && shape.items.type === "string" && given.options[key]) return labelled(path, several_control(path, given.options[key]), { group: true });
  if (shape.type === "string") return labelled(path, words_control(path, { placeholder: shape.default || null }));
  return null;
}

// A new item of a list, and where the eye goes then.
export function added(path, item, focus) {
  edit({ do: "set", path: [...path, list(path).length], value: item });
  const id = id_of([...path, list(path).length - 1, ...focus]);
  setTimeout(() => { document.getElementById(id)?.closest("details")?.setAttribute("open", ""); document.getElementById(id)?.focus(); }, 60);
}

// A name that nothing in the list has yet.
export function free_name(path, stem) {
  const taken = list(path).map((one) => read(one, "name"));
  for (let n = taken.length + 1; ; n += 1) if (!taken.includes(`${stem}${n}`)) return `${stem}${n}`;
}

export const keys_of = (kind) => Object.keys(given.schema.$defs[kind].properties);
