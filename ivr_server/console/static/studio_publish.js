// Going live: what is different, what hangs on it, a reason, a word for each warning, and how far it is.

import { diffed } from "./studio_changes.js";
import { impact } from "./studio_impact.js";
import { $, ask, fill, h, load_state, problems, say, tell, w } from "./studio_model.js";
import { under_way } from "./studio_progress.js";
import { current, findings, result } from "./studio_proof.js";

export async function publish(acts) {
  const box = $("publish_box");
  fill(box, h("h2", { text: w("publish") }), h("p", { role: "status", text: w("publish_looks") }));
  box.showModal();
  const state = await load_state();
  const wrong = problems().filter((one) => !one.warning);
  const blocks = [
    ...(wrong.length ? [[w("block_problems", { n: wrong.length }), () => acts.tab("problems")]] : []),
    ...(!wrong.length && !current() ? [[w("block_unproved"), () => acts.tab("proof")]] : []),
    ...(findings().length || current() && result().result.dialogues.failed.length ? [[w("block_findings"), () => acts.tab("proof")]] : []),
    ...(state.files.some((one) => one.behind) ? [[w("block_behind"), () => acts.tab("changes")]] : []),
  ];
  const [diff, weight] = await Promise.all([ask(`/studio/versions/${state.published}/diff/draft`), ask("/studio/impact").catch(() => null)]);
  draw(box, { state, blocks, diff, weight, acts });
}

// What the last judge found, when it is more than the page knew.
function left(proof) {
  const all = [...(proof?.problems ?? []), ...(proof?.findings ?? []), ...(proof?.failures ?? [])];
  const place = (one) => one.file && `${one.file}:${one.line ?? ""}`;
  return all.slice(0, 8).map((one) => h("span", { class: "left", text: [place(one), one.title, one.words, ...(one.problems ?? []).slice(0, 1).map((each) => each.words)].filter(Boolean).join(" ") }));
}

function draw(box, { state, blocks, diff, weight, acts }) {
  const warnings = problems().filter((one) => one.warning);
  const reason = h("textarea", { id: "reason", rows: 2, required: true, minlength: "3", maxlength: "200" });
  const excuses = warnings.map((one, n) => [one.key, one.words, h("input", { id: `excuse${n}`, type: "text", required: true, minlength: "3", maxlength: "200" })]);
  const nothing = !(diff.files ?? []).length;
  const go = h("button", { class: "button", id: "go_live", disabled: blocks.length > 0 || nothing, text: w("go_live") });
  const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
  const progress = h("div", { class: "progress-box" });
  const send = async (event) => {
    event.preventDefault();
    go.disabled = true;
    wrong.hidden = true;
    const stop = under_way(progress);
    try {
      const fields = { reason: reason.value, digest: state.digest, folder: sessionStorage.getItem("studio_folder") ?? "", excuses: JSON.stringify(Object.fromEntries(excuses.map(([key, , field]) => [key, field.value]))) };
      const told = await tell("/studio/publish", fields);
      fill(box, h("h2", { text: w("published", { n: told.number }) }), h("p", { text: w("published_why") }), h("p", { class: "acts" }, h("button", { type: "button", class: "button", text: w("close"), onclick: () => box.close() })));
      await load_state();
      say("published", told);
      sessionStorage.removeItem("studio_folder");
    } catch (fault) { fill(wrong, fault.message, ...left(fault.told?.proof)); wrong.hidden = false; go.disabled = false; } finally { stop(); }
  };
  fill(box, h("form", { method: "dialog", onsubmit: send }, h("h2", { text: w("publish") }),
    blocks.length ? h("ul", { class: "blocks" }, blocks.map(([words, does]) => h("li", {}, h("span", { text: words }), h("button", { type: "button", class: "tiny", text: w("show_me"), onclick: () => { box.close(); does(); } })))) : null,
    h("p", { class: "version-links" }, h("a", { class: "tiny", href: `/studio/compare?old=${state.published}&new=draft`, text: w("draft_picture") }), h("a", { class: "tiny", href: "/studio/re-run", text: w("rerun_title") })),
    h("h3", { text: w("diff_title") }), h("div", { class: "diff" }, diffed(diff)),
    weight ? [h("h3", { text: w("impact_title") }), impact(weight)] : null,
    warnings.length ? [h("h3", { text: w("warnings_title") }), excuses.map(([, text, field]) => h("p", { class: "excuse" }, h("label", { for: field.id, text }), field))] : null,
    h("p", {}, h("label", { for: "reason", text: w("reason") }), reason), wrong, progress,
    h("p", { class: "acts" }, go, h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => box.close() }))));
  reason.focus();
}
