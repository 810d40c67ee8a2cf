// What is different between two sets of files: node by node, sentence by sentence, and line by line.

import { h, w } from "./studio_model.js";

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
