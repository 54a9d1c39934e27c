// Asks for results until each is there: soon after an upload, later and later while nothing changes.
// A few requests at a time in turn, so that hundreds of waiting images do not ask all at once.
const AT_ONCE = 4;
const SOON_MS = 150;
const LATEST_MS = 4000;

export class Follower {
  constructor(announcement) {
    this.announcement = announcement;
    this.waiting = [];
    this.delay = SOON_MS;
    this.timer = null;
  }

  add(row, address) {
    this.waiting.push({ row, address });
    this.delay = SOON_MS;
    this.schedule();
  }

  schedule() {
    clearTimeout(this.timer);
    if (this.waiting.length) this.timer = setTimeout(() => this.look(), this.delay);
  }

  async look() {
    const batch = this.waiting.splice(0, AT_ONCE);
    const ended = await Promise.all(batch.map((one) => this.ask(one)));
    this.waiting.push(...batch.filter((_, index) => !ended[index]));
    this.delay = ended.some(Boolean) ? SOON_MS : Math.min(LATEST_MS, this.delay * 1.4);
    this.schedule();
  }

  async ask({ row, address }) {
    try {
      const answer = await fetch(`${address}?as=card`, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return answer.status < 500;
      return this.show(row, await answer.text());
    } catch {
      return false;
    }
  }

  show(row, html) {
    const card = new DOMParser().parseFromString(html, "text/html").querySelector(".outcome");
    row.part(".result").replaceChildren(card);
    const { state, say } = card.dataset;
    if (state !== "done" && state !== "failed") return false;
    row.become(state);
    this.announcement.textContent = `${row.part(".name").textContent}: ${say}`;
    return true;
  }
}
