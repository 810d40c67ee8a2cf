// The record of reception: saved as it is typed, a word at a time, and nothing lost when server or browser go down.
//
// Theory. What is typed goes to sessionStorage at once, under the id of its record, and is taken from there only when the
// server has acknowledged that very text. A reload, a crash, a server that is away: the edits are found again and sent.
// A record that somebody else changed meanwhile (409): what was typed here wins, field by field; theirs is taken for the
// fields that were not touched. Signing out empties the store.

import { el } from "./desk_element.js";
import { drawn } from "./desk_fields.js";
import { $, fill, moment, now, page, put, show, tell, word, words } from "./desk_parts.js";
import { Refusal, post } from "./desk_stream.js";

const KEPT = "desk.unsent";
const WAIT_MS = 500;
const COMMON = ["business", "asked", "done", "follow_up", "follow_up_on"];

export const unsent = {
  all() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) || {};
    } catch {
      return {};
    }
  },
  keep(id, edits) {
    const all = { ...this.all(), [id]: edits };
    if (!Object.keys(edits).length) delete all[id];
    sessionStorage.setItem(KEPT, JSON.stringify(all));
  },
  clear() {
    sessionStorage.removeItem(KEPT);
  },
};

// One record and what of it the server does not have yet.
class Record {
  constructor(reception, changed) {
    Object.assign(this, { id: reception.id, version: reception.version, changed, saved: 0, fault: "", sending: false, timer: 0, tries: 0 });
    this.edits = unsent.all()[this.id] || {};
    this.values = { ...reception.values };
    for (const name of COMMON) this.values[name] = String(reception[name] ?? this.values[name] ?? "");
    if (Object.keys(this.edits).length) this.soon(0);
  }

  value(name) {
    return this.edits[name] ?? this.values[name] ?? "";
  }

  get pending() {
    return Object.keys(this.edits).length > 0;
  }

  type(name, value) {
    this.edits[name] = value;
    unsent.keep(this.id, this.edits);
    this.changed(this);
    this.soon(WAIT_MS);
  }

  soon(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), ms);
  }

  async send(keep = false) {
    if (!this.pending || this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    const sent = { ...this.edits };
    try {
      const { version } = await post(`/desk/reception/${this.id}`, { version: this.version, ...sent }, keep);
      this.took(sent, version);
    } catch (fault) {
      this.refused(fault);
    }
    this.sending = false;
    this.changed(this);
    if (this.pending) this.soon(this.fault ? Math.min(1000 * 2 ** this.tries, 10_000) : WAIT_MS);
  }

  took(sent, version) {
    Object.assign(this, { version, saved: now(), fault: "", tries: 0 });
    for (const [name, value] of Object.entries(sent)) {
      this.values[name] = value;
      if (this.edits[name] === value) delete this.edits[name];
    }
    unsent.keep(this.id, this.edits);
  }

  refused(fault) {
    this.tries += 1;
    this.fault = fault instanceof Refusal ? fault.message : words.desk_no_server;
    if (fault instanceof Refusal && fault.status === 409 && fault.answer.version !== undefined) {
      Object.assign(this, { version: fault.answer.version, fault: "", tries: 0 });
      this.values = { ...this.values, ...fault.answer.values };
      this.merged = true;
    } else if (fault instanceof Refusal && [400, 403, 404, 422].includes(fault.status) && this.tries > 3) {
      this.timer = setTimeout(() => {}, 0);
    }
  }
}

export class Form {
  // ``begin(number, form)`` makes a record on the server when none was given with the call.
  constructor(begin) {
    this.begin = begin;
    this.record = null;
    this.about = null;
    this.name = "";
    this.beginning = null;
    $("record_business").addEventListener("change", (event) => this.choose(event.target.value));
    addEventListener("pagehide", () => this.record?.send(true));
    addEventListener("online", () => this.record?.send());
    setInterval(() => this.mark(), 15_000);
  }

  // Edits left by a window that went down, of records that are not on the screen: sent once, then forgotten.
  async rescue(except) {
    for (const [id, edits] of Object.entries(unsent.all())) {
      if (id === String(except)) continue;
      try {
        await post(`/desk/reception/${id}`, { version: 0, ...edits });
        unsent.keep(id, {});
        tell(words.desk_record_rescued);
      } catch (fault) {
        if (fault instanceof Refusal && fault.status === 409 && fault.answer.version !== undefined) {
          await post(`/desk/reception/${id}`, { version: fault.answer.version, ...edits }).then(() => unsent.keep(id, {}), () => {});
        }
      }
    }
  }

  // Show the record of a call; ``about``: {call, number, form, reception}.
  open(about) {
    if (this.about?.call === about.call && this.record?.id === about.reception?.id && this.record) return;
    this.record?.send();
    this.about = about;
    this.record = about.reception ? new Record(about.reception, () => this.mark()) : null;
    this.beginning = null;
    this.draw(this.record?.value("business") || about.business || about.form?.name || page.forms[0]?.name || "");
  }

  close() {
    this.record?.send();
    this.about = this.record = null;
    show($("record_form"), false);
    show($("record_none"), true);
    this.mark();
  }

  choose(business) {
    this.type("business", business);
    this.draw(business);
  }

  form(business) {
    const own = this.about?.form;
    return page.forms.find((one) => one.name === business) || (own?.name === business ? own : null) || own || { name: "", title: "", fields: [] };
  }

  draw(business) {
    const form = this.form(business);
    this.name = form.name;
    const choice = $("record_business");
    const known = page.businesses.some((one) => one.name === business);
    const all = known || !business ? page.businesses : [{ name: business, title: form.title || business }, ...page.businesses];
    choice.replaceChildren(...all.map((one) => el("option", { value: one.name }, one.title)));
    choice.value = business || all[0]?.name || "";
    $("record_fields").replaceChildren(...form.fields.map((field) => this.field(field)));
    for (const name of ["asked", "done"]) this.bind($(`record_${name}`), name);
    this.bindFollow();
    show($("record_form"), true);
    show($("record_none"), false);
    this.mark();
  }

  bind(input, name) {
    input.value = this.record?.value(name) || "";
    input.oninput = () => this.type(name, input.value);
  }

  bindFollow() {
    const [box, day] = [$("record_follow_up"), $("record_follow_up_on")];
    box.checked = Boolean(this.record?.value("follow_up"));
    day.value = this.record?.value("follow_up_on") || "";
    show($("record_when"), box.checked);
    box.onchange = () => { this.type("follow_up", box.checked ? "yes" : ""); show($("record_when"), box.checked); };
    day.oninput = () => this.type("follow_up_on", day.value);
  }

  field(one) {
    return drawn(one, { words, value: this.record?.value(one.name) || "", type: (value) => this.type(one.name, value) });
  }

  // The first key typed into a record that the server does not have yet makes it.
  type(name, value) {
    if (this.record) { this.record.type(name, value); return; }
    const about = this.about;
    if (!about) return;
    about.typed = { ...about.typed, [name]: value };
    this.beginning ||= this.begin(about, this.name).then((made) => {
      if (this.about !== about || !made) return;
      this.record = new Record({ ...made, values: {} }, () => this.mark());
      for (const [key, text] of Object.entries(about.typed)) this.record.type(key, text);
    }).finally(() => { this.beginning = null; });
  }

  // Names of the fields that are asked for and empty.
  missing() {
    const empty = this.form(this.name).fields.filter((one) => one.required && !(this.record?.value(one.name) || "").trim());
    return empty.map((one) => ({ label: one.label, node: $(`field_${one.name}`) }));
  }

  mark() {
    const node = $("record_mark");
    const record = this.record;
    const state = !record ? "" : record.fault ? "unsaved" : record.pending || record.sending ? "saving" : record.saved ? "saved" : "";
    node.className = `mark-of ${state}`;
    put(node, !state ? "" : state === "saved" ? word("desk_record_saved", { at: moment(record.saved) }) : words[`desk_record_${state}`]);
    node.title = record?.fault || "";
    if (record?.merged) { record.merged = false; tell(words.desk_record_merged); this.draw(record.value("business") || this.name); }
  }

  focus() {
    $("record_asked").focus();
  }
}

export const asLine = (one) => fill("{asked} {done}", { asked: one.asked || "", done: one.done ? `→ ${one.done}` : "" }).trim();
