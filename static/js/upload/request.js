// One request to the portal, told apart by what has to happen next. XMLHttpRequest, because fetch tells no upload progress.
const STALL_MS = 60_000;

// The line is gone, or the portal is away: wait and go on.
export class Broken extends Error {}
// Nobody is signed in any more: a person has to.
export class SignedOut extends Error {}
// The one who sends has changed their mind.
export class Cancelled extends Error {}
// The portal said no; "later" says that the same may be taken when it is sent again.
export class Refused extends Error {
  constructor(answer) {
    super(answer.json?.message ?? "");
    this.status = answer.status;
    this.json = answer.json;
    this.later = answer.status >= 500 || answer.status === 429;
  }
}

const AWAY = [0, 408, 425, 502, 503, 504];

// Resolves to { status, header(name), json }; throws one of the above.
export function ask(method, address, { headers = {}, body = null, progress = null, cancel = null } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stall;
    // A line that dies without a word would otherwise be waited for until the system gives up, which takes many minutes.
    const alive = () => { clearTimeout(stall); stall = setTimeout(() => request.abort(), STALL_MS); };
    const stop = () => request.abort();
    request.open(method, address);
    for (const [name, value] of Object.entries({ Accept: "application/json", ...headers })) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => { alive(); progress?.(event.loaded); });
    request.addEventListener("loadend", () => {
      clearTimeout(stall);
      cancel?.removeEventListener("abort", stop);
      if (cancel?.aborted) return reject(new Cancelled());
      const answer = { status: request.status, header: (name) => request.getResponseHeader(name), json: parsed(request.responseText) };
      const problem = wrong(answer);
      return problem ? reject(problem) : resolve(answer);
    });
    cancel?.addEventListener("abort", stop);
    alive();
    request.send(body);
  });
}

function wrong(answer) {
  if (AWAY.includes(answer.status)) return new Broken();
  // A page in place of JSON: the protection token is of a session that is over.
  if (answer.status === 401 || (answer.status === 403 && !answer.json)) return new SignedOut();
  return answer.status >= 400 ? new Refused(answer) : null;
}

function parsed(text) {
  // A proxy in between may answer with a page of its own.
  try { return JSON.parse(text); } catch { return null; }
}
