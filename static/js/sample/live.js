// Brings what others change and what the analysis finds, without a reload. Asks often while something happens,
// rarely while nothing does, not at all while nobody looks; and goes on after a server's restart or a laptop's sleep.
import { ask } from "./request.js";

const SOON_MS = 4000;
const LATEST_MS = 30_000;
const QUIET_ROUNDS = 10;

export class Live {
  // hear: news(answer) returns whether all of it was taken in; lost(kind); back().
  constructor(address, revision, changes, hear) {
    Object.assign(this, { address, revision: Number(revision), changes, hear });
    this.quiet = 0;
    this.away = false;
    this.asking = false;
    for (const [target, name] of [[document, "visibilitychange"], [window, "online"], [window, "focus"]]) {
      target.addEventListener(name, () => this.now());
    }
    this.now();
  }

  // Something happened here, so something may happen elsewhere. Somebody who decides every second must not put this off.
  wake() {
    this.quiet = 0;
    if (this.due > Date.now() + SOON_MS) this.schedule();
  }

  now() {
    this.quiet = 0;
    clearTimeout(this.timer);
    if (!document.hidden) this.look();
  }

  schedule() {
    clearTimeout(this.timer);
    if (document.hidden || this.asking) return;
    const delay = Math.min(LATEST_MS, SOON_MS * 1.5 ** Math.max(0, this.quiet - QUIET_ROUNDS));
    this.due = Date.now() + delay;
    this.timer = setTimeout(() => this.look(), delay);
  }

  async look() {
    if (this.asking) return;
    this.asking = true;
    const { epoch } = this.changes;
    const { kind, answer } = await ask(`${this.address}?since=${this.revision}`, null, { unattended: true });
    if (kind === "done") await this.heard(answer, epoch);
    else this.missed(kind);
    this.asking = false;
    this.schedule();
  }

  async heard(answer, epoch) {
    if (this.away) this.hear.back();
    this.away = false;
    this.quiet = answer.cells.length || answer.added ? 0 : this.quiet + 1;
    // An answer that was written while something was on its way may be older than what stands here; it is asked for again.
    if (this.changes.busy || epoch !== this.changes.epoch) return;
    if (await this.hear.news(answer)) this.revision = answer.revision;
  }

  missed(kind) {
    this.quiet += 1;
    if (!this.away) this.hear.lost(kind);
    this.away = true;
  }
}
