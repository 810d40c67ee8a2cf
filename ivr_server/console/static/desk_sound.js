// Sound devices of the desk: which microphone, speaker and ringer; the ring, the test tone, the level of the microphone.
// The choices are this browser's and are no secret: they stay in localStorage.

import { $ } from "./desk_parts.js";

const KEPT = "desk.devices";
const BEGIN = { microphone: "", speaker: "", ringer: "", volume: 70, auto: false, keys: true, notices: false, clean: true };

export const choices = { ...BEGIN, ...read() };

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) || {};
  } catch {
    return {};
  }
}

export function choose(name, value) {
  choices[name] = value;
  localStorage.setItem(KEPT, JSON.stringify(choices));
  if (name === "speaker") aim($("ear"), value);
}

// What getUserMedia is asked for; a good headset needs no cleaning of its sound. A device that was unplugged is no reason not to answer: "ideal", not "exact".
export const microphone = () => ({
  audio: { echoCancellation: choices.clean, noiseSuppression: choices.clean, autoGainControl: choices.clean, ...(choices.microphone && { deviceId: { ideal: choices.microphone } }) },
  video: false,
});

export function aim(element, device) {
  return element.setSinkId ? element.setSinkId(device || "").catch(() => {}) : Promise.resolve();
}

// The devices by kind; their names are there only once the microphone was allowed.
export async function devices() {
  const all = navigator.mediaDevices ? await navigator.mediaDevices.enumerateDevices() : [];
  const kind = (name) => all.filter((one) => one.kind === name && one.deviceId !== "communications");
  return { inputs: kind("audioinput"), outputs: kind("audiooutput"), chooses: "setSinkId" in HTMLMediaElement.prototype };
}

let context = null;
function awake() {
  context ||= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  return context;
}

// Whether a ring would be heard: a page that nobody has touched since it was loaded may not sound.
export const maySound = () => awake().state === "running" || navigator.userActivation?.hasBeenActive === true;

// Notes as [hertz, from s, length s], on a device of their own.
class Melody {
  constructor(element, notes, every) {
    Object.assign(this, { element, notes, every, timer: 0, gain: null });
  }

  async start(device, volume) {
    this.stop();
    const sound = awake();
    this.gain = sound.createGain();
    this.gain.gain.value = (volume / 100) ** 2 * 0.5;
    const out = sound.createMediaStreamDestination();
    this.gain.connect(out);
    this.element.srcObject = out.stream;
    const round = () => { for (const note of this.notes) this.note(sound, note); };
    round();
    if (this.every) this.timer = setInterval(round, this.every * 1000);
    await aim(this.element, device);
    this.element.play().catch(() => {});
  }

  note(sound, [hertz, from, length]) {
    const [tone, shape, at] = [sound.createOscillator(), sound.createGain(), sound.currentTime + from];
    tone.frequency.value = hertz;
    shape.gain.setValueAtTime(0, at);
    shape.gain.linearRampToValueAtTime(1, at + 0.02);
    shape.gain.setTargetAtTime(0, at + length * 0.55, length / 6);
    tone.connect(shape).connect(this.gain);
    tone.start(at);
    tone.stop(at + length);
  }

  stop() {
    clearInterval(this.timer);
    this.gain?.disconnect();
    this.element.pause();
    this.element.srcObject = this.gain = null;
    this.timer = 0;
  }
}

const ring = new Melody($("bell"), [[659, 0, 0.5], [880, 0.16, 0.6], [659, 0.7, 0.5], [880, 0.86, 0.6]], 2.6);
const trial = new Melody($("trial"), [[440, 0, 0.45], [554, 0.4, 0.45], [659, 0.8, 0.7]], 0);
const chirp = new Melody($("trial"), [[988, 0, 0.16], [1319, 0.12, 0.2]], 0);

let ringing = false;
export function bell(on) {
  if (on === ringing) return;
  ringing = on;
  if (on) ring.start(choices.ringer || choices.speaker, choices.volume);
  else ring.stop();
}

export const tryRinger = () => trial.start(choices.ringer || choices.speaker, choices.volume);
export const trySpeaker = () => trial.start(choices.speaker, 80);
export const warn = () => chirp.start(choices.speaker, 60); // before a call is answered by itself

const KEY_TONES = { 1: [697, 1209], 2: [697, 1336], 3: [697, 1477], 4: [770, 1209], 5: [770, 1336], 6: [770, 1477], 7: [852, 1209], 8: [852, 1336], 9: [852, 1477], "*": [941, 1209], 0: [941, 1336], "#": [941, 1477] };
export const keyTone = (key) => new Melody($("trial"), (KEY_TONES[key] || []).map((hertz) => [hertz, 0, 0.14]), 0).start(choices.speaker, 45);

// The level of the microphone, 0..1, while it is tried: ``listen(level)`` each frame; gives what ends it.
export async function tryMicrophone(listen) {
  const stream = await navigator.mediaDevices.getUserMedia(microphone());
  const sound = awake();
  const ear = sound.createAnalyser();
  ear.fftSize = 1024;
  sound.createMediaStreamSource(stream).connect(ear);
  const heard = new Float32Array(ear.fftSize);
  const timer = setInterval(() => {
    ear.getFloatTimeDomainData(heard);
    const power = heard.reduce((sum, one) => sum + one * one, 0) / heard.length;
    listen(Math.min(1, Math.sqrt(power) * 5));
  }, 60);
  return () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    listen(0);
  };
}
