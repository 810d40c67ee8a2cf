// Sound in the page: the key tones of ITU-T Q.23, and the very files that Asterisk would play.

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = "123456789*0#";

export class Sounds {
  constructor() {
    this.context = null;
    this.on = true;
    this.source = null;
    this.turn = 0;
    this.kept = new Map();
  }

  // A browser lets a page sound only after a press; false when it has no sound at all.
  wake() {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return false;
    this.context ??= new Context();
    if (this.context.state === "suspended") this.context.resume();
    return true;
  }

  setOn(on) {
    this.on = on;
    if (this.level) this.level.gain.value = on ? 1 : 0;
  }

  out() {
    if (!this.level) {
      this.level = this.context.createGain();
      this.level.gain.value = this.on ? 1 : 0;
      this.level.connect(this.context.destination);
    }
    return this.level;
  }

  tone(key) {
    if (!this.wake()) return;
    const at = KEYS.indexOf(key);
    const now = this.context.currentTime;
    const level = this.context.createGain();
    level.gain.setValueAtTime(0.0001, now);
    level.gain.exponentialRampToValueAtTime(0.09, now + 0.01);
    level.gain.setValueAtTime(0.09, now + 0.11);
    level.gain.exponentialRampToValueAtTime(0.0001, now + 0.14);
    level.connect(this.out());
    for (const hertz of [ROWS[Math.floor(at / 3)], COLUMNS[at % 3]]) {
      const voice = this.context.createOscillator();
      voice.frequency.value = hertz;
      voice.connect(level);
      voice.start(now);
      voice.stop(now + 0.15);
    }
  }

  async play(url) {
    this.stop();
    if (!this.wake()) return;
    const turn = this.turn;
    let sound = this.kept.get(url);
    if (!sound) {
      const answer = await fetch(url);
      if (!answer.ok) return;
      sound = await this.context.decodeAudioData(await answer.arrayBuffer());
      if (this.kept.size > 60) this.kept.clear();
      this.kept.set(url, sound);
    }
    if (turn !== this.turn) return; // something else began, or a key cut it, while this was fetched
    this.source = this.context.createBufferSource();
    this.source.buffer = sound;
    this.source.connect(this.out());
    this.source.start();
  }

  // The first ``share`` of a sound, to its end or until something else begins; how many ms it is.
  async part(url, share) {
    this.stop();
    if (!this.wake()) return 0;
    const turn = this.turn;
    const answer = await fetch(url);
    if (!answer.ok) return 0;
    const sound = await this.context.decodeAudioData(await answer.arrayBuffer());
    if (turn !== this.turn) return 0;
    const length = sound.duration * Math.min(1, Math.max(0, share));
    await new Promise((done) => {
      this.source = Object.assign(this.context.createBufferSource(), { buffer: sound, onended: done });
      this.source.connect(this.out());
      this.source.start(0, 0, length);
    });
    return Math.round(length * 1000);
  }

  stop() {
    this.turn += 1;
    if (this.source) {
      this.source.stop();
      this.source.disconnect();
      this.source = null;
    }
  }
}
