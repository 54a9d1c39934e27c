// Small pictures of the chosen files, drawn one after the other and only once a row comes into sight. What stays is
// a canvas of some kilobytes and never the file, so that five hundred rows weigh little.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting) {
      seen.unobserve(target);
      last = last.then(() => draw(target));
    }
  }
}, { rootMargin: "200px" });
const files = new WeakMap();
let last = Promise.resolve();

// Draws the file on the canvas, or calls "none" if it is no picture.
export function preview(canvas, file, none) {
  files.set(canvas, { file, none });
  seen.observe(canvas);
}

async function draw(canvas) {
  const { file, none } = files.get(canvas);
  files.delete(canvas);
  if (!canvas.isConnected) return;
  try {
    const picture = await createImageBitmap(file, { resizeWidth: canvas.width, resizeQuality: "medium" });
    const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas.getContext("2d").drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    picture.close();
  } catch {
    none();
  }
}
