// The agent's desk: what the server tells and what the soft phone does, brought together into one picture.
//
// Theory. The server's word (``me``, ``ringing``, ``call``, ``talk``) says whose call it is and what is known of it; the
// soft phone's word says whether there is sound. The phase that is drawn comes from the soft phone while it has a call,
// else from the server: idle, ringing, dialling, talking, wrap_up; "away": the server has us in a call that has no sound
// in this window; "rejoining": it is on its way back to it. Nothing is drawn from what a button hopes for.

import { $, page, put, reason, say, seat, show, tell, word, words } from "./desk_parts.js";
import { Stream, ask, get, post } from "./desk_stream.js";
import { bell, choices, keyTone, maySound, warn } from "./desk_sound.js";
import { Phone } from "./desk_phone.js";
import { Form, unsent } from "./desk_form.js";
import { drawStory, short } from "./desk_story.js";
import { CallPanel, drawMissed } from "./desk_call.js";
import { Bar } from "./desk_bar.js";
import { Fees, Latest, Places, Tabs } from "./desk_tools.js";
import { Shortcuts } from "./desk_keys.js";
import { Sit } from "./desk_sit.js";

const TITLE = document.title;
const REJOIN_MS = 12_000;
const call = { info: null, talk: null };
let me = { state: "", since: 0, holds: true };
let bar = {};
let line = "starting"; // starting, on, off, ended
let rejoining = 0;
let spoken = "";

const phone = new Phone(() => { told(); draw(); });
const form = new Form((about, name) => ask("/desk/reception", { form: name, call: about.call || "", number: about.number || "", key: about.key || "" }));
const soft = () => me.device === "browser" && me.holds;
const known = (id) => call.info && call.info.call === id;

function phase() {
  const own = soft() ? phone.call : null;
  if (own) return own.state;
  if (rejoining && me.state === "talking") return "rejoining";
  if (me.state === "talking" && me.device === "browser") return "away";
  return ["ringing", "talking", "wrap_up"].includes(me.state) ? me.state : "idle";
}

const view = () => ({ phase: phase(), me, bar, line, phone, soft: soft(), talk: call.talk, call: call.info, mayDial: page.dial_out && (!soft() || phone.state === "on"), since: me.since });

function draw() {
  const seen = view();
  seat.dataset.state = me.state;
  show($("sit"), me.state === "signed_out");
  show($("work"), Boolean(me.state) && me.state !== "signed_out");
  show($("elsewhere"), Boolean(me.state) && me.state !== "signed_out" && !me.holds);
  panel.draw(seen);
  top.draw(seen);
  drawStory(call.info);
  notices(seen);
  announce(seen);
}

function notices({ phase: now }) {
  const seated = Boolean(me.state) && me.state !== "signed_out";
  const cut = seated && soft() && phone.state === "lost" ? "phone" : seated && me.device === "telephone" && me.unreachable ? "unreachable" : "";
  const trouble = line === "off" || line === "ended" ? line : bar.live === false ? "away" : cut;
  put($("sit_why"), me.state_words || "");
  show($("trouble"), Boolean(trouble));
  if (trouble) put($("trouble"), words[`desk_trouble_${trouble}`]);
  const ringing = now === "ringing" && (soft() ? phone.call?.state === "ringing" : true);
  bell(ringing && soft() && !phone.call?.answering);
  show($("silent_bell"), soft() && me.state === "ready" && now === "idle" && !maySound());
  const name = call.info ? short(call.info) : "";
  document.title = now === "ringing" ? `☎ ${name}` : now === "talking" ? `● ${call.info?.card?.name || call.info?.number || words.desk_talking}` : TITLE;
}

// Each phase once, aloud; ringing cuts in.
function announce({ phase: now, me: who }) {
  const talk = call.talk?.state === "consulting" || call.talk?.state === "joined" ? call.talk.state : "";
  const key = [now, now === "idle" ? `${who.state}${who.reason || ""}` : call.info?.call || "", now === "talking" ? `${talk}${phone.call?.held}${phone.call?.muted}` : ""].join();
  if (key === spoken || !who.state) return;
  spoken = key;
  const name = call.info ? short(call.info) : phone.call?.number || "";
  if (now === "ringing") {
    say([word("desk_said_ringing", { who: name }), call.info?.handed?.line].filter(Boolean).join(" "), true);
    notify(name);
  } else if (now === "idle") say(who.state === "busy" ? word("desk_said_busy", { reason: reason(who.reason) || who.state_words || "" }) : words[`desk_state_${who.state}`] || "");
  else if (now === "talking") say([words[talk ? `desk_${talk}` : phone.call?.held ? "desk_held" : "desk_talking"], phone.call?.muted ? words.desk_muted : ""].filter(Boolean).join(". "));
  else say({ wrap_up: words.desk_said_wrap_up, dialling: words.desk_dialling, away: words.desk_call_elsewhere, rejoining: words.desk_rejoining }[now] || "");
}

function notify(name) {
  if (!choices.notices || !document.hidden || !("Notification" in globalThis) || Notification.permission !== "granted") return;
  const note = new Notification(word("desk_said_ringing", { who: name }), { tag: "desk", body: call.info?.handed?.line || "" });
  note.onclick = () => { focus(); note.close(); };
}

// What the soft phone has come to.
let last = null;
function told() {
  const now = phone.call;
  if (now && now !== last) {
    if (now.state === "ringing") came(now);
    if (now.out && !call.info) outward(now.number);
  }
  if (!now && last) over(last);
  last = now;
}

function came(now) {
  const told = ["ringing", "talking"].includes(me.state) && call.info; // a call-back has an id of its own for the server
  if (now.call && !told && !known(now.call)) open({ call: now.call, number: now.number, queue: now.queue, business: now.business });
  if (now.call && !told) get(`/desk/call/${encodeURIComponent(now.call)}`).then((found) => { if (phone.call === now && !call.info?.card) open({ ...call.info, ...found }); }, () => {});
  if (!choices.auto || now.answering) return;
  warn();
  setTimeout(() => { if (phone.call === now && now.state === "ringing") phone.answer(); }, 700);
}

function over(was) {
  rejoining = 0;
  panel.keypad = false;
  if (was.blocked) tell(words.desk_microphone_refused);
  else if (was.out && !was.began) tell(word("desk_not_reached", { why: words[{ Busy: "desk_why_busy", "No Answer": "desk_why_no_answer", Rejected: "desk_why_busy" }[was.why]] || words.desk_why_other }));
  if (was.out && (!was.call)) { latest.fetch(); if (me.state !== "wrap_up" && me.state !== "talking") settle(); }
}

function fetched(id) {
  get(`/desk/call/${encodeURIComponent(id)}`).then((found) => { if (known(id)) { open({ ...call.info, ...found }); draw(); } }, () => {});
}

// A call that is known: card, story and record in one step.
function open(info) {
  const before = call.info;
  if (before?.key && !before.call && info.direction === "out") { // what was dialled here, as the server sees it now
    call.info = { ...before, ...info, reception: form.record ? null : info.reception };
    if (!form.record) form.open(call.info);
    return;
  }
  call.info = before && before.call === info.call ? { ...before, ...info } : info;
  if (call.info.reception || call.info.form) form.open(call.info);
  fees.about(call.info.card?.number || call.info.number);
  if (before?.call !== info.call) tabs.open("story");
}

function outward(number) {
  const key = `out-${Date.now().toString(36)}`;
  open({ call: "", key, number, direction: "out" });
  form.open({ call: "", key, number, form: page.forms[0], reception: null });
  get("/desk/customer", { number }).then((found) => { if (call.info?.key === key) { open({ ...call.info, ...found }); draw(); } }, () => {});
}

// A goodbye that was lost with the server's connection: the exchange has no call of ours any more, so neither have we.
function mend(gone) {
  if (!gone) return;
  setTimeout(() => { if (phone.call === gone && gone.state === "talking" && me.state !== "talking") phone.hangUp(); }, 2500);
}

// Nothing more to write down: the screen is clear for the next one.
function settle() {
  if (call.info) latest.fetch();
  call.info = call.talk = null;
  form.close();
}

const events = {
  me(told) {
    const before = me;
    me = told;
    line = "on";
    if (told.state === "signed_out" || !told.holds) { if (phone.agent) phone.rise(); }
    else if (told.device === "browser" && !phone.agent) join();
    if (before.state && ["ready", "busy", "signed_out"].includes(told.state) && !phone.call) settle();
    if (before.state === "talking" && told.state !== "talking") mend(phone.call);
    if (told.state === "wrap_up" && before.state !== "wrap_up") { call.talk = null; wrapped(); }
    draw();
  },
  bar(told) { bar = told; draw(); },
  papers(told) { Object.assign(page, told); }, // other reasons and forms: the next record has them
  ringing(told) { if (!phone.call || phone.call.state === "ringing") { open(told); call.talk = null; } draw(); },
  call(told) {
    if (!call.info || known(told.call) || !phone.call || told.direction === "out") open({ ...(known(told.call) ? call.info : {}), ...told });
    if (told.whole === false) setTimeout(() => fetched(told.call), 1500); // something was not there yet
    draw();
  },
  talk(told) {
    call.talk = told.state === "over" ? null : told;
    if (told.state === "over" && told.call && known(told.call)) rejoining = 0;
    draw();
  },
  missed(told) { tell(word("desk_missed_one", { number: told.number || words.desk_no_number })); latest.fetch(); },
  resync() { line = "on"; draw(); },
  away() { bar = { ...bar, live: false }; draw(); },
  beat({ status, held }) {
    if (held === false && me.holds && me.state !== "signed_out") { me = { ...me, holds: false }; phone.rise(); draw(); }
    if (status === 401 || status === 403) { line = "ended"; draw(); }
  },
};

const stream = new Stream(events, (state) => {
  if (line !== state) { line = state; draw(); if (state === "on") latest.fetch(); }
});

// Where to ring, asked for once at a time; the soft phone begins with the answer.
let sitting = false;
async function sit(asked) {
  sitting = true;
  try {
    const { sip } = await post("/desk/sit", { ...asked, tab: stream.tab });
    if (sip && !phone.agent) phone.sit(sip);
    return sip;
  } finally {
    sitting = false;
  }
}

// A reloaded page has its seat still, and the address of it again; a call that had its sound here is fetched back.
async function join() {
  if (sitting) return;
  try {
    const sip = await sit({ device: "browser" });
    if (!sip) return;
    if (me.state === "talking" && !phone.call) { rejoining = Date.now(); setTimeout(() => { rejoining = 0; draw(); }, REJOIN_MS); }
    if (rejoining) phone.agent.once("registered", () => rejoin());
  } catch (fault) {
    tell(fault.message);
  }
}

function rejoin() {
  const id = call.talk?.call || call.info?.call || me.call;
  if (!id) return;
  phone.expected = id;
  rejoining ||= Date.now();
  setTimeout(() => { rejoining = 0; draw(); }, REJOIN_MS);
  ask(`/desk/call/${encodeURIComponent(id)}/rejoin`, { tab: stream.tab }).then((done) => { if (!done) { rejoining = 0; draw(); } });
  draw();
}

const onCall = (what, fields = {}) => call.info?.call && ask(`/desk/call/${encodeURIComponent(call.info.call)}/${what}`, fields);

function wrapped() {
  const missing = form.missing();
  if (missing.length && !document.activeElement?.closest("#record")) missing[0].node?.focus();
  else if (!document.activeElement?.closest("input, textarea, select")) form.focus();
}

let warned = "";
function done() {
  const missing = form.missing();
  if (missing.length && warned !== call.info?.call) {
    warned = call.info?.call;
    tell(word("desk_still_empty", { what: missing.map((one) => one.label).join(", ") }));
    missing[0].node?.focus();
    return;
  }
  form.record?.send();
  onCall("done");
}

function dial(number) {
  if (phase() !== "idle" && phase() !== "wrap_up") return;
  tabs.open("story");
  if (!soft()) ask("/desk/dial", { number }).then((yes) => { if (yes) outward(number); });
  else if (phase() === "wrap_up") onCall("done").then(() => phone.dial(number));
  else if (!phone.dial(number)) tell(words.desk_phone_not_ready);
  $("dial_number").value = "";
}

const does = {
  answer: () => (phase() === "ringing" && soft() ? phone.answer() : phase() === "idle" ? $("state_button").focus() : null),
  reject: async () => { // the server first: it is to know that this was no miss
    await Promise.race([onCall("reject"), new Promise((go) => setTimeout(go, 1500))]);
    phone.reject();
  },
  hangUp: () => (soft() && phone.call ? phone.hangUp() : onCall("hang-up")),
  end: () => (phase() === "ringing" ? does.reject() : ["talking", "dialling"].includes(phase()) ? does.hangUp() : null),
  hold: () => phone.hold(!phone.call?.held),
  mute: () => phone.mute(!phone.call?.muted),
  keypad: () => { if (phase() !== "talking") return; panel.keypad = !panel.keypad; draw(); if (panel.keypad) $("pad").firstElementChild.focus(); },
  key: (key) => { keyTone(key); phone.press(key); },
  transfer: () => { if (phase() === "talking" && me.state === "talking" && !call.talk?.with) places.open(); },
  back: () => (phase() === "away" ? rejoin() : call.talk?.with ? onCall("return") : null),
  complete: () => call.talk?.with && onCall("complete"),
  join: () => call.talk?.with && onCall("join"),
  ready: () => ask("/desk/state", { state: "ready" }),
  done, dial, rejoin,
  callAgain: () => call.info?.number && dial(call.info.number),
  state: () => (phase() === "wrap_up" ? done() : me.state === "busy" ? does.ready() : top.open(true)),
  note: () => { if (!$("record_form").hidden) form.focus(); },
  fees: () => { tabs.open("fees"); $($("fees_number").value ? "fees_reason" : "fees_number").focus(); },
  latest: () => { tabs.open("latest"); $("tab_latest").focus(); },
  story: () => { tabs.open("story"); $("tab_story").focus(); },
  enter: () => { if (phase() !== "ringing" || !soft()) return false; phone.answer(); return true; },
};

const panel = new CallPanel(does);
const top = new Bar({ choose: (state, reason) => ask("/desk/state", { state, reason }), rise: () => ask("/desk/rise") });
const fees = new Fees();
const latest = new Latest((missed) => drawMissed(missed, (one) => dial(one.number)));
const tabs = new Tabs((name) => { if (name === "latest") latest.fetch(); });
const places = new Places((to, kind, name) => { onCall("transfer", { to, kind }); tell(word(kind === "blind" ? "desk_handing_over" : "desk_asking_first", { name })); }, page.dial_out);
new Sit(sit);
new Shortcuts({ ...does, dial: () => { if (phase() === "wrap_up") does.callAgain(); else if (!$("dial_form").hidden) $("dial_number").focus(); } }, () => phase() === "talking" && soft());
$("help_button").addEventListener("click", () => $("help").showModal());
$("use_here").addEventListener("click", () => stream.take());
$("silent_bell").addEventListener("click", () => draw());
document.addEventListener("pointerdown", () => draw(), { once: true });

// Other pages open beside this one: a desk that is left is away.
for (const link of document.querySelectorAll(".top a[href]:not([href='/desk'])")) Object.assign(link, { target: "_blank", rel: "noopener" });

// Leaving by the door of the page: up from the seat, and nothing of a customer stays in the browser.
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", (event) => {
  const door = event.target;
  if (door.dataset.risen) return;
  event.preventDefault();
  door.dataset.risen = "yes";
  Promise.race([Promise.all([form.record?.send(), me.state === "signed_out" ? null : post("/desk/rise")]), new Promise((go) => setTimeout(go, 1500))])
    .catch(() => {}).finally(() => { unsent.clear(); phone.rise(); door.requestSubmit(); });
});
addEventListener("beforeunload", (event) => { if (phone.call) event.preventDefault(); });
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
// A browser does not freeze a hidden page that holds a lock.
navigator.locks?.request("desk", { mode: "shared" }, () => new Promise(() => {}));

setInterval(() => { const seen = view(); panel.tick(seen, call.info); top.tick(me); }, 500);
draw();
stream.open();
latest.fetch();
setTimeout(() => form.rescue(form.record?.id).catch(() => {}), 3000);
globalThis.desk = { figures: () => phone.figures() }; // for whoever looks into a call's sound from the browser's console
