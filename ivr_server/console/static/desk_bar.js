// The bar: the state and the time in it, the day's figures, what waits, the devices; and the list of states to choose from.

import { $, clock, el, now, page, put, reason, show, word, words } from "./desk_parts.js";

export class Bar {
  // ``choose(state, reason)``; ``rise()``.
  constructor({ choose, rise }) {
    this.choose = choose;
    this.rise = rise;
    this.button = $("state_button");
    this.menu = $("state_menu");
    this.button.addEventListener("click", () => this.open(this.menu.hidden));
    this.button.addEventListener("keydown", (event) => { if (event.key === "ArrowDown") { event.preventDefault(); this.open(true); } });
    this.menu.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => { if (!this.menu.hidden && !event.target.closest("#state_box")) this.open(false); });
    this.menu.replaceChildren(...this.items());
  }

  items() {
    const item = (kind, text, key, press) => el(`button.option.${kind}`, { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => { this.open(false); press(); } } },
      el("i.lamp", { "aria-hidden": "true" }), el("span", {}, text), key ? el("kbd", {}, key) : null);
    const busy = page.reasons.map((one, place) => item("busy", one.title, place < 9 ? String(place + 1) : "", () => this.choose("busy", one.name)));
    return [item("ready", words.desk_state_ready, "0", () => this.choose("ready", "")), ...busy, item("signed_out", words.desk_rise, "", () => this.rise())];
  }

  open(on) {
    show(this.menu, on);
    this.button.setAttribute("aria-expanded", String(on));
    if (on) this.menu.firstElementChild.focus();
    else if (this.menu.contains(document.activeElement)) this.button.focus();
  }

  key(event) {
    const all = [...this.menu.children];
    const at = all.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all[(at + step + all.length) % all.length].focus();
    else if (event.key === "Home") all[0].focus();
    else if (event.key === "End") all.at(-1).focus();
    else if (event.key === "Escape" || event.key === "Tab") this.open(false);
    else if (/^\d$/.test(event.key) && Number(event.key) <= page.reasons.length) all[Number(event.key)].click();
    else return;
    event.stopPropagation();
    if (event.key !== "Tab") event.preventDefault();
  }

  draw({ me, bar, line, phone, soft }) {
    const title = (me.state === "busy" && reason(me.reason)) || words[`desk_state_${me.state}`] || me.state;
    put($("state_words"), me.next && me.state !== "busy" ? word("desk_state_then", { state: title, next: reason(me.next) || words.desk_state_busy }) : title);
    this.button.className = `state-now ${me.state}`;
    this.button.disabled = me.state === "signed_out";
    put($("answered_today"), String(bar.answered_today ?? 0));
    put($("average"), bar.average_s ? clock(bar.average_s) : "–");
    const said = line !== "on" ? words[`desk_line_${line}`] : soft ? words[`desk_phone_${phone.state}`] : me.device === "telephone" ? word("desk_telephone_at", { number: me.seat }) : "";
    put($("seat_words"), [me.seat && soft ? word("desk_seat_at", { seat: me.seat }) : "", said].filter(Boolean).join(" · "));
    $("seat_words").className = `seat-now ${line !== "on" ? "bad" : soft && phone.state !== "on" ? "warm" : "good"}`;
    this.queues(bar.queues || []);
    this.tick(me);
  }

  // Chips that stay: figures change in them, so that nothing jumps.
  queues(all) {
    const box = $("queues");
    if (box.children.length !== all.length) box.replaceChildren(...all.map(() => el("li", {}, el("span.queue-name"), el("b"), el("span.longest"))));
    this.longest = all.map((one, place) => {
      const [name, count, longest] = box.children[place].children;
      put(name, one.title);
      put(count, String(one.waiting));
      box.children[place].className = one.waiting ? (one.longest_s >= 120 ? "long" : "some") : "none";
      box.children[place].setAttribute("title", word("desk_queue_told", { title: one.title, n: one.waiting, ready: one.agents_ready ?? 0 }));
      return { node: longest, since: one.waiting ? now() - (one.longest_s || 0) : 0 };
    });
  }

  tick(me) {
    put($("state_clock"), me.since && me.state !== "signed_out" ? clock(now() - me.since) : "");
    for (const { node, since } of this.longest || []) put(node, since ? clock(now() - since) : "");
  }
}
