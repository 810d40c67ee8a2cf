// What hangs on a change: who is inside just now, how often each thing that changes was used, which flows lead here.

import { h, w } from "./studio_model.js";

const MOST = 12; // rows before the rest is folded

export function impact(told) {
  const { inside = {}, options = [], links = [], days = 30 } = told;
  return h("div", { class: "impact" }, callers(inside), used(options, days), links.map(link));
}

function callers({ callers: n = 0, flows = [] }) {
  return h("section", { class: "weighs" }, h("h4", { text: w("impact_now") }),
    n ? h("p", { class: "impact-n" }, h("b", { text: String(n) }), ` ${w("impact_inside")}`) : h("p", { text: w("impact_nobody") }),
    n ? h("ul", { class: "plain-list" }, flows.map((one) => h("li", { text: w("impact_in_flow", { flow: one.title || one.flow, n: one.callers }) }))) : null);
}

function used(options, days) {
  if (!options.length) return null;
  const rows = [...options].sort((a, b) => b.uses - a.uses);
  const most = Math.max(1, rows[0].uses);
  const table = (some) => h("table", {}, h("caption", { class: "unseen", text: w("impact_used", { days }) }),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("impact_what") }), h("th", { scope: "col", class: "figure", text: w("impact_times") }), h("th", { class: "bar-cell", "aria-hidden": "true" }))),
    h("tbody", {}, some.map((one) => h("tr", {}, h("td", {}, place(one.flow, one.node, one.words)), h("td", { class: "figure", text: String(one.uses) }),
      h("td", { class: "bar-cell", "aria-hidden": "true" }, h("meter", { min: 0, max: most, value: String(one.uses) }))))));
  return h("section", { class: "weighs" }, h("h4", { text: w("impact_used", { days }) }), table(rows.slice(0, MOST)),
    rows.length > MOST ? h("details", {}, h("summary", { text: w("impact_more", { n: rows.length - MOST }) }), table(rows.slice(MOST))) : null);
}

const place = (flow, node, words) => h("a", { href: `/studio#${encodeURIComponent(flow)}/${encodeURIComponent(node)}`, text: words || `${flow} › ${node}` });

function link({ flow, from }) {
  return h("section", { class: "weighs" }, h("h4", { text: w("impact_links", { flow }) }),
    from.length ? h("ul", { class: "plain-list" }, from.map((one) => h("li", {}, place(one.flow, one.node)))) : h("p", { text: w("impact_no_links") }));
}
