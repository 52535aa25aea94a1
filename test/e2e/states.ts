// Every state of every page that a person can meet, by page and name: looked at by looks.spec.ts (a machine's eye) and
// drawn by tools/screens.ts (for a person's). A new page brings its states here.
import { accountStates } from "./states/account.ts";
import { authenticatorStates } from "./states/authenticator.ts";
import { helpStates } from "./states/help.ts";
import { mailStates } from "./states/mail.ts";
import { phoneStates } from "./states/phone.ts";
import { registerStates } from "./states/register.ts";
import { signInStates } from "./states/sign-in.ts";
import type { States } from "./states/state.ts";

export const pages: Record<string, States> = {
  account: accountStates,
  authenticator: authenticatorStates,
  help: helpStates,
  mail: mailStates,
  phone: phoneStates,
  "sign-in": signInStates,
  register: registerStates,
};
