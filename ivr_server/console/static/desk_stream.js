// What the server tells, and what it is asked. One stream, short requests, and a beat that a sleeping tab keeps sending.

import { page, tell, words } from "./desk_parts.js";

const fresh = () => [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");

export class Refusal extends Error {
  constructor(status, answer) {
    super(answer.text || words.desk_refused);
    this.status = status;
    this.answer = answer;
  }
}

async function answered(got) {
  const type = got.headers.get("content-type") || "";
  const answer = type.startsWith("application/json") ? await got.json() : {};
  if (!got.ok) throw new Refusal(got.status, answer);
  return answer;
}

// Ask for something. The session's end sends a page instead of an answer: then sign in again.
export async function get(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  const got = await fetch(text ? `${path}?${text}` : path, { headers: { Accept: "application/json" }, redirect: "manual" });
  if (got.type === "opaqueredirect") throw new Refusal(401, { text: words.desk_signed_out_elsewhere });
  return answered(got);
}

export async function post(path, fields = {}, keep = false) {
  const body = new URLSearchParams({ csrf: page.csrf, ...fields });
  return answered(await fetch(path, { method: "POST", body, headers: { Accept: "application/json" }, keepalive: keep }));
}

// The same, where nothing waits for the answer: a refusal is shown in its own words.
export async function ask(path, fields = {}) {
  try {
    return await post(path, fields);
  } catch (fault) {
    tell(fault instanceof Refusal ? fault.message : words.desk_no_server);
    return null;
  }
}

export class Stream {
  // ``on``: event -> function of its values; ``line(state)``: "on", "off" (no server) or "ended" (no session).
  constructor(on, line) {
    this.on = on;
    this.line = line;
    this.tab = fresh();
    this.source = null;
    this.beats = null;
  }

  open() {
    this.close();
    const source = (this.source = new EventSource(`/desk/stream?tab=${this.tab}`));
    for (const [event, act] of Object.entries(this.on)) {
      source.addEventListener(event, (message) => { this.line("on"); act(JSON.parse(message.data)); });
    }
    source.addEventListener("bye", () => { this.close(); this.line("ended"); });
    source.onopen = () => { this.line("on"); this.beat(); };
    source.onerror = () => { this.line("off"); if (source.readyState === EventSource.CLOSED) setTimeout(() => this.again(source), 4000); };
  }

  // Not before the stream is up: a beat of a window that the server does not know yet would say that it holds nothing.
  beat() {
    if (this.beats) return;
    this.beats = new Worker(new URL("./desk_beat.js", import.meta.url));
    this.beats.onmessage = ({ data }) => this.on.beat(data);
    this.beats.postMessage({ tab: this.tab, csrf: page.csrf });
  }

  // A stream that the browser gave up (an answer other than 200): again, unless another was opened meanwhile.
  again(source) {
    if (this.source === source) this.open();
  }

  // A new id is a new window for the server, and the newest window has the soft phone.
  take() {
    this.tab = fresh();
    this.open();
  }

  close() {
    this.source?.close();
    this.beats?.terminate();
    this.source = this.beats = null;
  }
}
