// Brings fresh rows into a list without touching those that are unchanged.
const keyOf = (row) => row.dataset.sample ?? "more";
const focusable = (root) => [...root.querySelectorAll("a, button")];

// What the server wrote inside an element. Times are compared by their moment: the page shows them in the reader's own zone.
function written(element) {
  const copy = element.cloneNode(true);
  for (const time of copy.querySelectorAll("time")) {
    time.textContent = "";
    time.removeAttribute("data-local");
  }
  return copy.innerHTML.replaceAll(/\s+/g, " ");
}

// Takes the content of another element, unless it is the same; what had the focus has it again.
export function replace(old, fresh) {
  if (written(old) === written(fresh)) return;
  const at = focusable(old).indexOf(document.activeElement);
  old.replaceChildren(...document.importNode(fresh, true).childNodes);
  renewed(old);
  if (at >= 0) focusable(old)[at]?.focus({ preventScroll: true });
}

export function merge(list, fresh) {
  const old = new Map([...list.children].map((row) => [keyOf(row), row]));
  const wanted = wantedOf(fresh, old);
  const focused = document.activeElement;
  let before = null;
  for (const row of wanted) {
    const here = old.get(keyOf(row));
    old.delete(keyOf(row));
    if (here) replace(here, row);
    const shown = here ?? document.importNode(row, true);
    const place = before ? before.nextSibling : list.firstChild;
    if (place !== shown) list.insertBefore(shown, place);
    if (!here) arrived(shown);
    before = shown;
  }
  if (wanted.length === fresh.children.length) for (const row of old.values()) leave(row);
  // A row that was moved has lost the focus.
  if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

// Where the page has more rows than one answer holds, what lies beyond stays as it was loaded, with its button.
function wantedOf(fresh, old) {
  const rows = [...fresh.children];
  const more = fresh.querySelector(".more");
  const loaded = old.size - (old.has("more") ? 1 : 0);
  return more && rows.length - 1 < loaded ? rows.filter((row) => row !== more) : rows;
}

function arrived(row) {
  row.classList.add("arrived");
  renewed(row);
}

// The row under the keyboard goes: the next one gets it.
function leave(row) {
  const heir = row.nextElementSibling ?? row.previousElementSibling;
  const held = row.contains(document.activeElement);
  row.remove();
  if (held && heir) focusable(heir)[0]?.focus({ preventScroll: true });
}

function renewed(element) {
  window.htmx?.process(element);
  document.dispatchEvent(new CustomEvent("page:renewed"));
}
