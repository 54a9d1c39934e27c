// A button marked data-save keeps the lines of a list as a text file; nothing is sent anywhere.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (!button) return;
  const lines = [...document.getElementById(button.dataset.save).children].map((line) => line.textContent);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/plain" }));
  link.download = button.dataset.name;
  link.click();
  URL.revokeObjectURL(link.href);
});
