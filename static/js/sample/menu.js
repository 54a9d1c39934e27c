// "Move to…": the catalogue as a list, for those who do not use keys. While cells are dragged the same list is the place to drop them.
import { codeOf } from "./keys.js";

export class Menu {
  // present() tells the class that the list starts at; choose(code) is called with the one that was chosen.
  constructor(element, root, { present, choose }) {
    Object.assign(this, { element, present });
    this.opener = root.querySelector(`[popovertarget="${element.id}"]`);
    this.choose = (code) => {
      element.hidePopover();
      choose(code);
    };
    element.addEventListener("beforetoggle", () => this.stand());
    element.addEventListener("toggle", (event) => { if (event.newState === "open") this.start(); });
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-code]");
      if (button) this.choose(button.dataset.code);
    });
    element.addEventListener("keydown", (event) => this.key(event, codeOf(root, event.key)));
  }

  get buttons() { return [...this.element.querySelectorAll("button")]; }

  // On a wide screen the list hangs under its button.
  stand() {
    const { left, bottom } = this.opener.getBoundingClientRect();
    this.element.style.setProperty("--x", `${left}px`);
    this.element.style.setProperty("--y", `${bottom}px`);
  }

  start() {
    if (this.element.classList.contains("dock")) return;
    const { buttons } = this;
    const code = this.present();
    (buttons.find(({ dataset }) => dataset.code === code) ?? buttons[0]).focus();
  }

  key(event, code) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown") this.step(1);
    else if (event.key === "ArrowUp") this.step(-1);
    else if (code !== undefined) this.choose(code);
    else return;
    event.preventDefault();
  }

  step(by) {
    const { buttons } = this;
    buttons.at((buttons.indexOf(document.activeElement) + by) % buttons.length).focus();
  }

  dock(on) {
    this.element.classList.toggle("dock", on);
    if (on) this.element.showPopover(); else this.element.hidePopover();
  }
}
