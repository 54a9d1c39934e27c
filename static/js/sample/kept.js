// Changes that could not be saved. They stay in memory, and as pairs of cell and class in this tab's own storage,
// which outlives a reload and a new sign-in of the same person, and ends with the tab.
export class Kept {
  constructor({ sample, person }) {
    this.key = `unsaved-${sample}-${person}`;
    this.changes = new Map();
    for (const { cell, code } of this.read()) this.changes.set(cell, { code });
  }

  get size() { return this.changes.size; }

  read() {
    try { return JSON.parse(sessionStorage.getItem(this.key)) ?? []; } catch { return []; }
  }

  add(changes) { for (const [id, change] of changes) this.changes.set(id, change); }

  // A newer decision about a cell replaces the one that was kept.
  drop(ids) { for (const id of ids) this.changes.delete(id); }

  take() {
    const { changes } = this;
    this.changes = new Map();
    return changes;
  }

  // Writes down what would be lost if the page went away now: what is kept, and what is on its way.
  remember(onItsWay = new Map()) {
    const pairs = [...this.changes, ...onItsWay].map(([cell, { code }]) => ({ cell, code }));
    try {
      if (pairs.length) sessionStorage.setItem(this.key, JSON.stringify(pairs)); else sessionStorage.removeItem(this.key);
    } catch { /* A private window may refuse storage; memory still has them. */ }
  }
}
