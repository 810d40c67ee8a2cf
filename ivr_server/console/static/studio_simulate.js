// A call tried against the draft: keypad and keyboard, a clock that jumps, answers by hand, a step back. The call is its
// setup and its moves, kept here; the service plays them from the beginning each time, on the draft as it is then.

import { $, called, draft, fill, given, h, has, on, tell, w } from "./studio_model.js";
import { hear, hush } from "./studio_sound.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const FAULTS = ["billing_slow", "billing_empty", "billing_failing", "nobody"];
const setup = { flow: "main", at: now(), caller: "13800138000", language: "", account: given.accounts[0], holiday: false, by_hand: false, faults: [] };
let acts = {};
let roots = () => [];
let moves = [];
let told = null;
let aloud = false;
let heard = 0;
let picked = "";
let line = Promise.resolve();

// Now, by the operator's clock, as a field for a day and hour has it.
function now() { return new Date().toLocaleString("sv-SE", { timeZone: given.zone }).slice(0, 16).replace(" ", "T"); }

export function start(given_acts, given_roots) {
  acts = given_acts;
  roots = given_roots;
  $("simulate").addEventListener("keydown", key);
  on("checked", () => { if (told && told.digest !== draft.digest && !$("simulate").hidden) send(); });
}

export function draw() {
  if (!$("sim_setup")) fill($("simulate"), h("div", { class: "sim" }, h("form", { id: "sim_setup", class: "sim-setup" }), h("div", { id: "sim_call", class: "sim-call", tabindex: "-1" }), h("div", { id: "sim_side", class: "sim-side" })));
  draw_setup();
  draw_call();
}

// --- asking; moves go out one after the other, and what does not fit is dropped

function send() {
  line = line.then(async () => {
    try {
      const sent = [...moves];
      told = await tell("/studio/simulate", { setup: JSON.stringify(setup), moves: JSON.stringify(sent) });
      if (told.moves < sent.length && sent.every((one, n) => moves[n] === one)) moves.splice(told.moves, sent.length - told.moves);
      speak();
      draw_call();
      acts.played(told.path);
    } catch (fault) { acts.refused(fault); }
  });
  return line;
}

function move(one) { moves.push(one); picked = ""; return send(); }
function begin() { moves = []; heard = 0; picked = ""; return send().then(() => $("sim_call").focus({ preventScroll: true })); }
function back() { if (moves.length) { moves.pop(); picked = ""; heard = 0; send(); } }
function set(name, value) { setup[name] = value; heard = 0; if (told) send(); }

function stop() { hush(); moves = []; told = null; acts.played([]); draw_call(); }

function key(event) {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey || !told) return;
  if (KEYS.includes(event.key) && told.state === "asks") { event.preventDefault(); move({ do: "key", key: event.key }); }
  if (event.key === "Backspace") { event.preventDefault(); back(); }
}

// Only what is new is spoken by itself, one line after the other; whatever is done next ends it.
function speak() {
  const fresh = told.lines.map((one, n) => [one, n]).slice(heard).filter(([one]) => one.what === "hears").map(([, n]) => n);
  heard = told.lines.length;
  if (aloud) say(fresh);
  else hush();
}

function say(lines) {
  const asked = { setup: JSON.stringify(setup), moves: JSON.stringify(moves) };
  hear("/studio/simulate/sound", lines.map((line) => ({ ...asked, line }))).catch((fault) => acts.refused(fault));
}

// --- what the visitor sets

function draw_setup() {
  const box = $("sim_setup");
  if (box.contains(document.activeElement)) return;
  const field = (name, words, made) => h("label", { for: `sim_${name}` }, h("span", { text: words }), made);
  const input = (name, props) => h("input", { id: `sim_${name}`, value: setup[name], ...props, onchange: (event) => { if (event.target.value || name === "caller") set(name, event.target.value); } });
  const choice = (name, options) => h("select", { id: `sim_${name}`, onchange: (event) => set(name, event.target.value) }, options.map(([value, text]) => h("option", { value, selected: value === setup[name], text })));
  const tick = (name, words, checked, does) => h("label", { class: "tick" }, h("input", { type: "checkbox", id: `sim_${name}`, checked, onchange: (event) => does(event.target.checked) }), h("span", { text: words }));
  fill(box, field("flow", w("sim_flow"), choice("flow", roots().map(([name, title]) => [name, title]))),
    field("account", w("sim_account"), choice("account", given.accounts.map((name) => [name, w(`sim_account_${name}`)]))),
    field("caller", w("sim_caller"), input("caller", { inputmode: "numeric", maxlength: 20 })),
    field("at", w("sim_at", { zone: given.zone }), input("at", { type: "datetime-local" })),
    tick("holiday", w("sim_holiday"), setup.holiday, (value) => set("holiday", value)),
    ...FAULTS.map((name) => tick(name, w(`sim_${name}`), setup.faults.includes(name), (value) => set("faults", [...setup.faults.filter((one) => one !== name), ...(value ? [name] : [])]))),
    tick("by_hand", w("sim_by_hand"), setup.by_hand, (value) => set("by_hand", value)),
    tick("aloud", w("sim_aloud"), aloud, (value) => { aloud = value; hush(); }));
}

// --- the call

function draw_call() {
  if (!$("sim_call")) return;
  if (!told) {
    fill($("sim_call"), h("p", { class: "aside", text: w("sim_about") }), h("button", { type: "button", class: "button", id: "sim_begin", text: w("sim_begin"), onclick: begin }));
    fill($("sim_side"));
    return;
  }
  const typing = told.typed ? (told.secret ? "•" : "▮").repeat(told.typed) : "";
  const kept = $("sim_call").contains(document.activeElement) ? document.activeElement.id : "";
  fill($("sim_call"), h("ol", { class: "tale sim-tale", "aria-live": "polite" }, told.lines.map(story)),
    told.state === "looks_up" ? look_up(told.look_up) : null,
    h("p", { class: "sim-typed", id: "sim_typed", role: "status", text: typing || w(`sim_state_${told.state}`) }),
    h("div", { class: "sim-acts" }, button("sim_back", "sim_back", back, !moves.length), button("sim_wait10", "sim_wait10", () => move({ do: "wait", seconds: 10 }), told.state === "over"),
      button("sim_wait60", "sim_wait60", () => move({ do: "wait", seconds: 60 }), told.state === "over"), button("sim_hang_up", "sim_hang_up", () => move({ do: "hang_up" }), told.state === "over"),
      button("sim_again", "sim_again", begin), button("sim_stop", "close", stop)));
  fill($("sim_side"), h("p", { class: "sim-clock" }, h("b", { id: "sim_clock", text: told.clock }), h("span", { class: "aside", text: ` ${w("sim_elapsed", { n: Math.round(told.elapsed_s) })}` })),
    h("div", { class: "sim-keys", role: "group", "aria-label": w("sim_keypad") }, KEYS.map((one) => h("button", { type: "button", id: `sim_key_${one}`, class: "sim-key", text: one, disabled: told.state !== "asks", onclick: () => move({ do: "key", key: one }) }))),
    given.edits ? h("button", { type: "button", class: "tiny", id: "sim_record", text: w("sim_record"), disabled: !told.tellable, title: told.tellable ? null : w("sim_not_untold"), onclick: record }) : null,
    h("details", { class: "sim-facts", open: true }, h("summary", { text: w("sim_facts") }), h("dl", {}, told.facts.flatMap(([name, , value]) => [h("dt", { text: name }), h("dd", { text: value })]))));
  if (kept) $(kept)?.focus({ preventScroll: true });
  const list = $("sim_call").querySelector(".tale");
  list.scrollTop = list.scrollHeight;
  $("sim_look_up")?.scrollIntoView({ block: "nearest" });
}

const button = (id, words, does, disabled = false) => h("button", { type: "button", class: "tiny", id, text: w(words), disabled, onclick: does });

function story(one, n) {
  const said = one.words[one.language];
  const mine = one.words[given.language];
  const [name, outcome] = one.text.split(" ");
  const words = { keyed: w("tale_keyed", { keys: one.text }), silent: w("tale_silent", { n: one.text }), hung_up: w("tale_hung_up"), queue: w("tale_queue", { name: one.text }),
    ended: w("tale_ends", { name: has(`end_${one.text}`) ? w(`end_${one.text}`) : one.text }), answered: `${called(name)}: ${called(outcome)}`, failed: w("sim_failed", { name: called(name), fault: called(outcome) }) }[one.what] ?? said;
  const did = ["keyed", "silent", "hung_up"].includes(one.what);
  const kind = { answered: "answered", failed: "failed", queue: "queue", ended: "ends", meanwhile: "answered" }[one.what] ?? "";
  return h("li", { class: `${did ? "did" : "heard"} ${kind} ${one.what}` }, h("p", { text: words, lang: said ? one.language : null }), said && mine !== said ? h("p", { class: "place", text: mine }) : null,
    one.what === "hears" ? h("button", { type: "button", class: "link place sim-say", text: w("sim_say"), onclick: () => say([n]) }) : null,
    one.facts.length ? h("p", { class: "place", text: one.facts.map(([fact, value]) => `${fact} ${value}`).join(" · ").slice(0, 200) }) : null);
}

// --- an answer by hand: each declared outcome is a button; facts stand there to be changed

function look_up(one) {
  const chosen = picked || one.chosen || one.outcomes[0].outcome;
  const facts = one.outcomes.find(({ outcome }) => outcome === chosen)?.facts ?? [];
  const values = () => Object.fromEntries(facts.map(({ name }) => [name, $(`sim_fact_${name}`).value]));
  return h("form", { class: "sim-look-up", id: "sim_look_up", onsubmit: (event) => { event.preventDefault(); move({ do: "answer", outcome: chosen, facts: values() }); } },
    h("p", {}, h("b", { text: w("sim_asks", { name: called(one.name) }) }), h("span", { class: "aside", text: ` ${one.arguments.map(([name, value]) => `${name} ${value}`).join(", ")}` })),
    h("div", { class: "sim-outcomes" }, one.outcomes.map(({ outcome }) => h("button", { type: "button", class: "tiny", "aria-pressed": String(outcome === chosen), text: called(outcome), onclick: () => { picked = outcome; draw_call(); } }))),
    facts.map(({ name, kind, value }) => h("label", { for: `sim_fact_${name}` }, h("span", { text: `${name} (${kind})` }), h("input", { id: `sim_fact_${name}`, value, maxlength: 2000 }))),
    h("p", { class: "sim-acts" }, h("button", { class: "button", id: "sim_answer", text: w("sim_answer", { outcome: called(chosen) }) }), button("sim_unavailable", "sim_unavailable", () => move({ do: "fail", fault: "unavailable" })), button("sim_late", "sim_late", () => move({ do: "fail", fault: "deadline" }))));
}

// --- kept as a dialogue

function record() {
  const box = $("make");
  const keep = async (event) => {
    event.preventDefault();
    try {
      const kept = await tell("/studio/simulate/record", { title: $("sim_title").value, setup: JSON.stringify(setup), moves: JSON.stringify(moves) });
      box.close();
      acts.note(w("sim_recorded", { title: kept.title, file: kept.file }));
      acts.reload();
    } catch (fault) { $("sim_why").textContent = fault.message; }
  };
  fill(box, h("form", { onsubmit: keep }, h("h2", { text: w("sim_record") }), h("p", { class: "aside", text: w("sim_record_why") }),
    h("label", { for: "sim_title", text: w("sim_title") }), h("input", { id: "sim_title", required: true, maxlength: 120, autocomplete: "off" }), h("p", { class: "trouble", role: "alert", id: "sim_why" }),
    h("p", { class: "acts" }, h("button", { class: "button", text: w("sim_keep") }), h("button", { type: "button", class: "button plain", text: w("close"), onclick: () => box.close() }))));
  box.showModal();
}
