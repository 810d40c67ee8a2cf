// A double of JsSIP for the page's own tests: registers at once, rings when the test says ``sip.ring({...})``.
// What the page did is in ``sip.did``. Sound is the browser's own fake microphone, joined to itself.

class Emitter {
  constructor() { this.heard = {}; }
  on(name, act) { (this.heard[name] ||= []).push(act); return this; }
  once(name, act) { const one = (told) => { this.heard[name] = this.heard[name].filter((other) => other !== one); act(told); }; return this.on(name, one); }
  emit(name, told = {}) { for (const act of [...(this.heard[name] || [])]) act(told); }
}

const sip = (globalThis.sip = { did: [], agent: null, session: null, registers: true, answers: true });

class Session extends Emitter {
  constructor(number, name) {
    super();
    this.remote_identity = { uri: { user: number }, display_name: name };
    this.connection = null;
  }
  did(what) { sip.did.push(what); }
  confirm() { this.emit("accepted"); this.emit("confirmed"); }
  answer() { this.did("answer"); setTimeout(() => this.confirm(), 30); }
  terminate(how = {}) { this.did(how.status_code ? `refuse ${how.status_code}` : "hang up"); setTimeout(() => this.end("local"), 10); }
  end(originator, cause = "Terminated") { if (sip.session === this) sip.session = null; this.emit("ended", { originator, cause }); }
  hold() { this.did("hold"); setTimeout(() => this.emit("hold", { originator: "local" }), 10); }
  unhold() { this.did("resume"); setTimeout(() => this.emit("unhold", { originator: "local" }), 10); }
  mute() { this.did("mute"); this.emit("muted"); }
  unmute() { this.did("unmute"); this.emit("unmuted"); }
  sendDTMF(key) { this.did(`key ${key}`); }
}

class UA extends Emitter {
  constructor(configuration) {
    super();
    this.configuration = { ...configuration, uri: { host: "127.0.0.1" } };
    sip.agent = this;
  }
  start() { sip.did.push("register"); setTimeout(() => this.emit(sip.registers ? "registered" : "registrationFailed", { cause: "Rejected" }), 20); }
  stop() { sip.did.push("unregister"); if (sip.agent === this) sip.agent = null; }
  call(to) {
    const session = (sip.session = new Session(to.replace(/^sip:|@.*$/g, ""), ""));
    sip.did.push(`call ${session.remote_identity.uri.user}`);
    this.emit("newRTCSession", { originator: "local", session, request: {} });
    if (sip.answers) setTimeout(() => session.confirm(), 60);
    return session;
  }
}

sip.ring = ({ call = "", number = "", name = "", queue = "", business = "" }) => {
  const session = (sip.session = new Session(number, name));
  const headers = { "X-IVR-Call": call, "X-IVR-Queue": queue, "X-IVR-Business": business };
  sip.agent.emit("newRTCSession", { originator: "remote", session, request: { getHeader: (key) => headers[key] } });
};

export default { C: { DTMF_TRANSPORT: { RFC2833: "RFC2833" } }, UA, WebSocketInterface: class { constructor(url) { this.url = url; } } };
