// A flow's tree as cards: for each node its kind, what it says, and a row for each way out. Nothing here touches the page.

import { at, called, nodes, pairs, read, text, w, words_of } from "./studio_model.js";

export const WIDTH = 248;
export const HEAD = 44;
export const LINE = 17;
export const ROW = 24;
const ROOM = 32; // letters on a line; a Chinese one counts two
const SINGLE = {
  say: ["to"], ask: ["to", "empty", "back", "repeat"], menu: ["back", "repeat"], confirm: ["yes", "no", "back", "repeat"],
  look_up: ["unavailable"], known: ["yes", "no"], forget: ["to"], tries: ["again", "enough"], speak_in: ["to"],
  sub_flow: [], return: [], enqueue: [], end: [],
};
const KEYS = { confirm: { yes: "1", no: "2" }, ask: { empty: "#" } };
export const KINDS = Object.keys(SINGLE);

export function fitted(words, room = ROOM) {
  let wide = 0;
  for (let n = 0; n < words.length; n += 1) {
    wide += words.charCodeAt(n) > 0x2e7f ? 2 : 1;
    if (wide > room) return `${words.slice(0, Math.max(0, n - 1)).trimEnd()}…`;
  }
  return words;
}

function wrapped(words, most = 2) {
  const lines = [];
  let rest = words;
  while (rest && lines.length < most) {
    const cut = fitted(rest);
    if (cut === rest || lines.length === most - 1) { lines.push(cut); break; }
    let end = cut.length - 1;
    const space = rest.lastIndexOf(" ", end);
    if (space > 8) end = space;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return lines;
}

const list = (value) => (Array.isArray(value) ? value : typeof value === "string" && value ? [value] : []);
export const prompts_in = (value) => list(value).map((one) => (typeof one === "string" ? one : text(one, "prompt"))).filter(Boolean);

function subject(node, kind) {
  switch (kind) {
    case "ask": return `${w(`form_${text(node, "form")}`)} → ${text(node, "into")}`;
    case "look_up": return called(text(node, "look_up"));
    case "known": return `${text(node, "fact")} ?`;
    case "forget": return list(read(node, "facts")).join(", ");
    case "speak_in": return text(node, "language");
    case "sub_flow": return text(node, "flow");
    case "enqueue": return text(node, "queue") || text(node, "queue_from");
    case "end": return w(`end_${text(node, "disposition")}`);
    case "return": return text(node, "exit");
    default: return "";
  }
}

function spoken(node) {
  return prompts_in(read(node, "say")).map((name) => words_of(name) ?? name).join(" ");
}

export function option_words(option) {
  const language = text(option, "language");
  if (language === "others") return w("other_languages");
  return words_of(text(option, "say"), language || undefined) ?? words_of(text(option, "say")) ?? text(option, "say");
}

// Every way out: {exit, key, words, to, path}; ``path`` is where it stands inside the node.
export function ways(node) {
  const kind = text(node, "kind");
  const found = [];
  for (const [key, option] of pairs(read(node, "options"))) {
    found.push({ exit: key, key, words: option_words(option), to: text(option, "to"), path: ["options", key, "to"] });
  }
  for (const room of ["outcomes", "exits"]) {
    for (const [name, to] of pairs(read(node, room))) {
      found.push({ exit: name, key: "", words: called(name), to: typeof to === "string" ? to : "", path: [room, name] });
    }
  }
  for (const name of SINGLE[kind] ?? []) {
    const to = text(node, name);
    if (!to) continue;
    const key = KEYS[kind]?.[name] ?? { back: "*", repeat: "#" }[name] ?? "";
    found.push({ exit: name, key, words: name === "to" ? "" : w(`way_${name}`), to, path: [name] });
  }
  return found;
}

export function cards(tree, marks = new Map()) {
  return nodes(tree).map(([name, node]) => {
    const kind = text(node, "kind");
    const about = subject(node, kind);
    const said = spoken(node);
    const lines = [...(about ? [fitted(about)] : []), ...(said ? wrapped(`“${said}”`) : [])];
    const rows = ways(node);
    const height = HEAD + (lines.length ? lines.length * LINE + 8 : 0) + rows.length * ROW + 6;
    return { name, kind, lines, rows, height, said, mark: marks.get(name) ?? "", start: text(tree, "start") === name };
  });
}

export function row_y(card, index) {
  return HEAD + (card.lines.length ? card.lines.length * LINE + 8 : 0) + index * ROW + ROW / 2;
}

// What a reader of the list, or a screen reader, is told of a node.
export function told(card) {
  return [w(`kind_${card.kind}`), card.name, ...card.lines, card.rows.length ? w("n_exits", { n: card.rows.length }) : w("no_exit")]
    .concat(card.mark ? [w(`mark_${card.mark}`)] : []).join(", ");
}

export const leads_to = (tree, name) => nodes(tree)
  .flatMap(([from, node]) => ways(node).filter((way) => way.to === name).map((way) => ({ from, ...way })));

export const node_at = (tree, name) => at(tree, ["nodes", name]);
