// Sends the images one request each, a few at a time. XMLHttpRequest, because fetch tells no upload progress.
const AT_ONCE = 3;

export class Sender {
  constructor(form, onStored) {
    this.address = form.dataset.fileUrl;
    this.token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    this.single = form.querySelector("[name=single]");
    this.onStored = onStored;
    this.waiting = [];
    this.active = 0;
  }

  get busy() { return this.active > 0 || this.waiting.length > 0; }

  add(row) {
    // What the box says now counts for this image, even if it is changed while the image waits.
    this.waiting.push({ row, single: this.single.checked });
    row.become("queued");
    this.next();
  }

  next() {
    while (this.active < AT_ONCE && this.waiting.length) this.send(this.waiting.shift());
  }

  send({ row, single }) {
    this.active += 1;
    const body = new FormData();
    body.append("file", row.file);
    if (single) body.append("single", "1");
    const request = new XMLHttpRequest();
    request.open("POST", this.address);
    request.setRequestHeader("X-CSRFToken", this.token);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => row.progress((100 * event.loaded) / event.total));
    request.addEventListener("load", () => this.answered(row, request));
    request.addEventListener("error", () => row.become("offline"));
    request.addEventListener("loadend", () => { this.active -= 1; this.next(); });
    row.progress(0);
    row.become("sending");
    request.send(body);
  }

  answered(row, request) {
    const answer = parsed(request.responseText);
    if (request.status === 201 && answer) this.onStored(row, answer);
    else if (answer?.message) row.refused(answer.message, request.status >= 500 || request.status === 401);
    else row.become("offline");
  }
}

function parsed(text) {
  // A proxy in between may answer with a page of its own.
  try { return JSON.parse(text); } catch { return null; }
}
