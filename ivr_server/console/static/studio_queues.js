// The queues, who may take their calls, and why an agent may be away: the form of the queue file.

import { added, control, free_name, hours, keys_of, labelled, list, order_acts, set, tick, title_of, titles, value, words_control } from "./studio_controls.js";
import { $, fill, given, h, read, text, w } from "./studio_model.js";
import { edit, id_of, start, wrong_at } from "./studio_sheet.js";

const BY_HAND = ["name", "title", "businesses", "hours"]; // the rest of a queue is drawn as its schema says
const opened = new Set();
const queues = () => list(["queues"]);
const names = () => queues().map((one) => text(one, "name"));
const skills = () => [...new Set(queues().map((one) => text(one, "skill") || text(one, "name")))];
const speaks = (queue) => { const found = read(queue, "languages"); return Array.isArray(found) && found.length ? found : given.options.languages.map(([one]) => one); };
const about = (queue) => { const found = read(queue, "businesses"); return Array.isArray(found) ? found : []; };

// Which business goes where: a row for each business, a column for each queue.
function where() {
  const known = given.options.businesses.map(([one]) => one);
  const others = [...new Set(queues().flatMap(about))].filter((one) => !known.includes(one)).map((one) => [one, one]);
  const put = (business, place, on) => {
    const edits = queues().map((queue, n) => {
      const held = about(queue);
      const clash = on && n !== place && held.includes(business) && speaks(queue).some((one) => speaks(queues()[place]).includes(one));
      const next = n === place ? [...held.filter((one) => one !== business), ...(on ? [business] : [])] : clash ? held.filter((one) => one !== business) : held;
      return next.join() === held.join() ? null : { do: "set", path: ["queues", n, "businesses"], value: next };
    }).filter(Boolean);
    if (edits.length) edit(...edits);
  };
  const row = ([business, words]) => {
    const nowhere = !queues().some((queue) => about(queue).includes(business));
    return h("tr", {}, h("th", { scope: "row", text: words }), queues().map((queue, n) => h("td", {},
      h("label", { class: "box" }, h("input", { type: "checkbox", id: id_of(["where", business, n]), checked: about(queue).includes(business), disabled: !given.edits, "aria-label": w("queues_goes_to", { business: words, queue: title_of(queue, names()[n]) }), onchange: (event) => put(business, n, event.target.checked) }),
        n === 0 && nowhere ? h("span", { class: "aside", text: w("queues_by_itself") }) : null))));
  };
  const wrong = queues().flatMap((_, n) => wrong_at(["queues", n, "businesses"], true));
  return h("section", { "aria-labelledby": "where_title" }, h("h2", { id: "where_title", text: w("queues_where") }), h("p", { class: "aside", text: w("queues_where_why") }),
    wrong.map((one) => h("p", { class: "trouble", text: one.words })),
    h("div", { class: "scrolled", tabindex: "0", role: "group", "aria-label": w("queues_where") }, h("table", { class: "where" }, h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("queues_business") }), queues().map((queue, n) => h("th", { scope: "col", text: title_of(queue, names()[n]) })))),
      h("tbody", {}, [...given.options.businesses, ...others].map(row)))));
}

function queue(one, n) {
  const path = ["queues", n];
  const name = text(one, "name");
  const drawn = keys_of("Queue").filter((key) => !BY_HAND.includes(key)).map((key) => control("Queue", key, [...path, key]));
  const wrong = wrong_at(path, true).length;
  const box = h("details", { class: "item", "data-queue": name, open: opened.has(name) || wrong > 0 },
    h("summary", {}, h("b", { text: title_of(one, w("sheet_no_title")) }), h("span", { class: "aside", text: name }),
      n === 0 ? h("span", { class: "pill", text: w("queues_first") }) : null, wrong ? h("span", { class: "pill bad", text: w("sheet_n_wrong", { n: wrong }) }) : null),
    h("div", { class: "pair-of" }, titles([...path, "title"])),
    labelled([...path, "name"], words_control([...path, "name"], { spellcheck: "false" }), { name: "queue_name" }),
    hours([...path, "hours"]), h("div", { class: "grid" }, drawn),
    order_acts(path, title_of(one, name), { count: queues().length }));
  box.addEventListener("toggle", () => (box.open ? opened.add(name) : opened.delete(name)));
  return box;
}

function all_queues() {
  return h("section", { "aria-labelledby": "queues_title" }, h("h2", { id: "queues_title", text: w("queues_all") }), queues().map(queue),
    given.edits ? h("button", { type: "button", class: "tiny add", id: "add_queue", text: w("queues_add"), onclick: () => {
      const name = free_name(["queues"], "queue_");
      opened.add(name);
      added(["queues"], { name, title: { "zh-CN": "", "en-US": "" }, languages: given.options.languages.map(([one]) => one) }, ["title", given.language]);
    } }) : null);
}

// People: a row each, a column for each skill that a queue asks for.
function people() {
  const agents = list(["agents"]);
  const levels = [["", w("queues_no_skill")], ...[...Array(9).keys()].map((n) => [String(n + 1), n === 0 ? w("queues_level_best") : String(n + 1)])];
  const level = (path) => h("select", { id: id_of(path), disabled: !given.edits, onchange: (event) => set(path, event.target.value === "" ? null : Number(event.target.value)) },
    levels.map(([one, words]) => h("option", { value: one, text: words, selected: one === (value(path) ?? "") })));
  const title_of_skill = (skill) => { const found = queues().filter((one) => (text(one, "skill") || text(one, "name")) === skill); return found.length === 1 ? title_of(found[0], skill) : skill; };
  const row = (one, n) => {
    const path = ["agents", n];
    const name = text(one, "name");
    const strange = (read(one, "skills")?.map ?? []).map(([skill]) => skill).filter((skill) => !skills().includes(skill));
    const wrong = wrong_at(path, true);
    return h("tr", { "data-agent": name, class: wrong.length ? "faulty" : "" }, h("th", { scope: "row" }, words_control([...path, "name"], { id: id_of([...path, "name"]), "aria-label": w("queues_agent_name"), list: "people" }), wrong.map((each) => h("span", { class: "wrong", text: each.words }))),
      skills().map((skill) => { const made = level([...path, "skills", skill]); made.setAttribute("aria-label", w("queues_skill_of", { name, skill: title_of_skill(skill) })); return h("td", {}, made); }),
      h("td", {}, h("span", { class: "ticks" }, given.options.languages.map(([language, words]) => tick([...path, "languages", language], words, spoken(one).includes(language), (on) => spoken_by(path, one, language, on))))),
      h("td", {}, strange.map((skill) => h("button", { type: "button", class: "tiny", text: w("queues_forget_skill", { skill }), onclick: () => edit({ do: "remove", path: [...path, "skills", skill] }) })),
        given.edits ? h("button", { type: "button", class: "tiny", text: w("sheet_away"), "aria-label": `${w("sheet_away")}: ${name}`, onclick: () => edit({ do: "remove", path }) }) : null));
  };
  return h("section", { "aria-labelledby": "people_title" }, h("h2", { id: "people_title", text: w("queues_people") }), h("p", { class: "aside", text: w("queues_people_why") }),
    agents.length ? h("div", { class: "scrolled", tabindex: "0", role: "group", "aria-label": w("queues_people") }, h("table", { class: "people" }, h("thead", {}, h("tr", {}, h("th", { scope: "col", text: w("queues_agent_name") }), skills().map((skill) => h("th", { scope: "col", text: title_of_skill(skill) })), h("th", { scope: "col", text: w("sheet_key_languages") }), h("th", { scope: "col" }, h("span", { class: "unseen", text: w("queues_acts") })))),
      h("tbody", {}, agents.map(row)))) : h("p", { class: "empty", text: w("queues_nobody") }),
    h("datalist", { id: "people" }, given.people.map((one) => h("option", { value: one }))),
    given.edits ? h("button", { type: "button", class: "tiny add", id: "add_agent", text: w("queues_add_agent"), onclick: () => added(["agents"], { name: free_name(["agents"], "agent"), skills: { [skills()[0]]: 1 } }, ["name"]) }) : null);
}

const spoken = (agent) => { const found = read(agent, "languages"); return Array.isArray(found) && found.length ? found : given.options.languages.map(([one]) => one); };
function spoken_by(path, agent, language, on) {
  const next = given.options.languages.map(([one]) => one).filter((one) => (one === language ? on : spoken(agent).includes(one)));
  if (next.length) edit({ do: "set", path: [...path, "languages"], value: next });
  else edit({ do: "remove", path: [...path, "languages"] });
}

function reasons() {
  const all = list(["busy_reasons"]);
  return h("section", { "aria-labelledby": "reasons_title" }, h("h2", { id: "reasons_title", text: w("queues_reasons") }), h("p", { class: "aside", text: w("queues_reasons_why") }),
    all.map((one, n) => { const path = ["busy_reasons", n]; const name = text(one, "name"); return h("div", { class: "item line-of", "data-reason": name }, titles([...path, "title"]), labelled([...path, "name"], words_control([...path, "name"]), { name: "reason_name" }), order_acts(path, title_of(one, name), { count: all.length })); }),
    given.edits ? h("button", { type: "button", class: "tiny add", id: "add_reason", text: w("queues_add_reason"), onclick: () => added(["busy_reasons"], { name: free_name(["busy_reasons"], "reason_"), title: { "zh-CN": "", "en-US": "" } }, ["title", given.language]) }) : null);
}

start(() => fill($("form"), where(), all_queues(), people(), reasons()));
