// The tus 1.0.0 protocol, as far as the upload page speaks it: begin, ask how far, send a piece, give up.
import { ask, Refused } from "./request.js";

const VERSION = { "Tus-Resumable": "1.0.0" };

export class Tus {
  constructor(form) {
    this.address = form.dataset.piecesUrl;
    this.home = form.dataset.tokenUrl;
    this.token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  // Resolves to the address of the upload and how much of it is there from before; a duplicate is refused with status 409 and duplicate_of.
  async begin(size, facts, cancel) {
    const pairs = Object.entries(facts).filter(([, value]) => value !== null && value !== false);
    const metadata = pairs.map(([key, value]) => `${key} ${base64(String(value))}`).join(",");
    const headers = this.headers({ "Upload-Length": String(size), "Upload-Metadata": metadata });
    const answer = await ask("POST", this.address, { headers, cancel });
    return { address: answer.header("Location"), offset: Number(answer.header("Upload-Offset")) };
  }

  async state(address, cancel) {
    return stateOf(await ask("HEAD", address, { headers: this.headers(), cancel }));
  }

  async piece(address, offset, body, { progress, cancel }) {
    const headers = this.headers({ "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" });
    try {
      return stateOf(await ask("PATCH", address, { headers, body, progress, cancel }));
    } catch (problem) {
      // Another tab, or an answer that got lost: the upload is further than was thought here.
      if (problem instanceof Refused && problem.status === 409 && !problem.json) return this.state(address, cancel);
      throw problem;
    }
  }

  async discard(address) {
    // Whatever comes of it: what nobody goes on with is removed after a day.
    try { await ask("DELETE", address, { headers: this.headers() }); } catch { /* as said */ }
  }

  // After somebody has signed in again the old token is refused; a page of the portal holds the new one.
  async renew() {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(this.home)).text(), "text/html");
      const token = page.querySelector("#upload [name=csrfmiddlewaretoken]");
      if (token) this.token = token.value;
      return Boolean(token);
    } catch {
      return false;
    }
  }

  headers(more = {}) { return { ...VERSION, "X-CSRFToken": this.token, ...more }; }
}

function stateOf(answer) {
  const result = answer.header("Upload-Result");
  return { offset: Number(answer.header("Upload-Offset")), result: result && JSON.parse(result) };
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
