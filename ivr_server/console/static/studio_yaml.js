// The YAML of a file beside the picture: CodeMirror in a shadow root (so that its styles need no loosened policy), problems
// as marks at their line. What is typed is sent as lines; what is changed elsewhere arrives as the smallest change.

import { change, draft, given, problems, w } from "./studio_model.js";

let editor = null;
let parts = null;
let shown = { file: "", text: "", version: 0 }; // what the server has, as far as it was put in here
let sent = null; // the text that is on its way
let timer = 0;
let silent = false;

const STYLE = {
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--card)", color: "var(--ink)" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'SF Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--tint) 60%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent) !important" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-lint-marker": { content: "none", width: ".65em", height: ".65em", borderRadius: "50%", margin: ".35em .2em" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--bad)" },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: "var(--warm)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warm)", textUnderlineOffset: "3px" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)" },
};

async function made(box) {
  parts = await import(given.scripts["codemirror.js"]);
  const { EditorView, EditorState, keymap, lineNumbers, drawSelection, highlightActiveLine, history, historyKeymap, defaultKeymap, yaml, syntaxHighlighting, HighlightStyle, indentUnit, lintGutter, search, searchKeymap, tags } = parts;
  const colours = HighlightStyle.define([
    { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" }, { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent-deep)" },
    { tag: tags.string, color: "var(--warm)" }, { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--soft)" },
  ]);
  const root = box.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host { display: block; height: 100%; } .holder { height: 100%; }");
  root.adoptedStyleSheets = [sheet];
  const holder = document.createElement("div");
  holder.className = "holder";
  root.append(holder);
  editor = new EditorView({
    parent: holder, root,
    state: EditorState.create({ doc: "", extensions: [
      lineNumbers(), lintGutter(), history(), drawSelection(), highlightActiveLine(), search({ top: true }), yaml(), indentUnit.of("  "), syntaxHighlighting(colours),
      keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]), EditorView.theme(STYLE), EditorView.lineWrapping, EditorState.readOnly.of(!given.edits),
      EditorView.contentAttributes.of({ "aria-label": w("yaml_of") }), EditorView.updateListener.of(typed),
    ] }),
  });
}

// Shows a file; ``line`` is where to look.
export async function show(box, one, line = 0) {
  if (!editor) { if (box.dataset.made) return; box.dataset.made = "yes"; await made(box); }
  if (one) put(one);
  if (line) look(line);
}

function put(one) {
  const held = editor.state.doc.toString();
  if (shown.file === one.file && (timer || sent !== null)) return; // somebody types just now; what comes of it arrives soon
  const next = one.text ?? "";
  if (held !== next) {
    let [from, to, end] = [0, held.length, next.length];
    if (shown.file === one.file) {
      while (from < to && from < end && held[from] === next[from]) from += 1;
      while (to > from && end > from && held[to - 1] === next[end - 1]) { to -= 1; end -= 1; }
    }
    silent = true;
    editor.dispatch({ changes: { from, to, insert: next.slice(from, end) } });
    silent = false;
  }
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
  const next = editor.state.doc.toString();
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
  const same = sent === editor.state.doc.toString();
  sent = null;
  const one = draft.open.get(file);
  if (shown.file === file && one && same && !timer) put(one);
  else if (!timer) timer = setTimeout(send, 100);
}

function retry() { sent = null; timer ||= setTimeout(send, 4000); }

export function mark() {
  if (!editor) return;
  const doc = editor.state.doc;
  const found = problems().filter((one) => one.file === shown.file && one.line <= doc.lines).map((one) => {
    const line = doc.line(Math.max(1, one.line));
    const from = Math.min(line.from + one.column - 1, line.to);
    return { from, to: Math.max(from, line.to), severity: one.warning ? "warning" : "error", message: one.words };
  }).sort((a, b) => a.from - b.from);
  editor.dispatch(parts.setDiagnostics(editor.state, found));
}

export function look(number) {
  if (!editor || number > editor.state.doc.lines) return;
  const line = editor.state.doc.line(Math.max(1, number));
  editor.dispatch({ selection: { anchor: line.from }, effects: parts.EditorView.scrollIntoView(line.from, { y: "center" }) });
}

export const content = () => editor?.state.doc.toString() ?? "";
