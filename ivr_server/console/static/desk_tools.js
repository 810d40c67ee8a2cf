// Beside the call: fees of any number with the reason, the latest receptions with their recordings, and to whom one may transfer.

import { $, el, moment, put, show, word, words } from "./desk_parts.js";
import { Refusal, get } from "./desk_stream.js";

const TABS = ["story", "fees", "latest"];

export class Tabs {
  constructor(shown) {
    this.shown = shown;
    this.now = "story";
    for (const name of TABS) $(`tab_${name}`).addEventListener("click", () => this.open(name));
    $("tabs").addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.open(TABS[(TABS.indexOf(this.now) + step + TABS.length) % TABS.length]);
      $(`tab_${this.now}`).focus();
    });
  }

  open(name) {
    this.now = name;
    for (const one of TABS) {
      $(`tab_${one}`).setAttribute("aria-selected", String(one === name));
      $(`tab_${one}`).tabIndex = one === name ? 0 : -1;
      show($(`panel_${one}`), one === name);
    }
    this.shown(name);
  }
}

// The same look-ups as a caller's, for whoever has a reason; the server writes both down.
export class Fees {
  constructor() {
    $("fees_form").addEventListener("submit", (event) => { event.preventDefault(); this.ask(""); });
  }

  about(number) {
    if (!$("fees_number").value && number) $("fees_number").value = number;
  }

  async ask(month) {
    const [number, reason] = [$("fees_number").value.trim(), $("fees_reason").value.trim()];
    this.fault("");
    if (!number || !reason) {
      this.fault(words[number ? "desk_fees_no_reason" : "desk_fees_no_number"]);
      $(number ? "fees_reason" : "fees_number").focus();
      return;
    }
    $("fees_go").disabled = true;
    try {
      this.draw(await get("/desk/fees", { number, month, reason }));
    } catch (fault) {
      show($("fees_found"), false);
      this.fault(fault instanceof Refusal ? fault.message : words.desk_no_server);
    }
    $("fees_go").disabled = false;
  }

  fault(text) {
    put($("fees_fault"), text);
    show($("fees_fault"), Boolean(text));
  }

  draw(found) {
    show($("fees_found"), true);
    put($("fees_who"), [found.name, found.number].filter(Boolean).join(" · "));
    $("fees_months").replaceChildren(...(found.months || []).map((month) => el("button.chip", { type: "button", "aria-pressed": String(month === found.month), on: { click: () => this.ask(month) } }, month)));
    $("fees_lines").replaceChildren(...(found.lines || []).map((one) => el("tr", {}, el("td", {}, one.label), el("td.figure", {}, one.amount))));
    put($("fees_total"), found.total || "–");
    const debt = found.arrears?.count ? word("desk_arrears_text", { sum: found.arrears.sum, count: found.arrears.count, since: found.arrears.oldest_due || "–" }) : words.desk_arrears_none;
    put($("fees_rest"), [found.paid, found.balance ? `${words.desk_balance}: ${found.balance}` : "", debt].filter(Boolean).join(" · "));
  }
}

export class Latest {
  // ``took(missed)`` gets the calls that were not answered.
  constructor(took) {
    this.took = took;
  }

  async fetch() {
    try {
      const found = await get("/desk/receptions");
      this.took(found.missed || []);
      this.draw(found.receptions || []);
    } catch { /* the line's own mark says that the server is away */ }
  }

  draw(all) {
    const due = all.filter((one) => one.follow_up);
    show($("due_box"), due.length > 0);
    $("due").replaceChildren(...due.slice(0, 8).map((one) => el("li", {}, el("span.when", {}, one.follow_up_on || moment(one.at)),
      el("div.what", {}, el("strong", {}, one.name || one.number), el("span.soft", {}, [one.business_words, one.asked, one.done ? `→ ${one.done}` : ""].filter(Boolean).join(" · "))))));
    show($("latest_none"), !all.length);
    $("latest").replaceChildren(...all.map((one) => el("li", {},
      el("div.what", {}, el("strong", {}, one.name || one.number || words.desk_no_number), el("span.soft", {}, [moment(one.at), one.name ? one.number : "", one.business_words, one.agent].filter(Boolean).join(" · ")),
        one.asked ? el("p", {}, one.asked) : null, one.done ? el("p.soft", {}, `→ ${one.done}`) : null),
      one.follow_up ? el("span.pill.warm", {}, one.follow_up_on ? word("desk_follow_up_by", { day: one.follow_up_on }) : words.desk_follow_up_open) : null,
      one.recording ? this.listen(one) : null)));
  }

  listen(one) {
    const button = el("button.small", { type: "button" }, words.desk_listen);
    button.addEventListener("click", () => {
      const player = el("audio", { controls: true, autoplay: true, preload: "none", src: `/desk/recordings/${encodeURIComponent(one.recording)}`, "aria-label": word("desk_recording_of", { who: one.name || one.number }) });
      player.addEventListener("error", () => player.replaceWith(el("span.soft", {}, words.desk_no_recording)));
      button.replaceWith(player);
    });
    return button;
  }
}

// Seats, telephones and queues to hand over to: typed for, chosen by arrow, Enter asks first, Shift+Enter hands over.
export class Places {
  // ``go(to, kind, name)``, kind: consult | blind.
  constructor(go, mayDial) {
    Object.assign(this, { go, mayDial, all: [], shown: [], at: 0 });
    const input = $("places_input");
    input.addEventListener("input", () => this.sift());
    input.addEventListener("keydown", (event) => this.key(event));
    $("places_consult").addEventListener("click", () => this.take("consult"));
    $("places_blind").addEventListener("click", () => this.take("blind"));
    $("places_close").addEventListener("click", () => $("places").close());
  }

  async open() {
    $("places_input").value = "";
    this.all = [];
    this.sift();
    if (!$("places").open) $("places").showModal();
    try {
      this.all = (await get("/desk/places")).places;
    } catch (fault) {
      put($("places_none"), fault instanceof Refusal ? fault.message : words.desk_no_server);
    }
    this.sift();
  }

  sift() {
    const typed = $("places_input").value.trim().toLowerCase();
    this.shown = this.all.filter((one) => !typed || `${one.name} ${one.to}`.toLowerCase().includes(typed));
    if (this.mayDial && /^\+?[0-9]{3,20}$/.test(typed) && !this.all.some((one) => one.to === typed)) this.shown.push({ to: typed, kind: "outside", name: typed, state: "" });
    this.at = 0;
    this.draw();
  }

  draw() {
    const kinds = { agent: words.desk_kind_agent, telephone: words.desk_kind_telephone, queue: words.desk_kind_queue, outside: words.desk_kind_outside };
    const state = (one) => one.kind === "queue" ? word("desk_place_waiting", { n: one.waiting ?? 0 }) : words[`desk_state_${one.state}`] || "";
    $("places_list").replaceChildren(...this.shown.map((one, place) => el("li", { id: `place_${place}`, role: "option", "aria-selected": String(place === this.at), on: { click: () => { this.at = place; this.draw(); } } },
      el(`i.lamp.${one.kind === "queue" ? "queue" : one.state || "none"}`, { "aria-hidden": "true" }), el("strong", {}, one.name), el("span.soft", {}, [kinds[one.kind], one.name === one.to ? "" : one.to, state(one), one.note].filter(Boolean).join(" · ")))));
    $("places_input").setAttribute("aria-activedescendant", this.shown.length ? `place_${this.at}` : "");
    show($("places_none"), !this.shown.length);
    const one = this.shown[this.at];
    $("places_blind").disabled = !one;
    $("places_consult").disabled = !one || one.kind === "queue";
    $(`place_${this.at}`)?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.shown.length) {
      this.at = (this.at + step + this.shown.length) % this.shown.length;
      this.draw();
    } else if (event.key === "Enter" && this.shown.length) {
      this.take(event.shiftKey || this.shown[this.at].kind === "queue" ? "blind" : "consult");
    } else return;
    event.preventDefault();
  }

  take(kind) {
    const one = this.shown[this.at];
    if (!one) return;
    $("places").close();
    this.go(one.to, kind, one.name);
  }
}
