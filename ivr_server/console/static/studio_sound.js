// Sound of the draft: asked for one piece after the other, played in turn; whatever is asked next ends it.

import { $, given, w } from "./studio_model.js";

let context = null;
let source = null;
let turn = 0;

export function hush() { turn += 1; source?.stop(); source = null; }

// Each of the questions is a form for the path; the page notes how many milliseconds were heard last.
export async function hear(path, questions) {
  hush();
  context ??= new AudioContext();
  const mine = turn;
  for (const asked of questions) {
    const got = await fetch(path, { method: "POST", body: new URLSearchParams({ csrf: given.csrf, ...asked }) });
    if (!got.ok) throw new Error((await got.json().catch(() => ({}))).text || w("lost"));
    const buffer = await context.decodeAudioData(await got.arrayBuffer());
    if (mine !== turn) return;
    $("studio").dataset.said = String(Math.round(buffer.duration * 1000));
    await new Promise((done) => {
      source = Object.assign(context.createBufferSource(), { buffer, onended: done });
      source.connect(context.destination);
      source.start();
    });
    if (mine !== turn) return;
  }
}
