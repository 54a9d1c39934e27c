// The upload page: choosing (pick, drop, paste, camera), previews, sending in pieces, results.
// Without this script the page is a plain form that sends all files at once.
import { filesOf } from "./upload/folders.js";
import { Follower } from "./upload/follow.js";
import { Line } from "./upload/line.js";
import { Overall } from "./upload/overall.js";
import { Row } from "./upload/row.js";
import { Sender } from "./upload/send.js";
import { Tus } from "./upload/tus.js";
import { Unfinished } from "./upload/unfinished.js";

const form = document.getElementById("upload");
const list = document.getElementById("rows");
const rows = new Set();

const announcement = document.getElementById("announcement");
const follower = new Follower(announcement);
const overall = new Overall(document.getElementById("overall"), announcement);
const tus = new Tus(form);
const line = new Line((state) => overall.line(state), () => tus.renew());
const unfinished = new Unfinished(document.getElementById("unfinished"), tus);
// On a sample's page the result comes as cells of the gallery, so a row has done its work when its image is stored.
const leaves = form.dataset.leave === "yes";
const sender = new Sender(form, { tus, line, changed: refresh, stored });

function stored(row, answer) {
  row.stored(answer);
  overall.done(row);
  if (leaves) {
    if (!answer.duplicate_of) row.remove();
    document.body.dispatchEvent(new CustomEvent("sample:changed"));
  } else follower.add(row, answer.status_url);
}

let due = null;
function refresh() {
  // Hundreds of rows change at once; the page is told once.
  due ??= requestAnimationFrame(() => { due = null; show(); });
}

function show() {
  const ready = [...rows].filter((row) => row.state === "chosen").length;
  document.getElementById("count").textContent = ready || "";
  document.getElementById("send").disabled = ready === 0;
  document.getElementById("clear").hidden = ready === 0;
  form.classList.toggle("some", ready > 0);
  form.classList.toggle("busy", rows.size > 0);
  form.classList.toggle("sending", sender.busy);
  overall.show();
}

function send(row) {
  overall.add(row);
  sender.add(row);
}

function gone(row) {
  rows.delete(row);
  sender.drop(row);
  overall.left(row);
  refresh();
}

function choose(files) {
  const free = Number(form.dataset.maxFiles) - [...rows].filter((row) => row.state === "chosen").length;
  document.getElementById("limit").hidden = files.length <= free;
  const batch = document.createDocumentFragment();
  for (const file of files.slice(0, free)) {
    const row = new Row(file, Number(form.dataset.maxBytes), unfinished.take(file), { changed: refresh, send, gone });
    rows.add(row);
    batch.append(row.element);
  }
  list.prepend(batch);
  refresh();
}

const inputs = form.querySelectorAll("input[type=file]");
function take(input) {
  choose([...input.files]);
  // The rows hold the files now; an empty input lets the same file be chosen again.
  input.value = "";
}
for (const input of inputs) input.addEventListener("change", () => take(input));

const removeAll = (...states) => { for (const row of [...rows]) if (states.includes(row.state)) row.remove(); };
form.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const row of [...rows].filter((one) => one.state === "chosen")) send(row);
});
const pressed = (id, act) => document.getElementById(id).addEventListener("click", act);
pressed("clear", () => removeAll("chosen"));
pressed("cancel-rest", () => removeAll("queued", "sending", "waiting", "signedout"));
pressed("leave-all", () => removeAll("asks"));
pressed("line-now", () => line.now());
pressed("line-signed-in", () => line.now());

let depth = 0;
const over = (change) => { depth = change === 0 ? 0 : depth + change; form.classList.toggle("over", depth > 0); };
document.addEventListener("dragenter", () => over(1));
document.addEventListener("dragleave", () => over(-1));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  over(0);
  choose(await filesOf(event.dataTransfer));
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) choose([...event.clipboardData.files]);
});
// A part of the page that renews itself would take the whole page to sign-in, and the chosen files with it.
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (sender.busy && event.detail.xhr.status === 401) event.preventDefault();
});
window.addEventListener("beforeunload", (event) => {
  if (sender.busy) event.preventDefault();
});

form.classList.add("scripted");
show();
// Whoever was quicker than this script has chosen already.
for (const input of inputs) if (input.files.length) take(input);
