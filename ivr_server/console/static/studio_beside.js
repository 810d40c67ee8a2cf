// Two ways of one call, line by line: what both have stands in one row, what only one has stands beside nothing.

const key = (line) => [line.flow, line.node, line.what, line.differs ? "" : line.words].join("\n");
const MOST = 400; // lines of a call that are compared; what is beyond stands alone

// [[recorded, rerun], ...], either of them null, in the order of both.
export function paired(recorded, rerun) {
  const [a, b] = [recorded.slice(0, MOST), rerun.slice(0, MOST)];
  const fits = (n, m) => !a[n].differs && !b[m].differs && key(a[n]) === key(b[m]);
  const best = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let n = a.length - 1; n >= 0; n -= 1) {
    for (let m = b.length - 1; m >= 0; m -= 1) best[n][m] = fits(n, m) ? best[n + 1][m + 1] + 1 : Math.max(best[n + 1][m], best[n][m + 1]);
  }
  const rows = [];
  let [n, m, from, to] = [0, 0, 0, 0];
  const apart = () => {
    for (let at = 0; at < Math.max(n - from, m - to); at += 1) rows.push([from + at < n ? a[from + at] : null, to + at < m ? b[to + at] : null]);
  };
  while (n < a.length && m < b.length) {
    if (fits(n, m) && best[n][m] === best[n + 1][m + 1] + 1) { apart(); rows.push([a[n], b[m]]); n += 1; m += 1; from = n; to = m; } else if (best[n + 1][m] >= best[n][m + 1]) n += 1; else m += 1;
  }
  [n, m] = [a.length, b.length];
  apart();
  return [...rows, ...recorded.slice(MOST).map((one) => [one, null]), ...rerun.slice(MOST).map((one) => [null, one])];
}
