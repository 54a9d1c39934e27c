// Sends the chosen images, a few at a time; what waits for a person does not hold up the others.
import { Refused } from "./request.js";
import { Duplicate, Transfer } from "./transfer.js";

const AT_ONCE = 3;

// Which row of this page holds which bytes.
class Twins {
  constructor() { this.rows = new Map(); }

  // Returns another row with the same bytes, or null after noting that these are the row's.
  claim(key, row) {
    const holder = this.rows.get(key);
    if (holder && holder !== row && holder.counts) return holder;
    this.rows.set(key, row);
    return null;
  }
}

export class Sender {
  constructor(form, { tus, line, stored, changed }) {
    Object.assign(this, { tus, line, stored, changed });
    this.single = form.querySelector("[name=single]");
    this.twins = new Twins();
    this.waiting = [];
    this.active = new Map();
  }

  get busy() { return this.active.size > 0 || this.waiting.length > 0; }

  add(row) {
    // What the box says now counts for this image, even if it is changed while the image waits.
    row.single ??= this.single.checked;
    this.waiting.push(row);
    row.become("queued");
    this.next();
  }

  drop(row) {
    this.waiting = this.waiting.filter((one) => one !== row);
    this.active.get(row)?.stop();
  }

  next() {
    while (this.active.size < AT_ONCE && this.waiting.length) this.send(this.waiting.shift());
  }

  async send(row) {
    const transfer = new Transfer(row, { tus: this.tus, line: this.line, twins: this.twins, single: row.single });
    this.active.set(row, transfer);
    try {
      const answer = await transfer.run();
      if (answer instanceof Duplicate) row.asks(answer);
      else this.stored(row, answer);
    } catch (problem) {
      // A row that is gone needs no word; whatever else it was, the others go on.
      if (!transfer.cancel.signal.aborted) this.failed(row, transfer, problem);
    }
    this.active.delete(row);
    this.changed();
    this.next();
  }

  failed(row, transfer, problem) {
    row.resume = transfer.address;
    if (problem instanceof DOMException) row.become("unreadable");
    else if (problem instanceof Refused && problem.message) row.refused(problem.message, problem.later);
    else row.become("broken");
    if (problem instanceof Refused && !problem.later) row.resume = null;
  }
}
