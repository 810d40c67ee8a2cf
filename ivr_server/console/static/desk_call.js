// The call and its controls: what stands on the left. One picture for each phase; the buttons are made anew only when the
// phase or what may be done changes, so that whoever stands on one of them stays there.

import { $, act, clock, el, moment, now, put, reason, show, word, words } from "./desk_parts.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export class CallPanel {
  // ``do``: what the buttons do, by name.
  constructor(does) {
    this.does = does;
    this.shape = "";
    this.keypad = false;
    for (const key of KEYS) $("pad").append(el("button.pad-key", { type: "button", on: { click: () => this.does.key(key) } }, key));
    $("dial_form").addEventListener("submit", (event) => {
      event.preventDefault();
      const number = $("dial_number").value.trim();
      if (number) this.does.dial(number);
    });
  }

  draw(view) {
    const { phase, call, me } = view;
    $("call").dataset.phase = phase;
    this.head(view);
    this.buttons(view);
    show($("pad_box"), this.keypad && phase === "talking");
    put($("pad_typed"), view.phone.call?.keys || "");
    show($("dial_form"), phase === "idle" && me.state !== "signed_out" && view.mayDial);
    show($("missed_box"), phase === "idle");
    this.sound(view);
    this.tick(view, call);
  }

  head({ phase, call, me, talk, phone }) {
    const titles = {
      idle: words[`desk_idle_${me.state}`] || words.desk_idle_busy,
      ringing: call?.call_back ? words.desk_ringing_call_back : call?.transferred_from ? words.desk_ringing_transfer : words.desk_ringing,
      dialling: words.desk_dialling, wrap_up: words.desk_wrap_up, away: words.desk_call_elsewhere, rejoining: words.desk_rejoining,
      talking: words.desk_talking,
    };
    let title = titles[phase] || "";
    if (phase === "talking" && (talk?.state === "consulting" || talk?.state === "joined")) title = words[`desk_${talk.state}`];
    else if (phase === "talking" && phone.call?.held) title = words.desk_held;
    put($("call_title"), title);
    const who = phase === "idle" ? "" : call?.card?.name || phone.call?.name || call?.number || phone.call?.number || words.desk_no_number;
    put($("call_who"), who);
    const number = call?.card?.number || call?.number || phone.call?.number || "";
    put($("call_number"), phase === "idle" || who === number ? "" : number);
    put($("call_queue"), phase === "idle" ? "" : [...new Set([call?.queue_title || call?.queue, call?.business_words])].filter(Boolean).join(" · "));
    const music = phase === "talking" && (talk?.state === "consulting" || (phone.call?.held && talk?.state !== "joined"));
    put($("call_why"), music ? words.desk_music : phase === "idle" ? me.state_words || reason(me.reason) || words[`desk_idle_${me.state}_text`] || "" : "");
    const other = phase === "talking" && (talk?.state === "consulting" || talk?.state === "joined") ? talk.with : null;
    show($("other_party"), Boolean(other));
    if (other) put($("other_party"), word(talk.state === "joined" ? "desk_with_all" : "desk_with", { name: other.name || other.to || other }));
  }

  buttons(view) {
    const shape = this.shapeOf(view);
    if (shape === this.shape) return;
    const [before, focused] = [this.shape, document.activeElement?.dataset?.act];
    this.shape = shape;
    const box = $("call_acts");
    box.replaceChildren(...this.made(view).map(([name, button]) => { button.dataset.act = name; return button; }));
    if (focused && before) box.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  shapeOf({ phase, me, talk, phone, soft }) {
    const call = phone.call;
    return [phase, me.state, me.call, soft, talk?.state, talk?.call, call?.held, call?.muted, call?.answering, this.keypad, phone.state].join();
  }

  made({ phase, me, talk, phone, soft }) {
    const does = this.does;
    if (phase === "idle") return me.state === "busy" ? [["ready", act("pass", words.desk_be_ready, "S", does.ready, "go")]] : [];
    if (phase === "ringing") {
      const take = soft ? [["answer", act("answer", phone.call?.answering ? words.desk_answering : words.desk_answer, "A", does.answer, "go")]] : [];
      return [...take, ["reject", act("hang_up", words.desk_reject, "E", does.reject, "plain")]];
    }
    if (phase === "wrap_up") return [["done", act("pass", words.desk_done, "S", does.done, "go")], ["call_back", act("answer", words.desk_call_again, "O", does.callAgain, "plain")]];
    if (phase === "dialling") return [["end", act("hang_up", words.desk_hang_up, "E", does.hangUp, "stop")]];
    if (phase === "away") return [["fetch", act("back", words.desk_fetch_call, "R", does.rejoin, "go")]];
    if (phase === "rejoining") return [];
    return [...this.talking(talk, phone, { soft, through: me.state === "talking" && me.call }), ["end", act("hang_up", words.desk_hang_up, "E", does.hangUp, "stop")]];
  }

  // ``through``: the server has us with the caller. Before that the whisper plays, and nothing can be handed over yet.
  talking(talk, phone, { soft, through }) {
    const does = this.does;
    const call = phone.call;
    if (talk?.state === "consulting") {
      return [
        ["return", act("back", words.desk_return, "R", does.back, "go")], ["complete", act("pass", words.desk_complete, "P", does.complete, "plain")],
        ["join", act("join", words.desk_join, "J", does.join, "plain")], ...(soft ? [["mute", this.mute(call)]] : []),
      ];
    }
    const own = soft ? [["hold", this.toggle("hold", call?.held)], ["mute", this.mute(call)], ["keypad", this.pad()]] : [];
    if (talk?.state === "joined") return [...own, ["complete", act("pass", words.desk_leave_them, "P", does.complete, "plain")], ["return", act("back", words.desk_return, "R", does.back, "plain")]];
    return !through ? own : [...own, ["transfer", act("transfer", words.desk_transfer, "T", does.transfer, "plain")]];
  }

  toggle(name, on) {
    const button = act(on ? "resume" : name, on ? words.desk_resume : words.desk_hold, "H", this.does.hold, "plain");
    button.setAttribute("aria-pressed", String(Boolean(on)));
    return button;
  }

  mute(call) {
    const button = act("mute", call?.muted ? words.desk_unmute : words.desk_mute, "M", this.does.mute, "plain");
    button.setAttribute("aria-pressed", String(Boolean(call?.muted)));
    return button;
  }

  pad() {
    const button = act("keypad", words.desk_keypad, "K", () => this.does.keypad(), "plain");
    button.setAttribute("aria-expanded", String(this.keypad));
    button.setAttribute("aria-controls", "pad_box");
    return button;
  }

  sound({ phase, phone, soft }) {
    const call = phone.call;
    const sound = phase === "talking" && soft ? call?.sound || "" : "";
    show($("call_sound"), Boolean(sound));
    $("call_sound").className = `sound-of ${sound}`;
    if (sound) put($("call_sound"), words[`desk_sound_${sound}`]);
  }

  // Once a second: the time in this phase, and what is left of the wrap-up.
  tick({ phase, me, talk, phone, since }) {
    const began = phone.call?.began ? phone.call.began / 1000 : 0;
    const at = phase === "talking" && began ? Date.now() / 1000 - began : now() - (talk?.began && phase === "talking" ? talk.began : since);
    put($("call_clock"), phase === "idle" ? "" : clock(at));
    const until = phase === "wrap_up" ? me.wrap_until : 0;
    show($("wrap"), Boolean(until));
    if (!until) return;
    const whole = Math.max(1, until - me.since);
    const left = Math.min(whole, Math.max(0, until - now()));
    $("wrap_bar").style.transform = `scaleX(${left / whole})`;
    put($("wrap_left"), word("desk_wrap_left", { s: Math.ceil(left) }));
  }
}

// Calls that were not answered: each is called back with one key press.
export function drawMissed(missed, callBack) {
  put($("missed_many"), missed.length ? String(missed.length) : "");
  show($("missed_none"), !missed.length);
  $("missed").replaceChildren(...missed.slice(0, 50).map((one) => el("li", {},
    el("span.what", {}, el("strong", {}, one.name || one.number || words.desk_no_number), el("span.soft", {}, [moment(one.at), one.name ? one.number : "", one.business_words, words[`desk_missed_${one.why}`]].filter(Boolean).join(" · "))),
    one.number ? el("button.small", { type: "button", "aria-label": word("desk_call_back_to", { number: one.name || one.number }), on: { click: () => callBack(one) } }, words.desk_call_back) : null)));
}
