// What went wrong, and what can be done about it. One notice at a time; the newest is the one that counts.
export class Notice {
  constructor(element, offers) {
    this.element = element;
    this.name = "";
    element.addEventListener("click", (event) => {
      const offer = event.target.closest("[data-offer]")?.dataset.offer;
      if (offer) offers[offer]?.();
    });
  }

  show(name, text, offers) {
    this.name = name;
    for (const part of this.element.querySelectorAll("[data-offer]")) part.hidden = !offers.includes(part.dataset.offer);
    this.element.hidden = false;
    // Set after the box is there, so that it is read out.
    this.element.querySelector("p").textContent = text;
  }

  hide() {
    this.name = "";
    this.element.hidden = true;
  }
}
