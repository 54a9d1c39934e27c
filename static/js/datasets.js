// Sends a large ZIP file and says how far it is. Without this script the form is sent as any other.

const form = document.getElementById("zip");
// The texts stand on the box: a form's own `dataset` is its field of that name.
const box = form.querySelector(".sending");
const bar = box.querySelector("progress");
const told = box.querySelector("[role=status]");
const button = form.querySelector("button[type=submit]");
let sending = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const file = form.elements.archive.files[0];
  box.hidden = false;
  if (file && file.size > Number(box.dataset.most)) {
    told.textContent = box.dataset.tooLarge;
    return;
  }
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (sent) => {
    const percent = Math.floor((100 * sent.loaded) / sent.total);
    if (percent !== bar.value) told.textContent = box.dataset.sending.replace("%d", percent);
    bar.value = percent;
    if (percent === 100) told.textContent = box.dataset.checking;
  });
  request.addEventListener("load", () => answered(request));
  request.addEventListener("error", () => stopped(box.dataset.broken));
  sending = true;
  button.disabled = true;
  request.send(new FormData(form));
});

// An order that was taken leads to its version; one that was refused is the form with its reasons.
function answered(request) {
  sending = false;
  if (request.status === 200 && request.responseURL !== form.action) {
    location.assign(request.responseURL);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const refused = page.getElementById("zip");
  if (!refused) {
    stopped(box.dataset.broken);
    return;
  }
  for (const old of form.querySelectorAll(".errorlist, .errors")) old.remove();
  for (const list of refused.querySelectorAll(".errorlist, .errors")) {
    const control = list.closest(".field")?.querySelector("[name]");
    const place = control && form.elements[control.name]?.closest(".field");
    (place ?? box).append(document.importNode(list, true));
  }
  stopped("");
}

function stopped(text) {
  sending = false;
  button.disabled = false;
  told.textContent = text;
  bar.value = 0;
}

addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
