// The way of one file to the portal: asked for, sent in pieces, taken up again where it broke off.
import { Broken, Refused, SignedOut } from "./request.js";

const PIECE = 1024 * 1024;
// How often a file is begun anew whose earlier pieces the portal does not know any more.
const ANEW = 3;

// The file is here already: "earlier" says where the portal has it, "twin" which row of this page holds it.
export class Duplicate {
  constructor({ earlier = null, twin = null }) { Object.assign(this, { earlier, twin }); }
}

export class Transfer {
  constructor(row, { tus, line, twins, single }) {
    Object.assign(this, { row, tus, line, twins, single });
    this.address = row.resume;
    this.cancel = new AbortController();
    this.anew = 0;
    // What the portal said when the file was begun; whoever goes on later has to ask.
    this.fresh = null;
  }

  // Resolves to what the portal says of the new field, or to a Duplicate; throws Refused, or what reading the file throws.
  async run() {
    for (;;) {
      try {
        this.row.become("sending");
        return await this.attempt();
      } catch (problem) {
        await this.recover(problem);
      }
      this.cancel.signal.throwIfAborted();
    }
  }

  async recover(problem) {
    if (problem instanceof Broken) {
      this.row.become("waiting");
      return this.line.lost();
    }
    if (problem instanceof SignedOut) {
      this.row.become("signedout");
      return this.line.out();
    }
    const unknown = problem instanceof Refused && [404, 410].includes(problem.status) && this.address;
    if (!unknown || (this.anew += 1) > ANEW) throw problem;
    this.address = null;
    return null;
  }

  async attempt() {
    const { file } = this.row;
    const signal = this.cancel.signal;
    if (!this.address) {
      const duplicate = await this.begin();
      if (duplicate) return duplicate;
    }
    let state = this.fresh ?? await this.tus.state(this.address, signal);
    while (!state.result) {
      this.fresh = null;
      const { offset } = state;
      this.row.progress(offset);
      // Read before it is sent: a file that was moved or changed meanwhile fails here, and not as a broken line.
      const piece = await file.slice(offset, offset + PIECE).arrayBuffer();
      const progress = (sent) => this.row.progress(offset + Math.min(sent, piece.byteLength));
      state = await this.tus.piece(this.address, offset, piece, { progress, cancel: signal });
      this.line.good();
    }
    this.row.progress(file.size);
    return state.result;
  }

  async begin() {
    const { file, again } = this.row;
    const sha256 = await digest(file);
    const twin = this.twins.claim(sha256 ?? `${file.name}/${file.size}/${file.lastModified}`, this.row);
    if (twin && !again) return new Duplicate({ twin });
    const facts = { filename: file.name, modified: Math.max(0, file.lastModified), sha256, single: this.single, again };
    try {
      const begun = await this.tus.begin(file.size, facts, this.cancel.signal);
      this.address = begun.address;
      this.fresh = begun;
    } catch (problem) {
      const earlier = problem instanceof Refused && problem.json?.duplicate_of;
      if (earlier) return new Duplicate({ earlier });
      throw problem;
    }
    this.line.good();
    return null;
  }

  stop() {
    this.cancel.abort();
    if (this.address) this.tus.discard(this.address);
  }
}

// Browsers hash only for pages that come by HTTPS or from this machine; without a hash the portal tells a duplicate afterwards.
// One file after the other, so that of two equal ones the later asks, and no more than one lies in memory whole.
let last = Promise.resolve();
function digest(file) {
  const mine = last.then(() => hashed(file));
  last = mine.catch(() => null);
  return mine;
}

async function hashed(file) {
  if (!crypto.subtle) return null;
  const bytes = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
