/** The forms that a passkey answers. Without JavaScript they stay hidden, and everything else on their page works. */

import { beginPasskeyRegistration, beginPasskeySignIn, beginPasskeyStep } from "#actions/passkeys.ts";
import type { Deps } from "#actions/deps.ts";
import type { Flow } from "#actions/sign-in-flow.ts";
import { html, type Html } from "./html.ts";
import type { Look } from "./layout.ts";

type Asked = { kind: "get" | "create"; options: object; action: string; label: string; autofill?: boolean };

function passkeyForm({ say }: Look, flow: Flow, { kind, options, action, label, autofill }: Asked): Html {
  return html`<form
    method="post"
    action="${action}"
    data-passkey="${kind}"
    data-options="${JSON.stringify(options)}"
    ${autofill && html`data-passkey-autofill`}
    hidden
  >
    <input type="hidden" name="flow" value="${flow.id}" /><input type="hidden" name="passkey" />
    <button class="${autofill ? "quiet" : "primary"}">${label}</button>
    <p
      class="alert"
      role="alert"
      data-passkey-error
      data-cancelled="${say("passkey.cancelled")}"
      data-known="${say("passkey.known")}"
      data-failed="${say("passkey.failed")}"
      hidden
    ></p>
  </form>`;
}

/** Instead of name and password; undefined where this site can have no passkeys. */
export async function signInForm(deps: Deps, look: Look, flow: Flow): Promise<Html | undefined> {
  const options = await beginPasskeySignIn(deps, { boundTo: flow.id });
  const label = look.say("passkey.use");
  return (
    options && passkeyForm(look, flow, { kind: "get", options, action: "/sign-in/passkey", label, autofill: true })
  );
}

export async function stepForm(deps: Deps, look: Look, flow: Flow): Promise<Html | undefined> {
  const options = await beginPasskeyStep(deps, { userId: flow.person!.id, boundTo: flow.id });
  const label = look.say("passkey.use");
  return options && passkeyForm(look, flow, { kind: "get", options, action: "/sign-in/passkey", label });
}

export async function makeForm(deps: Deps, look: Look, flow: Flow): Promise<Html | undefined> {
  const options = await beginPasskeyRegistration(deps, { userId: flow.person!.id, boundTo: flow.id });
  const label = look.say("register.passkey.do");
  return options && passkeyForm(look, flow, { kind: "create", options, action: "/sign-in/register/passkey", label });
}
