/**
 * Someone's way through a sign-in: kept here, named by a page, bound to one browser. Must stay true: it has no authority of
 * its own, and of two steps made from one page one counts.
 */

import type { Application } from "#core/facts.ts";
import type { Open } from "#core/outcome.ts";
import type { Reason } from "#core/registration.ts";
import type { Need, Proof, Proven } from "#core/strength.ts";
import { AppError } from "#core/errors.ts";
import type { Run } from "#store/open.ts";
import { doProofsCount, holdProofs } from "#store/sessions.ts";
import { endSignIn, findSignIn, insertSignIn, saveSignIn } from "#store/sign-ins.ts";
import type { Deps } from "./deps.ts";
import { tokenHash } from "./sessions.ts";

/** What the last answer came to; the page says it. */
export type Problem =
  | "wrong_name_or_password"
  | "wrong_code"
  | "throttled"
  | "locked"
  | "ended"
  | "not_yet"
  | "declined"
  | "no_answer"
  | "unreachable"
  | "busy"
  | "pin_expired"
  | "unavailable"
  | "passkey"
  | "passkey_unverified"
  | "number"
  | "token"
  | "in_step"
  | "not_in_a_row"
  | "extension"
  | "number_refused"
  | "number_blocked"
  | "app_not_yet"
  | "wrong_number"
  | "app_no_answer"
  | "app_unreachable"
  | "app_busy"
  | "app_pin_expired"
  | "pin_rule"
  | "pins_differ"
  | "password_rule"
  | "password_same"
  | "passwords_differ"
  | "password_changed";

/** A method on its way to being registered. `sealed` is its seed, the hash of the code that was sent, or what an app is bound by. */
export type Registering = {
  reason: Reason;
  kind?: string;
  sealed?: string;
  number?: string;
  /** of a token, as it was typed */
  serial?: string;
  /** a phone that a call or a reply is to prove */
  proving?: string;
  /** the method that it is to be the backup phone of */
  backupOf?: string;
  /** the message that went to it */
  sent?: string;
  /** when the code that went to it, or the seed that an app was given, is good no more */
  until?: number;
  /** the invitation that an app is to take up */
  activation?: string;
  /** whether notifications reach the app that was registered */
  push?: "web" | "none";
  tries: number;
  /** kinds registered in this sign-in, and the codes that are shown once */
  done: string[];
  codes?: string;
};

export type FlowState = {
  application: { id: string; name: string };
  need: Need;
  returnTo: string;
  /** other origins that the last step may lead to, for the pages' policy: browsers hold a form to where it ends up */
  targets?: string[] | undefined;
  loginHint?: string | undefined;
  person?: { id: string; username: string; language: string | null };
  passwordAt: number | null;
  proofs: Proof[];
  rememberedAt: number | null;
  open?: Open | undefined;
  problem?: Problem | undefined;
  /** the method of the second step that ended last */
  tried?: string | undefined;
  /** why it cannot go on */
  stopped?: "no_method" | "person_disabled" | undefined;
  registering?: Registering | undefined;
  /** The password is forgotten: a code is on its way to whom the name means, or to nobody; then no sign-in comes of this. */
  resetting?: { userId: string | null; username: string; hash: string; tries: number } | undefined;
  remember?: boolean | undefined;
  /** code and PIN were right, and the PIN has to be another one first */
  pinOver?: true | undefined;
  /** the password is somebody else's choice; theirs comes first */
  choosing?: true | undefined;
  /** a passkey was made in this sign-in, and its first use is its test */
  trial?: boolean | undefined;
  /** the person wants a further method, once everything is proven */
  adding?: boolean | undefined;
  /** and that is another phone for this method, for when nobody answers at its own */
  backupOf?: string | undefined;
  /** the session that this is a further step in, when it is the same person's */
  continues?: string | undefined;
  correlationId?: string | undefined;
};
export type Flow = FlowState & {
  id: string;
  version: number;
  expiresAt: number;
  /** This answer was accepted by the engine, which accepts one: others from the same page do not stand in its way. */
  won?: boolean;
};

const lifeMs = 15 * 60_000;

export async function newFlow(deps: Deps, browser: string, state: FlowState): Promise<string> {
  const id = `sgn_${deps.random.bytes(16).toString("base64url")}`;
  const expiresAt = deps.clock.now() + lifeMs;
  await insertSignIn(deps.db, { id, browserHash: tokenHash(browser), state: JSON.stringify(state), expiresAt });
  return id;
}

export type FlowKey = { id: string; browser: string };

export async function findFlow(deps: Deps, key: FlowKey): Promise<Flow | undefined> {
  const row = await readRow(deps, key);
  if (!row || row.version < 0) return undefined;
  const state = JSON.parse(row.state) as FlowState;
  // whoever was signed out since then begins again
  const { person } = state;
  if (person && !(await doProofsCount(deps.db, { userId: person.id, since: provenSince(state) }))) return undefined;
  return { ...state, id: key.id, version: row.version, expiresAt: row.expiresAt };
}

/** what was proven longer ago changes no way of signing in. */
export const freshMs = 5 * 60_000;

/** When the oldest of what was proven was (epoch ms). */
export const provenSince = ({ passwordAt, rememberedAt, proofs }: Proven): number =>
  Math.min(...[passwordAt, rememberedAt, ...proofs.map(({ at }) => at)].filter((at) => at !== null));

/** In the transaction that something comes of it: throws `conflict` when it counts no more. */
export async function holdFlow(run: Run, flow: Flow): Promise<void> {
  if (!(await holdProofs(run, { userId: flow.person!.id, since: provenSince(flow) }))) throw superseded();
}

/** Where one that has ended has led, and whom: for who comes back to its page. */
export async function findEnded(deps: Deps, key: FlowKey): Promise<Ended | undefined> {
  const row = await readRow(deps, key);
  return row && row.version < 0 ? (JSON.parse(row.state) as Ended) : undefined;
}
type Ended = { userId: string; returnTo: string };

const readRow = async (deps: Deps, { id, browser }: FlowKey) =>
  id.length > 60
    ? undefined
    : await findSignIn(deps.db, { id, browserHash: tokenHash(browser), now: deps.clock.now() });

/** Throws `conflict` when another answer from the same page was first. */
export async function saveFlow(deps: Deps, flow: Flow): Promise<Flow> {
  return await deps.db.transaction(async (run) => await saveFlowIn(run, flow));
}

export async function saveFlowIn(run: Run, { id, version, expiresAt, won = false, ...state }: Flow): Promise<Flow> {
  const appOf = state.registering?.kind === "totp" ? state.person!.id : null;
  const saved = await saveSignIn(run, { id, version, won, appOf, state: JSON.stringify(state) });
  if (saved === undefined) throw superseded();
  return { ...state, id, expiresAt, version: saved };
}

export async function endFlow(run: Run, { id, version, won = false, person, returnTo }: Flow): Promise<void> {
  const ended: Ended = { userId: person!.id, returnTo };
  if (!(await endSignIn(run, { id, version, won, state: JSON.stringify(ended) }))) throw superseded();
}

const superseded = (): AppError => new AppError("conflict", "this page was answered already");

/** Signing in with a browser as the engine sees it. */
export const webApplication = (
  { application, resetting }: Pick<Flow, "application" | "resetting">,
  more: Pick<Application, "firstFactor" | "passwordSuffices">,
): Application => ({
  ...application,
  canChallenge: true,
  pages: true,
  allowWithoutMethodUntil: 0,
  ...(resetting && { recovers: true }),
  ...more,
});
