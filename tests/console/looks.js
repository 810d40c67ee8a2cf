// What is wrong with the looks of a page, as lists: text too pale for its ground (WCAG AA: 4.5, large text 3), what can be
// used but has no name, and words that do not fit into their place.
({
  pale: () => {
  const parts = (text) => {
    const numbers = text.match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    const [r, g, b, a = 1] = numbers;
    return text.startsWith("color(") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = (top, under) => top.slice(0, 3).map((one, at) => one * top[3] + under[at] * (1 - top[3]));
  const ground = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) {
      layers.push(parts(getComputedStyle(one).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((one) => { const c = one / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility({ visibilityProperty: true }) || node.closest(".unseen, script, style, option, .skip, :disabled")) continue;
    const style = getComputedStyle(node);
    const under = ground(node);
    const ink = parts(style.color);
    for (let one = node; one; one = one.parentElement) ink[3] *= Number(getComputedStyle(one).opacity);
    const [one, other] = [light(over(ink, under)), light(under)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push([Math.round(ratio * 100) / 100, walker.currentNode.textContent.trim().slice(0, 40)]);
  }
  return found;
},
  nameless: () => [...document.querySelectorAll("button, a, summary, select, textarea, input:not([type=hidden]), [role=tabpanel], dialog[open]")]
  .filter((one) => one.checkVisibility() && !one.closest("header"))
  .filter((one) => !(one.ariaLabel || one.innerText || one.labels?.[0]?.innerText || one.getAttribute("aria-labelledby") || "").trim())
  .map((one) => one.outerHTML.slice(0, 120)),
  tight: () => [...document.querySelectorAll(".do .words, .call-card p, .queues li, .card-facts dd, .tabs button")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
    .map((one) => one.textContent),
  wide: () => (document.documentElement.scrollWidth > innerWidth ? ["the page is wider than the window"] : []),
})
