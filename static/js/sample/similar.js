// The verified cells that look most like one: fetched when somebody opens their part of the dialog, which then
// stays open from cell to cell.
import { page } from "./request.js";
import { say } from "./words.js";

export class Similar {
  constructor(dialog) {
    this.dialog = dialog;
    this.wanted = false;
    dialog.addEventListener("toggle", ({ target }) => { if (target.matches(".similar")) this.toggled(target); }, true);
  }

  // Another cell is shown now.
  arrive() {
    const part = this.dialog.querySelector(".similar");
    if (part) part.open = this.wanted;
  }

  async toggled(part) {
    this.wanted = part.open;
    if (!part.open || part.dataset.asked) return;
    part.dataset.asked = "yes";
    const found = await page(part.dataset.url);
    const place = part.querySelector(".found");
    if (found) place.replaceChildren(...found.body.childNodes);
    else {
      delete part.dataset.asked;
      place.textContent = say("no_similar");
    }
    this.dialog.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true }));
  }
}
