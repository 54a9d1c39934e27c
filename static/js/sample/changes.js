// What people decide: shown at once, sent one after the other, taken back where the server does not take it.
// One at a time, because the number under which a cell was last seen is only known when the change before is answered.
import { ask } from "./request.js";

export class Changes {
  // hear: saved(change, cells), conflict(cells, ids), failed(kind, message), undone(cells), notUndone(message).
  constructor(board, kept, { reviewUrl, undoUrl }, hear) {
    Object.assign(this, { board, kept, reviewUrl, undoUrl, hear });
    this.waiting = [];
    this.sending = false;
    // Counts up with everything that happens here, so that an answer about an older state can be told.
    this.epoch = 0;
  }

  get busy() { return this.waiting.length > 0; }

  make(ids, code) {
    this.kept.drop(ids);
    this.add({ ids, code });
  }

  undo() { this.add({ ids: [], undo: true }); }

  add(change) {
    this.apply(change);
    this.waiting.push(change);
    this.epoch += 1;
    this.kept.remember(this.unsent());
    this.send();
  }

  apply(change) {
    change.before = new Map();
    for (const id of change.ids) {
      const cell = this.board.cells.get(id);
      change.before.set(id, this.board.stateOf(cell));
      this.board.show(id, this.board.foreseen(cell, change.code));
    }
  }

  takeBack(changes) {
    for (const change of [...changes].reverse()) {
      for (const [id, state] of change.before) this.board.show(id, state);
    }
  }

  async send() {
    if (this.sending || !this.busy) return;
    this.sending = true;
    const change = this.waiting[0];
    const { kind, status, answer } = await (change.undo ? ask(this.undoUrl, {}) : ask(this.reviewUrl, this.bodyOf(change)));
    this.sending = false;
    this.epoch += 1;
    if (kind === "done") this.done(change, answer.cells);
    else if (status === 409 && answer?.code === "changed_meanwhile") this.overtaken(change, answer.cells);
    else if (change.undo && answer?.message) this.notUndone(answer.message);
    else this.fail(kind, answer?.message);
    this.kept.remember(this.unsent());
    this.send();
  }

  bodyOf({ ids, code, before }) {
    return { cells: ids.map((id) => ({ id, seen: before.get(id).seen })), code };
  }

  done(change, cells) {
    this.waiting.shift();
    this.absorb(cells);
    if (change.undo) this.hear.undone(cells); else this.hear.saved(change, cells);
  }

  // Nothing to take back, or no longer allowed: nothing of the person's is lost by it.
  notUndone(message) {
    this.waiting.shift();
    this.hear.notUndone(message);
  }

  // The server's word on some cells; on those that later changes wait for, it becomes what these started from.
  absorb(cells) {
    for (const state of cells) {
      const later = this.waiting.find((change) => change.before.has(state.id));
      if (later) later.before.set(state.id, state); else this.board.show(state.id, state);
    }
  }

  // Somebody else was first. Later changes of the same cells were made on an old state, so they go as well.
  overtaken(change, cells) {
    const later = this.waiting.slice(1);
    this.takeBack(this.waiting);
    const stale = new Set(cells.map(({ id }) => id));
    for (const state of cells) this.board.show(state.id, state);
    this.waiting = [];
    for (const one of later) {
      one.ids = one.ids.filter((id) => !stale.has(id));
      if (!one.undo && !one.ids.length) continue;
      this.apply(one);
      this.waiting.push(one);
    }
    this.hear.conflict(cells, change.ids);
  }

  fail(kind, message) {
    const unsent = this.unsent();
    this.takeBack(this.waiting);
    this.waiting = [];
    this.kept.add(unsent);
    this.hear.failed(kind, message);
  }

  // Cell -> what was decided and on which state, of all that is not saved; an undo cancels the change before it.
  unsent() {
    const changes = [];
    for (const change of this.waiting) if (change.undo) changes.pop(); else changes.push(change);
    const found = new Map();
    for (const { ids, code, before } of changes) {
      for (const id of ids) {
        const { seen, code: old } = before.get(id);
        found.set(id, { code: code ?? old, seen: found.get(id)?.seen ?? seen });
      }
    }
    return found;
  }

  // Sends what was kept, each cell only if it still is as it was when the person decided; returns the other cells.
  again() {
    const byCode = new Map();
    const overtaken = [];
    for (const [id, { code, seen }] of this.kept.take()) {
      const cell = this.board.cells.get(id);
      if (!cell) continue;
      if (seen !== undefined && seen !== Number(cell.dataset.seen)) overtaken.push(id);
      else byCode.set(code, [...(byCode.get(code) ?? []), id]);
    }
    for (const [code, ids] of byCode) this.add({ ids, code, again: true });
    return overtaken;
  }
}
