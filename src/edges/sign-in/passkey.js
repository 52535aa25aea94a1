/*
 * Passkeys on the pages that the server renders. A form with `data-passkey` ("create" or "get") and `data-options` (what
 * navigator.credentials is given, as JSON) is shown where the browser knows passkeys; its hidden field `passkey` brings the
 * answer. `data-passkey-autofill` also offers passkeys among the names of a field. Without this script the form stays hidden
 * and everything else on the page works. What went wrong is said in the form's [data-passkey-error], in the words of its own
 * data-cancelled, data-known and data-failed.
 */

const octets = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/* Browsers before 2025 know neither direction of the JSON forms. */
const described = (list = []) => list.map((one) => ({ ...one, id: octets(one.id) }));
const reading = {
  create: (options) =>
    PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? {
      ...options,
      challenge: octets(options.challenge),
      user: { ...options.user, id: octets(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  get: (options) =>
    PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? {
      ...options,
      challenge: octets(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
};

function written({ id, rawId, type, response }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((part) => response[part]);
  return {
    id,
    rawId: base64url(rawId),
    type,
    response: {
      ...Object.fromEntries(given.map((part) => [part, base64url(response[part])])),
      ...(response.getTransports && { transports: response.getTransports() }),
    },
  };
}

/* Some password managers' credentials have a toJSON that throws. */
function json(credential) {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    return JSON.stringify(written(credential));
  }
}

/* One question at a time: a browser refuses the second, so the offer among names ends when the button is pressed. */
let waiting = new AbortController();

async function ask(form, more = {}) {
  waiting.abort();
  waiting = new AbortController();
  const kind = form.dataset.passkey;
  const publicKey = reading[kind](JSON.parse(form.dataset.options));
  const credential = await navigator.credentials[kind]({ publicKey, signal: waiting.signal, ...more });
  form.elements.namedItem("passkey").value = json(credential);
  form.submit();
}

function say(form, error) {
  const place = form.querySelector("[data-passkey-error]");
  const reason = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" }[error.name];
  place.textContent = place.dataset[reason] ?? place.dataset.failed;
  place.hidden = false;
}

for (const form of globalThis.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.querySelector("[data-passkey-error]").hidden = true;
    ask(form).catch((error) => say(form, error));
  });
  if ("passkeyAutofill" in form.dataset && (await PublicKeyCredential.isConditionalMediationAvailable?.()))
    // nobody has asked for this, so nobody hears that nothing came of it
    ask(form, { mediation: "conditional" }).catch(() => undefined);
}
