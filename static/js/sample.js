// The gallery of a sample: cells by class, decided on by keyboard, by mouse and by touch.
// Without this script the cells are there to look at.
import { Board } from "./sample/board.js";
import { Changes } from "./sample/changes.js";
import { Context } from "./sample/context.js";
import { Dragging } from "./sample/dragging.js";
import { Kept } from "./sample/kept.js";
import { listen } from "./sample/keys.js";
import { Live } from "./sample/live.js";
import { Menu } from "./sample/menu.js";
import { Notice } from "./sample/notice.js";
import { after, before, Picker } from "./sample/picker.js";
import { Reports } from "./sample/reports.js";
import { page } from "./sample/request.js";
import { Sizes } from "./sample/sizes.js";
import { say } from "./sample/words.js";

const root = document.getElementById("gallery");
const mayReview = root.dataset.mayReview === "yes";
// Where there is a mouse there are keys; a phone is not told of any.
const hasKeys = matchMedia("(hover: hover)").matches;
const part = (selector) => root.querySelector(selector);

const board = new Board(root);
const picker = new Picker(root, showAim);
const sizes = new Sizes(root);
const kept = new Kept(root.dataset);
const notice = new Notice(part(".notice"), {
  again: sendAgain,
  forget: () => { kept.take(); kept.remember(); dismiss(); },
  reload: () => location.reload(),
  close: dismiss,
});
const reports = new Reports(root, board, picker, kept, notice);
const changes = new Changes(board, kept, root.dataset, {
  saved: (change) => { reports.saved(change); live.wake(); },
  undone: (cells) => {
    reports.undone(cells);
    arriveAt(board.cells.get(cells[0]?.id));
    live.wake();
  },
  notUndone: (message) => reports.tell(message),
  conflict: (cells, ids) => {
    context.close();
    reports.conflict(cells, ids);
    arriveAt(board.cells.get(ids[0]));
  },
  failed: (kind, message) => {
    context.close();
    reports.failed(kind, message);
  },
});
const live = new Live(root.dataset.changesUrl, root.dataset.revision, changes, {
  news, lost: (kind) => reports.lost(kind), back: () => reports.back(),
});
const context = new Context(document.getElementById("context"), root, {
  go: (step) => arriveAt(step > 0 ? after(picker.current) : before(picker.current)),
  move, confirm, undo, alone: () => picker.clear(), closed: () => picker.go(picker.current),
});
const menu = mayReview ? new Menu(document.getElementById("targets"), root, { present: () => picker.current?.dataset.code, choose: move }) : null;

let { state: sampleState } = root.dataset;

function showAim() {
  const { length } = picker.selected;
  part(".aim").textContent = length ? say("chosen", { n: length }) : (picker.current ? say("aim", picker.current.dataset) : "");
}

// Makes a cell the current one, in the open dialog as well.
function arriveAt(cell) {
  if (!cell) return;
  picker.go(cell, { focus: !context.open });
  if (context.open) context.show(cell);
}

function decide(cells, code, sentence) {
  if (!mayReview || !cells.length) return;
  const heir = picker.heir(cells) ?? cells[0];
  changes.make(cells.map(({ dataset }) => dataset.cell), code);
  picker.clear();
  const told = say(sentence, { n: cells.length, class: board.name(code) });
  reports.tell(hasKeys ? `${told} ${say("undo_key")}` : told);
  arriveAt(heir);
}

function move(code) { decide(picker.targets, code, "moved"); }

function confirm() {
  const { targets } = picker;
  const named = targets.filter(({ dataset }) => dataset.code);
  if (targets.length && !named.length) reports.tell(say("undecided"));
  decide(named, null, "confirmed");
}

function undo() { if (mayReview) changes.undo(); }

// The button that was pressed goes away; the keys are needed at the cells.
function dismiss() {
  notice.hide();
  picker.go(picker.current);
}

function sendAgain() {
  dismiss();
  const overtaken = changes.again();
  if (overtaken.length) reports.conflict(overtaken.map((id) => ({ id, ...board.stateOf(board.cells.get(id)) })), overtaken);
}

// The figures beside the gallery follow by themselves; only who may no longer (or may now) decide needs a new page.
async function movedOn(state) {
  sampleState = state;
  reports.announce();
  const fresh = (await page(location.href))?.getElementById("gallery");
  if (fresh && fresh.dataset.mayReview !== root.dataset.mayReview) reports.movedOn();
}

// What others did and what arrived. Returns whether all of it was taken in.
async function news({ cells, added, state }) {
  // Nobody is asked to reload the page while images are on their way; it is told once they are stored.
  if (state !== sampleState && !document.querySelector("#upload.sending")) movedOn(state);
  const theirs = cells.filter(({ id, seen }) => board.cells.has(id) && Number(board.cells.get(id).dataset.seen) !== seen);
  for (const one of theirs) board.show(one.id, one);
  let arrived = 0;
  if (added) {
    const { epoch } = changes;
    const fresh = await page(root.dataset.groupsUrl);
    if (!fresh || epoch !== changes.epoch) return false;
    arrived = board.merge(fresh);
    picker.settle();
  }
  reports.others(theirs, arrived);
  if (context.open) context.verdict();
  return true;
}

const acts = {
  move,
  confirm,
  undo,
  open: () => picker.current && context.show(picker.current),
  keys: () => document.getElementById("keys").showModal(),
};
listen(root, {
  ...acts,
  clear: () => picker.clear(),
  resize: (by) => sizes.step(by),
  selectGroup: () => picker.select([...(picker.current?.parentElement.children ?? [])]),
  go: (direction, extend) => {
    const next = picker.current && picker.neighbour(direction);
    if (!extend && picker.selected.length) picker.clear();
    if (next) picker.go(next, { extend });
  },
});

let finger = false;
root.addEventListener("pointerdown", (event) => { finger = event.pointerType === "touch"; });
root.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act) { acts[act](); return; }
  const cell = event.target.closest(".cell");
  if (!cell) return;
  if (event.shiftKey) picker.go(cell, { extend: true });
  // A finger has no Ctrl key, so each touch adds a cell or takes it away.
  else if (event.ctrlKey || event.metaKey || finger) picker.toggle(cell, { along: !finger });
  else { picker.clear(); picker.go(cell); }
});
root.addEventListener("dblclick", (event) => {
  const cell = event.target.closest(".cell");
  if (cell) context.show(cell);
});
// Elsewhere on the page a cell is named; this leads to it.
document.addEventListener("click", (event) => {
  const cell = board.cells.get(event.target.closest("[data-jump]")?.dataset.jump);
  if (!cell) return;
  event.preventDefault();
  picker.clear();
  picker.go(cell);
  context.show(cell);
});
root.addEventListener("animationend", (event) => event.target.classList.remove("arrived"));
window.addEventListener("beforeunload", (event) => { if (changes.busy) event.preventDefault(); });
document.getElementById("keys").addEventListener("close", () => picker.go(picker.current));

if (mayReview) {
  new Dragging(root, document.getElementById("held"), menu, {
    take: (cell) => {
      if (cell.getAttribute("aria-selected") !== "true") { picker.clear(); picker.go(cell); }
      return picker.targets;
    },
    drop: move,
  });
}
root.tabIndex = -1;
picker.settle();
reports.left();
// The keys act while the gallery has the focus, so it has it from the start where there are keys.
if (document.activeElement === document.body && hasKeys) picker.go(picker.current);
