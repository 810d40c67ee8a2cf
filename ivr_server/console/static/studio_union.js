// Two states of one flow as one set of cards: what is new, what is gone, what is other. Nothing here touches the page.

import { HEAD, LINE, ROW } from "./studio_cards.js";

const same = (row) => `${row.exit}\n${row.to}`;
const shown = (row) => `${row.key}\n${row.words}`;

function rows_of(old_rows, new_rows) {
  const before = new Map(old_rows.map((row) => [same(row), row]));
  const after = new Set(new_rows.map(same));
  const gone = old_rows.filter((row) => !after.has(same(row)));
  const rows = [];
  for (const row of new_rows) {
    const old = before.get(same(row));
    const left = gone.findIndex((one) => one.exit === row.exit);
    if (left >= 0) rows.push({ ...gone.splice(left, 1)[0], change: "removed" });
    rows.push({ ...row, change: old ? (shown(old) === shown(row) ? "" : "changed") : "added" });
  }
  return [...rows, ...gone.map((row) => ({ ...row, change: "removed" }))];
}

const sized = (card) => ({ ...card, height: HEAD + (card.lines.length ? card.lines.length * LINE + 8 : 0) + card.rows.length * ROW + 6 });
const whole = (card, change) => ({ ...card, mark: change, rows: card.rows.map((row) => ({ ...row, change })) });

// ``old`` and ``now``: {cards, trees}, a tree of each node by its name, for what a card does not show.
export function union(old, now) {
  const before = new Map(old.cards.map((card) => [card.name, card]));
  const after = new Set(now.cards.map((card) => card.name));
  const cards = now.cards.map((card) => {
    const was = before.get(card.name);
    if (!was) return whole(card, "added");
    const rows = rows_of(was.rows, card.rows);
    const other = rows.some((row) => row.change) || was.said !== card.said || was.start !== card.start || JSON.stringify(old.trees.get(card.name)) !== JSON.stringify(now.trees.get(card.name));
    return sized({ ...card, rows, mark: other ? "changed" : "" });
  });
  return [...cards, ...old.cards.filter((card) => !after.has(card.name)).map((card) => whole({ ...card, start: false }, "removed"))];
}

// The marked cards with those that lead to them or are led to: what is left when only the difference is wanted.
export function near(cards) {
  const marked = new Set(cards.filter((card) => card.mark).map((card) => card.name));
  const kept = new Set(marked);
  for (const card of cards) {
    for (const row of card.rows) {
      if (marked.has(row.to)) kept.add(card.name);
      if (marked.has(card.name)) kept.add(row.to);
    }
  }
  return cards.filter((card) => kept.has(card.name));
}
