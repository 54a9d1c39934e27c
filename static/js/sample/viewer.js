// The picture of a field: zoom by wheel, keys and two fingers, move by dragging. All through the style of one element.
const MOST = 12;
const LIT = { brightness: 100, contrast: 100 };

export class Viewer {
  constructor(view) {
    this.view = view;
    this.canvas = view.querySelector(".canvas");
    const { width, height, x, y, boxWidth, boxHeight } = view.dataset;
    this.field = { x: 0, y: 0, width: Number(width), height: Number(height) };
    this.box = { x: Number(x), y: Number(y), width: Number(boxWidth), height: Number(boxHeight) };
    this.fingers = new Map();
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    view.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    view.addEventListener("pointerdown", (event) => this.press(event));
    view.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, (event) => this.fingers.delete(event.pointerId));
    view.addEventListener("dblclick", () => this.fit(this.box));
    this.fit(this.box);
  }

  // Shows a rectangle of the field, the cell with as much again around it on each side.
  fit(part) {
    const { clientWidth, clientHeight } = this.view;
    const around = part === this.field ? 1 : 3;
    this.scale = Math.min(MOST, clientWidth / (part.width * around), clientHeight / (part.height * around));
    this.x = clientWidth / 2 - this.scale * (part.x + part.width / 2);
    this.y = clientHeight / 2 - this.scale * (part.y + part.height / 2);
    this.draw();
  }

  zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
    const scale = Math.min(MOST, Math.max(this.least, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.draw();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.draw();
  }

  get least() { return Math.min(this.view.clientWidth / this.field.width, this.view.clientHeight / this.field.height); }

  draw() {
    // The field cannot be pushed out of sight; one that is smaller than the view stays in its middle.
    const kept = (at, long, space) => (long <= space ? (space - long) / 2 : Math.min(0, Math.max(space - long, at)));
    this.x = kept(this.x, this.scale * this.field.width, this.view.clientWidth);
    this.y = kept(this.y, this.scale * this.field.height, this.view.clientHeight);
    this.canvas.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
  }

  // brightness and contrast in percent; without values as the camera took it.
  light({ brightness, contrast } = LIT) {
    this.canvas.querySelector(".field").style.filter = `brightness(${brightness}%) contrast(${contrast}%)`;
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.view.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top);
  }

  press(event) {
    if (event.target.closest("button")) return;
    this.view.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
  }

  drag(event) {
    const last = this.fingers.get(event.pointerId);
    if (!last) return;
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 1) { this.pan(event.clientX - last.clientX, event.clientY - last.clientY); return; }
    const other = [...this.fingers.values()].find((one) => one.pointerId !== event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const { left, top } = this.view.getBoundingClientRect();
    this.zoom(apart(event) / Math.max(1, apart(last)), (event.clientX + other.clientX) / 2 - left, (event.clientY + other.clientY) / 2 - top);
    this.pan((event.clientX - last.clientX) / 2, (event.clientY - last.clientY) / 2);
  }
}
