// One chosen image: its preview, its state, and what became of it.
import { preview } from "./preview.js";

const template = document.getElementById("row");
const language = document.documentElement.lang;
export const size = (bytes) => {
  const [unit, count] = bytes < 1000 ? ["byte", bytes] : bytes < 1_000_000 ? ["kilobyte", bytes / 1000] : ["megabyte", bytes / 1_000_000];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumSignificantDigits: 3 }).format(count);
};

// In these a row's bytes are the portal's, or about to be.
const COUNTS = ["queued", "sending", "waiting", "signedout", "stored", "done", "failed"];

export class Row {
  // earlier: the address and the bytes of an upload of this file that was not finished, or null.
  constructor(file, maxBytes, earlier, { changed, send, gone }) {
    this.file = file;
    this.bytes = file.size;
    this.sent = earlier?.received ?? 0;
    this.resume = earlier?.address ?? null;
    this.again = false;
    this.changed = changed;
    this.gone = gone;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.part(".name").textContent = file.name;
    this.part(".size").textContent = size(file.size);
    this.part(".remove").addEventListener("click", () => this.remove());
    this.part(".retry").addEventListener("click", () => send(this));
    this.part(".anyway").addEventListener("click", () => { this.again = true; send(this); });
    this.part(".leave").addEventListener("click", () => this.remove());
    preview(this.part("canvas"), file, () => {
      this.part("canvas").remove();
      this.part(".none").hidden = false;
    });
    this.part(".before").hidden = !this.sent;
    this.progress(this.sent);
    this.become(file.size > maxBytes ? "large" : "chosen", false);
  }

  get state() { return this.element.dataset.state; }
  get name() { return this.part(".name").textContent; }
  get counts() { return COUNTS.includes(this.state); }

  part(selector) { return this.element.querySelector(selector); }

  become(state, tell = true) {
    this.element.dataset.state = state;
    for (const part of this.element.querySelectorAll("[data-when]")) {
      part.hidden = !part.dataset.when.split(" ").includes(state);
    }
    if (tell) this.changed();
  }

  progress(sent) {
    this.sent = sent;
    const percent = this.bytes ? (100 * sent) / this.bytes : 0;
    this.part(".progress").value = percent;
    for (const part of this.element.querySelectorAll(".percent")) part.textContent = `${Math.floor(percent)} %`;
  }

  // "later" says that the same file may be taken when it is sent again.
  refused(reason, later) {
    this.part(".reason").textContent = reason;
    this.become(later ? "postponed" : "refused");
  }

  // The same image is here already: sent again only if a person says so.
  asks({ earlier, twin }) {
    this.part(".elsewhere").hidden = !earlier;
    this.part(".twin").hidden = !twin;
    if (earlier) {
      const link = this.part(".elsewhere a");
      link.textContent = earlier.where;
      link.href = earlier.url;
    } else this.part(".twin .other").textContent = twin.name;
    this.become("asks");
  }

  stored(answer) {
    this.file = null;
    if (answer.duplicate_of) {
      const note = this.part(".duplicate");
      note.querySelector(".where").textContent = answer.duplicate_of.where;
      note.querySelector("a").href = answer.duplicate_of.url;
      note.hidden = false;
    }
    this.become("stored");
  }

  remove() {
    this.element.remove();
    this.gone(this);
  }
}
