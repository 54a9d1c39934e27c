// One chosen image: its preview, its state, and what became of it.
const template = document.getElementById("row");
const size = (bytes) => {
  const [unit, count] = bytes < 1000 ? ["byte", bytes] : bytes < 1_000_000 ? ["kilobyte", bytes / 1000] : ["megabyte", bytes / 1_000_000];
  const digits = { maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, ...digits }).format(count);
};

export class Row {
  constructor(file, maxBytes, { changed, again, gone }) {
    this.file = file;
    this.changed = changed;
    this.gone = gone;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.part(".name").textContent = file.name;
    this.part(".size").textContent = size(file.size);
    this.part(".remove").addEventListener("click", () => this.remove());
    this.part(".retry").addEventListener("click", again);
    this.showPreview();
    this.become(file.size > maxBytes ? "large" : "chosen", false);
  }

  get state() { return this.element.dataset.state; }

  part(selector) { return this.element.querySelector(selector); }

  become(state, tell = true) {
    this.element.dataset.state = state;
    for (const part of this.element.querySelectorAll("[data-when]")) {
      part.hidden = !part.dataset.when.split(" ").includes(state);
    }
    if (tell) this.changed();
  }

  showPreview() {
    const image = this.part(".preview");
    const address = URL.createObjectURL(this.file);
    // A blob stays in memory until its address is given back.
    const release = () => URL.revokeObjectURL(address);
    image.addEventListener("load", release, { once: true });
    image.addEventListener("error", () => {
      release();
      image.remove();
      this.part(".none").hidden = false;
    }, { once: true });
    image.src = address;
  }

  progress(percent) {
    this.part(".progress").value = percent;
    this.part(".percent").textContent = `${Math.round(percent)} %`;
  }

  // "later" says that the same file may be taken when it is sent again.
  refused(reason, later) {
    this.part(".reason").textContent = reason;
    this.become(later ? "postponed" : "refused");
  }

  stored(answer) {
    this.file = null;
    if (answer.duplicate_of) {
      const note = this.part(".duplicate");
      note.querySelector("a").href = answer.duplicate_of.url;
      note.hidden = false;
    }
    this.become("stored");
  }

  remove() {
    this.element.remove();
    this.gone();
  }
}
