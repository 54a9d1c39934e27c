// The cells as they stand on the page. The page itself is the only record: what is known of a cell is written on it.
import { say } from "./words.js";

export class Board {
  constructor(root) {
    this.root = root;
    this.groups = new Map();
    this.cells = new Map();
    for (const section of root.querySelectorAll(".group")) this.groups.set(section.dataset.code, section);
    for (const cell of root.querySelectorAll(".cell")) this.cells.set(cell.dataset.cell, cell);
  }

  name(code) { return this.groups.get(code)?.dataset.name ?? say("unidentified"); }

  stateOf({ dataset, classList }) {
    return {
      seen: Number(dataset.seen), code: dataset.code, by_person: classList.contains("confirmed"), changed: classList.contains("changed"),
    };
  }

  // What the cell will look like once the server has taken a person's verdict.
  foreseen(cell, code) {
    const state = this.stateOf(cell);
    return { ...state, code: code ?? state.code, by_person: true, changed: (code ?? state.code) !== cell.dataset.pre };
  }

  show(id, state) {
    const cell = this.cells.get(id);
    if (!cell) return;
    cell.dataset.seen = state.seen;
    const before = this.stateOf(cell);
    if (before.code === state.code && before.by_person === state.by_person && before.changed === state.changed) return;
    cell.dataset.code = state.code;
    cell.classList.toggle("unsure", !state.code);
    cell.classList.toggle("confirmed", state.by_person);
    cell.classList.toggle("changed", state.changed);
    this.label(cell, state);
    this.place(cell);
  }

  // The same words in the same order as in _cell.html.
  label(cell, { code, by_person, changed }) {
    const again = cell.classList.contains("again") && [say("again")];
    const verdict = (changed && [say("changed_by")]) || (by_person && [say("confirmed_by")]) || again || [];
    const pre = say("pre", { pre: cell.querySelector(".sure").textContent.trim() });
    cell.setAttribute("aria-label", [say("aim", cell.dataset), this.name(code), ...verdict, pre].join(", "));
  }

  // Least certain first, people's own verdicts after what nobody has looked at: as the server orders them.
  place(cell) {
    const from = cell.closest(".group");
    const to = this.groups.get(cell.dataset.code) ?? from;
    cell.remove();
    const list = to.querySelector(".cells");
    let low = 0;
    let high = list.children.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (goesBefore(cell, list.children[middle])) high = middle; else low = middle + 1;
    }
    list.insertBefore(cell, list.children[low] ?? null);
    if (from && from !== to) this.count(from);
    this.count(to);
  }

  count(group) {
    const many = group.querySelector(".cells").childElementCount;
    group.querySelector(".count").textContent = many;
    group.hidden = many === 0;
  }

  // Takes in what a newer rendering of the groups has; cells that are here stay as they are, with focus and all.
  merge(fresh) {
    for (const section of fresh.querySelectorAll(".group")) {
      if (this.groups.has(section.dataset.code)) continue;
      const empty = section.cloneNode(true);
      empty.querySelector(".cells").replaceChildren();
      this.root.querySelector("#groups").append(empty);
      this.groups.set(section.dataset.code, empty);
    }
    const found = new Set();
    let arrived = 0;
    let marked = false;
    for (const cell of fresh.querySelectorAll(".cell")) {
      found.add(cell.dataset.cell);
      const here = this.cells.get(cell.dataset.cell);
      if (here) {
        this.show(cell.dataset.cell, this.stateOf(cell));
        here.dataset.number = cell.dataset.number;
        here.setAttribute("aria-label", cell.getAttribute("aria-label"));
        marked = this.mark(here, cell) || marked;
        continue;
      }
      this.cells.set(cell.dataset.cell, cell);
      cell.classList.add("arrived");
      this.place(cell);
      arrived += 1;
    }
    for (const [id, cell] of this.cells) if (!found.has(id)) this.remove(id, cell);
    if (marked) document.body.dispatchEvent(new CustomEvent("sample:changed", { bubbles: true }));
    return arrived;
  }

  // Takes over the mark of a cell that may be counted twice, which comes a moment after the cell itself.
  mark(here, fresh) {
    if (!fresh.classList.contains("again") || here.classList.contains("again")) return false;
    here.classList.add("again");
    here.prepend(fresh.querySelector(".twice"));
    return true;
  }

  remove(id, cell) {
    const group = cell.closest(".group");
    this.cells.delete(id);
    cell.remove();
    this.count(group);
  }
}

function goesBefore(one, other) {
  const [mine, theirs] = [one.classList.contains("confirmed"), other.classList.contains("confirmed")];
  if (mine !== theirs) return theirs;
  const difference = Number(one.dataset.sure) - Number(other.dataset.sure);
  return difference ? difference < 0 : Number(one.dataset.number) < Number(other.dataset.number);
}
