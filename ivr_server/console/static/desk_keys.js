// Short-cuts: Alt with a letter everywhere, the letter alone outside fields (may be switched off), and the panel that lists them.

import { $, el, words } from "./desk_parts.js";
import { choices } from "./desk_sound.js";

// letter -> [what it does, its words]
const KEYS = {
  A: ["answer", "desk_answer"], E: ["end", "desk_key_end"], H: ["hold", "desk_key_hold"], M: ["mute", "desk_key_mute"], K: ["keypad", "desk_keypad"],
  T: ["transfer", "desk_transfer"], R: ["back", "desk_return"], P: ["complete", "desk_complete"], J: ["join", "desk_join"],
  S: ["state", "desk_key_state"], O: ["dial", "desk_key_dial"], N: ["note", "desk_key_note"], F: ["fees", "desk_tab_fees"], L: ["latest", "desk_tab_latest"], G: ["story", "desk_tab_story"],
};

export class Shortcuts {
  // ``does``: name -> function; ``pressing()``: whether digits are keys of the telephone now.
  constructor(does, pressing) {
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.repeat) return;
      const field = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, audio, [role=menu]");
      const dialog = document.querySelector("dialog[open]");
      if (dialog && dialog.id !== "help") return;
      if (event.ctrlKey || event.metaKey || (field && !event.altKey)) return;
      if (this.take(event, does, pressing, field)) event.preventDefault();
    });
    $("help_list").replaceChildren(...Object.entries(KEYS).map(([letter, [, key]]) => el("div", {}, el("dt", {}, el("kbd", {}, letter)), el("dd", {}, words[key]))));
    $("help_close").addEventListener("click", () => $("help").close());
  }

  take(event, does, pressing, field) {
    const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
    if (event.altKey) {
      if (!letter || !KEYS[letter]) return false;
      does[KEYS[letter][0]]();
      return true;
    }
    if (event.key === "?") { this.help(); return true; }
    if (event.key === "Enter" && !event.target.closest("button, a, summary, label")) return does.enter();
    if (/^[0-9*#]$/.test(event.key) && pressing()) { does.key(event.key); return true; }
    if (!choices.keys || field || !letter || !KEYS[letter] || event.shiftKey) return false;
    does[KEYS[letter][0]]();
    return true;
  }

  help() {
    if ($("help").open) $("help").close();
    else $("help").showModal();
  }
}
