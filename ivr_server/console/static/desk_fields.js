// The fields of a form, as an agent fills them in: at the desk, and where forms are made, before they are kept.

import { el } from "./desk_element.js";

// One field {name, label, kind, choices, required}: ``value`` is what stands in it, ``type(value)`` hears what is typed.
export function drawn({ name, label, kind, choices, required }, { words, value, type }) {
  const id = `field_${name}`;
  const must = required ? el("span.must", { title: words.desk_required }, words.desk_required_mark) : null;
  if (kind === "yes_no") return yes_no({ name, label, must }, { words, value, type });
  let input;
  if (kind === "choice") {
    const options = (choices || []).map((one) => (typeof one === "string" ? { name: one, title: one } : one));
    input = el("select", { id }, el("option", { value: "" }, words.desk_choose), ...options.map((one) => el("option", { value: one.name }, one.title)));
  } else if (kind === "long") input = el("textarea", { id, rows: "2", maxlength: "4000" });
  else input = el("input", { id, type: { date: "date" }[kind] || "text", inputmode: kind === "number" ? "decimal" : null, autocomplete: "off", maxlength: "400" });
  input.value = value;
  if (required) input.setAttribute("aria-required", "true");
  input.oninput = (event) => type(event.target.value);
  return el(`p.${kind}`, {}, el("label", { for: id }, label, must), input);
}

function yes_no({ name, label, must }, { words, value, type }) {
  const one = (given, text) => {
    const input = el("input", { type: "radio", name: `field_${name}`, value: given, checked: value === given, on: { change: () => type(given) } });
    return el("label.yes", {}, input, text);
  };
  return el("fieldset", {}, el("legend", {}, label, must), one("yes", words.desk_yes), one("no", words.desk_no));
}
