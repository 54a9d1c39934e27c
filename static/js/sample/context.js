// The dialog that shows a cell in its surroundings, and goes on to the next without being closed.
import { codeOf } from "./keys.js";
import { page } from "./request.js";
import { Similar } from "./similar.js";
import { Viewer } from "./viewer.js";
import { say } from "./words.js";

// What moves a slider stays with the slider.
const SLIDES = /^(Arrow|Page|Home|End)/;
const ZOOM = 1.3;
const PAN = 60;
const PANS = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };

export class Context {
  // act: go(step), move(code), confirm(), undo(), alone(), closed().
  constructor(dialog, root, act) {
    Object.assign(this, { dialog, root, act });
    this.shown = dialog.querySelector(".shown");
    this.settings = { brightness: "100", contrast: "100", strength: "60" };
    this.mapWanted = false;
    this.similar = new Similar(dialog);
    const [before, after] = [() => act.go(-1), () => act.go(1)];
    const [nearer, farther] = [() => this.viewer?.zoom(ZOOM), () => this.viewer?.zoom(1 / ZOOM)];
    this.steady = { ArrowLeft: before, h: before, ArrowRight: after, l: after, "+": nearer, "=": nearer, "-": farther };
    this.once = { " ": act.confirm, u: act.undo, a: () => this.map(!this.mapWanted) };
    dialog.addEventListener("click", (event) => this.click(event.target));
    dialog.addEventListener("input", (event) => this.adjust(event.target));
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("close", () => { this.cell = null; this.letGo(); act.closed(); });
  }

  get open() { return this.dialog.open; }

  close() { this.dialog.close(); }

  part(selector) { return this.dialog.querySelector(selector); }

  async show(cell) {
    if (!this.dialog.open) this.dialog.showModal();
    if (cell === this.cell) { this.verdict(); return; }
    this.cell = cell;
    const focus = this.dialog.contains(document.activeElement) && document.activeElement.dataset.go;
    this.dialog.setAttribute("aria-busy", "true");
    const found = await page(cell.dataset.contextUrl);
    // Another cell may have been asked for meanwhile.
    if (this.cell !== cell || !this.dialog.open) return;
    this.dialog.removeAttribute("aria-busy");
    this.letGo();
    if (found) this.fill(found); else this.empty();
    (this.part(`[data-go="${focus}"]`) ?? this.dialog).focus();
  }

  fill(found) {
    this.shown.replaceChildren(...found.body.childNodes);
    // Times are put into the reader's own zone by times.js, which waits for this.
    this.dialog.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true }));
    this.viewer = new Viewer(this.part(".view"));
    for (const input of this.dialog.querySelectorAll("input")) input.value = this.settings[input.name];
    this.viewer.light(this.settings);
    this.verdict();
    for (const whose of this.dialog.querySelectorAll("[data-whose]")) this.name(whose);
    this.similar.arrive();
    if (this.mapWanted) this.map(true);
  }

  // The gallery numbers cells; a cell that it does not show has none.
  name(element) {
    const cell = this.root.querySelector(`[data-cell="${element.dataset.whose}"]`);
    element.textContent = cell ? say("aim", cell.dataset) : "";
  }

  empty() {
    this.viewer = null;
    const text = document.createElement("p");
    text.className = "note bad";
    text.textContent = say("no_context");
    const close = document.createElement("button");
    Object.assign(close, { className: "button", type: "button", textContent: document.querySelector('[data-offer="close"]').textContent });
    close.dataset.close = "";
    this.shown.replaceChildren(text, close);
  }

  // Which cell it is, and what it counts as now: the group's own tag and name.
  verdict() {
    if (!this.cell || !this.part(".verdict")) return;
    this.part("h2").textContent = say("aim", this.cell.dataset);
    const group = this.cell.closest(".group").querySelector("h2");
    this.part(".verdict").replaceChildren(...group.cloneNode(true).childNodes);
  }

  click(target) {
    if (target === this.dialog || target.closest("[data-close]")) { this.dialog.close(); return; }
    const step = target.closest("[data-go]")?.dataset.go;
    if (step) this.act.go(Number(step));
    const zoom = target.closest("[data-zoom]")?.dataset.zoom;
    if (zoom) this.zoom(zoom);
    if (target.closest("[data-map]")) this.map(!this.mapWanted);
    const decision = target.closest("[data-decide]")?.dataset.decide;
    if (decision !== undefined) this.decide(decision);
  }

  // About the two cells that are shown, so not about others that are selected in the gallery.
  decide(code) {
    this.act.alone();
    if (code) this.act.move(code); else this.act.confirm();
  }

  zoom(how) {
    if (how === "in") this.viewer.zoom(ZOOM);
    else if (how === "out") this.viewer.zoom(1 / ZOOM);
    else this.viewer.fit(how === "cell" ? this.viewer.box : this.viewer.field);
  }

  adjust(input) {
    this.settings[input.name] = input.value;
    this.viewer.light(this.settings);
    this.part(".map").style.opacity = this.settings.strength / 100;
  }

  key(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || (target.closest("input") && SLIDES.test(key))) return;
    const steady = event.shiftKey && PANS[key] ? () => this.viewer?.pan(...PANS[key]) : this.steady[key];
    const act = steady ?? this.deciding(key, target);
    if (!act) return;
    event.preventDefault();
    // Only looking goes on while a key is held down.
    if (steady || !event.repeat) act();
  }

  deciding(key, target) {
    if (key === " " && target.closest("button")) return undefined;
    const code = codeOf(this.root, key);
    return this.once[key] ?? (code === undefined ? undefined : () => this.act.move(code));
  }

  // The activation map costs the server a look through the network, so it is fetched when it is asked for.
  async map(wanted) {
    this.mapWanted = wanted;
    const [button, image, { cell }] = [this.part("[data-map]"), this.part(".map"), this];
    button?.setAttribute("aria-pressed", String(wanted));
    const strength = this.part("[name=strength]");
    if (strength) strength.disabled = !wanted;
    if (!button || !wanted || image.src) { image.hidden = !wanted || !image.src; return; }
    const found = await picture(this.part(".view").dataset.mapUrl);
    if (this.cell !== cell) return;
    this.part(".trouble").hidden = Boolean(found);
    if (!found) { this.part(".trouble").textContent = say("no_map"); return; }
    const { x, y, width, height } = found.box ?? this.viewer.box;
    Object.assign(image.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px`, opacity: this.settings.strength / 100 });
    image.src = found.address;
    image.hidden = !this.mapWanted;
  }

  letGo() {
    const address = this.part(".map")?.src;
    if (address) URL.revokeObjectURL(address);
  }
}

// A picture and the part of the field that it covers, which the server names as "x y width height" in X-Map-Box.
async function picture(address) {
  try {
    const response = await fetch(address, { redirect: "manual" });
    if (!response.ok) return null;
    const [x, y, width, height] = (response.headers.get("X-Map-Box") ?? "").split(" ").map(Number);
    return { address: URL.createObjectURL(await response.blob()), box: width ? { x, y, width, height } : null };
  } catch {
    return null;
  }
}
