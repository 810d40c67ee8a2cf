// The soft phone: SIP over the console's own socket, audio straight to the exchange. One call at a time.
//
// States: off (not at a seat), joining (no registration yet), on, lost (it was on). A call: ringing, dialling, talking, over.
// Password and address of the seat are held here only, never in the browser's storage.

import JsSIP from "./jssip.js";
import { $ } from "./desk_parts.js";
import { choices, aim, microphone } from "./desk_sound.js";

const KEYS = { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833, duration: 120, interToneGap: 70 };
const MEDIA = { pcConfig: { iceServers: [] } };
const GATHER_MS = 500; // without STUN everything is gathered at once; a broken network card must not keep a caller waiting

export class Phone {
  // ``changed(phone)`` after anything that a page would show.
  constructor(changed) {
    this.changed = changed;
    this.agent = null;
    this.state = "off";
    this.why = "";
    this.call = null;
    this.expected = ""; // the call that is to come back to this window: answered by itself
    this.watching = 0;
  }

  sit({ uri, user, password, url }) {
    this.rise();
    const address = new URL(url, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new JsSIP.WebSocketInterface(address.href);
    this.agent = new JsSIP.UA({
      sockets: [socket], uri, password, authorization_user: user, register: true, session_timers: false,
      register_expires: 120, connection_recovery_min_interval: 1, connection_recovery_max_interval: 4, user_agent: "desk",
    });
    this.move("joining");
    this.agent.on("registered", () => this.move("on"));
    this.agent.on("registrationFailed", ({ cause }) => this.move("lost", cause));
    this.agent.on("unregistered", () => { if (this.agent) this.move("lost"); });
    this.agent.on("disconnected", () => { if (this.agent) this.move("lost"); });
    this.agent.on("newRTCSession", ({ originator, session, request }) => this.came(originator, session, request));
    this.agent.start();
  }

  rise() {
    const agent = this.agent;
    this.agent = null;
    if (agent) agent.stop();
    this.move("off");
  }

  move(state, why = "") {
    this.state = state;
    this.why = why;
    this.changed(this);
  }

  came(originator, session, request) {
    if (this.call) {
      if (originator === "remote") session.terminate({ status_code: 486 });
      return;
    }
    const header = (name) => request.getHeader?.(`X-IVR-${name}`) || "";
    const out = originator === "local";
    const call = (this.call = {
      session, out, state: out ? "dialling" : "ringing", call: out ? "" : header("Call"), queue: header("Queue"), business: header("Business"),
      number: session.remote_identity?.uri?.user || "", name: session.remote_identity?.display_name || "",
      came: Date.now(), began: 0, held: false, muted: false, sound: "", keys: "", why: "", byUs: false,
    });
    this.follow(call);
    this.changed(this);
    if (!out && this.expected && (this.expected === call.call || this.expected.startsWith("callback-"))) { this.expected = ""; this.answer(); }
  }

  follow(call) {
    const { session } = call;
    const set = (values) => { Object.assign(call, values); this.changed(this); };
    const over = ({ originator, cause }) => {
      clearInterval(this.watching);
      if (this.call === call) this.call = null;
      set({ state: "over", why: cause, byUs: originator === "local" });
    };
    let gathered = 0;
    session.on("icecandidate", ({ ready }) => { gathered ||= setTimeout(ready, GATHER_MS); });
    session.on("peerconnection", ({ peerconnection }) => this.hear(peerconnection));
    if (session.connection) this.hear(session.connection);
    session.on("progress", () => { if (call.out) set({ state: "dialling" }); });
    session.on("confirmed", () => { if (call.state !== "talking") set({ state: "talking", began: Date.now() }); this.watch(call); });
    session.on("hold", ({ originator }) => { if (originator === "local") set({ held: true }); });
    session.on("unhold", ({ originator }) => { if (originator === "local") set({ held: false }); });
    session.on("muted", () => set({ muted: true }));
    session.on("unmuted", () => set({ muted: false }));
    session.on("getusermediafailed", () => { call.blocked = true; });
    session.on("ended", over);
    session.on("failed", over);
  }

  hear(connection) {
    connection.addEventListener("track", ({ streams, track }) => {
      const ear = $("ear");
      ear.srcObject = streams[0] || new MediaStream([track]);
      aim(ear, choices.speaker);
      ear.play().catch(() => {});
    });
  }

  answer() {
    const call = this.call;
    if (!call || call.state !== "ringing" || call.answering) return;
    call.answering = true;
    call.session.answer({ mediaConstraints: microphone(), ...MEDIA });
    this.changed(this);
  }

  reject() {
    if (this.call?.state === "ringing") this.call.session.terminate({ status_code: 486, reason_phrase: "Busy Here" });
  }

  hangUp() {
    this.call?.session.terminate();
  }

  dial(number) {
    if (!this.agent || this.call || this.state !== "on") return false;
    this.agent.call(`sip:${encodeURIComponent(number)}@${this.agent.configuration.uri.host}`, { mediaConstraints: microphone(), ...MEDIA });
    return true;
  }

  hold(on) {
    const call = this.call;
    if (call?.state === "talking" && on !== call.held) call.session[on ? "hold" : "unhold"]();
  }

  mute(on) {
    const call = this.call;
    if (call?.state === "talking" && on !== call.muted) call.session[on ? "mute" : "unmute"]({ audio: true });
  }

  press(key) {
    const call = this.call;
    if (call?.state !== "talking") return;
    call.keys = (call.keys + key).slice(-24);
    call.session.sendDTMF(key, KEYS);
    this.changed(this);
  }

  // What the connection says of itself, every two seconds: good, none (nothing arrives), silent (the microphone is).
  watch(call) {
    clearInterval(this.watching);
    let [before, quiet, deaf] = [0, 0, 0];
    this.watching = setInterval(async () => {
      const found = await this.figures();
      if (!found || this.call !== call) return;
      deaf = found.received > before || call.held ? 0 : deaf + 1;
      quiet = found.level > 0.0008 || call.muted || call.held ? 0 : quiet + 1;
      before = found.received;
      const sound = deaf >= 2 ? "none" : quiet >= 4 ? "silent" : found.lost > 0.05 ? "poor" : "good";
      if (sound !== call.sound) { call.sound = sound; this.changed(this); }
    }, 2000);
  }

  async figures() {
    const connection = this.call?.session.connection;
    if (!connection) return null;
    const all = [...(await connection.getStats()).values()];
    const [inward, outward, source] = ["inbound-rtp", "outbound-rtp", "media-source"].map((type) => all.find((one) => one.type === type && (one.kind ?? "audio") === "audio") || {});
    const received = inward.packetsReceived || 0;
    return {
      received, sent: outward.packetsSent || 0, energy: inward.totalAudioEnergy || 0, level: source.audioLevel || 0,
      lost: received ? (inward.packetsLost || 0) / received : 0,
    };
  }
}
