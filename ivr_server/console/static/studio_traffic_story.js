// From a way to the calls that took it, and from a call to its story: played step by step, with its sound, on the picture.

import * as graph from "./studio_graph.js";
import { ask, fill, given, h, w } from "./studio_model.js";
import { Sounds } from "./tones.js";

const PAUSE_MS = 450; // after a step, so that it can be read
const KEY_MS = 190;
const sounds = new Sounds();
let playing = 0;

export const hush = () => { playing += 1; sounds.stop(); };

const row = (one, open) => h("li", {}, h("button", { type: "button", class: "call", "data-call": one.call, onclick: () => open(one.call) },
  h("time", { datetime: one.began_iso, text: one.began }), one.now ? h("span", { class: "pill on", text: w("see_now") }) : null,
  h("span", { class: "caller", text: one.caller || "–" }), h("span", { class: "aside", text: [one.now ? "" : one.disposition_words, one.subject, one.lasted].filter((part) => part && part !== "–").join(" · ") })));

// The list of calls of a way into ``box``; ``open(call)`` shows one.
export async function list(box, path, query, open) {
  const told = await ask(`${path}?${new URLSearchParams(query)}`);
  const rows = [...told.here.map((one) => ({ ...one, now: true })), ...told.rows];
  const items = h("ul", { class: "calls-of" }, rows.map((one) => row(one, open)));
  const more = h("p", {});
  const on = async (before) => {
    const next = await ask(`${path}?${new URLSearchParams({ ...query, before })}`);
    items.append(...next.rows.map((one) => row(one, open)));
    further(next.before);
  };
  const further = (before) => fill(more, before ? h("button", { type: "button", class: "tiny", text: w("see_more"), onclick: () => on(before).catch((fault) => fill(more, fault.message)) }) : null);
  further(told.before);
  fill(box, rows.length ? items : h("p", { class: "empty", text: w("see_no_calls") }), more);
}

// --- one call

const keys_in = (step) => [...step.keys].filter((key) => "0123456789*#".includes(key));
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

// ``go(flow)`` shows a flow; ``heard(n, ms)`` is told what was played.
export async function story(box, call, { go, heard, back }) {
  hush();
  const told = await ask(`/studio/stories/${encodeURIComponent(call)}`);
  const steps = told.steps;
  const path = (step) => `/studio/sounds/${step.note}/${encodeURIComponent(call)}`;
  const items = steps.map((step, n) => h("li", { class: step.what, "data-note": step.note },
    step.said?.language === given.language ? null : h("p", { text: step.words }),
    step.said ? h("p", { class: "spoken-words", lang: step.said.language, text: `“${step.said.words}”` }) : null,
    h("p", { class: "acts-of" }, step.flow ? h("button", { type: "button", class: "link place", text: `${step.flow} › ${step.node}`, onclick: () => show(n) }) : null,
      step.said ? h("button", { type: "button", class: "link", text: w("see_hear"), "aria-label": `${w("see_hear")}: ${step.said.words}`, onclick: () => from(n, true) }) : null,
      step.said && step.share < 100 ? h("span", { class: "aside", text: w("see_cut", { n: step.share }) }) : null,
      step.said?.sampled ? h("span", { class: "pill warning", text: w("see_sampled") }) : null)));
  const play = h("button", { type: "button", class: "button", id: "play_call", text: w("see_play"), onclick: () => (play.dataset.on ? stop() : from(0)) });

  async function show(n) {
    const step = steps[n];
    items.forEach((one, at) => { one.classList.toggle("now", at === n); if (at === n) { one.setAttribute("aria-current", "step"); one.scrollIntoView({ block: "nearest" }); } else one.removeAttribute("aria-current"); });
    if (!step.flow) return;
    await go(step.flow);
    const way = steps.slice(0, n + 1).filter((one) => one.flow === step.flow).map((one) => one.node).filter((name, at, all) => name !== all[at - 1]);
    graph.play(way, step.node);
  }

  function state(on) { play.dataset.on = on ? "yes" : ""; play.textContent = w(on ? "see_stop" : "see_play"); }
  function stop() { hush(); state(false); }

  async function from(first, once = false) {
    hush();
    const mine = playing;
    state(!once);
    for (let n = first; n < steps.length && mine === playing; n += 1) {
      await show(n);
      if (mine !== playing) break;
      const step = steps[n];
      if (step.said) heard(step.note, await sounds.part(path(step), once ? 1 : step.share / 100).catch(() => 0));
      else for (const key of keys_in(step)) { if (mine !== playing) break; sounds.tone(key); await wait(KEY_MS); }
      if (once) break;
      await wait(PAUSE_MS);
    }
    if (mine === playing) state(false);
  }

  fill(box, h("p", { class: "crumb" }, h("button", { type: "button", class: "link", text: w("see_back"), onclick: () => { stop(); graph.play([], ""); back(); } })),
    h("h2", { tabindex: "-1", id: "story_title", text: w("see_story", { when: told.call.began }) }),
    h("p", { class: "aside", text: [told.call.caller || "–", told.call.disposition_words, told.call.lasted, told.call.version ? w("version_n", { n: told.call.version }) : ""].filter(Boolean).join(" · ") }),
    told.why ? h("p", { class: "aside", text: told.why }) : null,
    h("p", { class: "acts" }, steps.length ? play : null, h("a", { class: "tiny", href: `/calls/${encodeURIComponent(call)}`, text: w("see_page") })),
    steps.length ? h("ol", { class: "story-of" }, items) : h("p", { class: "empty", text: w("see_no_story") }),
    h("details", {}, h("summary", { text: w("see_facts") }), h("dl", { class: "facts-of" }, told.facts.map(([name, value]) => [h("dt", { text: name }), h("dd", { text: value })]).flat())));
  box.querySelector("#story_title").focus({ preventScroll: true });
  if (steps.length) await show(0);
}
