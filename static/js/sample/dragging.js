// Dragging cells onto another group, or onto a name in the list that appears below. Mouse and pen only: a finger scrolls.
const FAR_ENOUGH = 8;
const EDGE = 72;
const STEP = 14;

export class Dragging {
  constructor(root, held, menu, { take, drop }) {
    Object.assign(this, { root, held, menu, take, drop });
    this.start = null;
    this.count = 0;
    root.addEventListener("dragstart", (event) => event.preventDefault());
    root.addEventListener("pointerdown", (event) => this.press(event));
    document.addEventListener("pointermove", (event) => this.move(event));
    document.addEventListener("pointerup", () => this.end(true));
    document.addEventListener("pointercancel", () => this.end(false));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.count) { event.preventDefault(); event.stopPropagation(); this.end(false); }
    }, true);
    // The click that ends a drag is none.
    root.addEventListener("click", (event) => { if (this.dragged) { event.stopPropagation(); this.dragged = false; } }, true);
  }

  press(event) {
    const cell = event.target.closest(".cell");
    this.dragged = false;
    if (!cell || event.button !== 0 || event.pointerType === "touch" || event.ctrlKey || event.shiftKey || event.metaKey) return;
    this.start = { cell, x: event.clientX, y: event.clientY };
  }

  move(event) {
    if (!this.start) return;
    this.at = { x: event.clientX, y: event.clientY };
    if (!this.count && Math.hypot(this.at.x - this.start.x, this.at.y - this.start.y) < FAR_ENOUGH) return;
    if (!this.count) this.begin();
    this.frame ??= requestAnimationFrame(() => this.follow());
  }

  begin() {
    const cells = this.take(this.start.cell);
    this.count = cells.length;
    this.menu.dock(true);
    const pictures = cells.slice(0, 3).map((cell) => cell.querySelector("img").cloneNode());
    const many = document.createElement("b");
    many.textContent = this.count;
    this.held.replaceChildren(...pictures, many);
    this.held.showPopover();
    this.root.classList.add("dragging");
  }

  follow() {
    this.frame = null;
    if (!this.count) return;
    const { x, y } = this.at;
    this.held.style.transform = `translate(${x + 12}px, ${y + 12}px)`;
    this.aim(document.elementFromPoint(x, y)?.closest(".targets [data-code], .group"));
    const dock = this.menu.element.getBoundingClientRect();
    const by = (y < EDGE + 56 && -STEP) || (y > dock.top - EDGE && y < dock.top && STEP) || 0;
    if (!by) return;
    scrollBy(0, by);
    this.frame = requestAnimationFrame(() => this.follow());
  }

  aim(target) {
    // Nothing can be made unidentified again but by undoing, and back on its own group nothing happens.
    const code = target?.dataset.code;
    const good = code && !(target.matches(".group") && code === this.start.cell.dataset.code) ? target : null;
    if (good === this.target) return;
    this.target?.classList.remove("over");
    good?.classList.add("over");
    this.target = good;
  }

  end(dropped) {
    if (!this.count) { this.start = null; return; }
    const code = dropped && this.target?.dataset.code;
    this.aim(null);
    this.start = null;
    this.count = 0;
    this.dragged = true;
    // A release outside of the gallery brings no click that would reset this.
    setTimeout(() => { this.dragged = false; });
    this.root.classList.remove("dragging");
    this.held.hidePopover();
    this.menu.dock(false);
    if (code) this.drop(code);
  }
}
