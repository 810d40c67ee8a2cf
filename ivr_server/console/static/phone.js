// The keypad phone. The server speaks FastAGI for us; over the socket come values: playing, silent, listening, note, at, over.

import { Sounds } from "./tones.js";

const $ = (id) => document.getElementById(id);
const desk = $("desk");
const words = JSON.parse(desk.dataset.words);
const sounds = new Sounds();
const keys = new Map([...document.querySelectorAll(".key")].map((key) => [key.dataset.key, key]));
const LINES = [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"], ["*", "0", "#"]];
const STEP = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

let socket = null;
let state = "ready";
let began = 0;
let ticking = 0;
let caption = "";

const busy = () => state === "calling" || state === "talking" || state === "listening";

function show(next, why) {
  state = next;
  $("state").textContent = why || words[`phone_state_${next}`];
  $("lamp").className = `lamp ${next}`;
  $("act").classList.toggle("leave", busy());
  $("act_words").textContent = busy() ? words.phone_hang_up : words.phone_call;
  $("caller").readOnly = $("dialled").readOnly = $("ahead").readOnly = busy();
  $("staffed").setAttribute("aria-disabled", String(busy()));
  desk.dataset.state = next;
}

function tick() {
  const seconds = Math.floor((performance.now() - began) / 1000);
  $("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function say(text, ms) {
  keepCaption();
  caption = text;
  $("caption").textContent = text || words.phone_quiet;
  $("caption").classList.toggle("quiet-words", !text);
  $("run").getAnimations().forEach((one) => one.cancel());
  if (ms) $("run").animate([{ transform: "scaleX(0)" }, { transform: "scaleX(1)" }], { duration: ms, fill: "forwards" });
  if (busy()) show("talking");
}

function keepCaption() {
  if (!caption) return;
  const line = document.createElement("li");
  line.textContent = caption;
  $("before").prepend(line);
  while ($("before").children.length > 40) $("before").lastChild.remove();
  $("before_box").hidden = false;
  caption = "";
}

function quiet() {
  $("run").getAnimations().forEach((one) => one.finish());
}

function note(one) {
  $("trail_empty").hidden = true;
  const line = document.createElement("li");
  line.className = /^[a-z_]+$/.test(one.what) ? one.what : "";
  const text = document.createElement("p");
  text.textContent = one.words;
  line.append(text);
  $("trail").append(line);
  while ($("trail").children.length > 300) $("trail").firstChild.remove();
  $("trail").scrollTop = $("trail").scrollHeight;
  at(one);
}

function at(one) {
  $("node").textContent = one.node ? `${one.flow} › ${one.node}` : "";
}

function over({ variables, how, handed }) {
  sounds.stop();
  clearInterval(ticking);
  show("ended");
  say(handed ? words.phone_handed.replace("{queue}", handed.queue) : words.phone_over, 0);
  caption = "";
  $("how").textContent = how.words;
  $("how").className = `pill ${how.name}`;
  $("how").hidden = !how.words;
  if (handed) handOver(handed);
  const told = $("told");
  told.replaceChildren();
  for (const [name, value] of Object.entries(variables)) {
    const key = document.createElement("dt");
    const text = document.createElement("dd");
    key.textContent = name;
    text.textContent = value;
    told.append(key, text);
  }
  $("told_box").hidden = !told.children.length;
}

// What Asterisk got for the agent, as the agent would see it.
function handOver(handed) {
  for (const key of ["queue", "language", "business"]) $(`handed_${key}`).textContent = handed[key] || "–";
  $("handed_steps").replaceChildren(...handed.steps.map((step) => {
    const line = document.createElement("li");
    line.textContent = step;
    return line;
  }));
  $("handed").hidden = false;
  $("handed").scrollIntoView({ block: "nearest" });
}

let secret = false; // a password is being asked for: its digits are shown nowhere

const HEARD = {
  connected: () => show("talking"),
  playing: (one) => { secret = one.secret; say(one.words, one.ms); if (one.sound) sounds.play(one.sound).catch(() => {}); },
  silent: () => { sounds.stop(); quiet(); },
  listening: (one) => { secret = one.secret; if (busy()) show("listening"); },
  note,
  at,
  over,
  failed: (one) => { sounds.stop(); clearInterval(ticking); show("failed", words[`phone_state_${one.why}`]); },
};

function open() {
  return new Promise((ready, lost) => {
    if (socket && socket.readyState === WebSocket.OPEN) return ready(socket);
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/phone/line`);
    socket.onopen = () => ready(socket);
    socket.onmessage = (event) => { const one = JSON.parse(event.data); HEARD[one.is]?.(one); };
    socket.onclose = () => {
      sounds.stop();
      clearInterval(ticking);
      if (busy()) show("failed", words.phone_state_lost);
      lost(new Error("closed"));
    };
  });
}

const tell = (what) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what)); };

async function call() {
  if (!sounds.wake()) $("caption").textContent = words.phone_no_sound;
  for (const id of ["trail", "before", "told"]) $(id).replaceChildren();
  for (const id of ["before_box", "told_box", "how", "handed"]) $(id).hidden = true;
  $("trail_empty").hidden = false;
  $("pressed").textContent = $("node").textContent = "";
  caption = "";
  show("calling");
  began = performance.now();
  clearInterval(ticking);
  ticking = setInterval(tick, 200);
  try {
    await open();
    const [caller, dialled] = [$("caller").value.trim(), $("dialled").value.trim()];
    tell({ do: "call", caller, dialled, staffed: $("staffed").checked, ahead: Number($("ahead").value) || 0 });
  } catch {
    clearInterval(ticking);
    show("failed");
  }
}

const hangUp = () => tell({ do: "hang_up" });

function press(key) {
  const button = keys.get(key);
  sounds.tone(key);
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 140);
  if (!busy()) return;
  $("pressed").textContent = ($("pressed").textContent + (secret ? "•" : key)).slice(-24);
  tell({ do: "key", key });
}

function move(from, [down, right]) {
  const row = LINES.findIndex((line) => line.includes(from));
  const column = LINES[row].indexOf(from);
  const to = keys.get(LINES[(row + down + 4) % 4][(column + right + 3) % 3]);
  keys.forEach((key) => { key.tabIndex = key === to ? 0 : -1; });
  to.focus();
}

keys.forEach((button, key) => button.addEventListener("click", () => press(key)));
$("act").addEventListener("click", () => (busy() ? hangUp() : call()));
$("sound").addEventListener("click", () => {
  sounds.setOn(!sounds.on);
  $("sound").setAttribute("aria-pressed", String(sounds.on));
});
document.querySelectorAll(".person").forEach((one) => one.addEventListener("click", () => {
  if (busy()) return;
  $("caller").value = one.dataset.number;
  document.querySelectorAll(".person").forEach((other) => other.setAttribute("aria-pressed", String(other === one)));
}));
$("staffed").addEventListener("click", (event) => { if (busy()) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  const field = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
  if (event.ctrlKey || event.metaKey || event.altKey || field && !event.target.readOnly) {
    if (event.key === "Enter" && field && !busy()) call();
    return;
  }
  if (keys.has(event.key) && !event.repeat) { event.preventDefault(); press(event.key); return; }
  const from = event.target.dataset?.key;
  if (STEP[event.key] && from) { event.preventDefault(); move(from, STEP[event.key]); return; }
  if (event.key === "Enter" && event.target === document.body && !busy()) call();
});
