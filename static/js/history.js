// After "show older fields" the button is gone; the first of the new rows takes the focus.
let row = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.matches(".more")) row = event.detail.target.previousElementSibling;
});
document.addEventListener("htmx:afterSettle", () => {
  row?.nextElementSibling?.querySelector("a")?.focus({ preventScroll: true });
  row = null;
});
