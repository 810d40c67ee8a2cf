// Two people changed the same lines: both are shown side by side, and for each place somebody says whose counts.

import { $, fill, h, w } from "./studio_model.js";

const shown = (text) => (text ? text.replace(/\n$/, "") : w("merge_nothing"));

// Resolves with a choice for each clash (mine, theirs, both), or null when nobody wants to decide now.
export function decide(conflict, { mine = w("merge_mine"), theirs = w("merge_theirs") } = {}) {
  return new Promise((settle) => {
    const box = $("merge");
    const clashes = conflict.pieces.filter((piece) => piece.conflict).length;
    const choices = Array(clashes).fill("");
    const keep = h("button", { class: "button", disabled: true, text: w("merge_keep") });
    const finish = (found) => { box.close(); settle(found); };
    let n = -1;
    const pieces = conflict.pieces.map((piece, at) => {
      if (!piece.conflict) return context(piece, at, conflict.pieces.length);
      n += 1;
      const index = n;
      const pick = (value) => { choices[index] = value; keep.disabled = choices.includes(""); };
      const choice = (value, words, text) => h("label", { class: `side ${value}` },
        h("span", { class: "side-head" }, h("input", { type: "radio", name: `clash${index}`, value, onchange: () => pick(value) }), h("b", { text: words })), text === null ? null : h("pre", { text: shown(text) }));
      return h("fieldset", { class: "clash" }, h("legend", { text: w("merge_place", { n: index + 1, of: clashes }) }),
        h("div", { class: "sides" }, choice("mine", mine, piece.mine), choice("theirs", theirs, piece.theirs)), choice("both", w("merge_both"), null));
    });
    fill(box, h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); finish(choices); } },
      h("h2", { text: w("merge_title", { file: conflict.file }) }), h("p", { class: "aside", text: conflict.whose ? w("merge_who", { who: conflict.whose }) : w("merge_why") }),
      h("div", { class: "pieces", tabindex: "0", "aria-label": conflict.file }, pieces),
      h("p", { class: "acts" }, keep, h("button", { type: "button", class: "button plain", text: w("merge_later"), onclick: () => finish(null) }))));
    box.oncancel = () => settle(null);
    box.showModal();
  });
}

// Of lines that nobody has to decide about, the few around a clash; changes of either side are marked.
function context(piece, at, count) {
  const lines = piece.lines.split("\n").slice(0, -1);
  const cut = !piece.whose && lines.length > 6;
  const kept = cut ? [...(at ? lines.slice(0, 3) : []), "⋯", ...(at < count - 1 ? lines.slice(-3) : [])] : lines;
  return h("pre", { class: `calm ${piece.whose}` }, kept.join("\n"));
}
