// A worker: where the cards stand, by dagre. Ways that lead back, and ways to a node that half the flow leads to, are not
// drawn as lines (they become a name in their row), so the picture stays readable.

import dagre from "./dagre.js";

const BUSY = 4;

function backwards(cards, start) {
  const by = new Map(cards.map((card) => [card.name, card]));
  const state = new Map();
  const back = new Set();
  for (const first of [start, ...by.keys()]) {
    if (!by.has(first) || state.has(first)) continue;
    const stack = [[first, 0]];
    state.set(first, 1);
    while (stack.length) {
      const top = stack.at(-1);
      const way = by.get(top[0]).ways[top[1]];
      top[1] += 1;
      if (!way) { state.set(top[0], 2); stack.pop(); continue; }
      if (state.get(way.to) === 1) back.add(`${top[0]}\n${top[1] - 1}`);
      else if (by.has(way.to) && !state.has(way.to)) { state.set(way.to, 1); stack.push([way.to, 0]); }
    }
  }
  return back;
}

function laid(cards, start, width) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 26, edgesep: 12, ranksep: 64, marginx: 40, marginy: 40, ranker: "tight-tree" });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(cards.map((card) => card.name));
  const into = new Map();
  for (const card of cards) for (const way of card.ways) into.set(way.to, (into.get(way.to) ?? 0) + 1);
  const back = backwards(cards, start);
  for (const card of cards) graph.setNode(card.name, { width, height: card.height });
  for (const card of cards) {
    card.ways.forEach((way, n) => {
      if (!known.has(way.to) || way.to === card.name || back.has(`${card.name}\n${n}`)) return;
      const calm = into.get(way.to) <= BUSY;
      graph.setEdge(card.name, way.to, { weight: calm ? 3 : 0.2, minlen: 1 }, String(n));
    });
  }
  dagre.layout(graph);
  const places = Object.fromEntries(graph.nodes().map((name) => {
    const { x, y, height } = graph.node(name);
    return [name, [Math.round(x - width / 2), Math.round(y - height / 2)]];
  }));
  const lines = graph.edges().filter((edge) => into.get(edge.w) <= BUSY)
    .map((edge) => ({ from: edge.v, row: Number(edge.name), to: edge.w, bends: graph.edge(edge).points.slice(1, -1).map(({ x, y }) => [x, y]) }));
  const { width: wide, height: high } = graph.graph();
  return { places, lines, wide: wide || 400, high: high || 300 };
}

onmessage = ({ data }) => {
  const began = performance.now();
  postMessage({ asked: data.asked, ...laid(data.cards, data.start, data.width), took: performance.now() - began });
};
