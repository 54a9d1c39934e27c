// Renews an open worklist without a reload: asks often while something happens, rarely while nothing does, not at all while nobody
// looks, and goes on after a server's restart or a laptop's sleep. Focus, scrolling and further pages stay as they are.
import { merge, replace } from "./merge.js";

const SOON_MS = 5000;
const LATEST_MS = 60_000;
const QUIET_ROUNDS = 6;
const PATIENCE_MS = 15_000;

export class Live {
  // The list says where to ask and in which state it was written.
  constructor(list) {
    this.address = new URL(list.dataset.live, location.href);
    Object.assign(this, { list, mark: `"${list.dataset.mark}"`, since: list.dataset.now, quiet: 0, asking: false });
    for (const [target, name] of [[document, "visibilitychange"], [window, "online"], [window, "focus"], [window, "pageshow"]]) {
      target.addEventListener(name, () => this.now());
    }
    this.schedule();
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
    this.timer = setTimeout(() => this.look(), delay);
  }

  async look() {
    if (this.asking) return;
    this.asking = true;
    try {
      await this.heard(await this.ask());
    } catch {
      // Not reached: a restart, a sleeping network, an answer that was cut off.
      this.quiet += 1;
      this.lost("offline");
    }
    this.asking = false;
    this.schedule();
  }

  ask() {
    const loaded = document.querySelectorAll("#rows .sample-row").length;
    this.address.searchParams.set("rows", loaded);
    this.address.searchParams.set("since", this.since);
    // Nobody need be there for this: it does not keep a session alive.
    const headers = { "If-None-Match": this.mark, "X-Unattended": "yes" };
    return fetch(this.address, { headers, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  async heard(response) {
    if (response.type === "opaqueredirect") { this.quiet += 1; this.lost("signedOut"); return; }
    if (response.status !== 304 && !response.ok) throw new Error(response.status);
    this.found();
    if (response.status === 304) { this.quiet += 1; return; }
    this.quiet = 0;
    this.renew(new DOMParser().parseFromString(await response.text(), "text/html"));
    this.mark = response.headers.get("ETag");
  }

  renew(fresh) {
    const { now, news } = fresh.getElementById("list").dataset;
    this.since = now;
    replace(document.getElementById("states"), fresh.getElementById("states"));
    replace(document.getElementById("open-next"), fresh.getElementById("open-next"));
    const [rows, freshRows] = [document, fresh].map((one) => one.getElementById("rows"));
    // An empty list has words instead of rows.
    if (rows && freshRows) merge(rows, freshRows); else replace(this.list, fresh.getElementById("list"));
    if (news) document.getElementById("news").textContent = news;
  }

  lost(why) {
    const told = document.getElementById("lost");
    if (told.hidden) told.textContent = told.dataset[why];
    told.hidden = false;
  }

  found() { document.getElementById("lost").hidden = true; }
}
