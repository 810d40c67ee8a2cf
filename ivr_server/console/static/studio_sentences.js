// Sentences in both languages: shown where they are spoken, worded there, chosen from all there are, made anew.

import { prompts_in } from "./studio_cards.js";
import { $, change, draft, fill, given, h, idle, names, nodes, open, pairs, read, text, w, words_of } from "./studio_model.js";
import { buttons } from "./studio_recorder.js";
import { hear } from "./studio_sound.js";

export const LANGUAGES = given.language === "zh-CN" ? ["zh-CN", "en-US"] : ["en-US", "zh-CN"];
const file_of = (language) => `prompts/${language}.yaml`;
const NAME = /^[a-z][a-z0-9_]{0,63}$/;

// How many nodes of the draft's open flows and of the others speak it.
export function uses(name) {
  let count = 0;
  for (const tree of Object.values(all_trees())) {
    for (const [, node] of nodes(tree)) {
      for (const key of ["say", "short", "help", "offer", "tail"]) count += prompts_in(read(node, key)).filter((one) => one === name).length;
      count += pairs(read(node, "options")).filter(([, option]) => text(option, "say") === name).length;
    }
  }
  return count;
}

let trees = {};
export const keep_trees = (found) => { trees = found; };
export const all_trees = () => ({ ...trees, ...Object.fromEntries([...draft.open.values()].filter((one) => one.flow).map((one) => [one.file, one.tree])) });

// One sentence as it stands in a panel: its words in both languages, to be changed, and another one to be chosen.
export function sentence(name, replace) {
  const known = LANGUAGES.some((language) => words_of(name, language) !== undefined);
  const count = known ? uses(name) : 0;
  const own = names().own.includes(name);
  return h("div", { class: "sentence", "data-prompt": name },
    h("div", { class: "sentence-head" }, h("span", { class: "prompt-name", text: name || w("no_sentence") }),
      count > 1 ? h("span", { class: "pill", text: w("used_n", { n: count }) }) : null,
      own ? h("span", { class: "pill", text: w("own_words") }) : null,
      replace ? h("button", { type: "button", class: "tiny", text: w("other_sentence"), onclick: async () => { const other = await pick(); if (other) replace(other); } }) : null),
    known ? LANGUAGES.map((language) => wording(name, language)) : name ? h("p", { class: "trouble", text: w("no_words_yet") }) : null,
    !known && name && given.edits ? h("button", { type: "button", class: "tiny", text: w("word_it"), onclick: () => make(name) }) : null);
}

function wording(name, language) {
  const words = raw(name, language);
  const area = h("textarea", { class: "words", lang: language, rows: Math.min(4, 1 + Math.ceil(words.length / (language === "zh-CN" ? 24 : 44))), "aria-label": w("words_in", { name, language: w(`language_${language}`) }), disabled: !given.edits,
    onchange: (event) => reword(name, language, event.target.value.trim()), value: words });
  const recorded = buttons(name, language, recording(name, language), () => {});
  if (!given.accounts.length) return h("div", {}, area, recorded);
  const wrong = h("span", { class: "aside", role: "status" });
  const play = () => { wrong.textContent = ""; idle().then(() => hear("/studio/say", [{ prompt: name, language }])).catch((fault) => { wrong.textContent = fault.message; }); };
  return h("div", { class: "worded" }, area, h("button", { type: "button", class: "link place", text: w("sim_say"), "aria-label": w("hear_words", { name, language: w(`language_${language}`) }), onclick: play }), wrong, recorded);
}

// The text as the file has it, slots with their kinds.
export function raw(name, language) {
  const found = read(read(draft.open.get(file_of(language))?.tree, "prompts"), name);
  if (typeof found === "string") return found;
  return found ? text(found, "text") : words_of(name, language) ?? "";
}

// What the file says of a recording: {file, says, stale, slots}.
export function recording(name, language) {
  const found = read(read(draft.open.get(file_of(language))?.tree, "prompts"), name);
  const [file, says] = [text(found, "file"), text(found, "says")];
  return { file, says, stale: Boolean(says) && says !== (words_of(name, language) ?? says), slots: Object.keys(names().slots[name] ?? {}).length > 0 };
}

export async function open_words() {
  await Promise.all(LANGUAGES.filter((language) => draft.files.has(file_of(language))).map((language) => open(file_of(language))));
}

function reword(name, language, words) {
  if (!words || words === raw(name, language)) return;
  const found = read(read(draft.open.get(file_of(language))?.tree, "prompts"), name);
  const path = ["prompts", name, ...(found && typeof found === "object" ? ["text"] : [])];
  change([{ file: file_of(language), edits: [{ do: "set", path, value: words }] }], w("did_reword", { name })).catch(() => {});
}

export const new_words = (name, words) => LANGUAGES.map((language) => ({ file: file_of(language), edits: [{ do: "set", path: ["prompts", name], value: words[language] }] }));

// A dialog to choose one by its words, or to make a new one. Resolves with its name, or "".
export function pick() {
  return new Promise((settle) => {
    const box = $("pick");
    const list = h("ul", { class: "choices" });
    const field = h("input", { type: "search", "aria-label": w("find_sentence"), placeholder: w("find_sentence"), autocomplete: "off", oninput: () => hunt() });
    const done = (name) => { box.close(); settle(name); };
    const all = Object.keys(names().prompts[LANGUAGES[0]] ?? {});
    const hunt = () => {
      const wanted = field.value.trim().toLowerCase();
      const found = all.filter((name) => !wanted || name.includes(wanted) || LANGUAGES.some((one) => (words_of(name, one) ?? "").toLowerCase().includes(wanted)));
      fill(list, ...found.slice(0, 60).map((name) => h("li", {}, h("button", { type: "button", onclick: () => done(name) },
        h("span", { class: "prompt-name", text: name }), ...LANGUAGES.map((one) => h("span", { lang: one, text: words_of(name, one) ?? "" }))))));
    };
    fill(box, h("h2", { text: w("choose_sentence") }), field, list,
      h("p", { class: "acts" }, h("button", { type: "button", class: "button", text: w("new_sentence"), onclick: async () => { const name = await make(""); if (name) done(name); } }),
        h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => done("") })));
    box.oncancel = () => settle("");
    hunt();
    box.showModal();
    field.focus();
  });
}

// A new sentence in both languages. Resolves with its name, or "".
export function make(given_name, then) {
  return new Promise((settle) => {
    const box = $("make");
    const name = h("input", { type: "text", value: given_name, required: true, maxlength: "64", autocomplete: "off", spellcheck: "false", id: "make_name" });
    const areas = LANGUAGES.map((language) => h("textarea", { lang: language, rows: 2, required: true, id: `make_${language}` }));
    const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
    const finish = (found) => { box.close(); settle(found); };
    const save = async (event) => {
      event.preventDefault();
      const called = name.value.trim();
      const taken = words_of(called, LANGUAGES[0]) !== undefined;
      wrong.textContent = !NAME.test(called) ? w("bad_name") : taken ? w("name_taken") : areas.some((one) => !one.value.trim()) ? w("both_languages") : "";
      wrong.hidden = !wrong.textContent;
      if (wrong.textContent) return;
      const words = Object.fromEntries(LANGUAGES.map((language, n) => [language, areas[n].value.trim()]));
      for (const language of LANGUAGES) { names().prompts[language] ??= {}; names().prompts[language][called] = words[language]; }
      if (then) { then(called, words); return finish(called); }
      await change(new_words(called, words), w("did_sentence", { name: called })).then(() => finish(called), () => finish(""));
    };
    fill(box, h("form", { method: "dialog", onsubmit: save }, h("h2", { text: w("new_sentence") }), h("p", { class: "aside", text: w("new_sentence_why") }),
      h("p", {}, h("label", { for: "make_name", text: w("sentence_name") }), name),
      LANGUAGES.map((language, n) => h("p", {}, h("label", { for: `make_${language}`, text: w(`language_${language}`) }), areas[n])), wrong,
      h("p", { class: "acts" }, h("button", { class: "button", text: w("keep_sentence") }), h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => finish("") }))));
    box.oncancel = () => settle("");
    box.showModal();
    (given_name ? areas[0] : name).focus();
  });
}
