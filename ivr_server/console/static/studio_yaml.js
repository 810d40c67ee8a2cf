// The YAML of a file beside the picture. What is typed is sent as lines; what is changed elsewhere arrives as the smallest
// change.

import * as editing from "./studio_editor.js";
import { change, draft, problems, w } from "./studio_model.js";

let editor = null;
let shown = { file: "", text: "", version: 0 }; // what the server has, as far as it was put in here
let sent = null; // the text that is on its way
let timer = 0;
let silent = false;

// Shows a file; ``line`` is where to look.
export async function show(box, one, line = 0) {
  if (!editor) { if (box.dataset.made) return; box.dataset.made = "yes"; editor = await editing.editor_in(box, { label: w("yaml_of"), typed }); }
  if (one) put(one);
  if (line) look(line);
}

function put(one) {
  if (shown.file === one.file && (timer || sent !== null)) return; // somebody types just now; what comes of it arrives soon
  const next = one.text ?? "";
  silent = true;
  editing.put_text(editor, next, shown.file !== one.file);
  silent = false;
  shown = { file: one.file, text: next, version: one.version };
  mark();
}

function typed(update) {
  if (!update.docChanged || silent) return;
  clearTimeout(timer);
  timer = setTimeout(send, 600);
}

export function flush() { if (timer) { clearTimeout(timer); send(); } }

// Named with the version that it was typed on: if that is not the newest any more, the server merges.
function send() {
  timer = 0;
  const next = content();
  if (next === shown.text) return;
  if (sent !== null) { timer = setTimeout(send, 200); return; }
  const lines = (text) => text.split(/(?<=\n)/);
  const [old, now] = [lines(shown.text), lines(next)];
  let [first, last, end] = [0, old.length, now.length];
  if (!shown.text) last = 0;
  while (first < last && first < end && old[first] === now[first]) first += 1;
  while (last > first && end > first && old[last - 1] === now[end - 1]) { last -= 1; end -= 1; }
  const edit = { do: "lines", first, last, value: now.slice(first, end).join("") };
  const { file, version } = shown;
  sent = next;
  change([{ file, edits: [edit], seen: version }], w("did_type")).then(() => arrived(file), (fault) => (fault.status ? arrived(file) : retry()));
}

function arrived(file) {
  const same = sent === content();
  sent = null;
  const one = draft.open.get(file);
  if (shown.file === file && one && same && !timer) put(one);
  else if (!timer) timer = setTimeout(send, 100);
}

function retry() { sent = null; timer ||= setTimeout(send, 4000); }

export function mark() {
  if (editor) editing.mark_lines(editor, problems().filter((one) => one.file === shown.file));
}

export function look(number) { if (editor) editing.look_at(editor, number); }

export const content = () => (editor ? editing.content(editor) : "");
