// How far a publishing or a roll back is: asked for while it lasts, shown with a bar and told to whoever listens.

import { ask, fill, h, w } from "./studio_model.js";

const EVERY_MS = 400;

// Shows it in ``box`` until the function that is given back is called.
export function under_way(box) {
  const words = h("p", { role: "status", text: w("step_begins") });
  const bar = h("progress", { "aria-label": w("step_begins") });
  fill(box, h("div", { class: "running" }, bar, words));
  let over = false;
  let timer = 0;
  const look = async () => {
    const told = await ask("/studio/progress").catch(() => null);
    if (over) return;
    if (told?.step) show(told, bar, words);
    timer = setTimeout(look, EVERY_MS);
  };
  timer = setTimeout(look, EVERY_MS / 4);
  return () => { over = true; clearTimeout(timer); fill(box); };
}

function show({ step, done, of }, bar, words) {
  const said = w(`step_${step}`, { done, of });
  if (of && step !== "judge") { bar.max = of; bar.value = done; } else bar.removeAttribute("value");
  if (words.textContent !== said) words.textContent = said;
}
