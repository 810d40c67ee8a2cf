// An editor of YAML: CodeMirror in a shadow root (so that its styles need no loosened policy), loaded when it is needed.
// What is put in from elsewhere arrives as the smallest change; problems stand as marks at their line.

import { given } from "./studio_model.js";

const STYLE = {
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--card)", color: "var(--ink)" },
  ".cm-scroller": { fontFamily: "var(--code)", lineHeight: "1.55" },
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


// An editor in a box. ``typed(update)`` hears every change; ``label`` is what it is called.
export async function editor_in(box, { label, typed, read_only = !given.edits }) {
  const parts = await import(given.scripts["codemirror.js"]);
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
  const view = new EditorView({
    parent: holder, root,
    state: EditorState.create({ doc: "", extensions: [
      lineNumbers(), lintGutter(), history(), drawSelection(), highlightActiveLine(), search({ top: true }), yaml(), indentUnit.of("  "), syntaxHighlighting(colours),
      keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]), EditorView.theme(STYLE), EditorView.lineWrapping, EditorState.readOnly.of(read_only),
      EditorView.contentAttributes.of({ "aria-label": label }), EditorView.updateListener.of(typed),
    ] }),
  });
  return { view, parts };
}

export const content = ({ view }) => view.state.doc.toString();

// Another text; ``whole``: nothing of the old one is looked for in it.
export function put_text(editor, next, whole = false) {
  const held = content(editor);
  if (held === next) return;
  let [from, to, end] = [0, held.length, next.length];
  if (!whole) {
    while (from < to && from < end && held[from] === next[from]) from += 1;
    while (to > from && end > from && held[to - 1] === next[end - 1]) { to -= 1; end -= 1; }
  }
  editor.view.dispatch({ changes: { from, to, insert: next.slice(from, end) } });
}

// Problems at their lines: [{line, column, warning, words}].
export function mark_lines({ view, parts }, problems) {
  const doc = view.state.doc;
  const found = problems.filter((one) => one.line <= doc.lines).map((one) => {
    const line = doc.line(Math.max(1, one.line));
    const from = Math.min(line.from + one.column - 1, line.to);
    return { from, to: Math.max(from, line.to), severity: one.warning ? "warning" : "error", message: one.words };
  }).sort((a, b) => a.from - b.from);
  view.dispatch(parts.setDiagnostics(view.state, found));
}

export function look_at({ view, parts }, number) {
  if (number > view.state.doc.lines) return;
  const line = view.state.doc.line(Math.max(1, number));
  view.dispatch({ selection: { anchor: line.from }, effects: parts.EditorView.scrollIntoView(line.from, { y: "center" }) });
}
