// n opens the next sample of the worklist, from the list and from a sample's page.
const busy = (target) => target.closest("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "n" || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || busy(event.target)) return;
  const link = document.querySelector("[data-next]");
  if (!link) return;
  event.preventDefault();
  link.click();
});
