// What is different between two sets of files: node by node, sentence by sentence, and line by line.

import { h, w } from "./studio_model.js";

const SIGNS = { added: "+", removed: "−", changed: "≠" };
const LINES = { "+": "plus", "-": "minus", "@": "place" };

export const pill = (change) => h("span", { class: `pill ${change}`, text: `${SIGNS[change] ?? ""} ${w(`change_${change}`)}` });

// The sentences that are said otherwise, or nothing.
export function sentences(prompts = []) {
  if (!prompts.length) return null;
  return h("ul", { class: "changes" }, prompts.map((one) => h("li", {}, h("b", { text: `${one.prompt} ` }),
    h("span", { lang: one.language }, one.old ? h("del", { text: one.old }) : null, one.old && one.new ? " " : null, one.new ? h("ins", { text: one.new }) : null))));
}

export const yaml_of = (one) => h("div", { class: "file-diff" }, h("h3", { text: one.file }),
  h("pre", { tabindex: "0" }, one.lines.map(([mark, line]) => h("span", { class: LINES[mark] ?? "", text: `${mark === "@" ? "" : mark}${line.replace(/\n$/, "")}\n` }))));

export function diffed(told) {
  const files = told.files ?? [];
  if (!files.length) return [h("p", { class: "empty", text: w("diff_none") })];
  const changes = told.changes ?? [];
  return [
    changes.length ? h("ul", { class: "changes" }, changes.map((one) => h("li", {}, pill(one.change), h("b", { text: ` ${[one.flow, one.node].filter(Boolean).join(" › ")} ` }), h("span", { text: (one.words ?? []).join(" · ") })))) : null,
    sentences(told.prompts),
    h("details", {}, h("summary", { text: w("diff_yaml", { n: files.length }) }), files.map(yaml_of))].filter(Boolean);
}
