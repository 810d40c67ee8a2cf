// Sound of the draft: asked for one piece after the other, played in turn; whatever is asked next ends it.

import { $, given, w } from "./studio_model.js";

let context = null;
let source = null;
let turn = 0;

export function hush() { turn += 1; source?.stop(); source = null; }

// Each of the questions is a form for the path.
export const hear = (path, questions) => heard(questions.map((asked) => () => fetch(path, { method: "POST", body: new URLSearchParams({ csrf: given.csrf, ...asked }) })));

// Sounds that have addresses of their own.
export const play = (addresses) => heard(addresses.map((address) => () => fetch(address)));

// One that is here already.
export const play_blob = (blob) => heard([async () => new Response(blob)]);

// The page notes how many milliseconds were heard last.
async function heard(questions) {
  hush();
  context ??= new AudioContext();
  const mine = turn;
  for (const ask of questions) {
    const got = await ask();
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
