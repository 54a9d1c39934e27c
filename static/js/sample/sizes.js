// Three sizes of cells; the choice stays in this browser.
const SIZES = ["s", "m", "l"];

export class Sizes {
  constructor(root) {
    this.root = root;
    this.show(this.read());
    root.addEventListener("click", (event) => {
      const size = event.target.closest(".sizes [data-size]")?.dataset.size;
      if (size) this.choose(size);
    });
  }

  read() {
    try { return localStorage.getItem("cell-size") ?? "m"; } catch { return "m"; }
  }

  show(size) {
    this.root.dataset.size = size;
    for (const button of this.root.querySelectorAll(".sizes [data-size]")) button.setAttribute("aria-pressed", String(button.dataset.size === size));
  }

  choose(size) {
    // A private window may refuse storage; the size then lasts for this page.
    try { localStorage.setItem("cell-size", size); } catch { /* nothing to keep it in */ }
    this.show(size);
  }

  step(by) {
    const index = SIZES.indexOf(this.root.dataset.size) + by;
    if (SIZES[index]) this.choose(SIZES[index]);
  }
}
