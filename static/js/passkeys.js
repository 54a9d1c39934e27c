// Passkeys: a button marked data-passkey lets the browser ask for one and sends the answer with its form.
// webauthnJSON comes with django-allauth and turns the server's JSON into what the browser takes.
const usable = () =>
  Boolean(window.PublicKeyCredential) && window.isSecureContext && !/^[\d.]+$|:/.test(location.hostname);

const optionsOf = async (button) => {
  const { from, options } = button.dataset;
  if (!from) return JSON.parse(document.getElementById("passkey-options").textContent)[options];
  const answer = await fetch(from, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  return (await answer.json())[options];
};

// Whoever wants to sign in with the passkey alone needs one that the device keeps and guards.
const alone = (asked, form) => {
  const wanted = form.elements.passwordless?.checked ?? false;
  Object.assign(asked.publicKey.authenticatorSelection, {
    residentKey: wanted ? "required" : "discouraged",
    requireResidentKey: wanted,
    userVerification: wanted ? "required" : "preferred",
  });
  return asked;
};

const ask = async (button) => {
  const { form } = button;
  const told = form.querySelector("[data-passkey-told]");
  const { password } = form.elements;
  told.hidden = true;
  if (password) password.required = false;
  try {
    if (!form.reportValidity()) return;
    button.disabled = true;
    const asked = await optionsOf(button);
    const credential = button.dataset.passkey === "create"
      ? await window.webauthnJSON.create(alone(asked, form))
      : await window.webauthnJSON.get(asked);
    form.elements.credential.value = JSON.stringify(credential);
    form.requestSubmit();
  } catch {
    told.textContent = button.dataset.refused;
    told.hidden = false;
  } finally {
    button.disabled = false;
    if (password && !form.elements.credential.value) password.required = true;
  }
};

for (const part of document.querySelectorAll("[data-passkey-only]")) part.hidden = !usable();
for (const button of document.querySelectorAll("[data-missing]")) {
  if (usable()) continue;
  const told = button.form.querySelector("[data-passkey-told]");
  told.textContent = button.dataset.missing;
  told.hidden = false;
  button.disabled = true;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey]");
  if (button) ask(button);
});
