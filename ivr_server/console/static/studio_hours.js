// The hours of a usual week, and the days that are not usual: the form of the hours file, and holidays out of a calendar.

import { labelled, list, tick, value } from "./studio_controls.js";
import { $, fill, given, h, read, tell, text, w } from "./studio_model.js";
import { edit, id_of, say, start, wrong_at } from "./studio_sheet.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LARGEST = 1_000_000; // bytes of a calendar
let seen = null; // {rows, passed} of the calendar that was opened
let opened = -1; // the holiday whose fields are seen

const spans_of = (found) => (Array.isArray(found) ? found.map(String) : []);
const typed = (words) => words.split(/[,，;；、]/).map((one) => one.trim().replace(/[–—~～至到]/g, "-")).filter(Boolean);
const shown = (day) => {
  const [year, month, date] = day.split("-").map(Number);
  const moment = new Date(Date.UTC(year, month - 1, date));
  return Number.isNaN(moment.getTime()) ? day : moment.toLocaleDateString(given.language, { dateStyle: "medium", timeZone: "UTC", weekday: undefined });
};
const yearly_shown = (day) => {
  const moment = new Date(Date.UTC(2000, Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10))));
  return Number.isNaN(moment.getTime()) ? day : moment.toLocaleDateString(given.language, { month: "long", day: "numeric", timeZone: "UTC" });
};
function when(one) {
  const said = one.yearly ? yearly_shown : shown;
  const days = one.until && one.until !== one.date ? w("hours_from_to", { first: said(one.date), last: said(one.until) }) : said(one.date);
  return one.yearly ? w("hours_each_year", { days }) : days;
}
const of = (one) => ({ date: text(one, "date"), until: text(one, "until"), name: text(one, "name"), yearly: read(one, "yearly") === "true", hours: spans_of(read(one, "hours")) });

function spans_control(path, found, empty) {
  const put = (event) => {
    const next = typed(event.target.value);
    edit(next.length ? { do: "set", path, value: next } : empty === "remove" ? { do: "remove", path } : { do: "set", path, value: [] });
  };
  return h("input", { type: "text", value: spans_of(found).join(", "), placeholder: w("sheet_day_closed"), autocomplete: "off", spellcheck: "false", disabled: !given.edits, onchange: put });
}

function day(name) {
  const path = ["weekly", name];
  const wrong = wrong_at(path, true);
  const made = spans_control(path, value(path), "set");
  const id = id_of(path);
  Object.assign(made, { id });
  made.setAttribute("aria-describedby", `${id}_why`);
  if (wrong.length) made.setAttribute("aria-invalid", "true");
  return h("div", { class: `day${wrong.length ? " faulty" : ""}` }, h("label", { for: id, text: w(`sheet_day_${name}`) }), made,
    h("p", { class: "why", id: `${id}_why` }, wrong.map((one) => h("span", { class: "wrong", text: one.words }))));
}

function week() {
  const same = () => edit(...DAYS.slice(1, 5).map((name) => ({ do: "set", path: ["weekly", name], value: spans_of(value(["weekly", "mon"])) })));
  return h("section", { "aria-labelledby": "week_title" }, h("h2", { id: "week_title", text: w("hours_week") }), h("p", { class: "aside", text: w("hours_week_why", { zone: given.zone }) }),
    wrong_at(["weekly"]).map((one) => h("p", { class: "trouble", text: one.words })), h("div", { class: "days" }, DAYS.map(day)),
    given.edits ? h("p", { class: "acts" }, h("button", { type: "button", class: "tiny", id: "as_monday", text: w("hours_as_monday"), onclick: same })) : null);
}

// --- holidays

function date_control(path, otherwise) {
  const held = value(path) ?? "";
  const put = (event) => edit(event.target.value ? { do: "set", path, value: event.target.value } : otherwise);
  return h("input", { type: /^(\d{4}-\d{2}-\d{2})?$/.test(held) ? "date" : "text", value: held, disabled: !given.edits, onchange: put });
}

function holiday(item, n) {
  const path = ["holidays", n];
  const one = of(item);
  const wrong = wrong_at(path, true).length;
  const remove = (key) => ({ do: "remove", path: [...path, key] });
  const words = h("input", { type: "text", value: one.name, maxlength: 80, autocomplete: "off", disabled: !given.edits, onchange: (event) => edit(event.target.value.trim() ? { do: "set", path: [...path, "name"], value: event.target.value.trim() } : remove("name")) });
  const box = h("details", { class: "item", "data-holiday": n, open: opened === n || wrong > 0 },
    h("summary", {}, h("b", { text: one.name || w("hours_nameless") }), h("span", { class: "aside", text: one.date ? when(one) : "" }),
      h("span", { class: `pill${one.hours.length ? " ok" : ""}`, text: one.hours.length ? one.hours.join(", ") : w("hours_closed") }), wrong ? h("span", { class: "pill bad", text: w("sheet_n_wrong", { n: wrong }) }) : null),
    h("div", { class: "grid" },
      labelled([...path, "date"], date_control([...path, "date"], { do: "set", path: [...path, "date"], value: "" }), { name: "holiday_date" }),
      labelled([...path, "until"], date_control([...path, "until"], remove("until")), { name: "holiday_until" }),
      labelled([...path, "name"], words, { name: "holiday_name" }),
      labelled([...path, "hours"], spans_control([...path, "hours"], read(item, "hours"), "remove"), { name: "holiday_hours", group: false })),
    wrong_at([...path, "hours"], true).filter((each) => each.path.length > 3).map((each) => h("p", { class: "trouble", text: each.words })),
    h("div", { class: "field" }, tick([...path, "yearly"], w("hours_yearly"), one.yearly, (on) => edit(on ? { do: "set", path: [...path, "yearly"], value: true } : remove("yearly")))),
    given.edits ? h("p", { class: "small-acts" }, h("button", { type: "button", class: "tiny", id: id_of([...path, "away"]), text: w("sheet_away"), "aria-label": `${w("sheet_away")}: ${one.name || one.date}`, onclick: () => { opened = -1; edit({ do: "remove", path }); } })) : null);
  box.addEventListener("toggle", () => { if (box.open) opened = n; else if (opened === n) opened = -1; });
  return box;
}

function put_all(items) {
  const held = list(["holidays"]).length;
  if (value(["holidays"]) === undefined) edit({ do: "set", path: ["holidays"], value: items });
  else edit(...items.map((item, n) => ({ do: "set", path: ["holidays", held + n], value: item })));
}

function holidays() {
  const all = list(["holidays"]);
  const order = [...all.keys()].sort((one, other) => { const [a, b] = [of(all[one]), of(all[other])]; return a.yearly - b.yearly || a.date.localeCompare(b.date); });
  const add = () => {
    opened = all.length;
    put_all([{ date: new Date().toLocaleDateString("sv-SE", { timeZone: given.zone }), name: "" }]);
    setTimeout(() => $(id_of(["holidays", opened, "date"]))?.focus(), 60);
  };
  const file = h("input", { type: "file", id: "calendar", hidden: true, accept: ".ics,text/calendar", onchange: (event) => opened_file(event.target) });
  return h("section", { "aria-labelledby": "holidays_title" }, h("h2", { id: "holidays_title", text: w("hours_holidays", { n: all.length }) }), h("p", { class: "aside", text: w("hours_holidays_why") }),
    wrong_at(["holidays"]).map((one) => h("p", { class: "trouble", text: one.words })),
    all.length ? order.map((n) => holiday(all[n], n)) : h("p", { class: "empty", text: w("hours_none") }),
    given.edits ? h("p", { class: "acts" }, h("button", { type: "button", class: "tiny add", id: "add_holiday", text: w("hours_add"), onclick: add }),
      file, h("button", { type: "button", class: "tiny", id: "open_calendar", text: w("hours_calendar"), onclick: () => file.click() })) : null);
}

// --- a calendar: looked at before anything of it is taken

async function opened_file(input) {
  const [file] = input.files;
  if (!file) return;
  try {
    if (file.size > LARGEST) throw new Error(w("hours_calendar_long"));
    seen = await tell("/studio/hours/calendar", { text: await file.text() });
    look_at_calendar(file.name);
  } catch (fault) { say(fault.message); }
  input.value = "";
}

const covers = (held, day, yearly) => (held.yearly === yearly || !yearly) && held.date && (held.yearly ? held.date.slice(5) === day.slice(5) : held.date <= day && day <= (held.until || held.date));

function look_at_calendar(name) {
  const held = list(["holidays"]).map(of);
  const working = spans_of(value(["weekly", DAYS.find((one) => spans_of(value(["weekly", one])).length) ?? "mon"]));
  const rows = seen.rows.map((row) => ({ ...row, known: held.some((one) => one.yearly === row.yearly && (covers(one, row.date, row.yearly) || covers(one, row.until || row.date, row.yearly))), hours: row.works ? working : [] }));
  const boxes = rows.map((row, n) => h("input", { type: "checkbox", id: `row_${n}`, checked: !row.known, disabled: row.known, onchange: count }));
  const go = h("button", { class: "button" });
  function count() {
    const n = boxes.filter((one) => one.checked).length;
    go.textContent = w("hours_take", { n });
    go.disabled = !n;
  }
  count();
  const box = $("keep_box");
  const left = Object.entries(seen.passed).map(([why, n]) => h("li", { text: w(`hours_passed_${why}`, { n }) }));
  const take = (event) => {
    event.preventDefault();
    box.close();
    const chosen = rows.filter((_, n) => boxes[n].checked);
    put_all(chosen.map((row) => ({ date: row.date, ...(row.until && { until: row.until }), ...(row.name && { name: row.name }), ...(row.yearly && { yearly: true }), ...(row.hours.length && { hours: row.hours }) })));
    say(w("hours_taken", { n: chosen.length }));
  };
  fill(box, h("form", { method: "dialog", onsubmit: take }, h("h2", { id: "calendar_title", text: w("hours_calendar_holds", { n: rows.length, file: name }) }),
    rows.length ? h("div", { class: "scrolled calendar", tabindex: "0", role: "group", "aria-labelledby": "calendar_title" }, h("table", {}, h("tbody", {}, rows.map((row, n) => h("tr", { class: row.known ? "known" : "" },
      h("td", {}, boxes[n]), h("th", { scope: "row" }, h("label", { for: `row_${n}`, text: row.name || w("hours_nameless") })), h("td", { text: when(row) }),
      h("td", {}, row.known ? h("span", { class: "aside", text: w("hours_known") }) : h("span", { class: `pill${row.works ? " ok" : ""}`, text: row.works ? w("hours_works", { hours: working.join(", ") }) : w("hours_closed") }))))))) : null,
    left.length ? h("ul", { class: "effects" }, left) : null,
    h("p", { class: "aside", text: w("hours_not_yet") }),
    h("p", { class: "acts" }, go, h("button", { type: "button", class: "button plain", text: w("sheet_not_now"), onclick: () => box.close() }))));
  box.showModal();
}

start(() => fill($("form"), week(), holidays()));
