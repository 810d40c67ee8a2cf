// Counts laid over a flow's cards. What the trail notes is taken as it is; a node that notes nothing (a fact that is looked
// at, a flow that is gone through) is worked out from the ways that lead there, where all of them are known.

const ALIAS = { unavailable: "failed" };
export const WHATS = ["entered", "chosen", "wrong", "silent", "left", "human"];
const PASSING = new Set(["known", "forget", "tries", "speak_in", "sub_flow", "return"]); // they leave nothing in the trail
const NONE = Object.fromEntries(WHATS.map((what) => [what, 0]));

// The name under which a way out is counted.
export function exit_of(row, exits = {}) {
  return [row.exit, ALIAS[row.exit], row.key].find((name) => name && name in exits) ?? ALIAS[row.exit] ?? row.exit;
}

// node -> {entered, chosen, ..., exits, known, worked_out, ways: [count or null for each row]}
export function laid_over(cards, counts) {
  const found = new Map(cards.map((card) => {
    const one = counts[card.name] ?? (PASSING.has(card.kind) ? undefined : { ...NONE, exits: {} });
    const ways = card.rows.map((row) => {
      const name = exit_of(row, one?.exits);
      if (one && name in one.exits) return one.exits[name];
      if (one && card.kind === "say" && row.exit === "to") return Math.max(0, one.entered - one.left - Object.values(one.exits).reduce((sum, n) => sum + n, 0));
      return one && card.kind !== "sub_flow" ? 0 : null;
    });
    return [card.name, { ...NONE, exits: {}, ...one, known: Boolean(one), worked_out: false, ways }];
  }));
  for (let again = true; again;) again = cards.some((card) => worked_out(card, cards, found));
  return found;
}

const into = (cards, name) => cards.flatMap((card) => card.rows.map((row, n) => [card, n, row.to])).filter(([, , to]) => to === name);

// Whether something became known about this card.
function worked_out(card, cards, found) {
  const here = found.get(card.name);
  if (here.known && here.ways.every((one) => one !== null)) return false;
  let news = false;
  const before = into(cards, card.name);
  const sums = before.map(([from, n]) => found.get(from.name).ways[n]);
  if (!here.known && before.length && sums.every((one) => one !== null)) {
    Object.assign(here, { entered: sums.reduce((sum, n) => sum + n, 0), known: true, worked_out: true });
    news = true;
  }
  const open = here.ways.map((one, n) => (one === null ? n : -1)).filter((n) => n >= 0);
  for (const n of open) {
    const to = found.get(card.rows[n].to);
    if (to?.known && into(cards, card.rows[n].to).length === 1) { here.ways[n] = to.entered; news = true; }
  }
  const left = here.ways.map((one, n) => (one === null ? n : -1)).filter((n) => n >= 0);
  if (here.known && left.length === 1) {
    here.ways[left[0]] = Math.max(0, here.entered - here.ways.reduce((sum, one) => sum + (one ?? 0), 0));
    news = true;
  }
  return news;
}

// The nodes where most happens, the most first.
export const most = (found, what, limit = 5) => [...found].filter(([, one]) => one[what]).sort((a, b) => b[1][what] - a[1][what]).slice(0, limit);
