// How far all of it is: images stored, time left, and the one word on a line that is gone or a session that is over.
const TICK_MS = 1000;
// The speed is that of about the last twenty seconds.
const FRESH = 0.05;

const language = document.documentElement.lang;
const span = (seconds) => {
  const [unit, count] = seconds < 55 ? ["second", Math.max(5, Math.ceil(seconds / 5) * 5)] : ["minute", Math.ceil(seconds / 60)];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(count);
};

export class Overall {
  constructor(element, announcement) {
    Object.assign(this, { element, announcement });
    this.rows = new Set();
    this.stored = 0;
    this.storedBytes = 0;
    this.speed = null;
    this.state = "good";
  }

  part(selector) { return this.element.querySelector(selector); }

  add(row) {
    if (!this.timer) this.start();
    this.rows.add(row);
    this.show();
  }

  start() {
    if (!this.rows.size) Object.assign(this, { stored: 0, storedBytes: 0, speed: null });
    this.last = null;
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  done(row) {
    if (!this.rows.delete(row)) return;
    this.stored += 1;
    this.storedBytes += row.bytes;
    this.show();
  }

  left(row) {
    this.rows.delete(row);
    this.show();
  }

  tick() {
    const sent = this.sent();
    if (this.last !== null && this.state === "good") {
      const now = Math.max(0, sent - this.last);
      this.speed = this.speed === null ? now : this.speed + FRESH * (now - this.speed);
    }
    this.last = sent;
    this.show();
  }

  moving() { return [...this.rows].filter((row) => ["queued", "sending", "waiting", "signedout"].includes(row.state)); }

  sent() { return this.moving().reduce((sum, row) => sum + row.sent, this.storedBytes); }

  line(state) {
    this.state = state;
    for (const note of this.element.querySelectorAll("[data-line]")) note.hidden = note.dataset.line !== state;
    const note = this.part(`[data-line="${state}"] .words`);
    if (note) this.announcement.textContent = note.textContent;
    this.show();
  }

  show() {
    const moving = this.moving();
    const asking = [...this.rows].filter((row) => row.state === "asks").length;
    const all = this.stored + moving.length;
    this.element.hidden = all === 0 && asking === 0;
    const { told, over, asking: open, left } = this.element.dataset;
    const words = (moving.length && told) || (asking && open) || over;
    const counts = { DONE: this.stored, ALL: all, ASKING: asking };
    this.part(".told").textContent = words.replace(/__([A-Z]+)__/g, (_, name) => counts[name]);
    const bytes = moving.reduce((sum, row) => sum + row.bytes, this.storedBytes);
    const sent = this.sent();
    this.part("progress").value = bytes ? (100 * sent) / bytes : 0;
    const known = this.state === "good" && moving.length && this.speed;
    this.part(".left").textContent = known ? left.replace("__TIME__", span((bytes - sent) / this.speed)) : "";
    this.part("progress").hidden = !moving.length;
    this.part("#cancel-rest").hidden = !moving.length;
    this.part("#leave-all").hidden = asking < 2;
    if (!moving.length && this.timer) this.rest();
  }

  rest() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.stored) this.announcement.textContent = this.part(".told").textContent;
  }
}
