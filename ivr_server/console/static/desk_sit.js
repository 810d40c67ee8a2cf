// Sitting down: at the browser or at a desk telephone, with the microphone, the speaker and the ringer tried first.

import { $, el, page, put, show, tell, words } from "./desk_parts.js";
import { choices, choose, devices, tryMicrophone, tryRinger, trySpeaker } from "./desk_sound.js";

const SELECTS = { microphone: "inputs", speaker: "outputs", ringer: "outputs" };

export class Sit {
  // ``sit({device, telephone})``
  constructor(sit) {
    this.sit = sit;
    this.endTrial = null;
    $("sit_form").addEventListener("submit", (event) => { event.preventDefault(); this.go(); });
    for (const one of document.querySelectorAll("[name=device]")) one.addEventListener("change", () => this.device());
    $("sit_telephone").replaceChildren(...page.telephones.map((one) => el("option", { value: one }, one)));
    show($("sit_by_telephone"), page.telephones.length > 0);
    for (const name of Object.keys(SELECTS)) $(`device_${name}`).addEventListener("change", (event) => choose(name, event.target.value));
    $("volume").value = choices.volume;
    $("volume").addEventListener("input", (event) => choose("volume", Number(event.target.value)));
    for (const name of ["auto", "keys", "clean"]) {
      $(`choice_${name}`).checked = choices[name];
      $(`choice_${name}`).addEventListener("change", (event) => choose(name, event.target.checked));
    }
    $("choice_notices").checked = choices.notices;
    $("choice_notices").addEventListener("change", (event) => this.notices(event.target.checked));
    $("try_microphone").addEventListener("click", () => this.microphone());
    $("try_speaker").addEventListener("click", trySpeaker);
    $("try_ringer").addEventListener("click", tryRinger);
    $("settings_close").addEventListener("click", () => $("settings").close());
    $("settings").addEventListener("close", () => this.quiet());
    for (const button of [$("settings_button"), $("sit_devices")]) button.addEventListener("click", () => this.open());
    navigator.mediaDevices?.addEventListener("devicechange", () => this.list());
  }

  device() {
    const telephone = $("device_telephone").checked;
    show($("sit_telephone_box"), telephone);
    show($("sit_devices"), !telephone);
  }

  async open() {
    $("settings").showModal();
    await this.list();
  }

  async list() {
    const found = await devices();
    for (const [name, kind] of Object.entries(SELECTS)) {
      const select = $(`device_${name}`);
      const own = name === "ringer" ? words.desk_as_speaker : words.desk_device_usual;
      const all = found[kind].filter((one) => one.deviceId && one.deviceId !== "default");
      select.replaceChildren(el("option", { value: "" }, own), ...all.map((one, place) => el("option", { value: one.deviceId }, one.label || `${words[`desk_${name}`]} ${place + 1}`)));
      select.value = all.some((one) => one.deviceId === choices[name]) ? choices[name] : "";
      select.disabled = name !== "microphone" && !found.chooses;
    }
    show($("no_choosing"), !found.chooses);
  }

  // The level moves while somebody speaks; a second press ends it.
  async microphone() {
    if (this.endTrial) { this.quiet(); return; }
    let loudest = 0;
    try {
      this.endTrial = await tryMicrophone((level) => {
        loudest = Math.max(loudest, level);
        $("level").value = level;
        if (loudest > 0.03) put($("level_words"), words.desk_heard_you);
      });
      put($("try_microphone"), words.desk_try_end);
      put($("level_words"), words.desk_speak_now);
      await this.list();
    } catch (fault) {
      put($("level_words"), fault.name === "NotAllowedError" ? words.desk_microphone_refused : words.desk_no_microphone);
    }
  }

  quiet() {
    this.endTrial?.();
    this.endTrial = null;
    put($("try_microphone"), words.desk_try);
    put($("level_words"), "");
  }

  async notices(on) {
    const allowed = on && "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
    if (on && !allowed) tell(words.desk_notices_refused);
    $("choice_notices").checked = allowed;
    choose("notices", allowed);
  }

  // The microphone is asked for now, not when the first caller waits for the answer.
  async go() {
    const telephone = $("device_telephone").checked;
    $("sit_go").disabled = true;
    put($("sit_fault"), "");
    try {
      if (!telephone) await this.allow();
      await this.sit(telephone ? { device: "telephone", telephone: $("sit_telephone").value } : { device: "browser" });
    } catch (fault) {
      put($("sit_fault"), fault.message);
    }
    $("sit_go").disabled = false;
  }

  async allow() {
    if (!navigator.mediaDevices) throw new Error(words.desk_not_secure);
    try {
      for (const track of (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks()) track.stop();
    } catch (fault) {
      throw new Error(fault.name === "NotAllowedError" ? words.desk_microphone_refused : words.desk_no_microphone);
    }
  }
}
