// Warns before a session ends because nobody used it, and extends it on request, in all tabs at once.
// The server alone knows how long is left: each tab asks it before it warns, and asking is no use.
import { ask } from "./sample/request.js";

const dialog = document.getElementById("idle");
const words = document.getElementById("idle-words");
const part = (name) => dialog.querySelector(`[data-idle="${name}"]`);
const warning = Number(dialog.dataset.warning) * 1000;
const tabs = new BroadcastChannel("session");
let end = Date.now() + Number(dialog.dataset.seconds) * 1000;
let timer;

const say = (text) => { if (words.textContent !== text) words.textContent = text; };
const open = () => { if (!dialog.open) dialog.showModal(); };

const over = () => {
  say(words.dataset.over);
  part("extend").hidden = true;
  part("signin").hidden = part("close").hidden = false;
  open();
};

const warn = (extends_) => {
  const minutes = Math.floor((end - Date.now()) / 60_000);
  const text = extends_ ? words.dataset[minutes < 1 ? "moment" : "minutes"] : words.dataset.end;
  say(text.replace("{n}", Math.max(1, minutes)));
  part("extend").hidden = !extends_;
  part("close").hidden = extends_;
  part("signin").hidden = true;
  open();
};

const plan = (milliseconds) => {
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(1000, milliseconds));
};

// Goes on from what the server says is left.
const go = ({ seconds, extends: extends_ }) => {
  end = Date.now() + seconds * 1000;
  const left = seconds * 1000 - warning;
  if (left > 0) {
    if (dialog.open) dialog.close();
    plan(left);
    return;
  }
  warn(extends_);
  plan(Math.min(15_000, seconds * 1000));
};

async function look() {
  const { kind, answer } = await ask(dialog.dataset.address, null, { unattended: true });
  if (kind === "done") go(answer);
  else if (kind === "signed_out") over();
  else plan(15_000);
}

part("extend").addEventListener("click", async () => {
  const { kind, answer } = await ask(dialog.dataset.address, {});
  if (kind === "done") {
    go(answer);
    tabs.postMessage("extended");
  } else if (kind === "signed_out") over();
});
part("close").addEventListener("click", () => dialog.close());
// Escape means "I am here", not "sign me out".
dialog.addEventListener("cancel", (event) => {
  if (part("extend").hidden) return;
  event.preventDefault();
  part("extend").click();
});
tabs.addEventListener("message", look);
// A computer that slept did not count; a tab that comes back asks anew.
document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() > end - warning) look(); });
// A part of a page that renews itself by the clock is no sign of anybody; one that a person touched is.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.triggeringEvent) detail.headers["X-Unattended"] = "yes";
});
plan(end - Date.now() - warning);
