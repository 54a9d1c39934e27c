// Asks the server and sorts its answers: done, refused, signed out, or not reached.
const PATIENCE_MS = 15_000;
const AWAY = [502, 503, 504];
const headersOf = (body) => JSON.parse(body.getAttribute("hx-headers") ?? "{}");

// Returns { kind, status, answer }; kind is "done", "refused", "signed_out", "other_person" or "offline".
// "unattended" says that nobody did anything: such a request does not keep the session alive.
export async function ask(address, body, { unattended = false } = {}) {
  const first = await once(address, body, unattended);
  // A new sign-in in another tab changes the token; with the new one the same request is good.
  if (first.status !== 403 || first.answer) return first;
  const renewed = await renew();
  return renewed === "done" ? once(address, body) : { kind: renewed };
}

async function once(address, body, unattended = false) {
  const headers = { Accept: "application/json", ...(unattended && { "X-Unattended": "yes" }) };
  const options = { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS), headers };
  if (body) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers = { ...options.headers, ...headersOf(document.body), "Content-Type": "application/json" };
  }
  try {
    const response = await fetch(address, options);
    if (response.status === 401 || response.type === "opaqueredirect") return { kind: "signed_out" };
    // A proxy answers so while the portal itself is being restarted.
    if (AWAY.includes(response.status)) return { kind: "offline" };
    const answer = await response.json().catch(() => null);
    return { kind: response.ok && answer ? "done" : "refused", status: response.status, answer };
  } catch {
    return { kind: "offline" };
  }
}

// HTML from the server as a document, or null.
export async function page(address) {
  try {
    const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null;
  }
}

async function renew() {
  const fresh = await page(location.href);
  if (!fresh) return "signed_out";
  const person = (one) => one.getElementById("gallery")?.dataset.person;
  if (person(fresh) !== person(document)) return "other_person";
  document.body.setAttribute("hx-headers", fresh.body.getAttribute("hx-headers"));
  return "done";
}
