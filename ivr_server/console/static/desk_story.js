// Who calls and why: one line first, then the card, the story of the call with how much of each prompt was heard, and before.
// Everything that came from outside is put in as text.

import { $, clock, date, el, put, show, tongue, word, words } from "./desk_parts.js";

const ELSEWHERE = ["answered", "asked", "tagged"]; // steps that stand under what was looked up, and beside the name
const IDENTITY = { password: "proved", number: "known", none: "unknown" };

// A new call in words, for the eye and, in short, for the ear.
export function short(call) {
  const { card, handed } = call;
  return [card?.name || call.number || words.desk_no_number, call.business_words || handed?.business_words, call.queue_title || handed?.queue].filter(Boolean).join(", ");
}

// Earlier contacts stand under the call where there is room beside the story, else at its end.
const room = matchMedia("(min-width: 62rem)");
const place = () => $(room.matches ? "call" : "story").append($("before_box"));
room.addEventListener("change", place);
place();

export function drawStory(call) {
  show($("story_none"), !call);
  show($("story"), Boolean(call));
  show($("before_box"), Boolean(call));
  if (!call) return;
  const { card, handed } = call;
  put($("who_name"), card?.name || (call.number ? words.desk_not_a_customer : words.desk_no_number));
  put($("who_number"), card?.number || call.number || "");
  $("who_marks").replaceChildren(...marks(call));
  put($("line"), handed?.line || (call.direction === "out" ? words.desk_line_out : words.desk_line_none));
  const faults = handed?.faults || [];
  show($("faults"), faults.length > 0);
  $("faults").replaceChildren(el("strong", {}, words.desk_faults), ...faults.map((one) => el("span", {}, one)));
  drawNotes(call.notes || []);
  drawCard(card);
  drawSteps(handed);
  drawBefore(card, handed);
}

function marks(call) {
  const { card, handed } = call;
  const found = [];
  if (handed) found.push(el(`span.pill.identity.${IDENTITY[handed.identity] || "unknown"}`, {}, handed.identity_words));
  if (card?.found_by && handed?.identity !== "password") found.push(el("span.pill", {}, words[`desk_found_by_${card.found_by}`]));
  const business = call.business_words || handed?.business_words;
  if (business) found.push(el("span.pill.business", {}, business));
  if (call.call_back) found.push(el("span.pill.warm", {}, words.desk_is_call_back));
  if (call.transferred_from) found.push(el("span.pill.warm", {}, word("desk_transferred_from", { name: call.transferred_from })));
  const language = call.language || handed?.language;
  if (language) found.push(el("span.pill", {}, tongue(language)));
  if (handed?.waited_s) found.push(el("span.pill", {}, word("desk_waited", { time: clock(handed.waited_s) })));
  for (const tag of (handed?.tag_words || handed?.tags || []).filter((one) => one !== business)) found.push(el("span.pill", {}, tag));
  return found;
}

// What the agents before wrote of this very call.
function drawNotes(notes) {
  show($("notes"), notes.length > 0);
  $("notes").replaceChildren(...notes.map((one) => el("p", {}, el("strong", {}, word("desk_notes_from", { name: one.agent })), " ", [one.asked, one.done ? `→ ${one.done}` : ""].filter(Boolean).join(" "))));
}

const pair = (name, value, kind = "") => value ? el(`div${kind ? `.${kind}` : ""}`, {}, el("dt", {}, name), el("dd", {}, ...[value].flat())) : null;

function drawCard(card) {
  show($("card_none"), !card?.customer);
  show($("card_facts"), Boolean(card?.customer));
  const debt = card?.arrears;
  const owed = debt?.count ? [el("strong", {}, debt.sum), el("span.soft", {}, word("desk_arrears_since", { count: debt.count, since: debt.oldest_due || "–" }))] : words.desk_arrears_none;
  $("card_facts").replaceChildren(...(card?.customer ? [
    pair(words.desk_arrears, owed, debt?.count ? "whole.owed" : "whole"), pair(words.desk_balance, card.balance), pair(words.desk_package, card.package),
    pair(words.desk_customer_id, card.customer), pair(words.desk_address, card.address, "whole"),
  ] : []).filter(Boolean));
  const contracts = card?.contracts || [];
  show($("contracts"), contracts.length > 0);
  $("contracts").replaceChildren(...contracts.map((one) => el("li", {}, el("strong", {}, one.name), ` ${one.number}`, el("span.soft", {}, [one.began, one.ends].filter(Boolean).join(" – ")))));
}

function drawSteps(handed) {
  const steps = (handed?.steps || []).filter((one) => !ELSEWHERE.includes(one.what));
  show($("steps_none"), !steps.length);
  $("steps").replaceChildren(...steps.map(step));
  const spent = handed?.minutes;
  put($("steps_spent"), !spent ? "" : word("desk_minutes", { n: spent }));
  const asked = handed?.look_ups || [];
  show($("look_ups_box"), asked.length > 0);
  $("look_ups").replaceChildren(...asked.map((one) => el("li", {}, el("span", {}, one.words), el("span.soft", {}, one.outcome))));
}

function step(one) {
  const line = el(`li.${/^[a-z_]+$/.test(one.what) ? one.what : "other"}`, {}, el("span.when", {}, one.at_s >= 0 ? clock(one.at_s) : ""), el("span.what", {}, one.words));
  if (typeof one.heard === "number") line.append(heard(one.heard));
  return line;
}

// How much of a prompt was heard: a bar, and the same in words.
function heard(share) {
  const part = Math.round(Math.min(1, Math.max(0, share)) * 100);
  const bar = el("i", {});
  bar.style.width = `${part}%`;
  return el("span.heard", { role: "img", "aria-label": word("desk_heard", { n: part }), title: word("desk_heard", { n: part }) }, bar);
}

function drawBefore(card, handed) {
  const contacts = (card?.last_contacts || []).map((one) => el("li.contact", {}, el("span.when", {}, date(one.at)),
    el("span.what", {}, el("strong", {}, [one.business_words || one.business, one.agent].filter(Boolean).join(" · ")), one.asked ? el("span", {}, one.asked) : null, one.done ? el("span.soft", {}, `→ ${one.done}`) : null),
    one.follow_up ? el("span.pill.warm", {}, words.desk_follow_up_open) : null));
  const calls = (handed?.earlier || []).map((one) => el("li.earlier", {}, el("span.when", {}, date(one.at)), el("span.what", {}, one.words)));
  const faxes = (handed?.faxes || []).map((one) => el("li.fax", {}, el("span.when", {}, words.desk_fax), el("span.what", {}, one.words)));
  const all = [...faxes, ...contacts, ...calls];
  show($("before_none"), !all.length);
  $("before").replaceChildren(...all);
}
