// Tells what became of changes, one's own and those of others: in the line below the actions, and where something went wrong in a notice.
import { inOrder, say } from "./words.js";

const MANY = 3;
const OFFERS = {
  offline: ["again", "forget"], refused: ["again", "forget"], signed_out: ["sign_in", "again", "forget"], other_person: ["reload"],
};

export class Reports {
  constructor(root, board, picker, kept, notice) {
    Object.assign(this, { root, board, picker, kept, notice });
    // One line in the page and one in the dialog, which hides the page from screen readers while it is open.
    this.lines = root.querySelectorAll(".said");
  }

  tell(text) { for (const line of this.lines) line.textContent = text; }

  // Whoever shows figures of these cells renews them now.
  announce() { document.body.dispatchEvent(new CustomEvent("sample:changed", { bubbles: true })); }

  saved({ ids, again }) {
    if (again) this.tell(say("saved", { n: ids.length }));
    if (["offline", "refused", "signed_out"].includes(this.notice.name) && !this.kept.size) this.notice.hide();
    this.announce();
  }

  undone(cells) {
    this.tell(say("undone", { n: cells.length }));
    this.announce();
  }

  conflict(cells, ids) {
    this.picker.select(ids.map((id) => this.board.cells.get(id)));
    const list = cells.slice(0, MANY).map((state) => say("meanwhile_one", { ...this.named(state), who: state.by || say("somebody") }));
    if (cells.length > MANY) list.push(`… (${cells.length})`);
    this.tell("");
    this.notice.show("meanwhile", say("meanwhile", { list: inOrder(list) }), ["close"]);
    this.announce();
  }

  failed(kind, message) {
    const text = say(kind, { message: message || say("unclear") });
    this.tell("");
    if (this.kept.size) this.notice.show(kind, `${text} ${say("kept", { n: this.kept.size })}`, OFFERS[kind]);
    // An undo that failed leaves nothing to send again; it is asked for anew.
    else this.notice.show(kind, text, [...OFFERS[kind].filter((one) => one === "sign_in" || one === "reload"), "close"]);
  }

  left() {
    if (this.kept.size) this.notice.show("left", say("left", { n: this.kept.size }), ["again", "forget"]);
  }

  lost(kind) {
    // What is kept unsaved matters more than the line being down.
    if (this.notice.name && this.notice.name !== "lost") return;
    if (kind === "signed_out") this.notice.show("lost", say("lost_signed_out"), ["sign_in", "close"]);
    else this.notice.show("lost", say("lost"), ["close"]);
  }

  back() {
    if (this.notice.name === "lost") this.notice.hide();
    this.tell(say("back"));
  }

  movedOn() { this.notice.show("moved_on", say("moved_on"), ["reload", "close"]); }

  others(states, arrived) {
    if (arrived) this.tell(say("arrived", { n: arrived }));
    const who = new Set(states.map(({ by }) => by || say("somebody")));
    if (states.length === 1) this.tell(say("other", { ...this.named(states[0]), who: [...who][0] }));
    else if (states.length) this.tell(say("others", { n: states.length, who: inOrder(who) }));
    if (states.length || arrived) this.announce();
  }

  named({ id, code }) {
    return { number: this.board.cells.get(id)?.dataset.number ?? "", class: this.board.name(code) };
  }
}
