// Draws the API's description with Swagger UI. It is for reading: nothing is sent from this page, so that nobody
// registers a patient's sample by trying things out with their own session.
(() => {
  const root = document.documentElement;
  const place = document.getElementById("api-docs");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const chosen = root.dataset.theme;
    root.classList.toggle("dark-mode", chosen ? chosen === "dark" : system.matches);
  };
  follow();
  system.addEventListener("change", follow);
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });

  // The operations alone: the page has its own title, its own main part, and no place to leave a token in.
  const plain = ({ React }) => ({
    components: {
      Plain: ({ getComponent, specSelectors }) => {
        // Until the description is there, Swagger UI would say that it holds nothing.
        const there = specSelectors.loadingStatus();
        if (there === undefined || there === "loading") return React.createElement("p", { className: "muted" }, place.dataset.waiting);
        const parts = [["SvgAssets"], ["errors", true], ["operations", true]];
        const drawn = parts.map(([name, connected]) => React.createElement(getComponent(name, connected), { key: name }));
        return React.createElement("div", { className: "swagger-ui" }, drawn);
      },
      authorizeOperationBtn: () => null,
    },
  });

  // Swagger UI leaves its choices of example without a name, and what scrolls out of the keyboard's reach.
  const name = () => {
    for (const one of place.querySelectorAll("select:not([aria-label])")) {
      one.setAttribute("aria-label", one.closest("label, div")?.querySelector("label, small")?.textContent || one.title || "Example");
    }
    for (const one of place.querySelectorAll("pre:not([tabindex])")) one.tabIndex = 0;
  };
  new MutationObserver(name).observe(place, { childList: true, subtree: true });

  SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [plain],
    layout: "Plain",
    docExpansion: "list",
    syntaxHighlight: false,
    supportedSubmitMethods: [],
    // The description comes from here and is whole: no other machine is asked to judge it.
    validatorUrl: null,
  });
})();
