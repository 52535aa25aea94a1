/** The forms that a passkey answers. Without JavaScript they stay hidden, and everything else on their page works. */

import { beginPasskeyRegistration, beginPasskeySignIn, beginPasskeyStep } from "#actions/passkeys.ts";
import type { Deps } from "#actions/deps.ts";
import type { Flow } from "#actions/sign-in-flow.ts";
import { html, type Html } from "./html.ts";
import type { Look } from "./layout.ts";

type Asked = {
  kind: "get" | "create";
  options: object;
  action: string;
  label: string;
  /** beside name and password, and offered among the names */
  beside?: { autofill: boolean };
};

function passkeyForm({ say }: Look, flow: Flow, { kind, options, action, label, beside }: Asked): Html {
  return html`<form
    method="post"
    action="${action}"
    data-passkey="${kind}"
    data-options="${JSON.stringify(options)}"
    ${beside?.autofill && html`data-passkey-autofill`}
    hidden
  >
    <input type="hidden" name="flow" value="${flow.id}" /><input type="hidden" name="passkey" />
    <button class="${beside ? "quiet" : "primary"}">${label}</button>
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
  // one that was just refused is not offered again by itself
  const beside = { autofill: flow.problem === undefined };
  return options && passkeyForm(look, flow, { kind: "get", options, action: "/sign-in/passkey", label, beside });
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
