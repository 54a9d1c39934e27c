// The upload page: choosing (pick, drop, paste, camera), previews, sending, results.
// Without this script the page is a plain form that sends all files at once.
import { filesOf } from "./upload/folders.js";
import { Follower } from "./upload/follow.js";
import { Row } from "./upload/row.js";
import { Sender } from "./upload/send.js";

const form = document.getElementById("upload");
const list = document.getElementById("rows");
const rows = new Set();

const follower = new Follower(document.getElementById("announcement"));
// On a sample's page the result comes as cells of the gallery, so a row has done its work when its image is stored.
const leaves = form.dataset.leave === "yes";
const sender = new Sender(form, (row, answer) => {
  row.stored(answer);
  if (leaves) {
    if (!answer.duplicate_of) row.remove();
    document.body.dispatchEvent(new CustomEvent("sample:changed"));
  } else follower.add(row, answer.status_url);
});

function refresh() {
  const ready = [...rows].filter((row) => row.state === "chosen").length;
  document.getElementById("count").textContent = ready || "";
  document.getElementById("send").disabled = ready === 0;
  document.getElementById("clear").hidden = ready === 0;
  form.classList.toggle("some", ready > 0);
  form.classList.toggle("busy", rows.size > 0);
}

function choose(files) {
  const free = Number(form.dataset.maxFiles) - [...rows].filter((row) => row.state === "chosen").length;
  document.getElementById("limit").hidden = files.length <= free;
  const batch = document.createDocumentFragment();
  for (const file of files.slice(0, free)) {
    const row = new Row(file, Number(form.dataset.maxBytes), {
      changed: refresh,
      again: () => sender.add(row),
      gone: () => { rows.delete(row); refresh(); },
    });
    rows.add(row);
    batch.append(row.element);
  }
  list.prepend(batch);
  refresh();
}

for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    choose([...input.files]);
    // The rows hold the files now; an empty input lets the same file be chosen again.
    input.value = "";
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const row of [...rows].filter((one) => one.state === "chosen")) sender.add(row);
});
document.getElementById("clear").addEventListener("click", () => {
  for (const row of [...rows]) if (row.state === "chosen") row.remove();
});

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
window.addEventListener("beforeunload", (event) => {
  if (sender.busy) event.preventDefault();
});

form.classList.add("scripted");
refresh();
