// The list of all sentences: which have words and a recording in each language, and which want one.

import { $, ask, fill, given, h, w } from "./studio_model.js";
import { buttons } from "./studio_recorder.js";
import { LANGUAGES, uses } from "./studio_sentences.js";

const FILTERS = ["all", "wordless", "unrecorded", "recorded", "stale", "lost"];
let filter = "all";
let wanted = "";
let told = { prompts: {}, unread: [] };

const row = (name, language) => told.prompts[language]?.[name];
const read = (language) => !told.unread.includes(`prompts/${language}.yaml`);
const fits = {
  all: () => true,
  wordless: (one, language) => !one && read(language),
  unrecorded: (one) => Boolean(one && !one.file && !one.slots),
  recorded: (one) => Boolean(one?.file),
  stale: (one) => Boolean(one?.stale),
  lost: (one) => one?.ms < 0,
};

export async function recordings(box, acts) {
  told = await ask("/studio/recordings");
  draw(box, acts);
}

function draw(box, acts) {
  const names = [...new Set(LANGUAGES.flatMap((language) => Object.keys(told.prompts[language] ?? {})))];
  const count = (which) => names.filter((name) => LANGUAGES.some((language) => fits[which](row(name, language), language))).length;
  const hunted = (name) => !wanted || name.includes(wanted) || LANGUAGES.some((language) => (row(name, language)?.text ?? "").toLowerCase().includes(wanted));
  const found = names.filter((name) => hunted(name) && LANGUAGES.some((language) => fits[filter](row(name, language), language)));
  const body = h("tbody", {}, found.map((name) => line(name, box, acts)));
  const search = h("input", { type: "search", id: "rec_find", value: wanted, placeholder: w("find_sentence"), "aria-label": w("find_sentence"), autocomplete: "off", oninput: (event) => { wanted = event.target.value.trim().toLowerCase(); draw(box, acts); $("rec_find").focus(); } });
  fill(box,
    h("div", { class: "rec-filter" }, h("div", { role: "group", "aria-label": w("rec_filter") }, FILTERS.map((one) => h("button", { type: "button", class: "tiny", "data-filter": one, "aria-pressed": String(one === filter), onclick: () => { filter = one; draw(box, acts); box.querySelector(`[data-filter="${one}"]`).focus(); } }, w(`rec_is_${one}`), h("span", { class: "many", text: ` ${count(one)}` })))), search),
    told.unread.map((file) => h("p", { class: "trouble", text: w("rec_unread", { file }) })),
    found.length ? h("table", { class: "recordings" }, h("caption", { class: "unseen", text: w("tab_recordings") }),
      h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("rec_sentence") }), LANGUAGES.map((language) => h("th", { scope: "col", text: w(`language_${language}`) })))), body)
      : h("p", { class: "all-well", text: w("rec_none_of_these") }));
  $("studio").dataset.recordings = String(found.length);
}

function line(name, box, acts) {
  const many = uses(name);
  return h("tr", { "data-prompt": name },
    h("th", { scope: "row" }, h("span", { class: "prompt-name", text: name }), h("span", { class: "aside", text: many ? w("used_n", { n: many }) : "" })),
    LANGUAGES.map((language) => cell(name, language, () => recordings(box, acts).catch(acts.refused))));
}

function cell(name, language, after) {
  const one = row(name, language);
  if (!one) return h("td", { "data-language": language }, h("span", { class: "pill unfinished", text: w(read(language) ? "rec_no_words" : "rec_not_read") }));
  return h("td", { "data-language": language }, h("span", { class: "rec-words", lang: language, text: one.text }), buttons(name, language, one, after));
}
