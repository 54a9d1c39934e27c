// Which cell is the current one, and which are selected. One cell of the gallery is a stop of the Tab key; arrows go on from there.
export class Picker {
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.current = null;
    this.anchor = null;
  }

  get selected() { return [...this.root.querySelectorAll('.cell[aria-selected="true"]')]; }

  // What an action acts on: the selection, or the current cell where there is none.
  get targets() {
    const { selected } = this;
    return selected.length || !this.current ? selected : [this.current];
  }

  go(cell, { focus = true, extend = false } = {}) {
    if (!cell) return;
    if (this.current && this.current !== cell) this.current.tabIndex = -1;
    this.current = cell;
    cell.tabIndex = 0;
    if (focus) {
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest" });
    }
    if (extend) this.select(between(this.root, this.anchor ?? cell, cell));
    else this.anchor = cell;
    this.changed();
  }

  select(cells) {
    const chosen = new Set(cells);
    for (const cell of this.selected) if (!chosen.has(cell)) cell.setAttribute("aria-selected", "false");
    for (const cell of chosen) cell.setAttribute("aria-selected", "true");
    this.changed();
  }

  // With Ctrl, what people see as chosen comes along when a second cell is added; a finger chooses each by itself.
  toggle(cell, { along = false } = {}) {
    if (along && this.current && this.current !== cell && !this.selected.length) this.select([this.current]);
    cell.setAttribute("aria-selected", String(cell.getAttribute("aria-selected") !== "true"));
    this.go(cell);
  }

  clear() { this.select([]); }

  // The cell that takes over when some leave their places: the next in reading order, else the one before.
  heir(leaving) {
    const gone = new Set(leaving);
    let next = leaving.at(-1);
    while (next && gone.has(next)) next = after(next);
    let previous = leaving[0];
    while (!next && previous && gone.has(previous)) previous = before(previous);
    return next ?? previous ?? null;
  }

  // There always is a current cell, at the start and after the one that was it has left the page.
  settle() {
    if (this.current && !this.current.isConnected) this.current = null;
    if (!this.current) this.go(this.root.querySelector(".group:not([hidden]) .cell"), { focus: false });
    this.changed();
  }

  neighbour(direction) {
    if (direction === "right") return after(this.current);
    if (direction === "left") return before(this.current);
    return this.vertical(direction === "down" ? 1 : -1);
  }

  // Rows follow from the number of columns; asking each cell for its place would cost a layout of all.
  vertical(step) {
    const list = this.current.parentElement;
    const wide = columns(list);
    const index = [...list.children].indexOf(this.current);
    const column = index % wide;
    const lastRow = Math.floor((list.children.length - 1) / wide);
    const row = Math.floor(index / wide) + step;
    if (row >= 0 && row <= lastRow) return at(list, row * wide + column);
    const group = sibling(list.closest(".group"), step);
    if (!group) return null;
    const other = group.querySelector(".cells");
    const landing = step > 0 ? 0 : Math.floor((other.children.length - 1) / columns(other));
    return at(other, landing * columns(other) + column);
  }
}

const columns = (list) => getComputedStyle(list).gridTemplateColumns.split(" ").length;
const at = (list, index) => list.children[Math.min(index, list.children.length - 1)];

function sibling(group, step) {
  let other = group;
  do other = step > 0 ? other.nextElementSibling : other.previousElementSibling; while (other?.hidden);
  return other;
}

export function after(cell) {
  return cell.nextElementSibling ?? sibling(cell.closest(".group"), 1)?.querySelector(".cell") ?? null;
}

export function before(cell) {
  return cell.previousElementSibling ?? sibling(cell.closest(".group"), -1)?.querySelector(".cells").lastElementChild ?? null;
}

function between(root, one, other) {
  const all = [...root.querySelectorAll(".group:not([hidden]) .cell")];
  const [from, to] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
  return all.slice(Math.max(0, from), to + 1);
}
