// What was begun earlier and not finished: the same file, chosen again, goes on where it broke off.
export class Unfinished {
  constructor(note, tus) {
    this.note = note;
    this.found = note ? JSON.parse(document.getElementById("unfinished-uploads").textContent) : [];
    note?.querySelector(".forget").addEventListener("click", () => {
      for (const one of this.found.splice(0)) tus.discard(one.address);
      this.show();
    });
    if (note) this.show();
  }

  // Returns the earlier upload of this file, or null; the row that takes it goes on with it.
  take(file) {
    const at = this.found.findIndex(
      (one) => one.name === file.name && one.size === file.size && one.modified === Math.max(0, file.lastModified),
    );
    if (at < 0) return null;
    const [one] = this.found.splice(at, 1);
    this.show();
    return one;
  }

  show() {
    const { length } = this.found;
    this.note.hidden = length === 0;
    const { one, many } = this.note.dataset;
    this.note.querySelector(".words").textContent = (length === 1 ? one : many).replace("__N__", length);
    const names = new Set(this.found.map((each) => each.address));
    for (const line of this.note.querySelectorAll("[data-address]")) if (!names.has(line.dataset.address)) line.remove();
  }
}
