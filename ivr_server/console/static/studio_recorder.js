// A recording for one sentence in one language: said into the microphone or taken from a file, seen, heard, kept.
// What the browser can decode goes up as a plain WAV; anything else as it is, and the service says what it thinks of it.

import { $, again, ask, given, h, idle, refresh_soon, tell, w, words_of } from "./studio_model.js";
import { hush, play, play_blob } from "./studio_sound.js";

const RATE = 16000;
const LARGEST = 16 << 20; // bytes, as the service takes them
const LONGEST_S = 120;
const WAVE = { width: 520, height: 72 };

let context = null;

async function decoded(blob) {
  context ??= new AudioContext();
  const buffer = await context.decodeAudioData(await blob.arrayBuffer());
  const mono = new OfflineAudioContext(1, Math.max(1, Math.ceil(Math.min(buffer.duration, LONGEST_S + 1) * RATE)), RATE);
  const source = Object.assign(mono.createBufferSource(), { buffer });
  source.connect(mono.destination);
  source.start();
  return (await mono.startRendering()).getChannelData(0);
}

function wav(samples) {
  const made = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, words) => [...words].forEach((letter, n) => made.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF"); made.setUint32(4, 36 + samples.length * 2, true); text(8, "WAVEfmt "); made.setUint32(16, 16, true);
  made.setUint16(20, 1, true); made.setUint16(22, 1, true); made.setUint32(24, RATE, true); made.setUint32(28, RATE * 2, true);
  made.setUint16(32, 2, true); made.setUint16(34, 16, true); text(36, "data"); made.setUint32(40, samples.length * 2, true);
  samples.forEach((one, n) => made.setInt16(44 + n * 2, Math.round(Math.max(-1, Math.min(1, one)) * 32767), true));
  return new Blob([made.buffer], { type: "audio/wav" });
}

function drawn(canvas, samples) {
  const pen = canvas.getContext("2d");
  const { width, height } = Object.assign(canvas, WAVE);
  pen.fillStyle = getComputedStyle(canvas).color;
  const step = Math.max(1, Math.floor(samples.length / width));
  for (let x = 0; x < width; x += 1) {
    let peak = 0;
    for (let n = x * step; n < Math.min(samples.length, (x + 1) * step); n += 1) peak = Math.max(peak, Math.abs(samples[n]));
    const tall = Math.max(1, peak * height);
    pen.fillRect(x, (height - tall) / 2, 1, tall);
  }
}

const seconds = (value) => w("rec_seconds", { n: value.toFixed(1) });

// One dialog, from the first look to the last. Resolves with true when something was kept.
export function record(name, language) {
  return new Promise((settle) => {
    const spoken = w(`language_${language}`);
    const state = h("p", { class: "aside rec-state", role: "status" });
    const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
    const level = h("meter", { min: "0", max: "1", low: "0.05", high: "0.9", optimum: "0.4", value: 0, "aria-label": w("rec_level"), hidden: true });
    const canvas = h("canvas", { class: "wave", hidden: true, role: "img" });
    const file = h("input", { type: "file", accept: "audio/*,.wav,.mp3,.flac,.ogg,.m4a", class: "unseen", tabindex: "-1", "aria-hidden": "true", id: "rec_file", onchange: () => take(file.files[0]) });
    const begin = h("button", { type: "button", class: "button record", id: "rec_begin", onclick: () => (machine ? machine.stop() : start()) });
    const choose = h("button", { type: "button", class: "button plain", id: "rec_choose", text: w("rec_choose"), onclick: () => file.click() });
    const listen = h("button", { type: "button", class: "button plain", id: "rec_listen", text: w("rec_listen"), hidden: true, onclick: () => play_blob(blob).catch(refused) });
    const keep = h("button", { type: "button", class: "button", id: "rec_keep", text: w("rec_keep"), hidden: true, onclick: () => send() });
    const box = h("dialog", { class: "ask-box recorder", "aria-labelledby": "rec_title" },
      h("h2", { id: "rec_title", text: w("rec_title", { name, language: spoken }) }),
      h("p", { class: "aside", text: w("rec_read") }), h("blockquote", { lang: language, text: words_of(name, language) ?? "" }),
      h("p", { class: "acts" }, begin, choose, file), level, canvas, state, wrong,
      h("p", { class: "acts" }, listen, keep, h("button", { type: "button", class: "button plain", text: w("cancel"), onclick: () => done(false) })));
    let machine = null; let blob = null; let stream = null; let timer = 0; let over = false;

    function done(kept) { over = true; still(); hush(); box.close(); box.remove(); settle(kept); }
    function refused(fault) { wrong.textContent = fault.message; wrong.hidden = false; }
    function still() {
      clearInterval(timer);
      if (machine?.state === "recording") { machine.onstop = null; machine.stop(); }
      stream?.getTracks().forEach((one) => one.stop());
      machine = stream = null;
      level.hidden = true;
      look();
    }
    function look() {
      begin.textContent = machine ? `■ ${w("rec_stop")}` : `● ${w(blob ? "rec_again" : "rec_begin")}`;
      begin.setAttribute("aria-pressed", String(Boolean(machine)));
      choose.disabled = Boolean(machine);
      listen.hidden = keep.hidden = canvas.hidden = !blob || Boolean(machine);
    }

    async function start() {
      wrong.hidden = true;
      begin.disabled = true; // while the browser asks for leave
      try { stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: true, autoGainControl: true } }); }
      catch (fault) { return refused(new Error(w(!navigator.mediaDevices ? "rec_no_secure" : fault.name === "NotAllowedError" ? "rec_no_leave" : "rec_no_microphone"))); }
      finally { begin.disabled = false; }
      if (over) return still(); // who closed the box meanwhile is not recorded
      const pieces = [];
      machine = new MediaRecorder(stream);
      machine.ondataavailable = (event) => pieces.push(event.data);
      machine.onstop = () => { const whole = new Blob(pieces, { type: machine.mimeType }); still(); take(whole); };
      machine.start();
      watch(performance.now());
      look();
    }

    function watch(began) {
      context ??= new AudioContext();
      const ear = context.createAnalyser();
      context.createMediaStreamSource(stream).connect(ear);
      const heard = new Float32Array(ear.fftSize);
      level.hidden = false;
      timer = setInterval(() => {
        ear.getFloatTimeDomainData(heard);
        level.value = Math.min(1, Math.max(...heard.map(Math.abs)));
        const so_far = (performance.now() - began) / 1000;
        state.textContent = w("rec_running", { n: Math.floor(so_far) });
        if (so_far > LONGEST_S) machine?.stop();
      }, 100);
    }

    async function take(given_sound) {
      file.value = "";
      if (!given_sound) return;
      wrong.hidden = true;
      if (given_sound.size > LARGEST) return refused(new Error(w("rec_not_big")));
      blob = given_sound;
      try {
        const samples = await decoded(given_sound);
        blob = wav(samples);
        drawn(canvas, samples);
        state.textContent = seconds(samples.length / RATE);
        canvas.setAttribute("aria-label", w("rec_wave", { n: (samples.length / RATE).toFixed(1) }));
      } catch { state.textContent = w("rec_unseen"); }
      look();
      keep.focus();
    }

    async function send() {
      keep.disabled = true;
      try {
        const told = await give(name, language, blob);
        $("said").textContent = w(told.clipped ? "rec_clipped" : "rec_kept");
        done(true);
      } catch (fault) { refused(fault); }
      finally { keep.disabled = false; }
    }

    box.addEventListener("cancel", (event) => { event.preventDefault(); done(false); });
    $("studio").append(box);
    look();
    box.showModal();
    begin.focus();
  });
}

async function give(name, language, blob) {
  await idle();
  await ask("/studio/state"); // the service takes a long body from whom it saw lately
  const told = await tell(`/studio/recordings?${new URLSearchParams({ prompt: name, language })}`, blob);
  await again(told.files);
  refresh_soon(0);
  return told;
}

export async function take_back(name, language) {
  await idle();
  const told = await tell("/studio/recordings/none", { prompt: name, language });
  await again(told.files);
  refresh_soon(0);
}

export const sound_of = (file) => `/studio/recordings/sound?${new URLSearchParams({ file })}`;

// The buttons of one sentence in one language; ``found``: {file, ms, stale, slots}.
export function buttons(name, language, found, after) {
  if (!given.records) return null;
  const about = { name, language: w(`language_${language}`) };
  const state = h("span", { class: "aside", role: "status" });
  const button = (key, label, does) => h("button", { type: "button", class: "link", text: w(key), "aria-label": w(label, about), onclick: () => Promise.resolve(does()).catch((fault) => { state.textContent = fault.message; }) });
  if (found.slots) return h("p", { class: "rec-bar" }, h("span", { class: "aside", text: w("rec_slots") }));
  return h("p", { class: "rec-bar" },
    found.file ? h("span", { class: `pill ${found.ms < 0 || found.stale ? "unfinished" : "done"}`, text: found.ms < 0 ? w("rec_lost") : found.stale ? w("rec_stale") : found.ms ? w("rec_there_ms", { n: (found.ms / 1000).toFixed(1) }) : w("rec_there") }) : null,
    found.file && found.ms >= 0 ? button("rec_hear", "rec_hear_of", () => play([sound_of(found.file)])) : null,
    given.edits ? button(found.file ? "rec_replace" : "rec_record", found.file ? "rec_replace_of" : "rec_record_of", async () => { if (await record(name, language)) after(); }) : null,
    given.edits && found.file ? button("rec_take_back", "rec_take_back_of", async () => { await take_back(name, language); after(); }) : null,
    found.stale ? h("span", { class: "aside", text: w("rec_says", { words: found.says }) }) : null, state);
}
