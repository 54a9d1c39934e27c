// The line to the portal. Whoever has lost it waits here, so that all go on together: when the browser is online
// again, when a person says so, or after a time that doubles from a second to half a minute.
const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

export class Line {
  // tell(state): "good", "lost" or "out", for signed out. renew() finds out whether somebody has signed in again.
  constructor(tell, renew) {
    Object.assign(this, { tell, renew });
    this.delay = FIRST_MS;
    this.state = "good";
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.now(); });
  }

  good() {
    this.delay = FIRST_MS;
    this.become("good");
  }

  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.tell(state);
  }

  // Resolves when it is worth trying again.
  lost() {
    this.become("lost");
    this.waiting ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.go?.(), this.delay);
      this.delay = Math.min(LONGEST_MS, this.delay * 2);
      this.go = () => { clearTimeout(timer); this.waiting = this.go = null; resolve(); };
    });
    return this.waiting;
  }

  // Resolves when somebody is signed in again, here or in another tab. Once is asked at once: it may have been so already.
  out() {
    this.door ??= new Promise((resolve) => { this.enter = () => { this.door = this.enter = null; resolve(); }; });
    const { door } = this;
    this.knock();
    return door;
  }

  async knock() {
    if (await this.renew()) this.enter?.();
    else if (this.door) this.become("out");
  }

  now() {
    this.go?.();
    if (this.door) this.knock();
  }
}
