// Fax jobs as they change: the server sends rows that are drawn already; a page that missed something fetches itself.

const place = document.getElementById("list") || document.getElementById("one");
const list = place.id === "list";
const words = JSON.parse(place.dataset.words);
const ahead = Number(place.dataset.now) - Date.now() / 1000; // the server's clock before ours, seconds
const said = document.getElementById("said");
const live = document.getElementById("live");
const MOST = 100;
let told = [];
let telling = 0;
let fetching = null;

const seconds = (n) => words.fax_live_seconds.replace("{n}", n);

function inHowLong(due) {
  const left = Math.round(due - Date.now() / 1000 - ahead);
  if (left < 1) return words.fax_live_now;
  const minutes = Math.floor(left / 60);
  const time = minutes ? words.fax_live_minutes.replace("{m}", minutes).replace("{s}", left % 60) : seconds(left);
  return words.fax_live_due.replace("{time}", time);
}

function tick() {
  for (const one of document.querySelectorAll(".due")) one.textContent = inHowLong(Number(one.dataset.due));
}

// A reader of the screen hears of states only, together, and not more often than every three seconds.
function say(job, state) {
  told = told.filter((one) => one.job !== job);
  told.push({ job, text: words.fax_live_said.replace("{n}", job).replace("{state}", words[`fax_state_${state}`]) });
  if (!telling) telling = setTimeout(speak, 400);
}

function speak() {
  const news = told;
  told = [];
  said.textContent = news.length > 3 ? words.fax_live_many.replace("{n}", news.length) : news.map((one) => one.text).join(" ");
  telling = setTimeout(() => { telling = 0; if (told.length) speak(); }, 3000);
}

function show(on) {
  live.hidden = false;
  live.className = `pill live ${on ? "on" : "off"}`;
  live.textContent = on ? words.fax_live_on : words.fax_live_off;
}

function drawn(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return box.content.firstElementChild;
}

// Put a new part in the place of an old one; whoever stands on a link of it stays there.
function swap(old, fresh) {
  if (old.outerHTML === fresh.outerHTML) return;
  const at = old.contains(document.activeElement) ? [...old.querySelectorAll("a, summary")].indexOf(document.activeElement) : -1;
  old.replaceWith(fresh);
  if (at >= 0) fresh.querySelectorAll("a, summary")[at]?.focus({ preventScroll: true });
}

function put(id, html) {
  const jobs = document.getElementById("jobs");
  const fresh = drawn(html);
  const old = document.getElementById(`fax-${id}`);
  if (old) {
    if (old.dataset.state !== fresh.dataset.state) say(id, fresh.dataset.state);
    swap(old, fresh);
  } else if (place.dataset.first === "yes") {
    const after = [...jobs.children].find((row) => Number(row.id.slice(4)) < id);
    if (!after && jobs.children.length >= MOST) return;
    fresh.classList.add("new");
    jobs.insertBefore(fresh, after || null);
    say(id, fresh.dataset.state);
    while (jobs.children.length > MOST) jobs.lastElementChild.remove();
  }
  empty();
}

function take(id) {
  document.getElementById(`fax-${id}`)?.remove();
  empty();
}

function empty() {
  const none = !document.getElementById("jobs").children.length;
  document.getElementById("none").hidden = !none;
  place.querySelector("table").hidden = none;
}

function count(counts) {
  for (const chip of document.querySelectorAll("#chips .chip")) {
    const state = chip.dataset.state;
    const many = state ? counts[state] || 0 : Object.values(counts).reduce((sum, one) => sum + one, 0);
    chip.querySelector(".many").textContent = many;
  }
}

async function fetched() {
  const got = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!got.ok) throw new Error(String(got.status));
  return new DOMParser().parseFromString(await got.text(), "text/html");
}

// Fetch the page and take over what differs. One at a time; what comes meanwhile asks for one more.
async function resync() {
  if (fetching) { fetching.again = true; return; }
  const mine = (fetching = { again: false });
  try {
    const page = await fetched();
    if (list) takeList(page); else takeJob(page);
    show(true);
  } catch {
    show(false);
    setTimeout(resync, 5000);
  }
  fetching = null;
  if (mine.again) resync();
}

function takeList(page) {
  const fresh = [...page.querySelectorAll("#jobs > tr")];
  const ids = new Set(fresh.map((row) => row.id));
  for (const row of [...document.getElementById("jobs").children]) if (!ids.has(row.id)) row.remove();
  for (const row of fresh.reverse()) put(Number(row.id.slice(4)), row.outerHTML);
  swap(document.getElementById("chips"), document.importNode(page.getElementById("chips"), true));
  empty();
}

function takeJob(page) {
  const id = Number(place.dataset.stream.split("=")[1]);
  const [was, is] = [document, page].map((one) => one.getElementById("standing").dataset.state);
  for (const part of ["standing", "facts", "dials", "acts"]) {
    const [old, fresh] = [document.getElementById(part), page.getElementById(part)];
    if (!old || !fresh || (part === "acts" && old.querySelector("details[open]") && same(old, fresh))) continue;
    swap(old, document.importNode(fresh, true));
  }
  if (was !== is) say(id, is);
  const box = document.querySelector(".document .empty");
  if (box && page.querySelector(".sheets")) swap(box.closest("section"), document.importNode(page.querySelector(".document"), true));
}

const offered = (acts) => [...acts.querySelectorAll("details")].map((one) => one.id).join();
const same = (old, fresh) => offered(old) === offered(fresh);

function listen() {
  const source = new EventSource(place.dataset.stream);
  const on = (event, act) => source.addEventListener(event, (message) => act(JSON.parse(message.data)));
  on("row", (row) => { if (list) put(row.id, row.html); else resync(); });
  on("gone", ({ id }) => { if (list) take(id); });
  on("counts", (counts) => { if (list) count(counts); });
  on("away", () => show(false));
  on("resync", resync);
  on("bye", () => { source.close(); show(false); });
  source.onerror = () => show(false);
  addEventListener("pagehide", () => source.close());
}

setInterval(tick, 1000);
listen();
