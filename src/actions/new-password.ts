/**
 * A new password in place of one that the help desk has set, or that was forgotten, chosen within the sign-in. Must stay true: it is asked for only
 * when everything else is proven, so that who knows the password alone cannot make the account theirs.
 */

import { findFault } from "#core/password-rule.ts";
import { readPasswordState, savePasswordHash } from "#store/people.ts";
import { about, changed } from "./change.ts";
import type { Deps } from "./deps.ts";
import { isPassword, newPasswordHash } from "./passwords.ts";
import { signOutAndForget } from "./sessions.ts";
import { next, type From, type Step } from "./sign-in.ts";
import { holdFlow, provenSince, saveFlow, saveFlowIn, type Flow, type Problem } from "./sign-in-flow.ts";

type Chosen = { password: string; again: string };

export async function choosePassword(
  deps: Deps,
  flow: Flow,
  { password, again, ...from }: From & Chosen,
): Promise<Step> {
  const problem = await problemWith(deps, flow, { password, again });
  if (problem) return { flow: await saveFlow(deps, { ...flow, problem }) };
  const person = flow.person!;
  const hash = await newPasswordHash(deps, password);
  const at = deps.clock.now();
  const saved = await changed(deps, `person:${person.id}`, async (run) => {
    const proven: Flow = { ...flow, passwordAt: at, choosing: undefined, problem: undefined };
    const value = await saveFlowIn(run, flow.resetting ? afterReset(flow) : proven);
    await holdFlow(run, flow);
    await savePasswordHash(run, { id: person.id, hash, expired: false });
    // all but this sign-in, when it is one
    const before = flow.resetting ? at : provenSince(proven);
    const detail = await signOutAndForget(deps, run, { userId: person.id, before });
    return {
      value,
      result: "PASSWORD_SET",
      userId: person.id,
      detail,
      personal: about(person),
      notice: { kind: "password_changed", from: from.clientIp },
    };
  });
  return flow.resetting ? { flow: saved } : await next(deps, saved, from);
}

/** the password is another one, and its owner signs in with it like anybody. */
const afterReset = ({ person, ...flow }: Flow): Flow => ({
  ...flow,
  loginHint: person!.username,
  proofs: [],
  resetting: undefined,
  choosing: undefined,
  problem: "password_changed",
});

async function problemWith(
  deps: Deps,
  { person, resetting }: Flow,
  { password, again }: Chosen,
): Promise<Problem | undefined> {
  if (password !== again) return "passwords_differ";
  if (findFault(password, person!) !== undefined) return "password_rule";
  if (resetting) return undefined;
  const { hash } = await readPasswordState(deps.db, person!.id);
  // the help desk knows the old one
  if (hash !== null && (await isPassword(deps, { hash, password, source: person!.id }))) return "password_same";
  return undefined;
}
