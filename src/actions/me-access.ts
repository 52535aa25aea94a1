/**
 * Who is at their own account's page, and what they must have proven for what they want there. Must stay true: a change needs
 * a sign-in no older than five minutes at the highest level that its person can reach; what a remembered browser
 * stands in for is none.
 */

import { timingSafeEqual } from "node:crypto";
import { reachable, satisfies, type Need } from "#core/strength.ts";
import { listFactors } from "#store/factors.ts";
import type { Deps } from "./deps.ts";
import { methodsOff } from "./rules.ts";
import { findSession, type Session } from "./sessions.ts";
import { startSignIn } from "./sign-in.ts";
import { freshMs, provenSince } from "./sign-in-flow.ts";

/** The session, when it may look at its person's account. */
export async function findOwn(deps: Deps, token: string | undefined): Promise<Session | undefined> {
  const session = await findSession(deps, token);
  return session && satisfies(session, { strength: "mfa", notBefore: 0 }) ? session : undefined;
}

/** known to pages of this session alone. */
export const csrfOf = (deps: Deps, session: Session): string =>
  deps.keys.mac("code", `csrf\0${session.id}`).toString("base64url");

export function isCsrf(deps: Deps, session: Session, given: unknown): boolean {
  const [expected, got] = [Buffer.from(csrfOf(deps, session)), Buffer.from(typeof given === "string" ? given : "")];
  return expected.length === got.length && timingSafeEqual(expected, got);
}

/** `lost`: a method that its owner no longer has, and so cannot be asked for (G19). */
type Asking = { lost?: string | undefined };

async function needOf(deps: Deps, { userId }: Session, { lost }: Asking): Promise<Need> {
  const off = methodsOff(deps.settings.values());
  const has = (await listFactors(deps.db, [userId])).filter(({ id, method }) => id !== lost && !off.has(method));
  const strength = reachable(has.map(({ method }) => method));
  return { strength, notBefore: deps.clock.now() - freshMs, explicit: true };
}

export const isConfirmed = async (deps: Deps, session: Session, asking: Asking = {}): Promise<boolean> =>
  satisfies(session, await needOf(deps, session, asking));

type Confirming = Asking & { session: Session; browser: string; returnTo: string; adding?: true; backupOf?: string };

/** Where to send the browser to prove what is missing, or to add a method once that is proven. */
export async function startConfirming(
  deps: Deps,
  { session, browser, returnTo, adding, backupOf, ...asking }: Confirming,
): Promise<{ path: string }> {
  const need = await needOf(deps, session, asking);
  const application = { id: "account", name: deps.settings.values()["organisation.name"] };
  const loginHint = session.username;
  return await startSignIn(deps, { browser, session, application, need, returnTo, loginHint, adding, backupOf });
}

/** Whom a change signs out: everybody but the page that it was made on. */
export const allBut = (session: Session) => ({
  userId: session.userId,
  before: provenSince(session),
  except: session.id,
});
