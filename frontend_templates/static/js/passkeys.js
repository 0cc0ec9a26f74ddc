// Passkeys: the browser makes one, or shows that it has it, when the form is sent. Without this file a code is typed.
"use strict";

(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form) return;
  const failed = form.querySelector("[data-passkey-failed]");
  const field = form.querySelector("[name=credential]");
  const fail = () => (failed.hidden = false);

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  /** What the server asks for, with bytes where the browser wants them. */
  const request = (options) => {
    const wanted = { ...options, challenge: bytes(options.challenge) };
    if (options.user) wanted.user = { ...options.user, id: bytes(options.user.id) };
    for (const list of ["excludeCredentials", "allowCredentials"])
      if (options[list]) wanted[list] = options[list].map((each) => ({ ...each, id: bytes(each.id) }));
    return wanted;
  };

  /** What the browser answers, in letters. */
  const answer = (credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (credential.response[part]) response[part] = text(credential.response[part]);
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    };
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    if (!navigator.credentials) return fail();
    try {
      const options = request(JSON.parse(form.dataset.passkeyOptions).publicKey);
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: options });
      field.value = JSON.stringify(answer(credential));
      form.submit();
    } catch {
      fail();
    }
  });
})();
