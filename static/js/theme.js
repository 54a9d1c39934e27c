// Loaded in the head, before anything is drawn, so that a chosen theme never flashes the other one.
// The choice stays in this browser; without one the page follows the system.
(() => {
  const root = document.documentElement;
  const chosen = () => {
    try { return localStorage.getItem("theme") || ""; } catch { return ""; }
  };
  const show = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-choose-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.chooseTheme === theme));
    }
  };
  show(chosen());
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose-theme]");
    if (!button) return;
    const theme = button.dataset.chooseTheme;
    // A private window may refuse storage; the theme then lasts for this page.
    try { localStorage.setItem("theme", theme); } catch { /* nothing to keep it in */ }
    show(theme);
  });
})();
