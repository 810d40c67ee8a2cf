// The notice that every caller hears before the main menu: what is said now, another one with its end, none.

import { $, ask, fill, given, h, tell, w } from "./studio_model.js";

const QUICK_H = [1, 4, 24];
let held = given.notice;

const at = (seconds) => new Date(seconds * 1000).toLocaleString(given.language, { dateStyle: "medium", timeStyle: "short", timeZone: given.zone });
const local = (milliseconds) => new Date(milliseconds).toLocaleString("sv-SE", { timeZone: given.zone }).slice(0, 16).replace(" ", "T");
const mine_first = [...given.languages].sort(([one], [other]) => (other === given.language) - (one === given.language));
const said_in = (prompt, tag) => mine_first.map(([language]) => h(tag, { class: "said-in", lang: language, text: given.prompts[prompt]?.[language] ?? "" }));

function say(text) {
  fill($("toast"), text);
  $("toast").hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $("toast").hidden = true; }, 8000);
}

function now() {
  const holds = held.holds && held.until * 1000 > Date.now();
  const box = $("now");
  box.className = `said-now${holds ? " said" : ""}`;
  if (!holds) { fill(box, h("h2", { text: w("notice_none") }), h("p", { class: "aside", text: w("notice_none_why") })); return; }
  fill(box, h("h2", { text: w("notice_said_until", { until: at(held.until) }) }), h("blockquote", {}, said_in(held.prompt, "p")),
    h("p", { class: "aside", text: `${w("sheet_kept_by", { who: held.who || w("sheet_by_hand"), at: at(held.at) })}${held.reason ? ` · ${held.reason}` : ""}` }),
    given.edits ? h("p", { class: "acts" }, h("button", { type: "button", class: "button plain", id: "clear", text: `${w("notice_clear")}…`, onclick: open_clear })) : null);
}

async function rows() {
  const told = await ask("/studio/notice/state").catch((fault) => { say(fault.message); return null; });
  if (!told) return;
  held = told.notice;
  now();
  fill($("rows"), told.rows.map((one) => h("li", {}, h("p", {}, h("b", { text: one.prompt ? w("notice_was", { prompt: given.prompts[one.prompt]?.[given.language] ?? one.prompt, until: at(one.until) }) : w("notice_was_none") })),
    h("p", { class: "aside", text: `${w("sheet_kept_by", { who: one.who_words, at: at(one.at) })}${one.reason ? ` · ${one.reason}` : ""}` }))));
}

function wrong(text) {
  $("wrong").hidden = !text;
  fill($("wrong"), text);
}

async function set(event) {
  event.preventDefault();
  const prompt = document.querySelector("[name=prompt]:checked")?.value ?? "";
  if (!prompt) { wrong(w("notice_no_prompt")); document.querySelector("[name=prompt]")?.focus(); return; }
  $("set").disabled = true;
  wrong("");
  try {
    await tell("/studio/notice/set", { prompt, until: $("until").value, reason: $("reason").value, digest: held.digest });
    $("reason").value = "";
    say(w("notice_is_set"));
    await rows();
    $("now").scrollIntoView({ block: "nearest" });
  } catch (fault) {
    wrong(fault.message);
    if (fault.told?.now) await rows();
  }
  $("set").disabled = false;
}

function open_clear() {
  const box = $("box");
  const why = h("input", { type: "text", id: "why_clear", maxlength: 300, minlength: 3, required: true, autocomplete: "off" });
  const trouble = h("p", { class: "trouble", role: "alert", hidden: true });
  const go = async (event) => {
    event.preventDefault();
    try {
      await tell("/studio/notice/clear", { reason: why.value, digest: held.digest });
      box.close();
      say(w("notice_is_clear"));
      await rows();
    } catch (fault) { trouble.hidden = false; fill(trouble, fault.message); if (fault.told?.now) await rows(); }
  };
  fill(box, h("form", { method: "dialog", onsubmit: go }, h("h2", { id: "box_title", text: w("notice_clear") }), h("label", { for: "why_clear", text: w("notice_reason") }), why, trouble,
    h("p", { class: "acts" }, h("button", { class: "button", text: w("notice_clear") }), h("button", { type: "button", class: "button plain", text: w("sheet_not_now"), onclick: () => box.close() }))));
  box.showModal();
  why.focus();
}

function form() {
  fill($("prompts"), Object.keys(given.prompts).map((name) => h("label", { class: "choice" }, h("input", { type: "radio", name: "prompt", value: name }), h("span", {}, said_in(name, "span"), h("span", { class: "aside", text: name })))));
  fill($("quick"), QUICK_H.map((hours) => h("button", { type: "button", class: "tiny", text: w("notice_hours", { n: hours }), onclick: () => { $("until").value = local(Date.now() + hours * 3_600_000); } })));
  fill($("end_why"), w("notice_end_why", { zone: given.zone, n: given.longest_days }));
  $("until").min = local(Date.now());
  $("until").max = local(Date.now() + given.longest_days * 86_400_000);
  $("form").addEventListener("submit", set);
}

if (given.edits) form();
now();
rows().then(() => { $("studio").dataset.ready = "yes"; });
